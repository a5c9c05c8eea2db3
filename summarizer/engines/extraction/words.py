"""Words that say nothing about the topic: by language from `words.toml`, by character for Chinese and Japanese."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Language:
    """The closed word classes of one language, case-folded; `words.toml` says what each is. Equal by code."""

    code: str = ""
    function: frozenset[str] = _NONE
    everyday: frozenset[str] = _NONE
    openers: frozenset[str] = _NONE
    fillers: frozenset[str] = _NONE
    danglers: frozenset[str] = _NONE
    pointers: frozenset[str] = _NONE
    starters: frozenset[str] = _NONE
    subjects: frozenset[str] = _NONE
    numbers: frozenset[str] = _NONE
    measures: frozenset[str] = _NONE
    articles: frozenset[str] = _NONE
    joints: frozenset[str] = _NONE
    takers: frozenset[str] = _NONE
    followers: frozenset[str] = _NONE
    asides: frozenset[str] = _NONE

    def __hash__(self) -> int:
        return hash(self.code)

    def says_nothing(self, word: str) -> bool:
        """Whether a word cannot be a topic."""
        return (
            word in self.function
            or word in self.everyday
            or word in self.openers
            or word in self.fillers
            or self.counts(word)
        )

    def counts(self, word: str) -> bool:
        """Whether a word is a number, an ordinal, a unit, a month or a day; "achtundvierzigtausend" is, too."""
        return (
            word in self.numbers
            or word in self.measures
            or (len(word) >= _SHORTEST_COMPOUND and _compound(self).fullmatch(word) is not None)
        )


UNKNOWN = Language()
NOUNS_HAVE_CAPITALS = "de"
_SHORTEST_COMPOUND = 6
_LINKS = "und|en|e|i"  # ein-und-zwanzig, een-en-twintig


@cache
def _compound(language: Language) -> re.Pattern[str]:
    """Matches numbers that are written as one word of several numbers, and their ordinals."""
    if not language.numbers:
        return re.compile(r"(?!)")
    parts = "|".join(sorted(map(re.escape, language.numbers), key=len, reverse=True))
    units = "|".join(sorted(map(re.escape, language.measures), key=len, reverse=True))
    return re.compile(rf"(?:{parts})(?:(?:{_LINKS})?(?:{parts}))*(?:s?te[nrms]?|(?:{units}))?")


@cache
def languages() -> tuple[Language, ...]:
    """All languages of `words.toml`."""
    tables = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return tuple(
        Language(code, **{name: frozenset(words.split()) for name, words in table.items()})
        for code, table in tables.items()
    )


# Chinese and Japanese characters that carry grammar; a pair of characters with one of them is no term.
FUNCTION_CHARACTERS = frozenset(
    "的了是在我你他她它们們这這那有和就不也都很会會要能可以为為与與及或对對从從把被让讓给給到说說去来來上下中个個些什么麼怎呢吗嗎吧啊"
    "将將其之所而且但如果因此于於则則并並等着著过過得地还還又再没沒样樣时時您请請该該此各每第用使做"
)
_SAMPLE = 4000
_ENOUGH = 0.12


def language_of(words: Iterable[str]) -> Language:
    """The language whose function words make up most of the first thousands of `words`; `UNKNOWN` if none does."""
    counted = Counter(word for word, _ in zip(words, range(_SAMPLE), strict=False))
    total = sum(counted.values())
    best, share = UNKNOWN, _ENOUGH
    for language in languages():
        hits = sum(counted[word] for word in language.function)
        if total and hits / total > share:
            best, share = language, hits / total
    return best
