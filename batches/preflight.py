"""What an order would be, before anybody makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from batches import gates, money, operations, presentation, price_tags
from batches.filling import chunks, saved_transcripts
from batches.intake import CaptionFile
from batches.models import Batch
from batches.orders import sort_out, take_wishes
from batches.sentences import translated
from summarizer.youtube_urls import Link

if TYPE_CHECKING:
    from accounts.models import User


_TOLD = 3  # lines that cannot be taken, while somebody types


@dataclass(frozen=True, slots=True)
class Preview:
    """`within` counts videos whose links name a playlist, too. `estimate` and `takes` are about the videos alone."""

    videos: int
    duplicates: int
    rejected: Sequence[Link]
    lists: Sequence[Link]
    within: int
    already_summarized: int
    takes: timedelta
    estimate: money.Estimate

    @property
    def seconds(self) -> float:
        """How long fetching takes."""
        return self.takes.total_seconds()

    @property
    def pace(self) -> str:
        """How long fetching takes, "" when that is not worth a word."""
        about = presentation.about(self.takes)
        return _("Fetching the captions takes {time} at YouTube's pace.").format(time=about) if about else ""

    @property
    def reasons(self) -> list[str]:
        """The first lines that cannot be taken, each with why, and how many there are more."""
        told = [
            _("Line {number}: {text} {reason}").format(
                number=link.line, text=Truncator(link.text).chars(60), reason=translated(link.reason)
            )
            for link in self.rejected[:_TOLD]
        ]
        more = len(self.rejected) - len(told)
        return told + ([_("and {number} more.").format(number=f"{more:,}")] if more else [])

    @property
    def sentence(self) -> str:
        """All of it: “38 videos · 2 duplicates · 1 playlist · 3 already summarized · about $0.40”; "" for nothing."""
        nouns = [link.kind for link in self.lists]
        already = self.already_summarized
        about = presentation.about(self.takes) if self.videos else ""
        others = len(self.rejected)
        parts = [
            presentation.plural(self.videos, "video") if self.videos or others or nouns else "",
            presentation.plural(self.duplicates, "duplicate") if self.duplicates else "",
            *(presentation.plural(nouns.count(noun), noun) for noun in ("playlist", "channel") if noun in nouns),
            _("{number} within a playlist").format(number=f"{self.within:,}") if self.within else "",
            presentation.plural(others, "link that cannot be taken") if others else "",
            _("{number} summarized before").format(number=f"{already:,}") if already else "",
            _("fetching takes {time}").format(time=about) if about else "",
            price_tags.expected(self.estimate),
        ]
        return " · ".join(part for part in parts if part)


def preview(
    user: User,
    links: Sequence[Link],
    captions: Sequence[CaptionFile] = (),
    *,
    model: str = "",
    summary_length: str = "standard",
    options: Mapping[str, object] | None = None,
) -> Preview:
    """What `operations.create_batch` would make of the same. Raises `InvalidInput` for wishes that cannot be had."""
    wishes = take_wishes("", model, summary_length, options or {})
    what = sort_out(links, captions, wishes.options)
    ids = [entry.video_id for entry in what.entries if entry.video_id]
    unfetched = [entry.video_id for entry in what.entries if not entry.captions]
    batch = Batch(user=user, options=wishes.options)
    saved = sum(len(saved_transcripts(batch, chunk)) for chunk in chunks(unfetched))
    already = operations.reusable_summaries(user, ids, wishes.model, wishes.length, wishes.options)
    return Preview(
        videos=len(what.entries),
        duplicates=what.duplicates,
        rejected=what.rejected,
        lists=what.lists,
        within=0 if wishes.options.get("expand") else sum(bool(link.within) for link in links),
        already_summarized=len(already),
        takes=gates.fetching_takes(len(unfetched) - saved, timezone.now()),
        estimate=money.estimate_videos(user, ids, wishes.model, wishes.length),
    )
