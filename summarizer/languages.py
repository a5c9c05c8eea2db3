"""Tags of languages as YouTube and people write them, and which captions come nearest to a wish. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|\d{3}))?(?![A-Za-z0-9])")
_WRITTEN_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?(?![A-Za-z0-9])")
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "no": "nb"}  # YouTube writes the old ones
_SCRIPTS = {"zh-tw": "hant", "zh-hk": "hant", "zh-mo": "hant", "zh-cn": "hans", "zh-sg": "hans"}
SAME, NEAR, OTHER_REGION, OTHER_SCRIPT = range(4)


def plain_tag(name: str) -> str:
    """The language of a track called “en”, “pt-BR”, “en-orig”, “de-en” (translated), or “en-nP7-2P” with its own id."""
    found = _WRITTEN_TAG.match(name)
    return found[0] if found else name


def nearness(wanted: str, language: str) -> int | None:
    """How near `language` comes to `wanted`: one of the four above, 0 is best; None when it is another language."""
    (base, script, region), (other, other_script, other_region) = _parts(wanted), _parts(language)
    if base != other or not base:
        return None
    if script and other_script and script != other_script:
        return OTHER_SCRIPT
    if (script, region) == (other_script, other_region):
        return SAME
    return NEAR if not region or not other_region else OTHER_REGION


def rank(language: str, is_generated: bool, wishes: Sequence[str]) -> tuple[int, bool, bool, int]:
    """Sorts captions, the best first: as wished, in that order; then any. Of one language manual before generated."""
    for place, wish in enumerate(wishes):
        near = nearness(wish, language)
        if near is not None:
            return place, near == OTHER_SCRIPT, is_generated, near
    return len(wishes), False, is_generated, SAME


def _parts(tag: str) -> tuple[str, str, str]:
    found = _TAG.match(tag)
    if not found:
        return "", "", ""
    base, script, region = ((part or "").lower() for part in found.groups())
    return _RENAMED.get(base, base), script or _SCRIPTS.get(f"{base}-{region}", ""), region
