"""Where the topic changes: TextTiling over segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt

_WINDOW = 3


def chapter_starts(
    documents: Sequence[Sequence[str]], weight: Mapping[str, float], number: int, announced: Sequence[float]
) -> list[int]:
    """Indices of the documents that open a chapter, 0 first, at most `number`, none much shorter than its share.

    `documents` are the terms of consecutive stretches of equal weight. The deepest valleys of similarity between the
    stretches before and after a gap are the borders; how surely a speaker announces something new in a document,
    `announced`, counts as depth. Linear. Source: Hearst 1997, TextTiling.
    """
    depths = _depths([_similarity(documents, gap, weight) for gap in range(1, len(documents))])
    depths = [depth + value for depth, value in zip(depths, announced[1:], strict=True)]
    apart = max(1, int(len(documents) / max(1, number) * 0.45))
    starts = [0]
    for gap in sorted(range(len(depths)), key=lambda gap: (-depths[gap], gap)):
        if len(starts) == number:
            break
        start = gap + 1
        if all(abs(start - other) >= apart for other in starts) and len(documents) - start >= apart:
            starts.append(start)
    return sorted(starts)


def _similarity(documents: Sequence[Sequence[str]], gap: int, weight: Mapping[str, float]) -> float:
    before = _bag(documents[max(0, gap - _WINDOW) : gap], weight)
    after = _bag(documents[gap : gap + _WINDOW], weight)
    shared = sum(value * after[term] for term, value in before.items() if term in after)
    length = sqrt(sum(value * value for value in before.values()) * sum(value * value for value in after.values()))
    return shared / length if length else 0.0


def _bag(documents: Sequence[Sequence[str]], weight: Mapping[str, float]) -> dict[str, float]:
    counts = Counter(term for document in documents for term in document)
    return {term: sqrt(count) * weight[term] for term, count in counts.items()}


def _depths(similarities: Sequence[float]) -> list[float]:
    """How far each gap lies below the nearest peaks on both sides."""
    return [
        _climb(similarities, place, -1) + _climb(similarities, place, 1) - 2 * similarity
        for place, similarity in enumerate(similarities)
    ]


def _climb(similarities: Sequence[float], place: int, step: int) -> float:
    peak = similarities[place]
    for _ in range(4 * _WINDOW):
        place += step
        if not 0 <= place < len(similarities) or similarities[place] < peak:
            break
        peak = similarities[place]
    return peak
