"""The state machine: the only writer of `Batch.status` and `Item.status`.

Every move is one transaction that first updates the batch row (`rev + 1`, which locks it), then items; nothing in it
waits for a network. Updates are guarded by the state they expect, so that a move happens once or not at all. Whoever
leaves nothing unfinished completes the batch, in the same transaction. docs/adr/0003 argues the design.

| move | function |
|---|---|
| item pending → processing, batch pending → processing | `claim` |
| item processing → completed, failed | `complete`, `fail` |
| item processing → pending | `defer`, `hand_back`, `expire` |
| item pending → failed | `stop_batch` |
| batch and its unfinished items → cancelled | `cancel` |
| item failed, cancelled → pending, batch → pending | `retry` |

Lists (playlists and channels) have the same states; `batches.growth` moves them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches import search
from batches.models import Batch, Expansion, Item, Summary, SummaryPart, Transcript
from batches.moves import (
    BATCH_REV,
    NO_ERROR,
    NO_LEASE,
    complete_if_done,
    fail_lists,
    failure,
    lost,
    moving,
    reopen_lists,
    seconds,
)
from batches.moves import LostLease as LostLease  # callers of a move meet them here
from batches.moves import NotPossible as NotPossible
from batches.next_video import next_video
from summarizer import prepared
from summarizer.errors import SummarizerError, WorkerLost

_SOMETHING_PENDING = Q(
    total_videos__gt=F("processing_videos") + F("completed_videos") + F("failed_videos") + F("cancelled_videos")
)
_SOMETHING_IN_FLIGHT = Q(processing_videos__gt=0)
_NOT_LEASED = {**NO_LEASE, "stage": Item.Stage.NONE}
_ONE_MORE = {name: F(name) + 1 for name in ("processing_videos", "completed_videos", "failed_videos")}
_ONE_LESS_IN_FLIGHT = F("processing_videos") - 1
_FIRST_STARTED = Coalesce("started_at", prepared.Parameter("served_at", DateTimeField()))


def _mine(item: Item) -> dict[str, object]:
    return {"pk": item.pk, "status": Item.Status.PROCESSING, "attempt": item.attempt}


def _leave_processing(item: Item, counter: str | None, *still: prepared.Condition, **changes: object) -> None:
    """Moves an item that this worker holds out of `processing`, and the counters with it.

    Raises `LostLease` if it does not hold it any more, or if the item is not `still` as expected.
    """
    deltas: dict[str, object] = {"processing_videos": _ONE_LESS_IN_FLIGHT}
    if counter:
        deltas[counter] = _ONE_MORE[counter]
    try:
        with moving(item.batch_id, _SOMETHING_IN_FLIGHT, **deltas):
            _guarded(item, *still, **_NOT_LEASED, **changes)
            if counter:
                complete_if_done(item.batch_id)
    except NotPossible as error:
        raise LostLease from error


def _guarded(item: Item, *still: prepared.Condition, **changes: object) -> None:
    if not prepared.update(Item, _mine(item), *still, changes={"rev": BATCH_REV, **changes}):
        raise LostLease


# -- a worker takes work


def claim(batch_id: UUID, holder: UUID, lanes: int, now: datetime | None = None) -> Item | None:
    """The next item of the batch by position, leased to `holder`; None if nothing may be taken now.

    Taken are pending items whose `not_before` has passed and whose transcript is saved, or may be fetched by leave of
    the YouTube gate; while their engine's gate is open and fewer than `lanes` items of the batch are in flight.
    """
    asked_at = now or timezone.now()
    try:
        with moving(
            batch_id,
            Batch.IS_ACTIVE,
            _SOMETHING_PENDING,
            {"processing_videos__lt": lanes},
            status=Batch.Status.PROCESSING,
            processing_videos=_ONE_MORE["processing_videos"],
            started_at=_FIRST_STARTED,
            served_at=asked_at,
        ):
            # Not `asked_at`: whoever waits for the lock longer than a lease lasts must not get one that has run out.
            now = now or timezone.now()
            item = next_video(batch_id, lanes, now)
            if item is None:
                raise NotPossible
            _lease(item, holder, now)
            return item
    except NotPossible:
        return None


def _lease(item: Item, holder: UUID, now: datetime) -> None:
    """Makes the item `holder`'s, in the database and here: nobody else can have changed it, the batch's row is locked.

    Raises `NotPossible` if somebody has all the same.
    """
    changes = {
        "status": Item.Status.PROCESSING,
        "stage": Item.Stage.SUMMARIZING if item.transcript_id else Item.Stage.TRANSCRIPT,
        "attempt": item.attempt + 1,
        "lease_holder": holder,
        "lease_expires_at": now + seconds("LEASE_SECONDS"),
        "deadline_at": now + seconds("ITEM_DEADLINE_SECONDS"),
        "not_before": None,
        "started_at": item.started_at or now,
        "rev": item.batch.rev,
        **NO_ERROR,
    }
    untouched = {"pk": item.pk, "status": Item.Status.PENDING, "attempt": item.attempt}
    if not prepared.update(Item, untouched, changes=changes):
        raise NotPossible
    for name, value in changes.items():
        setattr(item, name, value)


def renew(holder: UUID, items: Collection[UUID], now: datetime | None = None) -> set[tuple[UUID, int]]:
    """Extends the leases of `holder` on those of `items` that have not reached their deadline.

    Answers which (item, attempt) it may go on with. What it no longer works on is not named, so that its lease runs
    out; what has reached its deadline keeps its lease for as long as it takes to stop it and to say so.
    """
    now = now or timezone.now()
    held = Item.objects.filter(pk__in=items, lease_holder=holder, status=Item.Status.PROCESSING, deadline_at__gt=now)
    held.update(lease_expires_at=now + seconds("LEASE_SECONDS"))
    return set(held.values_list("pk", "attempt"))


# -- a worker reports


def attach_transcript(item: Item, transcript: Transcript) -> None:
    """Notes the saved transcript on the item, which goes on to be summarized."""
    attach_fetched(item, lambda: transcript)


def attach_fetched(item: Item, save: Callable[[], Transcript]) -> Transcript:
    """Does what `attach_transcript` does, and in the same transaction what saves the transcript.

    Transcripts are everybody's: it is saved also if the item is not this worker's any more, which raises `LostLease`.
    """
    try:
        with moving(item.batch_id):
            transcript = save()
            _guarded(item, transcript=transcript, stage=Item.Stage.SUMMARIZING)
    except (LostLease, NotPossible) as error:
        save()
        raise LostLease from error
    item.transcript = transcript
    return transcript


def complete(item: Item, summary: Summary, *, parts: bool = True) -> None:
    """Saves `summary` and completes the item, together or not at all. What `parts` may have been saved, have served."""
    words = search.document(summary, summary.transcript)
    with transaction.atomic():
        # The lock order is batch, then item: the summary's insert touches neither.
        summary.save(force_insert=True)
        search.add(summary, words)
        _leave_processing(
            item,
            "completed_videos",
            status=Item.Status.COMPLETED,
            summary=summary,
            finished_at=timezone.now(),
            **NO_ERROR,
        )
        if parts:
            SummaryPart.objects.filter(item=item).delete()


def fail(item: Item, error: SummarizerError) -> None:
    _leave_processing(item, "failed_videos", **failure(error))


def fail_unfetched(error: SummarizerError) -> int:
    """Fails every waiting item of active batches that still needs YouTube. Answers how many."""
    waiting = Item.objects.filter(status=Item.Status.PENDING, transcript=None, batch__status__in=Batch.ACTIVE)
    failed = 0
    for batch_id in list(waiting.values_list("batch", flat=True).order_by("batch").distinct()):
        try:
            failed += _fail_waiting(batch_id, error, Q(transcript=None))
        except NotPossible:
            continue  # it ended meanwhile
    return failed


def _fail_waiting(batch_id: UUID, error: SummarizerError, which: Q, **changes: object) -> int:
    with moving(batch_id, Batch.IS_ACTIVE, **changes):
        items = Item.objects.filter(which, batch=batch_id, status=Item.Status.PENDING)
        failed = items.update(rev=BATCH_REV, **failure(error))
        Batch.objects.filter(pk=batch_id).update(failed_videos=F("failed_videos") + failed)
        complete_if_done(batch_id)
    return failed


def defer(
    item: Item, until: datetime, error: SummarizerError, *, counted: bool = True, blocked_at: datetime | None = None
) -> None:
    """Lets the item wait; one that has waited MAX_DEFERRALS times fails with the last reason.

    With `blocked_at` it waits for YouTube's gate, like everybody, and that is not counted: the gate has its own limit.
    """
    counted = counted and blocked_at is None
    if counted and item.deferrals >= settings.MAX_DEFERRALS:
        fail(item, error)
        return
    _leave_processing(
        item,
        None,
        status=Item.Status.PENDING,
        deferrals=F("deferrals") + int(counted),
        blocked_at=blocked_at or F("blocked_at"),
        not_before=until,
        error_code=error.code,
        error_message=str(error),
        error_retryable=True,
    )


def hand_back(item: Item) -> None:
    """Gives an item back untouched: this worker is leaving."""
    _leave_processing(item, None, status=Item.Status.PENDING)


def release(code: str) -> int:
    """Lets everything that waits for this reason go on at once: it may not hold any more. Answers how many items."""
    waiting = Item.objects.filter(status=Item.Status.PENDING, error_code=code, not_before__isnull=False)
    released = 0
    for batch_id in list(waiting.values_list("batch", flat=True).order_by("batch").distinct()):
        with suppress(NotPossible), moving(batch_id):  # one that was deleted meanwhile waits for nothing
            released += waiting.filter(batch=batch_id).update(rev=BATCH_REV, not_before=None, **NO_ERROR)
    return released


def stop_batch(batch_id: UUID, error: SummarizerError) -> None:
    """Fails everything that waits, with one reason, because it would fail everything. What runs is left to end."""
    with transaction.atomic():
        _fail_waiting(batch_id, error, Q(), stop_code=error.code, stop_message=str(error), open_lists=0)
        fail_lists(Expansion.objects.open().filter(batch=batch_id), error)


# -- the sweeper


def expire(items: Collection[Item]) -> int:
    """Takes items from workers that are gone; one that has lost MAX_LOSSES workers fails. Answers how many moved.

    One that has lost several rests before it is taken again (`verdicts.rest_after_loss`).
    """
    moved = 0
    for item in items:
        unrenewed = {"lease_expires_at": item.lease_expires_at}
        try:
            if item.losses >= settings.MAX_LOSSES:
                _leave_processing(item, "failed_videos", unrenewed, **failure(WorkerLost()))
            else:
                _leave_processing(item, None, unrenewed, status=Item.Status.PENDING, **lost(item.losses))
            moved += 1
        except LostLease:
            continue  # it finished, its worker was heard after all, or somebody else expired it
    return moved


def settle(batch_id: UUID) -> None:
    """Completes an active batch that has nothing left; for what a crash left between two moves."""
    with suppress(NotPossible), moving(batch_id, Batch.IS_ACTIVE):  # another sweeper was faster
        complete_if_done(batch_id)


# -- a person decides


def cancel(batch_id: UUID) -> int:
    """Cancels the batch and all that is unfinished in it; what is done stays. Answers how many items were cancelled.

    Raises `NotPossible` if the batch is not active.
    """
    now = timezone.now()
    with moving(
        batch_id,
        Batch.IS_ACTIVE,
        status=Batch.Status.CANCELLED,
        completed_at=now,
        processing_videos=0,
        open_lists=0,
    ):
        cancelled = (
            Item.objects.unfinished()
            .filter(batch=batch_id)
            .update(
                status=Item.Status.CANCELLED,
                rev=BATCH_REV,
                not_before=None,
                finished_at=now,
                **_NOT_LEASED,
                **NO_ERROR,
            )
        )
        Batch.objects.filter(pk=batch_id).update(cancelled_videos=F("cancelled_videos") + cancelled)
        Expansion.objects.open().filter(batch=batch_id).update(
            status=Expansion.Status.CANCELLED, finished_at=now, **NO_LEASE, **NO_ERROR
        )
    return cancelled


def retry(batch_id: UUID, item_ids: Collection[UUID] | None = None) -> int:
    """Makes pending again what failed or was cancelled, lists included; or the items named, and nothing else.

    Answers how many items and lists will be tried. Raises `NotPossible` if there are none.
    """
    with moving(batch_id):
        items = Item.objects.filter(batch=batch_id)
        if item_ids is not None:
            items = items.filter(pk__in=item_ids)
        again = {
            "status": Item.Status.PENDING,
            "rev": BATCH_REV,
            "deferrals": 0,
            "losses": 0,
            "blocked_at": None,
            "not_before": None,
            "started_at": None,
            "finished_at": None,
            **NO_ERROR,
        }
        retried = items.filter(status=Item.Status.FAILED).update(**again, retry_count=F("retry_count") + 1)
        resumed = items.filter(status=Item.Status.CANCELLED).update(**again)
        lists = reopen_lists(batch_id, "cancelled", "failed") if item_ids is None else 0
        if not retried + resumed + lists:
            raise NotPossible
        batch = Batch.objects.filter(pk=batch_id)
        batch.exclude(status__in=Batch.ACTIVE).update(status=Batch.Status.PENDING, completed_at=None)
        batch.update(
            failed_videos=F("failed_videos") - retried,
            cancelled_videos=F("cancelled_videos") - resumed,
            open_lists=F("open_lists") + lists,
            stop_code="",
            stop_message="",
        )
    return retried + resumed + lists
