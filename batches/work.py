"""What a worker does with one item: claim it, get its transcript, have it summarized, report.

Knows no Celery: the tasks call `do_next`, and the command line runs whole batches in its own process with `run_here`.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from batches import gates, growth, lifecycle, listing, metering, particulars, shelf
from batches.equipment import transcript_source
from batches.leases import Holder
from batches.models import Batch, Expansion, Item, Worker
from batches.patience import let_go, patiently
from batches.verdicts import CloseGate, Defer, Pause, StopBatch, Wait, judge
from summarizer.errors import (
    BudgetUsedUp,
    Internal,
    NotGrounded,
    Stopped,
    StorageFailed,
    SummarizerError,
    TookTooLong,
    TranscriptError,
    YouTubeBlocked,
    YouTubeFailed,
)
from summarizer.logs import bound
from summarizer.pipeline import Pipeline
from summarizer.records import ANY_CAPTIONS, Fetched, Progress

logger = logging.getLogger(__name__)
_PARTS_AT_ONCE = 4
_SHARE_SECONDS = 0.25
_dice = random.Random()  # noqa: S311  # jitter, no secret


def look_at_budgets_anew() -> None:
    """For a process that begins: its settings may allow what those of the one before it did not."""
    gates.open_budgets()
    lifecycle.release(BudgetUsedUp.code)


def slots() -> int:
    """How many videos the installation works on at once: the threads of all living workers."""
    alive = Worker.objects.serving().aggregate(slots=Sum("slots"))["slots"]
    return int(alive or settings.SLOTS)


def busy_batches(now: datetime) -> int:
    """How many batches have something in flight or claimable: those that share the slots."""
    claimable = Item.objects.claimable(now, gates.leave(now)).filter(batch=OuterRef("pk"))
    return Batch.objects.active().filter(Q(processing_videos__gt=0) | Exists(claimable)).count()


def fair_share(now: datetime | None = None) -> int:
    """How many videos one batch may have in flight now."""
    share = slots() // max(1, busy_batches(now or timezone.now()))
    return max(1, min(share, settings.BATCH_LANES_MAX))


def _recent_share(holder: Holder) -> int:
    """`fair_share`, looked up at most four times a second by one process: fast videos would pay more for it than for
    their own claim. Between two looks it only says how many lanes are enough; claims count for themselves.
    """
    looked_at, share = holder.share
    if monotonic() - looked_at > _SHARE_SECONDS:
        share = fair_share()
        holder.share = monotonic(), share
    return share


def do_next(batch_id: UUID, holder: Holder) -> bool:
    """Takes the next item of the batch and brings it as far as it gets. False if there was none to take."""
    if holder.leaving.is_set():
        return False
    item = lifecycle.claim(batch_id, holder.boot_id, _recent_share(holder))
    if item is None:
        return False
    with bound(batch=batch_id, item=item.pk, attempt=item.attempt), holder.holding(item) as progress:
        try:
            _carry_out(item, progress)
        except lifecycle.LostLease:
            logger.info("no longer ours, result dropped")
        except DatabaseError as error:
            logger.warning("left to its lease, the database failed: %s", error)
            return False
    return True


def _carry_out(item: Item, progress: Progress) -> None:
    """Summarizes the item; whatever happens ends in a state of the item, and never in an exception of the task."""
    began = timezone.now()
    try:
        _summarize(item, progress)
    except Stopped:
        # Cancelled or expired items are not ours any more: both raise LostLease then, which is right.
        if item.deadline_at and item.deadline_at <= timezone.now():
            _report(item, TookTooLong(), began)
        else:
            lifecycle.hand_back(item)
    except SummarizerError as error:
        _report(item, error, began)
    except lifecycle.LostLease:
        raise
    except DatabaseError as error:
        logger.warning("the database failed: %s", error)
        patiently(lambda: _report(item, StorageFailed(), began))
    except Exception:
        # The one outer catch: a defect in handling one video must not stop the others.
        logger.exception("failed unexpectedly")
        lifecycle.fail(item, Internal())


def _summarize(item: Item, progress: Progress) -> None:
    engine, parts = metering.engine_of(item), shelf.Parts(item)
    pipeline = Pipeline(transcript_source(), engine, parts, _parts_at_once(item.batch.engine))
    transcript = item.transcript or shelf.saved_transcript(item)
    if transcript is None:
        fetched = _fetch(pipeline, item, progress)
        by_default = item.batch.captions == ANY_CAPTIONS
        save = partial(shelf.save_fetched, item.video, fetched, by_default=by_default)
        transcript = lifecycle.attach_fetched(item, save)
    else:
        if item.transcript is None:
            lifecycle.attach_transcript(item, transcript)
        particulars.refresh(item.video, progress)
    let_go()
    try:
        summary = pipeline.summarize(transcript.as_record(), item.batch.request, progress, item.video.as_record())
    except NotGrounded:
        parts.forget()
        raise
    patiently(lambda: lifecycle.complete(item, shelf.summary_row(item, transcript, summary), parts=parts.may_exist))


def _parts_at_once(engine: str) -> int:
    """How many parts of one long video are read side by side; one by one where the provider's limit counts videos."""
    return 1 if settings.ENGINE_CONCURRENCY.get(engine) else _PARTS_AT_ONCE


