"""A transcript read once: its sentences, what each is about, and what each is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from summarizer.engines.extraction.appeal import appeal
from summarizer.engines.extraction.keywords import Phrases, phrases
from summarizer.engines.extraction.ranking import centralities
from summarizer.engines.extraction.sentences import Sentence, sentences
from summarizer.engines.extraction.terms import Vector, folded, terms, tokens, vector, weights
from summarizer.engines.extraction.words import Language, language_of
from summarizer.records import Progress, Segment

_STEPS_AFTER_SPLITTING = 16
_TOPICAL = 30


@dataclass(frozen=True, slots=True)
class Stretch:
    """The sentences that begin in one segment, as indices, and all their terms."""

    segment: int
    indices: tuple[int, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All lists run parallel to `sentences`. `scores` are centrality times appeal, 0 to about 1."""

    language: Language
    sentences: Sequence[Sentence]
    vectors: Sequence[Vector]
    scores: Sequence[float]
    weight: Mapping[str, float]
    stretches: Sequence[Stretch]
    phrases: Phrases

    @property
    def span(self) -> tuple[float, float]:
        """Seconds of the first and the last speech."""
        return self.sentences[0].start, max(sentence.end for sentence in self.sentences)


def read(segments: Sequence[Segment], progress: Progress) -> Reading | None:
    """None if there is no text at all. Time and memory grow linearly with the length of the captions."""
    total = len(segments) + _STEPS_AFTER_SPLITTING

    def tick(done: int) -> None:
        progress("summarizing", min(done, total), total)

    language = language_of(folded(token) for segment in segments for token in tokens(segment.text))
    found = sentences(segments, language, tick)
    if not found:
        return None
    documents = [terms(sentence.text, language) for sentence in found]
    weight = weights(documents)
    vectors = [vector(document, weight) for document in documents]
    ranks = centralities(vectors, lambda step: tick(len(segments) + step))
    topical = _most_telling(documents, weight)
    scores = [
        rank * appeal(sentence, document, language) * (0.5 + 0.5 * min(1.0, len(topical.intersection(document)) / 3))
        for rank, sentence, document in zip(ranks, found, documents, strict=True)
    ]
    stretches = _stretches(found, documents)
    texts = [[found[index].text for index in stretch.indices] for stretch in stretches]
    return Reading(language, found, vectors, scores, weight, stretches, phrases(texts, language))


def _most_telling(documents: Sequence[Sequence[str]], weight: Mapping[str, float]) -> frozenset[str]:
    """The terms that carry most of the weight of the whole video."""
    counts = Counter(term for document in documents for term in document)
    ordered = sorted(counts, key=lambda term: (-counts[term] * weight[term], term))
    return frozenset(ordered[:_TOPICAL])


def _stretches(found: Sequence[Sentence], documents: Sequence[Sequence[str]]) -> list[Stretch]:
    stretches = []
    for segment, group in groupby(range(len(found)), key=lambda index: found[index].segment):
        indices = tuple(group)
        stretches.append(Stretch(segment, indices, tuple(term for index in indices for term in documents[index])))
    return stretches
