"""How a batch grows: its playlists and channels are claimed, read and appended. The only writer of `Expansion.status`.

Every move is a transaction as `batches.lifecycle` has them, under the same lock, with the same leases and fences. One
list of a batch is read at a time, so that videos come in the order of the links. A list is not read from where a lost
worker stopped, but anew: what it had appended already is recognised and appended once. docs/adr/0011.

| move | function |
|---|---|
| list pending → processing, batch pending → processing | `claim` |
| list processing → completed, failed | `complete`, `fail` |
| list processing → pending | `defer`, `hand_back`, `expire` |
| list pending → failed | `fail_waiting` |
| list, with its batch, → cancelled, failed, pending | `lifecycle.cancel`, `stop_batch`, `retry` |
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches import gates
from batches.filling import Entry, make_videos, room, write_items
from batches.models import Batch, Expansion, Item
from batches.moves import (
    NO_ERROR,
    NO_LEASE,
    LostLease,
    NotPossible,
    complete_if_done,
    fail_lists,
    lost,
    moving,
    seconds,
)
from summarizer.errors import SummarizerError, WorkerLost
from summarizer.records import Video

_Status = Expansion.Status


def _mine(expansion: Expansion) -> Q:
    return Q(pk=expansion.pk, status=_Status.PROCESSING, attempt=expansion.attempt)


def _guarded(expansion: Expansion, *still: Q, **changes: object) -> None:
    if not Expansion.objects.filter(_mine(expansion), *still).update(**changes):
        raise LostLease


@contextmanager
def _reporting(expansion: Expansion, *guard: Q, **changes: object) -> Iterator[None]:
    """`moving`, for who holds the list: a batch that ended or was deleted has taken it away. Raises `LostLease`."""
    try:
        with moving(expansion.batch_id, *guard, **changes):
            yield
    except NotPossible as error:
        raise LostLease from error


def _back(expansion: Expansion, *still: Q, **changes: object) -> None:
    """From processing to pending."""
    with _reporting(expansion):
        _guarded(expansion, *still, **NO_LEASE, status=_Status.PENDING, **changes)


def claim(batch_id: UUID, holder: UUID, now: datetime | None = None) -> Expansion | None:
    """The batch's next list, leased to `holder`; None if none may be read now.

    Reading a list takes no token of YouTube's gate, but while the gate is closed nobody asks YouTube for anything.
    """
    asked_at = now or timezone.now()
    lists = Expansion.objects.claimable(asked_at).filter(batch=batch_id).order_by("position")
    if not lists.exists() or not gates.may_list(asked_at):
        return None
    try:
        with moving(
            batch_id,
            Batch.IS_ACTIVE,
            status=Batch.Status.PROCESSING,
        ):
            now = now or timezone.now()  # not `asked_at`: see lifecycle.claim
            if Expansion.objects.filter(batch=batch_id, status=_Status.PROCESSING).exists():
                raise NotPossible
            found = lists.first()
            if found is None:
                raise NotPossible
            Batch.objects.filter(pk=batch_id).update(
                started_at=Coalesce("started_at", Value(asked_at)),
                # It is read anew, so what an earlier attempt had counted is counted again.
                duplicates=F("duplicates") - found.duplicates,
            )
            Expansion.objects.filter(pk=found.pk).update(
                status=_Status.PROCESSING,
                attempt=F("attempt") + 1,
                lease_holder=holder,
                lease_expires_at=now + seconds("LEASE_SECONDS"),
                deadline_at=now + seconds("ITEM_DEADLINE_SECONDS"),
                not_before=None,
                found=0,
                duplicates=0,
                notice="",
                **NO_ERROR,
            )
            return Expansion.objects.select_related("batch__user").get(pk=found.pk)
    except NotPossible:
        return None


def renew(holder: UUID, lists: Collection[UUID], now: datetime | None = None) -> set[tuple[UUID, int]]:
    """As `lifecycle.renew` does for items."""
    now = now or timezone.now()
    held = Expansion.objects.filter(pk__in=lists, lease_holder=holder, status=_Status.PROCESSING)
    held.filter(deadline_at__gt=now).update(lease_expires_at=now + seconds("LEASE_SECONDS"))
    return set(held.filter(lease_expires_at__gt=now).values_list("pk", "attempt"))


# -- a worker reports


def append(expansion: Expansion, videos: Sequence[Video], repeated: int = 0) -> bool:
    """Appends those of `videos`, no two the same, that the batch does not have; False when it cannot take them all.

    `repeated` counts the videos that the list named again. Raises `LostLease`.
    """
    with _reporting(expansion, Batch.IS_ACTIVE):
        batch = Batch.objects.select_related("user").get(pk=expansion.batch_id)
        ids = [video.id for video in videos]
        items = Item.objects.filter(batch=batch, video__youtube_id__in=ids)
        known = dict(items.values_list("video__youtube_id", "expansion_id"))
        new = [video for video in videos if video.id not in known]
        taken = new[: room(batch)]
        duplicates = repeated + sum(origin != expansion.pk for origin in known.values())
        _guarded(expansion, found=F("found") + len(videos), duplicates=F("duplicates") + duplicates)
        entries = [Entry(video.id, listed=video) for video in taken]
        make_videos(entries)
        write_items(batch, entries, batch.total_videos + 1, expansion=expansion)
        Batch.objects.filter(pk=batch.pk).update(
            total_videos=F("total_videos") + len(taken), duplicates=F("duplicates") + duplicates
        )
    return len(taken) == len(new)


def complete(expansion: Expansion, notice: str = "") -> None:
    """The list has been read; `notice` says what of it was left out."""
    with _reporting(expansion, Q(open_lists__gt=0), open_lists=F("open_lists") - 1):
        _guarded(expansion, **NO_LEASE, status=_Status.COMPLETED, notice=notice[:300], finished_at=timezone.now())
        complete_if_done(expansion.batch_id)


def fail(expansion: Expansion, error: SummarizerError, *still: Q) -> None:
    """The list becomes a line that could not be taken. What it gave before stays."""
    with _reporting(expansion, Q(open_lists__gt=0), open_lists=F("open_lists") - 1):
        if not fail_lists(Expansion.objects.filter(_mine(expansion), *still), error):
            raise LostLease
        complete_if_done(expansion.batch_id)


def defer(expansion: Expansion, until: datetime, error: SummarizerError, *, blocked_at: datetime | None = None) -> None:
    """Lets the list wait; one that has waited MAX_DEFERRALS times fails with the last reason.

    With `blocked_at` it waits for YouTube's gate, like everybody, and that is not counted.
    """
    if blocked_at is None and expansion.deferrals >= settings.MAX_DEFERRALS:
        fail(expansion, error)
        return
    _back(
        expansion,
        deferrals=F("deferrals") + (0 if blocked_at else 1),
        blocked_at=blocked_at or F("blocked_at"),
        not_before=until,
        error_code=error.code,
        error_message=str(error),
        error_retryable=True,
    )


def hand_back(expansion: Expansion) -> None:
    """Gives a list back untouched: this worker is leaving."""
    _back(expansion)


# -- the sweeper


def expire(lists: Collection[Expansion]) -> int:
    """Takes lists from workers that are gone; one that has lost MAX_LOSSES workers fails. Answers how many moved."""
    moved = 0
    for expansion in lists:
        # Whoever renewed the lease meanwhile keeps it.
        unrenewed = Q(lease_expires_at=expansion.lease_expires_at)
        try:
            if expansion.losses >= settings.MAX_LOSSES:
                fail(expansion, WorkerLost(), unrenewed)
            else:
                _back(expansion, unrenewed, **lost(expansion.losses))
            moved += 1
        except LostLease:
            continue
    return moved


def fail_waiting(error: SummarizerError) -> int:
    """Fails every list of an active batch that waits. Answers how many."""
    waiting = Expansion.objects.filter(status=_Status.PENDING)
    failed = 0
    for batch_id in list(waiting.order_by("batch").values_list("batch", flat=True).distinct()):
        with suppress(NotPossible), moving(batch_id, Batch.IS_ACTIVE):  # it ended, or was deleted
            count = fail_lists(waiting.filter(batch=batch_id), error)
            Batch.objects.filter(pk=batch_id).update(open_lists=F("open_lists") - count)
            complete_if_done(batch_id)
            failed += count
    return failed
