"""What a set of extracts from one transcript is worth, measured without the engine's own notion of a term."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise
from math import log, sqrt

from summarizer.engines.extraction.sentences import Sentence
from summarizer.engines.extraction.terms import TOKEN, folded, is_spaceless, tokens
from summarizer.engines.extraction.words import Language

_SLICES = 10
_STOP = re.compile(r"[.!?…؟۔।॥](?=\W*\s)|[。！？｡]")
_NAME = re.compile(r":\s+$")  # "Anna: So we went": what comes after the name of a speaker begins a sentence
_PUNCTUATED = 4.0  # full stops in a thousand characters; speech has 8 to 30, captions without punctuation under 1


@dataclass(frozen=True, slots=True)
class Measures:
    """Shares are 0 to 1. `broken` is None where the captions have no punctuation to tell by."""

    extracts: int
    coverage: float
    largest_gap: float
    redundancy: float
    broken: float | None
    compression: float
    seconds_per_hour: float


def words(text: str) -> list[str]:
    """All words, empty ones too; pairs of characters where a script writes no spaces."""
    found: list[str] = []
    for token in tokens(text):
        pairs = [token[place : place + 2] for place in range(max(1, len(token) - 1))]
        found.extend(pairs if is_spaceless(token) else [folded(token)])
    return found


def coverage(extracts: Sequence[Sentence], duration: float) -> float:
    """The share of ten equal slices of time in which an extract begins."""
    return len({min(_SLICES - 1, int(each.start / duration * _SLICES)) for each in extracts}) / _SLICES


def largest_gap(extracts: Sequence[Sentence], duration: float) -> float:
    """The longest stretch of the video from which nothing comes, as a share of the video."""
    edges = [0.0, *sorted(each.start for each in extracts), duration]
    return max(after - before for before, after in pairwise(edges)) / duration


def redundancy(extracts: Sequence[Sentence], everything: Sequence[Sentence]) -> float:
    """Mean cosine of all pairs of extracts, as tf·idf vectors over all their words."""
    frequency = Counter(word for sentence in everything for word in set(words(sentence.text)))
    vectors = [_vector(words(each.text), frequency, len(everything)) for each in extracts]
    cosines = [sum(value * b.get(word, 0.0) for word, value in a.items()) for a, b in combinations(vectors, 2)]
    return sum(cosines) / len(cosines) if cosines else 0.0


def _vector(document: Sequence[str], frequency: Counter[str], total: int) -> dict[str, float]:
    raw = {word: count * log(1 + total / frequency[word]) for word, count in Counter(document).items()}
    length = sqrt(sum(value * value for value in raw.values()))
    return {word: value / length for word, value in raw.items()} if length else {}


def is_punctuated(text: str) -> bool:
    stops = len(re.findall(r"[.!?؟۔।॥。！？｡](?=\s|$|[^\x00-\x7f])", text))
    return stops * 1000 > _PUNCTUATED * len(text)


class Edges:
    """Where sentences begin and end in a running text, by its full stops, word by word."""

    def __init__(self, text: str, language: Language) -> None:
        self._loose = language.openers | language.fillers
        self._words, self._begins = _spoken(text)
        self._text = f" {' '.join(self._words)} "
        self._starts = [0, *accumulate(len(word) + 1 for word in self._words)]

    def broken(self, texts: Sequence[str]) -> float:
        """The share of `texts`, passages in order, that start or end in mid-sentence.

        A connective or hesitation that a passage leaves away at its ends ("So, um, ...") does not count.
        """
        place = count = 0
        for text in texts:
            needle = f" {' '.join(_spoken(text)[0])} "
            at = self._text.find(needle, place)
            at = self._text.find(needle) if at < 0 else at
            place = max(0, at)
            first, last = bisect_right(self._starts, place) - 1, bisect_right(self._starts, place + len(needle) - 2) - 1
            count += at < 0 or not (self._is_begin(first) and self._is_end(last))
        return count / len(texts) if texts else 0.0

    def _is_begin(self, index: int) -> bool:
        while index > 0 and not self._begins[index] and self._words[index - 1] in self._loose:
            index -= 1
        return index == 0 or self._begins[index]

    def _is_end(self, index: int) -> bool:
        after = index + 1
        while after < len(self._words) and not self._begins[after] and self._words[after] in self._loose:
            after += 1
        return after >= len(self._words) or self._begins[after]


def _spoken(text: str) -> tuple[list[str], list[bool]]:
    """Words (characters of scripts without spaces), and for each whether a full stop comes before it."""
    found: list[str] = []
    begins: list[bool] = []
    end = 0
    for match in TOKEN.finditer(text):
        parts = list(match.group()) if is_spaceless(match.group()) else [folded(match.group())]
        found.extend(parts)
        between = text[end : match.start()]
        begins.append(bool(_STOP.search(between) or (_NAME.search(between) and match.group()[0].isupper())))
        begins.extend([False] * (len(parts) - 1))
        end = match.end()
    return found, begins
