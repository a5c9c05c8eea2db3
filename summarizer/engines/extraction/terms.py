"""Text -> terms: words cut to a stem, and pairs of characters where a script writes no spaces. Weighted vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log, sqrt

from summarizer.engines.extraction.words import FUNCTION_CHARACTERS, Language
from summarizer.spoken_text import SPACELESS, SPACELESS_LETTER

Vector = Mapping[str, float]

_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u1ab0-\u1aff\u20d0-\u20ff"
)
TOKEN = re.compile(rf"[{SPACELESS}]+|(?:[^\W_{SPACELESS}]|[{_MARKS}])+(?:['’](?:[^\W_{SPACELESS}]|[{_MARKS}])+)*")
_HIRAGANA = re.compile("[\u3040-\u309f]")
_KOREAN_VERB = re.compile("[\uac00-\ud7a3](?:니다|세요|어요|아요|해요|이다|했다|한다|하는|하고|하여|있는|합시다)$")
_KOREAN_PARTICLE = re.compile("(?<=[\uac00-\ud7a3]{2})(?:에서|으로|에게|까지|부터|[은는이가을를에의로와과도만])$")
_STEM = 7


def tokens(text: str) -> list[str]:
    """Words as written, and runs of characters of scripts without spaces."""
    return TOKEN.findall(text)


def is_spaceless(token: str) -> bool:
    return SPACELESS_LETTER.match(token) is not None


def folded(token: str) -> str:
    return token.casefold().replace("’", "'")


def terms(text: str, language: Language) -> list[str]:
    """What a text is about: its words without the empty ones, stemmed by cutting; character pairs for CJK and Thai."""
    found: list[str] = []
    for token in tokens(text):
        if is_spaceless(token):
            found.extend(_pairs(token))
        elif (key := stem(token, language)) is not None:
            found.append(key)
    return found


@lru_cache(maxsize=65536)
def stem(token: str, language: Language) -> str | None:
    """The beginning of a word that it shares with its inflected forms; None for a word that says nothing."""
    word = folded(token)
    if language.says_nothing(word) or len(word) < 2 or word.isdigit() or _KOREAN_VERB.search(word):
        return None
    plain = bare_word(word)
    if language.says_nothing(plain):
        return None
    if plain.endswith("s") and len(plain) > 3 and plain.isascii() and not plain.endswith("ss"):
        plain = plain[:-1]
    return plain[:_STEM]


def bare_word(token: str) -> str:
    """The word without what is written onto it: 's, 'll, a Korean particle."""
    plain = token.replace("’", "'").split("'")[0]
    return _KOREAN_PARTICLE.sub("", plain if len(plain) > 2 else token)


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return [pair for pair in pairs if not is_grammar(pair)]


def is_grammar(piece: str) -> bool:
    """Whether a piece of Chinese or Japanese is only there for the grammar."""
    return all(_HIRAGANA.match(one) for one in piece) or any(one in FUNCTION_CHARACTERS for one in piece)


def weights(documents: Sequence[Sequence[str]]) -> dict[str, float]:
    """Inverse document frequency of each term; terms of a single document count for less, for nothing is shared."""
    frequency = Counter(term for document in documents for term in set(document))
    total = len(documents)
    return {term: log(1 + total / count) * (0.6 if count == 1 else 1.0) for term, count in frequency.items()}


def vector(document: Iterable[str], weight: Mapping[str, float]) -> dict[str, float]:
    """The document as a unit vector over its terms; empty if it has none."""
    raw = {term: (1 + log(count)) * weight[term] for term, count in Counter(document).items()}
    length = sqrt(sum(value * value for value in raw.values()))
    return {term: value / length for term, value in raw.items()} if length else {}


def cosine(one: Vector, other: Vector) -> float:
    """Of two unit vectors."""
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other[term] for term, value in one.items() if term in other)
