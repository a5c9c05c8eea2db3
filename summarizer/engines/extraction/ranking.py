"""Which sentences stand for the video: continuous LexRank in linear time, then a choice over the whole length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import sqrt

from summarizer.engines.extraction.terms import Vector, cosine

_DAMPING = 0.85
_ROUNDS = 12
_GOOD = 0.5
_CONTENT, _NEW_AGAINST_REPEATED = 11.0, 8.0
_WORTH_A_LOOK = 0.2


def centralities(vectors: Sequence[Vector], tick: Callable[[int], None]) -> list[float]:
    """LexRank of each sentence over the full similarity graph, 1.0 for the highest.

    The graph's matrix is V·Vᵀ for the unit vectors V, so that a step of the power iteration is two passes over the
    terms, and n² similarities are never computed. Source: Erkan & Radev 2004, section 3.3 (continuous LexRank).
    """
    total = len(vectors)
    degrees = [max(degree, 1e-9) for degree in _times(vectors, [1.0] * total)]
    ranks = [1.0 / max(total, 1)] * total
    for step in range(_ROUNDS):
        tick(step)
        spread = _times(vectors, [rank / degree for rank, degree in zip(ranks, degrees, strict=True)])
        ranks = [(1 - _DAMPING) / total + _DAMPING * value for value in spread]
    highest = max(ranks, default=1.0)
    return [rank / highest for rank in ranks]


def _times(vectors: Sequence[Vector], values: Sequence[float]) -> list[float]:
    """V·(Vᵀ·values)."""
    sums: defaultdict[str, float] = defaultdict(float)
    for vector, value in zip(vectors, values, strict=True):
        for term, weight in vector.items():
            sums[term] += weight * value
    return [sum(weight * sums[term] for term, weight in vector.items()) for vector in vectors]


class Chosen:
    """What has been chosen so far, to keep the next one different."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self.vectors = vectors
        self.indices: list[int] = []

    def add(self, index: int) -> None:
        self.indices.append(index)

    def likeness(self, index: int) -> float:
        """Similarity to what is chosen: the closest counts as much as all together."""
        if not self.indices:
            return 0.0
        likenesses = [cosine(self.vectors[index], self.vectors[other]) for other in self.indices]
        return 0.5 * max(likenesses) + 0.5 * sum(likenesses) / len(likenesses)


class Share:
    """How much of what the whole speaks of is in some of its sentences: the cosine of the sums of their vectors.

    A sentence counts by the root of its number of terms, so that one of three words does not count as one of thirty.
    """

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self._vectors = vectors
        whole: defaultdict[str, float] = defaultdict(float)
        for index, vector in enumerate(vectors):
            for term, weight in vector.items():
                whole[term] += weight * self._size(index)
        length = sqrt(sum(value * value for value in whole.values())) or 1.0
        self._whole = {term: value / length for term, value in whole.items()}
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._product = self._square = 0.0

    def add(self, index: int, sign: float = 1.0) -> None:
        """With `sign` -1 it takes the sentence out again."""
        self._product += sign * self._with_whole(index)
        self._square += 2 * sign * self._with_sums(index) + self._size(index) ** 2
        for term, weight in self._vectors[index].items():
            self._sums[term] += sign * weight * self._size(index)

    def after(self, index: int) -> float:
        """What it would be with one more sentence, 0 to 1."""
        square = self._square + 2 * self._with_sums(index) + self._size(index) ** 2
        return (self._product + self._with_whole(index)) / sqrt(square) if square > 0 else 0.0

    def _size(self, index: int) -> float:
        return sqrt(len(self._vectors[index]))

    def _with_whole(self, index: int) -> float:
        return self._size(index) * sum(weight * self._whole[term] for term, weight in self._vectors[index].items())

    def _with_sums(self, index: int) -> float:
        return self._size(index) * sum(
            weight * self._sums[term] for term, weight in self._vectors[index].items() if term in self._sums
        )


def choose_over_time(
    scores: Mapping[int, float], starts: Sequence[float], span: tuple[float, float], number: int, chosen: Chosen
) -> list[int]:
    """Up to `number` of the scored sentences in order of time: one of each equal stretch of time, and each new.

    Together they are to speak of what the whole video speaks of. A stretch without a usable sentence gives its place
    to the best of the rest.
    """
    begin, length = span[0], max(span[1] - span[0], 1e-9)
    share = Share(chosen.vectors)
    strata: defaultdict[int, list[int]] = defaultdict(list)
    for index in scores:
        strata[min(number - 1, int((starts[index] - begin) / length * number))].append(index)
    picked: dict[int, int] = {}
    for stratum in sorted(strata, key=lambda each: (-max(scores[index] for index in strata[each]), each)):
        picked[stratum] = _best_of_the_good(strata[stratum], scores, chosen, share)
    for stratum in [*picked, *picked]:  # the first picks were made without knowing the last
        chosen.indices.remove(picked[stratum])
        share.add(picked[stratum], -1.0)
        picked[stratum] = _best_of_the_good(strata[stratum], scores, chosen, share)
    indices = set(picked.values())
    while len(indices) < number and (rest := [index for index in scores if index not in indices]):
        indices.add(_best_of_the_good(rest, scores, chosen, share))
    return sorted(indices)


def choose_the_best(scores: Mapping[int, float], number: int, chosen: Chosen) -> list[int]:
    """The `number` best of the scored sentences in order of time, each unlike those before it."""
    highest = max(scores.values(), default=0.0)
    rest = {index for index, score in scores.items() if score >= _WORTH_A_LOOK * highest}
    indices: list[int] = []
    while rest and len(indices) < number:
        best = max(rest, key=lambda index: (scores[index] / highest - chosen.likeness(index), -index))
        chosen.add(best)
        rest.remove(best)
        indices.append(best)
    return sorted(indices)


def _best_of_the_good(candidates: Sequence[int], scores: Mapping[int, float], chosen: Chosen, share: Share) -> int:
    """Of those that come near the best of the candidates, the one that best joins worth, content and difference."""
    enough = _GOOD * max(scores[index] for index in candidates)
    good = [index for index in candidates if scores[index] >= enough]
    best = max(
        good,
        key=lambda index: (
            scores[index] + _CONTENT * share.after(index) - _NEW_AGAINST_REPEATED * chosen.likeness(index),
            -index,
        ),
    )
    chosen.add(best)
    share.add(best)
    return best
