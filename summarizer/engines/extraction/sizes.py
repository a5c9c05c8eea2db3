"""How much of a video each length shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from summarizer.records import Length


@dataclass(frozen=True, slots=True)
class Size:
    """Counts of what a draft holds. `points` is the least and the most, by duration; the rest are upper limits."""

    points: tuple[int, int]
    overview: int
    chapters: int
    chapters_factor: float
    quotes: int
    topics: int
    mentions: int
    actions: int

    def points_for(self, seconds: float) -> int:
        """The least for ten minutes or fewer, the most from an hour on."""
        least, most = self.points
        hour = min(1.0, max(0.0, (seconds / 60 - 10) / 50))
        return least + round((most - least) * hour)

    def chapters_for(self, seconds: float) -> int:
        """Grows with the root of the duration: 4 in five minutes, 7 in half an hour; none in a very short video."""
        minutes = seconds / 60
        if minutes < 2.5:
            return 0
        return max(2, min(self.chapters, round(self.chapters_factor * (1.5 + 1.05 * sqrt(minutes)))))


SIZES: Mapping[Length, Size] = {
    "brief": Size((3, 4), overview=2, chapters=8, chapters_factor=0.6, quotes=2, topics=5, mentions=5, actions=3),
    "standard": Size((6, 8), overview=3, chapters=16, chapters_factor=1.0, quotes=3, topics=6, mentions=8, actions=5),
    "detailed": Size(
        (12, 16), overview=4, chapters=24, chapters_factor=1.35, quotes=5, topics=8, mentions=12, actions=8
    ),
}
