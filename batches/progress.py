"""What has changed: one function for the first snapshot, the socket and polling alike; and the bell that says "look".

What it says in sentences is in the language that is active.

The database is the truth. Redis carries only the word "changed"; when it is lost, the next look finds the same state.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import datetime
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db.models import Case, When
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from batches import gates
from batches.models import Batch, Expansion, Item, Worker
from batches.presentation import UPLOADABLE
from batches.sentences import translated

logger = logging.getLogger(__name__)
LISTS_SHOWN = 20

ITEM_FIELDS = (
    "id",
    "position",
    "status",
    "stage",
    "summary_id",
    "error_code",
    "error_message",
    "retry_count",
    "not_before",
    "video__youtube_id",
    "video__title",
    "video__channel",
    "video__duration",
    "summary__caption_source",
    "summary__caption_tried",
)


def group_of(batch_id: UUID) -> str:
    return f"batch-{batch_id}"


# -- what is


def changes(
    batch_id: UUID, since: int = 0, limit: int | None = 100, only: Item.Status | None = None
) -> dict[str, Any] | None:
    """The batch now, and its items changed after revision `since` (`only` those of one status); None if it is gone.

    At most `limit` items; `more` says that there were more, and that the reader had better fetch its rows anew. `rev`
    is read before the items, so that whoever resumes from it misses nothing and at worst sees a change twice.
    """
    batch = Batch.objects.filter(pk=batch_id).first()
    return None if batch is None else changes_of(batch, since, limit, only)


def changes_of(
    batch: Batch, since: int = 0, limit: int | None = 100, only: Item.Status | None = None
) -> dict[str, Any]:
    """`changes` of a row that was just read."""
    batch_id = batch.pk
    changed = Item.objects.filter(batch=batch_id).order_by("position")
    if since:
        changed = changed.filter(rev__gt=since).order_by("rev", "position")
    if only:
        changed = changed.filter(status=only)
    rows = list(changed.values(*ITEM_FIELDS)[: limit + 1 if limit is not None else None])
    more = limit is not None and len(rows) > limit
    running = Item.objects.filter(batch=batch_id, status=Item.Status.PROCESSING).order_by("position")
    current = [current_row(row) for row in running.values(*ITEM_FIELDS)] if batch.processing_videos else []
    return {
        "batch_job_id": str(batch.pk),
        "status": batch.status,
        "progress": counts(batch),
        "current_item": current[0] if current else None,
        "current_items": current,
        "expansions": expansions(batch, LISTS_SHOWN),
        "waiting": waiting(batch),
        "slowed": slowed(batch),
        "stop_message": translated(batch.stop_message),
        "export_url": export_url(batch),
        "rev": batch.rev,
        "items": [item_row(row) for row in rows[:limit]],
        "more": more,
    }


def counts(batch: Batch) -> dict[str, int | float]:
    return {
        "total": batch.total_videos,
        "completed": batch.completed_videos,
        "failed": batch.failed_videos,
        "cancelled": batch.cancelled_videos,
        "processing": batch.processing_videos,
        "pending": batch.pending_videos,
        "lists": batch.open_lists,
        "percentage": batch.percentage,
    }


def expansions(batch: Batch, limit: int | None = None) -> list[dict[str, Any]]:
    """The batch's playlists and channels in the order of the links; with `limit` those not read first, no more."""
    if not batch.lists:
        return []
    order = [Case(When(status__in=Expansion.OPEN, then=0), default=1)] if limit else []
    return [expansion_row(row) for row in batch.expansions.order_by(*order, "position")[:limit]]


def expansion_row(row: Expansion) -> dict[str, Any]:
    """One list as every surface shows it; `error` is why it failed or what it waits for, `notice` what was left out."""
    return {
        "line": row.line,
        "text": row.text,
        "status": row.status,
        "found": row.found,
        "duplicates": row.duplicates,
        "notice": translated(row.notice) or None,
        "error": translated(row.error_message) or None,
    }


def export_url(batch: Batch) -> str | None:
    """Where the ZIP is; None until it would hold a summary."""
    return f"/api/batch/{batch.pk}/export" if batch.completed_videos else None


def item_row(row: dict[str, Any]) -> dict[str, Any]:
    """One item as every surface shows it, from a `values(*ITEM_FIELDS)` row."""
    youtube_id = row["video__youtube_id"]
    return {
        "id": str(row["id"]),
        "position": row["position"],
        "url": f"https://www.youtube.com/watch?v={youtube_id}" if youtube_id else None,
        "video_id": youtube_id,
        "video_title": row["video__title"] or youtube_id or "Untitled",
        "channel": row["video__channel"],
        "duration": row["video__duration"],
        "status": row["status"],
        "stage": row["stage"] or None,
        "summary_id": str(row["summary_id"]) if row["summary_id"] else None,
        "caption_source": row["summary__caption_source"] or None,
        "caption_tried": [
            {**each, "reason": translated(each["reason"])} for each in row["summary__caption_tried"] or ()
        ],
        "error_code": row["error_code"] or None,
        "error_message": translated(row["error_message"]) or None,
        "uploadable": row["status"] == Item.Status.FAILED and row["error_code"] in UPLOADABLE,
        "retry_count": row["retry_count"],
        "not_before": row["not_before"].isoformat() if row["not_before"] else None,
    }


