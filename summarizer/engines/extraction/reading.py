"""A transcript read once: its sentences, what each is about, and what each is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from summarizer.engines.extraction.appeal import appeal
from summarizer.engines.extraction.headings import Signpost, signposts
from summarizer.engines.extraction.keywords import Phrases, phrases
from summarizer.engines.extraction.phrasebook import Phrasebook, phrasebook
from summarizer.engines.extraction.ranking import centralities
from summarizer.engines.extraction.sentences import Sentence, sentences
from summarizer.engines.extraction.terms import Vector, folded, terms, tokens, vector, weights
from summarizer.engines.extraction.words import Language, language_of
from summarizer.records import Progress, Segment

_STEPS_AFTER_SPLITTING = 16
_TOPICAL = 30
_EARLY, _EARLY_SECONDS = 0.1, 60.0
_EDGE, _EDGE_SECONDS = 0.03, 30.0
_SMALLTALK, _SMALLTALK_AT_EDGES = 0.3, 0.03
_BRIEFLY = 12.0
_SIGNPOST, _NO_POST = 0.4, Signpost("", 0.0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The sentences that begin in one segment, as indices, and all their terms."""

    segment: int
    indices: tuple[int, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All lists run parallel to `sentences`. `scores` are centrality times appeal, 0 to about 1.

    `span` are the seconds of the first and the last speech.

    `announcements`, `conclusions` and `emphases` are indices of sentences that tell what will come, that sum up, and
    that stress a point.
    """

    language: Language
    sentences: Sequence[Sentence]
    vectors: Sequence[Vector]
    scores: Sequence[float]
    weight: Mapping[str, float]
    stretches: Sequence[Stretch]
    phrases: Phrases
    span: tuple[float, float]
    book: Phrasebook
    signposts: Mapping[int, Signpost]
    announcements: frozenset[int]
    conclusions: frozenset[int]
    emphases: frozenset[int]

    def is_early(self, index: int) -> bool:
        """Whether a sentence stands where speakers say what they will speak of."""
        begin, end = self.span
        return self.sentences[index].start <= begin + max(_EARLY_SECONDS, _EARLY * (end - begin))


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
    book = phrasebook(language)
    span = _span(found)
    posts = signposts(found, language, book)
    scores = [
        rank
        * appeal(sentence, document, language)
        * (0.5 + 0.5 * min(1.0, len(topical.intersection(document)) / 3))
        * _seriousness(sentence, book, span)
        * (_SIGNPOST if posts.get(index, _NO_POST).strength == 1.0 and sentence.words < _BRIEFLY else 1.0)
        for index, (rank, sentence, document) in enumerate(zip(ranks, found, documents, strict=True))
    ]
    stretches = _stretches(found, documents)
    texts = [[found[index].text for index in stretch.indices] for stretch in stretches]
    return Reading(
        language=language,
        sentences=found,
        vectors=vectors,
        scores=scores,
        weight=weight,
        stretches=stretches,
        phrases=phrases(texts, language),
        span=span,
        book=book,
        signposts=posts,
        announcements=_announcements(found, book, span),
        conclusions=_conclusions(found, book),
        emphases=frozenset(index for index, sentence in enumerate(found) if book.emphases.search(sentence.said)),
    )


def _span(found: Sequence[Sentence]) -> tuple[float, float]:
    return found[0].start, max(sentence.end for sentence in found)


def _seriousness(sentence: Sentence, book: Phrasebook, span: tuple[float, float]) -> float:
    """Little for greetings, thanks and requests for a click; least at the beginning and end, where they belong."""
    if not book.smalltalk.search(sentence.said):
        return 1.0
    begin, end = span
    edge = max(_EDGE_SECONDS, _EDGE * (end - begin))
    at_edge = sentence.start <= begin + edge or sentence.end >= end - edge
    return _SMALLTALK_AT_EDGES if at_edge or sentence.words < _BRIEFLY else _SMALLTALK


def _conclusions(found: Sequence[Sentence], book: Phrasebook) -> frozenset[int]:
    """With the sentences behind those that only say that they sum up."""
    indices = [index for index, sentence in enumerate(found) if book.conclusions.search(sentence.said)]
    behind = [index + 1 for index in indices if found[index].words < _BRIEFLY and index + 1 < len(found)]
    return frozenset([*indices, *behind])


def _announcements(found: Sequence[Sentence], book: Phrasebook, span: tuple[float, float]) -> frozenset[int]:
    last = span[0] + max(_EARLY_SECONDS, _EARLY * (span[1] - span[0]))
    return frozenset(
        index
        for index, sentence in enumerate(found)
        if sentence.start <= last and (book.announcements.search(sentence.said) or book.topics.search(sentence.said))
    )


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
