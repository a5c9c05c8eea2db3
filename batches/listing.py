"""What a worker does with one playlist or channel: claim it, read it page by page, append what it finds, report."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from batches import gates, growth
from batches.equipment import expander
from batches.filling import room, videos_left_today
from batches.leases import Holder
from batches.models import Expansion
from batches.moves import LostLease
from batches.verdicts import CloseGate, Defer, Pause, Wait, judge
from summarizer.errors import Internal, ListEmpty, Stopped, SummarizerError
from summarizer.expanders.base import Listing
from summarizer.records import Progress

logger = logging.getLogger(__name__)
_dice = random.Random()  # noqa: S311  # jitter, no secret


def read_next(batch_id: UUID, holder: Holder, on_page: Callable[[], None]) -> bool:
    """Takes the batch's next list and reads it as far as it gets. False if there was none to take.

    `on_page` is called whenever videos were appended.
    """
    if holder.leaving.is_set():
        return False
    expansion = growth.claim(batch_id, holder.boot_id)
    if expansion is None:
        return False
    with holder.holding(expansion) as progress:
        try:
            _carry_out(expansion, progress, on_page)
        except LostLease:
            logger.info("list %s attempt %s: no longer ours", expansion.pk, expansion.attempt)
        except DatabaseError as error:
            logger.warning("list %s attempt %s is left to its lease: %s", expansion.pk, expansion.attempt, error)
            return False
    return True


def _carry_out(expansion: Expansion, progress: Progress, on_page: Callable[[], None]) -> None:
    began = timezone.now()
    try:
        growth.complete(expansion, _read(expansion, progress, on_page))
    except Stopped:
        growth.hand_back(expansion)
    except SummarizerError as error:
        _report(expansion, error, began)
    except (LostLease, DatabaseError):
        raise
    except Exception:
        # As with videos: a defect in reading one list must not stop the others.
        logger.exception("list %s attempt %s failed unexpectedly", expansion.pk, expansion.attempt)
        growth.fail(expansion, Internal())


def _read(expansion: Expansion, progress: Progress, on_page: Callable[[], None]) -> str:
    """Appends what the list holds. Answers a sentence on what was left out, or ""."""
    options = expansion.batch.options
    if not room(expansion.batch):
        return _full(expansion)
    newest, since = _newest(expansion), options.get("since", "")
    listing = Listing(expansion.kind, expansion.source_id, expansion.tab)
    seen: set[str] = set()
    more = False
    for page in expander().expand(listing, newest, date.fromisoformat(since) if since else None, progress):
        fresh = {video.id: video for video in page.videos if video.id not in seen}
        seen |= fresh.keys()
        more = page.more
        if not page.videos:
            continue
        whole = growth.append(expansion, list(fresh.values()), repeated=len(page.videos) - len(fresh))
        on_page()
        if not whole:
            return _full(expansion)
    if seen:
        first = _("The first {number} were taken. The option “newest” takes more.")
        return first.format(number=f"{newest:,}") if more else ""
    if since:
        return _("No video in it is from {date} or later.").format(date=since)
    raise ListEmpty


def _newest(expansion: Expansion) -> int:
    if asked := expansion.batch.options.get("newest"):
        return int(asked)
    return settings.CHANNEL_NEWEST if expansion.kind == Expansion.Kind.CHANNEL else settings.BATCH_MAX_VIDEOS


def _full(expansion: Expansion) -> str:
    if videos_left_today(expansion.batch.user) == 0:
        sentence = _("Your limit of {number} videos in 24 hours is reached; the rest of this list was left out.")
        return sentence.format(number=f"{settings.USER_DAILY_VIDEOS:,}")
    sentence = _("A batch may have {number} videos; the rest of this list was left out.")
    return sentence.format(number=f"{settings.BATCH_MAX_VIDEOS:,}")


def _report(expansion: Expansion, error: SummarizerError, began: datetime) -> None:
    now = timezone.now()
    match judge(error, expansion.deferrals, _dice):
        case Defer(seconds) | Wait(seconds) | Pause(seconds):
            growth.defer(expansion, now + timedelta(seconds=seconds), error)
        case CloseGate() if not gates.youtube_passed_since(expansion.blocked_at):
            until = gates.block_youtube(str(error), began, now)
            growth.defer(expansion, until, error, blocked_at=now)
        case _:
            # Also a list that is refused again while videos pass: it is itself the reason.
            growth.fail(expansion, error)
