"""How well a sentence reads by itself, whatever it is about: a factor on its centrality, 0 to about 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from summarizer.engines.extraction.sentences import Sentence
from summarizer.engines.extraction.terms import folded, tokens
from summarizer.engines.extraction.words import NOUNS_HAVE_CAPITALS, Language

_POINTS = 0.6
_SHORT, _FULL, _LONG, _TOO_LONG = 4.0, 10.0, 30.0, 70.0


def appeal(sentence: Sentence, terms: Sequence[str], language: Language) -> float:
    """Less for what is too short or long, leans on the sentence before, asks, stammers, says little or is cut badly."""
    words = [folded(token) for token in tokens(sentence.text)]
    factor = _length(sentence.words) * (0.02 + 0.98 * sentence.clean**2) * _fluency(words, language)
    factor *= _opening(words[:1], sentence.clean == 1.0, language)
    if language.code == NOUNS_HAVE_CAPITALS and _points(tokens(sentence.text)[:3], language):
        factor *= _POINTS
    if sentence.text.rstrip("\"'”’»」）)").endswith(("?", "？", "؟")):
        factor *= 0.45
    return factor * min(1.0, 0.4 + 1.6 * len(set(terms)) / max(1.0, sentence.words))


def opens_by_itself(sentence: Sentence, language: Language) -> bool:
    """Whether its first word does not lean on what was said before."""
    first = [folded(token) for token in tokens(sentence.text)[:1]]
    return not any(word in language.pointers or word in language.starters for word in first)


def _opening(first: Sequence[str], certain: bool, language: Language) -> float:
    if any(word in language.pointers for word in first):
        return _POINTS
    if any(word in language.starters for word in first):
        return 0.8
    opens = (
        certain
        or not language.subjects
        or any(word in language.function or word in language.subjects for word in first)
    )
    return 1.0 if opens else 0.65


def _points(first: Sequence[str], language: Language) -> bool:
    """Whether an article at the beginning has no noun and stands for one: "Der hält das Dorf warm"."""
    return (
        len(first) == 3
        and folded(first[0]) in language.articles
        and first[1].islower()
        and first[2].islower()
        and folded(first[2]) in language.function
    )


def _length(words: float) -> float:
    if words < _FULL:
        return max(0.02, (words - _SHORT + 1) / (_FULL - _SHORT + 1)) if words >= _SHORT else 0.02
    if words <= _LONG:
        return 1.0
    return max(0.15, 1.0 - (words - _LONG) / (_TOO_LONG - _LONG))


def _fluency(words: Sequence[str], language: Language) -> float:
    """Hesitations and what is said twice, "you could have you could", weigh by their share of the words."""
    pairs = list(pairwise(words))
    stumbles = sum(word in language.fillers for word in words) + len(pairs) - len(set(pairs))
    stumbles += sum(one == other for one, other in pairs)
    asides = sum(word in language.starters for word in words[1:])
    return max(0.2, 1.0 - (3.0 * stumbles + asides) / max(1, len(words)))
