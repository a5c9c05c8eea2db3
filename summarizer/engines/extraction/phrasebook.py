"""What speakers say to lead their hearers through a talk: the phrases of `phrases.toml`, compiled for one language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from summarizer.engines.extraction.words import Language

_NOTHING = re.compile(r"(?!)")
_ANYTHING = re.compile("")
_GAP = r"\W+"
_SEARCHED = (
    "topics", "announcements", "conclusions", "emphases", "smalltalk", "requests", "actions", "not_actions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Patterns for the text of a sentence; `phrases.toml` says what each finds.

    `signposts`, `turns` and `questions` match the beginning, connectives before it included, and end where the rest
    begins (questions: at their first word); the others are searched for. `openings` are those that open a sentence. All
    but `questions` find nothing in a language without a table.
    """

    signposts: re.Pattern[str] = _NOTHING
    turns: re.Pattern[str] = _NOTHING
    questions: re.Pattern[str] = _ANYTHING
    openings: re.Pattern[str] = _NOTHING
    topics: re.Pattern[str] = _NOTHING
    announcements: re.Pattern[str] = _NOTHING
    conclusions: re.Pattern[str] = _NOTHING
    emphases: re.Pattern[str] = _NOTHING
    smalltalk: re.Pattern[str] = _NOTHING
    requests: re.Pattern[str] = _NOTHING
    actions: re.Pattern[str] = _NOTHING
    not_actions: re.Pattern[str] = _NOTHING
    owners: re.Pattern[str] = _NOTHING


@cache
def phrasebook(language: Language) -> Phrasebook:
    """The phrases of a language; nearly none where `phrases.toml` has no table for it."""
    table = _tables().get(language.code)
    if table is None:
        return Phrasebook()
    number = rf"(?:{'|'.join(sorted(map(re.escape, language.numbers), key=len, reverse=True))}|\d+)"
    lists = {name: [_pattern(phrase, number) for phrase in _split(text)] for name, text in table.items()}
    connectives = "|".join(re.escape(word) for word in sorted(language.openers | language.fillers, reverse=True))
    opening = [*lists["signposts"], *lists["announcements"], *lists["conclusions"]]
    lead = rf"\W*(?:(?:{connectives}){_GAP})*?"
    return Phrasebook(
        signposts=_compiled(rf"{lead}(?:{{}}){_GAP}", lists["signposts"]),
        turns=_compiled(rf"{lead}(?:{{}}){_GAP}", lists["turns"]),
        questions=_compiled(rf"{lead}(?=(?:{{}})\b)", lists["questions"]),
        openings=_compiled(rf"(?<!\w)(?:(?:{connectives}){_GAP})*(?:{{}})(?!\w)", opening),
        owners=_compiled(r"\W*(?:{})", lists["owners"]),
        **{name: _compiled(r"(?<!\w)(?:{})(?!\w)", lists[name]) for name in _SEARCHED},
    )


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


def _split(text: str) -> Iterable[str]:
    return (phrase for part in text.split(",") if (phrase := " ".join(part.split())))


def _compiled(frame: str, phrases: Sequence[str]) -> re.Pattern[str]:
    """Longer phrases first, so that "and now we come to" is not taken for "and now"."""
    if not phrases:
        return _NOTHING
    return re.compile(frame.format("|".join(sorted(phrases, key=len, reverse=True))), re.IGNORECASE)


def _pattern(phrase: str, number: str) -> str:
    return _GAP.join(_word(word, number) for word in phrase.split())


def _word(word: str, number: str) -> str:
    if word == "#":
        return number
    if word == "*":
        return r"[\w'’-]+"
    plain = re.escape(word.rstrip("*")).replace("'", "['’]")
    return plain + (r"\w*" if word.endswith("*") else "")
