"""The Celery side: doorbells. Every message may be lost or doubled; the database decides what happens.

A lane of a batch is a chain of `LINKS_PER_CHAIN` links, each of which claims and summarizes the next video, closed by
a link that starts the next such chain. A link that finds nothing to claim ends its lane. docs/adr/0003.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import Task, chain
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

from batches import equipment, gates, growth, lifecycle, listing, work
from batches.leases import Holder
from batches.ledger import Hold
from batches.models import Batch, DeletedBatch, Expansion, Item, Worker
from summarizer.celery import app
from summarizer.errors import YouTubeBlocked

logger = logging.getLogger(__name__)
BROKER_AWAY = (OperationalError, ChannelError, RedisError, OSError)


class _Boot:
    """The holder of this process, made when its worker is ready or its first task runs, whichever comes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: Holder | None = None

    def holder(self, name: str = "worker") -> Holder:
        with self._lock:
            if self._holder is None:
                holder = Holder(name, settings.CELERY_WORKER_CONCURRENCY)
                holder.start()  # raises while the database is away: then the next task starts one
                self._holder = holder
            return self._holder

    def end(self) -> None:
        with self._lock:
            if self._holder is not None:
                self._holder.stop()
                self._holder = None


_boot = _Boot()


# -- links


@app.task(bind=True, name="batches.tasks.summarize_next_video")  # type: ignore[untyped-decorator]
def summarize_next_video(self: Task, batch_id: str) -> None:
    """One link: the next video of the batch. Drops the rest of its chain when there is none to take."""
    pk = UUID(batch_id)
    if not work.do_next(pk, _boot.holder()):
        self.request.chain = None
        _pass_on(pk)


@app.task(name="batches.tasks.next_chain")  # type: ignore[untyped-decorator]
def next_chain(batch_id: str) -> None:
    """The last link of a chain: begins the next one, so that no message grows with the batch."""
    now = timezone.now()
    pk = UUID(batch_id)
    if Item.objects.claimable(now, gates.leave(now)).filter(batch=pk).exists():
        _start_lane(pk)
    else:
        _pass_on(pk)


def _pass_on(batch_id: UUID) -> None:
    """Offers the lane of a batch that has ended to others, at once; while it waits, others are offered by the sweep."""
    if not Batch.objects.active().filter(pk=batch_id).exists():
        offer_lanes()


def _start_lane(batch_id: UUID) -> None:
    links = [summarize_next_video.si(str(batch_id)) for _ in range(settings.LINKS_PER_CHAIN)]
    chain(*links, next_chain.si(str(batch_id))).apply_async()


@app.task(name="batches.tasks.read_lists")  # type: ignore[untyped-decorator]
def read_lists(batch_id: str) -> None:
    """Reads the batch's playlists and channels, one after the other."""
    pk = UUID(batch_id)
    while listing.read_next(pk, _boot.holder(), offer_lanes):
        pass
    if not Batch.objects.active().filter(pk=pk).exists():
        offer_lanes()


def start(batch_id: UUID) -> None:
    """Rings for a batch that was just created or retried. Never fails: with the broker away the sweeper rings later."""
    start_lanes(batch_id)
    if Expansion.objects.claimable(timezone.now()).filter(batch=batch_id).exists():
        try:
            read_lists.apply_async([str(batch_id)])
        except BROKER_AWAY as error:
            logger.warning("the lists of batch %s wait for the broker: %s", batch_id, error)


def start_lanes(batch_id: UUID) -> None:
    """Rings for the videos of a batch. Never fails."""
    now = timezone.now()
    leave = gates.leave(now)
    waiting = Item.objects.claimable(now, leave).filter(batch=batch_id)
    startable = waiting.exclude(transcript=None).count() + min(leave.fetches, waiting.filter(transcript=None).count())
    try:
        for _ in range(min(work.fair_share(now), startable)):
            _start_lane(batch_id)
    except BROKER_AWAY as error:
        logger.warning("batch %s waits for the broker: %s", batch_id, error)


# -- what is forgotten


