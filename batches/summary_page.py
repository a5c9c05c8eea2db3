"""What the page of one summary shows: its claims with the moments they come from, and the captions beside them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.safestring import SafeString

from batches import money, presentation, price_tags, search
from batches.models import Batch, Item, Summary
from summarizer.records import Segment
from summarizer.segments import segment
from summarizer.transcripts.base import source_title


@dataclass(frozen=True, slots=True)
class Moment:
    """A second of the video. `url` opens the video there, "" for an uploaded file; `anchor` is its passage below."""

    label: str
    url: str
    anchor: str
    second: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of captions, 30 to 60 s; in pieces with whether each is a hit. `found` is where to open them."""

    anchor: str
    moment: Moment
    pieces: Sequence[tuple[str, bool]]
    found: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing the summary says and where the video says it. `title` is a chapter's, `speaker` a quote's."""

    text: SafeString | str
    moments: Sequence[Moment]
    title: str = ""
    speaker: str = ""


class SummaryPage:
    """Read by templates/batches/summary.html. Captions are shown letter by letter, a model's text as Markdown.

    `asked` is the address's query: q, words to mark in the captions, and t, the second to open them at.
    """

    def __init__(self, summary: Summary, asked: Mapping[str, str] | None = None) -> None:
        self.summary = summary
        asked = asked or {}
        self.question = asked.get("q", "").strip()[:200]
        self._terms = search.Query(text=self.question).terms
        second = asked.get("t", "")
        self._second = int(second) if second.isdecimal() and len(second) < 8 else None
        self.video = summary.video
        self._content: dict[str, Any] = summary.content
        self._extracted = summary.engine == "extractive"

    @cached_property
    def item(self) -> Item | None:
        return Item.objects.filter(summary=self.summary).select_related("batch").first()

    @property
    def batch(self) -> Batch | None:
        return self.item.batch if self.item else None

    @cached_property
    def previous(self) -> Item | None:
        return self._neighbour("position__lt", "-position")

    @cached_property
    def next(self) -> Item | None:
        return self._neighbour("position__gt", "position")

    def _neighbour(self, lookup: str, order: str) -> Item | None:
        if self.item is None:
            return None
        done = Item.objects.filter(batch=self.item.batch_id, status=Item.Status.COMPLETED)
        return done.filter(**{lookup: self.item.position}).order_by(order).select_related("video").first()

    # -- the text

    @property
    def overview(self) -> SafeString:
        text = str(self._content.get("overview", ""))
        return presentation.plain_text(text) if self._extracted else presentation.rich_text(text)

    @property
    def points(self) -> list[Claim]:
        return [Claim(self._line(row["text"]), self._moments(row["seconds"])) for row in self._rows("points")]

    @property
    def chapters(self) -> list[Claim]:
        return [
            Claim(self._line(row["gist"]), self._moments([row["start"]]), title=row["title"])
            for row in self._rows("chapters")
        ]

    @property
    def author_chapters(self) -> list[Claim]:
        return [Claim("", self._moments([start]), title=title) for start, title in self.video.chapters]

    @property
    def caption_source(self) -> str:
        """Who gave the captions."""
        return source_title(self.summary.caption_source)

    @property
    def quotes(self) -> list[Claim]:
        return [
            Claim(row["text"], self._moments([row["second"]]), speaker=row.get("speaker", ""))
            for row in self._rows("quotes")
        ]

    @property
    def action_items(self) -> list[SafeString | str]:
        return [self._line(text) for text in self._rows("action_items")]

    @property
    def topics(self) -> list[str]:
        return self._rows("topics")

    @property
    def mentions(self) -> list[str]:
        return self._rows("mentions")

    def _rows(self, name: str) -> list[Any]:
        return self._content.get(name) or []

    def _line(self, text: str) -> SafeString | str:
        return text if self._extracted else presentation.rich_line(text)

    # -- the captions

    @cached_property
    def passages(self) -> list[Passage]:
        found = None if self._second is None else bisect_right(self._starts, self._second)
        return [
            Passage(
                f"passage-{part.id}",
                self._moment(part.start),
                search.pieces(part.text, self._terms) if self._terms else [(part.text, False)],
                part.id == found,
            )
            for part in self._segments
        ]

    @property
    def is_open(self) -> bool:
        """The captions are what was asked for."""
        return bool(self._terms) or self._second is not None

    @cached_property
    def _segments(self) -> list[Segment]:
        return segment(self.summary.transcript.as_record().cues) if self.summary.transcript else []

    @cached_property
    def _starts(self) -> list[float]:
        return [part.start for part in self._segments]

    def _moments(self, seconds: Iterable[float]) -> list[Moment]:
        return [self._moment(second) for second in seconds]

    def _moment(self, second: float) -> Moment:
        passage = bisect_right(self._starts, second)
        anchor = f"#passage-{passage}" if passage else ""
        return Moment(presentation.clock(second), self.video.moment_url(second), anchor, int(second))

    # -- what it says about itself

    @property
    def frame(self) -> str:
        """The properties of the player, as JSON for the script that makes it."""
        properties = {
            "className": "player no-print",
            "title": self.summary.headline,
            "allow": "autoplay; encrypted-media; fullscreen; picture-in-picture",
            "referrerPolicy": "strict-origin-when-cross-origin",  # YouTube plays for nobody who hides where they are
        }
        return json.dumps(properties)

    @property
    def price(self) -> str:
        return price_tags.spent(money.of_summary(self.summary))

    @property
    def dropped(self) -> int:
        """How many claims of the model were thrown away."""
        return presentation.dropped_claims(self.summary)

    @property
    def captions(self) -> str:
        return presentation.captions_word(self.summary)

    @property
    def translated(self) -> bool:
        return bool(self.summary.language) and self.summary.language != self.summary.caption_language
