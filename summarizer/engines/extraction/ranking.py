"""Which sentences stand for the video: continuous LexRank in linear time, then a choice over the whole length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from summarizer.engines.extraction.terms import Vector, cosine

_DAMPING = 0.85
_ROUNDS = 12
_GOOD = 0.6
_NEW_AGAINST_REPEATED = 2.5


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
        self._vectors = vectors
        self.indices: list[int] = []

    def add(self, index: int) -> None:
        self.indices.append(index)

    def likeness(self, index: int) -> float:
        """Similarity to what is chosen: the closest counts as much as all together."""
        if not self.indices:
            return 0.0
        likenesses = [cosine(self._vectors[index], self._vectors[other]) for other in self.indices]
        return 0.5 * max(likenesses) + 0.5 * sum(likenesses) / len(likenesses)


def choose_over_time(
    scores: Mapping[int, float], starts: Sequence[float], span: tuple[float, float], number: int, chosen: Chosen
) -> list[int]:
    """Up to `number` of the scored sentences in order of time: one of each equal stretch of time, and each new.

    A stretch without a usable sentence gives its place to the best of the rest.
    """
    begin, length = span[0], max(span[1] - span[0], 1e-9)
    strata: defaultdict[int, list[int]] = defaultdict(list)
    for index in scores:
        strata[min(number - 1, int((starts[index] - begin) / length * number))].append(index)
    picked: dict[int, int] = {}
    for stratum in sorted(strata, key=lambda each: (-max(scores[index] for index in strata[each]), each)):
        picked[stratum] = _newest_of_the_good(strata[stratum], scores, chosen)
    for stratum in [*picked, *picked]:  # the first picks were made without knowing the last
        chosen.indices.remove(picked[stratum])
        picked[stratum] = _newest_of_the_good(strata[stratum], scores, chosen)
    indices = set(picked.values())
    while len(indices) < number and (rest := [index for index in scores if index not in indices]):
        indices.add(_newest_of_the_good(rest, scores, chosen))
    return sorted(indices)


def _newest_of_the_good(candidates: Sequence[int], scores: Mapping[int, float], chosen: Chosen) -> int:
    """Of those that come near the best of the candidates, the one that best joins worth and difference."""
    enough = _GOOD * max(scores[index] for index in candidates)
    good = [index for index in candidates if scores[index] >= enough]
    best = max(good, key=lambda index: (scores[index] - _NEW_AGAINST_REPEATED * chosen.likeness(index), -index))
    chosen.add(best)
    return best