@app.task(name="batches.tasks.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Every few seconds: takes work from the dead, finishes what a crash left, offers lanes to what waits."""
    now = timezone.now()
    lifecycle.expire(Item.objects.expired(now))
    growth.expire(Expansion.objects.expired(now))
    for pk in Batch.objects.active().done().values_list("pk", flat=True):
        lifecycle.settle(pk)
    Worker.objects.filter(heard_at__lt=now - timedelta(days=1)).delete()
    Hold.objects.filter(until__lt=now).delete()
    DeletedBatch.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    if gates.blocked_too_long(now):
        lifecycle.fail_unfetched(YouTubeBlocked())
        growth.fail_waiting(YouTubeBlocked())
        gates.count_anew(now)
    offer_lanes()


def offer_lanes() -> None:
    """Starts lanes where work waits and slots are free, least recently served batch first.

    What is queued already counts as served, so that doorbells do not pile up.
    """
    now = timezone.now()
    lists = Expansion.objects.filter(status=Expansion.Status.PROCESSING)
    in_flight = Item.objects.filter(status=Item.Status.PROCESSING).count() + lists.count()
    try:
        free = work.slots() - in_flight - queued()
        free -= _offer_readers(now, free)
        share = work.fair_share(now)
        for batch_id, running, waiting in _unserved(now):
            lanes = min(share - running, waiting, free)
            for _ in range(lanes):
                _start_lane(batch_id)
            free -= max(0, lanes)
            if free <= 0:
                break
    except BROKER_AWAY as error:
        logger.warning("no lanes offered, the broker is away: %s", error)


def _offer_readers(now: datetime, free: int) -> int:
    """Rings for batches with a list to read that read none, as far as slots are free. Answers how many."""
    if free <= 0 or not gates.may_list(now):
        return 0
    waiting = Expansion.objects.claimable(now).order_by("batch__created_at").values_list("batch", flat=True)
    reading = Expansion.objects.filter(status=Expansion.Status.PROCESSING).values("batch")
    batches = list(dict.fromkeys(waiting.exclude(batch__in=reading)))[:free]
    for batch_id in batches:
        read_lists.apply_async([str(batch_id)])
    return len(batches)


def _unserved(now: datetime) -> list[tuple[UUID, int, int]]:
    """(batch, its items in flight, how many more could start) of active batches with something to take.

    What needs YouTube shares what its gate gives, in turn.
    """
    leave = gates.leave(now)
    claimable = Item.objects.claimable(now, leave).filter(batch=OuterRef("pk")).order_by().values("batch")
    batches = list(
        Batch.objects.active()
        .annotate(
            saved=_count(claimable.exclude(transcript=None)),
            unfetched=_count(claimable.filter(transcript=None)),
        )
        .filter(Q(saved__gt=0) | Q(unfetched__gt=0))
        .in_turn()
        .values_list("pk", "processing_videos", "saved", "unfetched")
    )
    each = max(1, leave.fetches // max(1, len(batches)))
    fetches = leave.fetches
    unserved: list[tuple[UUID, int, int]] = []
    for batch_id, running, saved, unfetched in batches:
        granted = min(unfetched, each, fetches)
        fetches -= granted
        unserved.append((batch_id, running, saved + granted))
    return unserved


def _count(items: QuerySet[Item, Any]) -> Coalesce:
    return Coalesce(Subquery(items.annotate(n=Count("*")).values("n")), 0)


def queued() -> int:
    """How many messages wait in the broker's queue. Raises one of `BROKER_AWAY`."""
    with app.connection_or_acquire() as connection:
        # Not passively: kombu looks for the queue under a name without our key prefix, and finds none, ever.
        return int(connection.default_channel.queue_declare(queue=app.conf.task_default_queue).message_count)


# -- the worker's life


@worker_ready.connect  # type: ignore[untyped-decorator]
def _on_ready(sender: Any, **kwargs: Any) -> None:
    equipment.warm_up()
    work.look_at_budgets_anew()
    _boot.holder(str(getattr(sender, "hostname", "worker")))
    offer_lanes()  # for what the dead have left; the sweeper may be seconds away


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _on_shutting_down(**kwargs: Any) -> None:
    """Lets the videos at hand end within the grace; then stops them at their next sign of progress."""
    timer = threading.Timer(settings.SHUTDOWN_GRACE_SECONDS, _boot.holder().leave)
    timer.daemon = True
    timer.start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _on_shutdown(**kwargs: Any) -> None:
    _boot.end()
