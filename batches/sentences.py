"""Stored sentences in the language of whoever reads them.

Why a video failed, what a gate waits for, why a line was rejected: all of it is stored in English, with the names and
numbers filled in, for it is made where nobody knows who will read it. Here such a sentence is found again among the
messages of the active catalogue, and said in its words. docs/adr/0012; what is marked: summarizer/marks.py.
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from django.utils.translation import get_language, gettext, trans_real

# A batch of thousands fails for a handful of reasons, which name a handful of things.
_REMEMBERED = 4096
_SOURCE = "en"


class _Message(NamedTuple):
    """A message with places: what it looks like when they are filled in, and their names in that order."""

    filled: re.Pattern[str]
    places: tuple[str, ...]
    translation: str


def translated(sentence: str) -> str:
    """`sentence`, one of ours in English, in the active language; as it is, where the catalogue does not have it."""
    if not sentence or get_language() in (_SOURCE, None):
        return sentence
    return _in_catalogue(trans_real.catalog(), sentence)


@lru_cache(_REMEMBERED)
def _in_catalogue(catalogue: trans_real.DjangoTranslation, sentence: str) -> str:
    """`catalogue` is the active one, for a memory of its own to each."""
    if (whole := gettext(sentence)) != sentence:
        return whole
    for message in _messages(catalogue):
        if found := message.filled.fullmatch(sentence):
            values = zip(message.places, found.groups(), strict=True)
            try:
                return message.translation.format_map({name: _filled(name, value) for name, value in values})
            except (LookupError, ValueError):  # the translation has other places than the message
                return sentence
    return sentence


def _filled(place: str, value: str) -> str:
    return translated(value) if _is_worded(place) else value


def _is_worded(place: str) -> bool:
    return place.endswith("words")


@lru_cache
def _messages(catalogue: trans_real.DjangoTranslation) -> list[_Message]:
    """Those of the catalogue that have places: what joins sentences first, then what has the most text of its own."""
    found: list[tuple[int, int, _Message]] = []
    for key, translation in catalogue._catalog.items():  # type: ignore[attr-defined]  # as Django's own view for scripts
        if isinstance(key, str) and "{" in key and translation:  # else a plural, which has a number to say it with
            try:
                parts = [(text, name) for text, name, _spec, _conversion in Formatter().parse(key)]
            except ValueError:
                continue  # its braces are something else
            own = sum(len(text) for text, _name in parts)
            places = tuple(name for _text, name in parts if name is not None)
            joined = sum(map(_is_worded, places)) if key.startswith("{words}") else 0
            found.append((joined, own, _Message(_pattern(parts), places, translation)))
    return [message for _joined, _own, message in sorted(found, key=lambda each: each[:2], reverse=True)]


def _pattern(parts: list[tuple[str, str | None]]) -> re.Pattern[str]:
    """Words are taken as long as possible: they may end as what follows them does. Names are taken as short."""
    pieces = []
    for text, name in parts:
        pieces.append(re.escape(text))
        if name is not None:
            pieces.append("(.*)" if _is_worded(name) else "(.*?)")
    return re.compile("".join(pieces), re.DOTALL)
