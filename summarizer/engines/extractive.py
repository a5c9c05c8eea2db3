"""Summaries from the video's own sentences: no key, no network, no cost, any language. Deterministic and linear."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from summarizer.draft import Draft
from summarizer.engines.base import Answer
from summarizer.engines.extraction.composing import compose
from summarizer.engines.extraction.reading import read
from summarizer.engines.extraction.sizes import SIZES
from summarizer.errors import EmptyTranscript
from summarizer.records import Progress, Segment, SummaryRequest, Usage

T = TypeVar("T")

_FREE = Usage(cost=Decimal(0))


class ExtractiveEngine:
    """Chooses, never writes: every sentence in its drafts is copied from the captions, so that all of it is grounded.

    It follows the length of a request; it cannot translate or follow instructions, and says so nowhere in the draft.
    """

    name = "extractive"
    model = "extractive"
    prompt_version = "extractive-1"
    follows_wishes = False

    def __init__(self, model: str = "") -> None:
        """`model` is accepted for the sake of the other engines: there is one way to extract."""

    def segment_budget(self, request: SummaryRequest) -> None:
        """Any number of segments: an eight-hour video takes seconds."""

    def count_tokens(self, text: str) -> int:
        """No model reads the text, so nothing is counted."""
        return 0

    def summarize(self, segments: Sequence[Segment], request: SummaryRequest, progress: Progress) -> Answer:
        """The draft of these segments. Raises `EmptyTranscript` when they hold no text at all."""
        reading = read(segments, progress)
        if reading is None:
            raise EmptyTranscript
        return Answer(compose(reading, SIZES[request.length]), _FREE)

    def merge(self, parts: Sequence[Draft], request: SummaryRequest, progress: Progress) -> Answer:
        """One draft of consecutive parts, thinned evenly. The pipeline never splits for this engine."""
        progress("summarizing")
        size = SIZES[request.length]
        return Answer(
            Draft(
                headline=next((part.headline for part in parts if part.headline), ""),
                overview=" ".join(_evenly([part.overview for part in parts if part.overview], size.overview)),
                key_points=_evenly([point for part in parts for point in part.key_points], size.points[1]),
                chapters=_evenly([chapter for part in parts for chapter in part.chapters], size.chapters),
                quotes=_evenly([quote for part in parts for quote in part.quotes], size.quotes),
                topics=_in_turn([part.topics for part in parts], size.topics),
                action_items=_in_turn([part.action_items for part in parts], size.actions),
                mentions=_in_turn([part.mentions for part in parts], size.mentions),
            ),
            _FREE,
        )

    def repair(
        self,
        segments: Sequence[Segment],
        draft: Draft,
        problems: Sequence[str],
        request: SummaryRequest,
        progress: Progress,
    ) -> Answer:
        """The draft as it is: what is copied from the captions cannot be mended by copying it again."""
        progress("summarizing")
        return Answer(draft, _FREE)


def _evenly(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of the items, from the whole row."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]


def _in_turn(rows: Sequence[Sequence[str]], most: int) -> list[str]:
    """The first of each row, then the second of each, without repeats."""
    longest = max((len(row) for row in rows), default=0)
    mixed = [row[place] for place in range(longest) for row in rows if place < len(row)]
    return list(dict.fromkeys(mixed))[:most]