def _fetch(pipeline: Pipeline, item: Item, progress: Progress) -> Fetched:
    began = timezone.now()
    let_go()
    try:
        fetched = pipeline.fetch(item.video.youtube_id or "", item.batch.captions, progress)
    except TranscriptError as error:
        if error.title:
            shelf.save_title(item.video, error.title)
        if not isinstance(error, YouTubeBlocked | YouTubeFailed):
            gates.pass_youtube(began)  # YouTube answered, if only that there is nothing to have
        raise
    gates.pass_youtube(began)
    return fetched


def _report(item: Item, error: SummarizerError, began: datetime) -> None:
    now = timezone.now()
    match judge(error, item.deferrals, _dice):
        case Defer(seconds):
            lifecycle.defer(item, now + timedelta(seconds=seconds), error)
        case Wait(seconds):
            lifecycle.defer(item, now + timedelta(seconds=seconds), error, counted=False)
        case Pause(seconds):
            until = now + timedelta(seconds=seconds)
            gates.pause_engine(item.batch.engine, until, str(error))
            lifecycle.defer(item, until, error)
        case CloseGate():
            _wait_at_the_gate(item, error, began, now)
        case StopBatch():
            lifecycle.fail(item, error)
            _stop_batch(item.batch_id, error)
        case _:
            lifecycle.fail(item, error)


def _stop_batch(batch_id: UUID, error: SummarizerError) -> None:
    try:
        lifecycle.stop_batch(batch_id, error)
    except lifecycle.NotPossible:
        logger.info("batch %s had ended before it could be stopped", batch_id)


def _wait_at_the_gate(item: Item, error: SummarizerError, began: datetime, now: datetime) -> None:
    """Closes the gate for everybody; but an item that is refused again while others pass is itself the reason."""
    if gates.youtube_passed_since(item.blocked_at):
        lifecycle.fail(item, error)
        return
    until = gates.block_youtube(str(error), began, now)
    lifecycle.defer(item, until, error, blocked_at=now)


def run_here(batch_id: UUID, on_change: Callable[[], None]) -> None:
    """Runs the batch in this process until it has ended. Needs no broker and no other worker; they may help.

    `on_change` is called whenever an item has ended or a wait is over. KeyboardInterrupt stops the work at hand, hands
    it back, and is raised again.
    """
    look_at_budgets_anew()
    lanes = min(settings.SLOTS, settings.BATCH_LANES_MAX)
    # No slots: it works on this batch alone, and is nobody else's worker.
    holder = Holder(f"command line ({lanes})", 0)
    holder.start()
    moved = threading.Event()

    def lane(take_next: Callable[[], bool]) -> None:
        try:
            while take_next():
                moved.set()
        finally:
            connection.close()
            moved.set()

    try:
        with ThreadPoolExecutor(lanes + 1, thread_name_prefix="lane") as pool:
            try:
                while Batch.objects.active().filter(pk=batch_id).exists():
                    futures = [pool.submit(lane, partial(listing.read_next, batch_id, holder, moved.set))]
                    futures += [pool.submit(lane, partial(do_next, batch_id, holder)) for _ in range(lanes)]
                    while not all(future.done() for future in futures):
                        moved.wait(1)
                        moved.clear()
                        on_change()
                    for future in futures:
                        future.result()
                    _wait_for_claimable(batch_id, on_change)
            finally:
                holder.leave()
    finally:
        holder.stop()


def _wait_for_claimable(batch_id: UUID, on_change: Callable[[], None]) -> None:
    """Until an item may be taken or the batch has ended; also when other workers hold what is left."""
    pause = threading.Event()
    while True:
        # First of all: a gate may refuse what it seemed to admit, and the lanes must not spin on that.
        pause.wait(0.2)
        now = timezone.now()
        lifecycle.expire(Item.objects.expired(now).filter(batch=batch_id))
        growth.expire(Expansion.objects.expired(now).filter(batch=batch_id))
        items = Item.objects.filter(batch=batch_id)
        if items.claimable(now, gates.leave(now)).exists() or not Batch.objects.active().filter(pk=batch_id).exists():
            return
        if gates.may_list(now) and Expansion.objects.claimable(now).filter(batch=batch_id).exists():
            return
        on_change()