def current_row(row: dict[str, Any]) -> dict[str, Any]:
    shown = item_row(row)
    return {key: shown[key] for key in ("position", "url", "video_title", "stage")}


def waiting(batch: Batch, now: datetime | None = None) -> dict[str, Any] | None:
    """Why nothing of an active batch is running: {reason, until}; None if something is, or it has ended."""
    if not batch.is_active:
        return None
    now = now or timezone.now()
    nobody = None if Worker.objects.alive(now).exists() else {"reason": _no_worker(now), "until": None}
    if batch.processing_videos:
        return nobody  # what a lost worker held still counts as running
    leave = gates.leave(now)
    if leave.paused:
        return {"reason": translated(gates.PAUSED), "until": None}
    if nobody:
        return nobody
    if batch.open_lists and batch.expansions.filter(status=Expansion.Status.PROCESSING).exists():
        return None
    items = Item.objects.filter(batch=batch)
    if items.claimable(now, leave).exists():
        return {"reason": _("Waiting for a free worker."), "until": None}
    if items.claimable(now).exists():
        reason, until = gates.reason(batch, leave, now)
        return {"reason": translated(reason), "until": until.isoformat() if until else None}
    if batch.open_lists and Expansion.objects.claimable(now).filter(batch=batch).exists():
        reason, until = gates.list_reason(now)
        return {
            "reason": translated(reason) or _("Waiting for a free worker."),
            "until": until.isoformat() if until else None,
        }
    deferred: list[Item | Expansion] = [
        *items.filter(status=Item.Status.PENDING, not_before__gt=now).order_by("not_before")[:1],
        *batch.expansions.filter(status=Expansion.Status.PENDING, not_before__gt=now).order_by("not_before")[:1],
    ]
    if not deferred:
        return None
    first = min(deferred, key=lambda each: each.not_before or now)
    return {"reason": translated(first.error_message), "until": (first.not_before or now).isoformat()}


def slowed(batch: Batch, now: datetime | None = None) -> dict[str, Any] | None:
    """Why nothing more of an active batch begins though some of it runs: {reason, until}; None if nothing holds it."""
    if not (batch.is_active and batch.processing_videos and batch.pending_videos):
        return None
    now = now or timezone.now()
    leave = gates.leave(now)
    if leave.paused:
        return {"reason": translated(gates.PAUSED), "until": None}
    if leave.fetches and not leave.closed and not leave.unaffordable:
        return None  # nothing is shut, so nothing more is asked
    items = Item.objects.filter(batch=batch)
    if items.claimable(now, leave).exists() or not items.claimable(now).exists():
        return None
    reason, until = gates.reason(batch, leave, now)
    return {"reason": translated(reason), "until": until.isoformat() if until else None}


def _no_worker(now: datetime) -> str:
    heard = Worker.objects.last_heard()
    if heard is None:
        return _("Waiting for a worker (none has been heard yet).")
    shape = "%H:%M" if heard.date() == now.date() else "%Y-%m-%d %H:%M"
    return _("Waiting for a worker (none heard since {moment} UTC).").format(moment=heard.strftime(shape))


# -- the bell


# Sockets speak every 250 ms at most, so a shorter one would be paid for and not be seen.
_RING_SECONDS = 0.1


class _Bell:
    """Sends "changed" to the batches' groups from one loop in one thread, so that no worker thread waits for Redis.

    Rings of one batch within an instant become one. What cannot be sent is dropped: sockets look by themselves, too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung: set[UUID] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def ring(self, batch_id: UUID) -> None:
        with self._lock:
            if batch_id in self._rung:
                return
            self._rung.add(batch_id)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="progress-bell", daemon=True).start()
            loop = self._loop
        asyncio.run_coroutine_threadsafe(self._send(batch_id), loop)

    async def _send(self, batch_id: UUID) -> None:
        await asyncio.sleep(_RING_SECONDS)  # what happens meanwhile is part of the same ring
        with self._lock:
            self._rung.discard(batch_id)
        layer = get_channel_layer()
        if layer is None:
            return
        try:
            await layer.group_send(group_of(batch_id), {"type": "batch.changed"})
        except (RedisError, OSError) as error:
            logger.warning("no progress message, Redis is away: %s", error)


_bell = _Bell()


def publish(batch_id: UUID) -> None:
    """Tells whoever watches this batch to look. Never fails and never waits."""
    _bell.ring(batch_id)
