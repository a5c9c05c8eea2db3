"""What the page of one batch shows, in a number of queries that does not depend on the number of items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batches import money, operations, presentation, price_tags, progress
from batches.ledger import Charge
from batches.models import Batch, Expansion, Item, RejectedLine
from batches.presentation import UPLOADABLE, cause, row_note
from batches.sentences import translated
from batches.words import LIVE, STAGES, STATUSES
from summarizer.engines.select import EXTRACTIVE
from summarizer.text import visible

PER_PAGE = 100
REJECTED_SHOWN = 50
_MEASURED = 20  # videos, to guess how long one takes
SORTABLE = 10  # rows from which on a list is worth searching and sorting
# What the list can be ordered by: its name in the address -> (label, fields).
SORTS = {
    "": (_("As pasted"), ("position",)),
    "title": (_("By title"), ("video__title", "position")),
    "channel": (_("By channel"), ("video__channel", "position")),
    "longest": (_("Longest first"), (F("video__duration").desc(nulls_last=True), "position")),
    "latest": (_("Last finished first"), (F("finished_at").desc(nulls_last=True), "position")),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """All failures of a batch for one reason, and what can be done about them."""

    code: str
    title: str
    sentence: str
    count: int
    retryable: bool
    uploadable: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """One filter of the list: its name in the address, its label, how many rows it has."""

    show: str
    label: str
    count: int
    chosen: bool

    @property
    def counter(self) -> str:
        """What `progress.counts` calls it."""
        return self.show or "total"


class BatchPage:
    """Read by templates/batches/batch.html. `query` is the address's: show (an item status), code, q, sort, page."""

    def __init__(self, batch: Batch, query: Mapping[str, str]) -> None:
        self.batch = batch
        self.show = query.get("show", "") if query.get("show", "") in Item.Status.values else ""
        self.code = query.get("code", "")[:40]
        self.words = visible(query.get("q", "")).strip()[:200]
        self.sort = query.get("sort", "") if query.get("sort", "") in SORTS else ""
        self._page = query.get("page", "1")
        self._still = "still" in query

    @property
    def warnings(self) -> list[str]:
        pace = operations.pace_notice(self.batch)
        return [*operations.warnings_about(self.batch), *([pace] if pace else [])]

    @cached_property
    def price(self) -> str:
        """What the batch has cost, and while it runs also what it is expected to; "" for what is free."""
        if self.batch.engine == EXTRACTIVE:
            return ""
        so_far = price_tags.spent(money.batch_usage(self.batch))
        whole = price_tags.expected(money.estimate_batch(self.batch)) if self.batch.is_active else ""
        if not whole:
            return so_far
        if not so_far:
            return gettext("{cost} expected").format(cost=whole)
        return gettext("{cost} expected, so far {spent}").format(cost=whole, spent=so_far)

    @cached_property
    def tabs(self) -> list[Tab]:
        """Every state that some item is in, and the four that a batch goes through."""
        batch = self.batch
        counts = {
            "": batch.total_videos,
            "completed": batch.completed_videos,
            "processing": batch.processing_videos,
            "pending": batch.pending_videos,
            "failed": batch.failed_videos,
            "cancelled": batch.cancelled_videos,
        }
        words = {"": _("All"), **STATUSES}
        return [Tab(show, str(words[show]), count, show == self.show) for show, count in counts.items()]

    @cached_property
    def rows(self) -> Page[Item]:
        items: QuerySet[Item] = (
            self.batch.items.select_related("video")
            .annotate(caption_source=F("summary__caption_source"), caption_tried=F("summary__caption_tried"))
            .order_by(*SORTS[self.sort][1])
        )
        if self.batch.engine != EXTRACTIVE:
            charges = Charge.objects.filter(item=OuterRef("pk")).order_by().values("item")
            items = items.annotate(cost=Subquery(charges.annotate(sum=Sum("cost")).values("sum")))
        if self.words:
            items = items.filter(Q(video__title__icontains=self.words) | Q(video__channel__icontains=self.words))
        if self.show:
            items = items.filter(status=self.show)
        if self.code:
            items = items.filter(error_code=self.code)
        return Paginator(items, PER_PAGE).get_page(self._page)

    @property
    def refreshes(self) -> bool:
        """Whether the page loads itself again without scripts."""
        return self.batch.is_active and not self._still

    @property
    def still_query(self) -> str:
        """The address of the page as it is, which does not refresh itself."""
        return urlencode({**self._filter, **self._order, "page": self._page, "still": "1"})

    @property
    def shown(self) -> int:
        """How many videos are in the chosen state."""
        return next(tab.count for tab in self.tabs if tab.chosen)

    @cached_property
    def first_summary(self) -> UUID | None:
        """What reading begins with: the first of those on this page of the list."""
        return next((item.summary_id for item in self.rows if item.summary_id), None)

    @property
    def filter_query(self) -> str:
        """The chosen filter for an address, without the page."""
        return urlencode({**self._filter, **self._order})

    @property
    def order_query(self) -> str:
        """The search and the order for an address, to be kept while the filter changes."""
        return urlencode(self._order)

    @property
    def _filter(self) -> dict[str, str]:
        return {name: value for name, value in (("show", self.show), ("code", self.code)) if value}

    @property
    def _order(self) -> dict[str, str]:
        return {name: value for name, value in (("q", self.words), ("sort", self.sort)) if value}

    @property
    def sorts(self) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, (label, _fields) in SORTS.items()]

    @property
    def is_sortable(self) -> bool:
        return self.batch.total_videos >= SORTABLE or bool(self._order)

    @cached_property
    def current(self) -> Item | None:
        """What is worked on, the first in order."""
        running = self.batch.items.filter(status=Item.Status.PROCESSING).select_related("video")
        return running.order_by("position").first() if self.batch.processing_videos else None

    @cached_property
    def lists(self) -> list[dict[str, Any]]:
        """Playlists and channels, those not read yet first."""
        return progress.expansions(self.batch, progress.LISTS_SHOWN)

    @property
    def lists_unshown(self) -> int:
        return self.batch.lists - len(self.lists)

    @cached_property
    def failed_lists(self) -> int:
        return self.batch.expansions.filter(status=Expansion.Status.FAILED).count() if self.batch.lists else 0

    @property
    def whole_percent(self) -> int:
        """Floored: 100 only at the end."""
        return int(self.batch.percentage)

    @property
    def now(self) -> str:
        """What is worked on, in the words of the script; "" for nothing."""
        if self.current is None:
            return ""
        return str(LIVE["now"]).format(title=self.current.video.label, stage=row_note(self.current))

    @cached_property
    def waiting(self) -> dict[str, Any] | None:
        return progress.waiting(self.batch)

    @property
    def why(self) -> str:
        """Why nothing runs, or nothing more begins, and until when; "" for neither."""
        held = self.waiting or progress.slowed(self.batch)
        if held is None:
            return ""
        again = presentation.until(datetime.fromisoformat(held["until"])) if held["until"] else ""
        return f"{held['reason']} {str(LIVE['again']).format(when=again)}" if again else str(held["reason"])

    @cached_property
    def seconds_left(self) -> int:
        """A first guess at how long the rest takes, from YouTube's pace and what such videos took before; 0 for none.

        The script knows better as soon as it has seen some of them end.
        """
        batch = self.batch
        rest = batch.pending_videos + batch.processing_videos
        if not batch.is_active or not rest:
            return 0
        fetching = operations.fetching_left(batch).total_seconds()
        at_once = min(settings.BATCH_LANES_MAX, settings.SLOTS, settings.ENGINE_CONCURRENCY.get(batch.engine) or rest)
        return max(int(fetching), int(self._seconds_each * rest / max(at_once, batch.processing_videos)))

    @property
    def _seconds_each(self) -> float:
        """How long the user's videos took with this model, the last time some were done; 0 when that is not known."""
        batches = Batch.objects.visible_to(self.batch.user).filter(model=self.batch.model, completed_videos__gt=0)
        items = Item.objects.filter(batch=batches.values("pk")[:1], status=Item.Status.COMPLETED)
        spans = items.order_by("position").values_list("started_at", "finished_at")[:_MEASURED]
        taken = [(end - begin).total_seconds() for begin, end in spans if begin and end]
        return sum(taken) / len(taken) if taken else 0

    @property
    def left(self) -> str:
        return "" if self.waiting else presentation.left(self.seconds_left)

    @cached_property
    def causes(self) -> list[Cause]:
        """Failures by cause, the most frequent first; without the one that stopped the batch, which is shown above."""
        if not self.batch.failed_videos:
            return []
        failed = self.batch.items.filter(status=Item.Status.FAILED).exclude(error_code=self.batch.stop_code).order_by()
        groups = failed.values("error_code", "error_retryable").annotate(
            count=Count("pk"), sentence=Min("error_message")
        )
        return [
            Cause(
                code=group["error_code"],
                title=cause(group["error_code"]),
                sentence=translated(group["sentence"]),
                count=group["count"],
                retryable=group["error_retryable"],
                uploadable=group["error_code"] in UPLOADABLE,
            )
            for group in sorted(groups, key=lambda group: (-group["count"], group["error_code"]))
        ]

    @property
    def explained(self) -> int:
        """How many failures `causes` is about."""
        return sum(cause.count for cause in self.causes)

    @cached_property
    def rejected_count(self) -> int:
        return self.batch.rejected_lines.count()

    @cached_property
    def rejected(self) -> list[RejectedLine]:
        return list(self.batch.rejected_lines.all()[:REJECTED_SHOWN])

    @property
    def rejected_unshown(self) -> int:
        return self.rejected_count - len(self.rejected)

    @property
    def cause_title(self) -> str:
        return cause(self.code)

    @property
    def script_words(self) -> str:
        """What the script says by itself, as JSON."""
        groups = {"live": LIVE, "stages": STAGES, "statuses": STATUSES}
        return json.dumps({name: {key: str(word) for key, word in words.items()} for name, words in groups.items()})

    @property
    def export_url(self) -> str | None:
        return progress.export_url(self.batch)

    @property
    def can_go_on(self) -> bool:
        """There is something that was given up and can be tried again."""
        return not self.batch.is_active and bool(self.batch.cancelled_videos)
