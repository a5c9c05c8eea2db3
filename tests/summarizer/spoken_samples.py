"""Talks in thirteen languages, and captions made of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from summarizer.records import Cue, Segment
from summarizer.segments import segment

TALKS: dict[str, str] = tomllib.loads(Path(__file__).with_name("talks.toml").read_text(encoding="utf-8"))
_STOPS = re.compile(r"[.,?!¿;。、？।؟]")


def captions(text: str, characters: int = 36, pace: float = 0.08) -> list[Cue]:
    """`text` in captions of about so many characters, `pace` seconds for each, without pauses."""
    cues: list[Cue] = []
    start = 0.0
    for line in _wrapped(" ".join(text.split()), characters):
        cues.append(Cue(round(start, 2), round(len(line) * pace, 2), line))
        start += len(line) * pace
    return cues


def _wrapped(text: str, characters: int) -> list[str]:
    """Broken at the last space that fits; where there is none, at the next in Thai, and anywhere in Chinese."""
    lines: list[str] = []
    while text:
        cut = len(text) if len(text) <= characters else text.rfind(" ", 1, characters)
        if cut <= 0:
            cut = f"{text} ".find(" ") if "\u0e00" <= text[0] <= "\u0eff" else characters
        lines.append(text[:cut].strip())
        text = text[cut:].strip()
    return lines


def bare(text: str) -> str:
    """As automatic captions write it: small letters, no punctuation."""
    return " ".join(_STOPS.sub(" ", text).lower().split())


def spoken(text: str) -> list[Segment]:
    return segment(captions(text))
