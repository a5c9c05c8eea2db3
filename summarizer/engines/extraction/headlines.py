"""One line for the whole video: what the speaker announces, else the central sentence, else the topics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.engines.extraction.atoms import length_of
from summarizer.engines.extraction.reading import Reading
from summarizer.engines.extraction.sentences import Sentence
from summarizer.engines.extraction.terms import folded, terms
from summarizer.engines.extraction.words import Language

_LONGEST = 120  # characters
_SHORTEST_CUT = 40
_WORDS = (5.0, 18.0)
_CLEAN = 0.8
_BREAK = re.compile(r"[,;:.!?](?=\s)|\s[–—-]\s|[、，；：。！？]")
_COLON = re.compile(r":\s+|：")
_LEAST_WORDS = 4.0
_NAMES_THE_TOPIC = 1.6
_EARLY = 1.5
_ASKS, _TORN = 1.5, 0.5


@dataclass(frozen=True, slots=True)
class Headline:
    """`index` is the sentence it comes from, None where it is made of topics."""

    text: str
    index: int | None


def headline(reading: Reading, topics: Sequence[str]) -> Headline | None:
    """None when nothing is good enough. The same for all lengths of a summary: it depends on the video alone."""
    return _announced(reading, topics) or _central(reading, topics)


def _announced(reading: Reading, topics: Sequence[str]) -> Headline | None:
    rated = []
    for index in reading.announcements:
        sentence = reading.sentences[index]
        text, names = _announcement(sentence, topics, reading)
        hits = _hits(text, topics, reading)
        if (hits or names) and length_of(text) >= _LEAST_WORDS:
            rating = (1 + 0.5 * hits) * (0.6 + reading.scores[index]) * (_NAMES_THE_TOPIC if names else 1.0)
            rating *= _ASKS if text.endswith(("?", "？", "؟")) else 1.0
            line = shortened(_without_link(text, reading.language))
            rated.append((rating * (_TORN if line.endswith("…") else 1.0), -index, line))
    if not rated:
        return None
    _, index, line = max(rated)
    return Headline(line, -index)


def _without_link(text: str, language: Language) -> str:
    """Without the "But" that links a sentence to the one before."""
    first, _, rest = text.partition(" ")
    return rest if rest and folded(first) in language.joints & language.starters else text


def _announcement(sentence: Sentence, topics: Sequence[str], reading: Reading) -> tuple[str, bool]:
    """What is announced, without "this is about" where something follows it; and whether it follows."""
    text, book = sentence.text, reading.book
    colon = _COLON.search(text)
    if colon and length_of(text[colon.end() :]) >= _LEAST_WORDS and _hits(text[colon.end() :], topics, reading):
        return text[colon.end() :], True
    if (match := book.topics.search(text)) and length_of(text[match.end() :]) >= _LEAST_WORDS:
        return text[match.end() :].lstrip(" ,:"), True
    asks = (match.start() for match in book.announcements.finditer(text) if book.questions.match(match.group()))
    asked = next(asks, 0)
    return text[asked:], asked > 0


def _central(reading: Reading, topics: Sequence[str]) -> Headline | None:
    """The best short sentence that speaks of two of the topics."""
    shortest, longest = _WORDS
    enough = 0.5 * max(reading.scores)
    rated = []
    for index, sentence in enumerate(reading.sentences):
        text = shortened(sentence.text)
        hits = _hits(text, topics, reading)
        good = sentence.clean > _CLEAN and reading.scores[index] >= enough and hits >= 2
        if good and shortest <= length_of(text) <= longest:
            early = _EARLY if reading.is_early(index) else 1.0
            rated.append((reading.scores[index] * (1 + hits) * early, -index, text))
    if not rated:
        return None
    _, index, text = max(rated)
    return Headline(text, -index)


def _hits(text: str, topics: Sequence[str], reading: Reading) -> int:
    """How many of the topics a text speaks of, in whatever form, or as a part of a word."""
    said, plain = set(terms(text, reading.language)), folded(text)
    return sum(folded(topic) in plain or said.issuperset(terms(topic, reading.language)) for topic in topics)


def shortened(text: str) -> str:
    """In a headline's length: cut where a clause ends, else behind a word with "…"; without its full stop."""
    if len(text) > _LONGEST:
        breaks = [match.start() for match in _BREAK.finditer(text, _SHORTEST_CUT, _LONGEST)]
        if breaks:
            return text[: breaks[-1]]
        cut = text.rfind(" ", 0, _LONGEST)
        return text[: cut if cut > 0 else _LONGEST] + "…"
    return text.rstrip(".。।")
