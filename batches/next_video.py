"""Which video of a batch a worker takes next: the first in the order of the links that the gates let through."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db.models import DateTimeField, F, QuerySet, UUIDField

from batches import gates
from batches.models import Item, Leave
from summarizer import prepared


def next_video(batch_id: UUID, lanes: int, now: datetime) -> Item | None:
    """The item, with its batch, video and transcript; None if nothing may be taken now.

    To be asked with the batch's row locked. What the gates count is taken with it.
    """
    leave = gates.leave(now)
    item = _first_claimable(replace(leave, fetches=min(leave.fetches, 1))).first(now=now, batch=batch_id)
    if item is None or not gates.take_call(item.batch.engine, now):
        return None
    if item.transcript_id is None and leave.fetches < gates.UNLIMITED:
        items = _claimable(leave, now, batch_id)
        match gates.take_fetch(item.batch, lanes, now):
            case gates.Fetch.REFUSED:
                return items.exclude(transcript=None).first()
            case gates.Fetch.PROBE:
                probes = items.filter(transcript=None)
                return probes.order_by(F("blocked_at").asc(nulls_first=True), "position").first()
    return item


def _claimable(leave: Leave, now: datetime, batch: UUID) -> QuerySet[Item]:
    items = Item.objects.claimable(now, leave).filter(batch=batch).order_by("position")
    return items.select_related("batch", "video", "transcript")


@lru_cache(64)
def _first_claimable(leave: Leave) -> prepared.Select[Item]:
    """For each set of closed gates; of how many fetches there are it only matters whether there is one."""
    return prepared.Select(lambda now, batch: _claimable(leave, now, batch)[:1], now=DateTimeField(), batch=UUIDField())
