"""The administrator pauses the installation: nothing new begins anywhere, what runs ends, and everybody is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from batches import gates, lifecycle, operations, progress, tasks
from batches.models import Batch, Gate, Item, Worker
from summarizer.celery import app
from summarizer.errors import YouTubeBlocked
from tests.batches.builders import items_of, make_batch, make_transcript, make_video, summary_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker() -> Worker:
    return Worker.objects.create(name="w", host="h", pid=1, slots=4)


def ready_batch(videos: int = 3) -> Batch:
    """Its transcripts are saved: nothing but the pause could hold it up."""
    made = [make_video() for _ in range(videos)]
    batch = make_batch(["pending"] * videos, videos=made)
    for item in items_of(batch):
        Item.objects.filter(pk=item.pk).update(transcript=make_transcript(item.video))
    return batch


def claim(batch: Batch) -> Item | None:
    return lifecycle.claim(batch.pk, uuid4(), lanes=10)


def queued() -> int:
    return tasks.queued()


def test_nothing_is_claimed_and_no_lane_is_offered_while_paused() -> None:
    batch = ready_batch()
    operations.pause_all()
    assert claim(batch) is None
    tasks.offer_lanes()
    tasks.start_lanes(batch.pk)
    assert queued() == 0


def test_a_limit_on_a_provider_does_not_open_what_is_paused(settings: Any) -> None:
    settings.ENGINE_CONCURRENCY = {"extractive": 5}
    batch = ready_batch()
    assert claim(batch)
    operations.pause_all()
    assert claim(batch) is None


def test_what_runs_ends() -> None:
    batch = ready_batch(2)
    running = claim(batch)
    assert running is not None
    operations.pause_all()
    lifecycle.complete(running, summary_of(batch.user, running.video))
    batch.refresh_from_db()
    assert (batch.completed_videos, batch.processing_videos, batch.status) == (1, 0, "processing")


def test_its_batches_say_so_until_it_is_resumed() -> None:
    batch = ready_batch()
    operations.pause_all()
    assert progress.waiting(batch) == {"reason": "Paused by the administrator.", "until": None}
    operations.resume_all()
    assert progress.waiting(batch) == {"reason": "Waiting for a free worker.", "until": None}


@pytest.mark.django_db(transaction=True)
def test_resuming_rings_at_once_for_what_waits() -> None:
    batch = ready_batch()
    operations.pause_all()
    operations.resume_all()
    assert queued() > 0
    assert claim(batch) is not None
    app.control.purge()


def test_pausing_twice_keeps_the_first_moment() -> None:
    now = timezone.now()
    gates.pause_all(now - timedelta(hours=1))
    gates.pause_all(now)
    assert gates.paused_since() == now - timedelta(hours=1)


def test_the_time_of_a_pause_does_not_count_as_youtubes_refusing(settings: Any) -> None:
    now, hours = timezone.now(), settings.YOUTUBE_BLOCK_HOURS
    gates.block_youtube("refused", now - timedelta(hours=hours + 2), now - timedelta(hours=hours + 2))
    gates.pause_all(now - timedelta(hours=hours + 1))
    assert not gates.blocked_too_long(now), "nobody could ask"
    gates.resume_all(now)
    assert not gates.blocked_too_long(now), "it refused for one hour that counts"
    assert gates.blocked_too_long(now + timedelta(hours=hours))


def test_a_block_that_began_during_the_pause_is_not_moved_into_the_future() -> None:
    now = timezone.now()
    gates.pause_all(now - timedelta(hours=5))
    gates.block_youtube("refused", now - timedelta(hours=1), now - timedelta(hours=1))
    gates.resume_all(now)
    assert Gate.objects.get(name=gates.YOUTUBE).blocked_since == now


def test_opening_the_youtube_gate_lets_what_was_told_to_wait_go_on() -> None:
    batch = make_batch(["pending"])
    item = claim(batch)
    assert item is not None
    now = timezone.now()
    lifecycle.defer(item, gates.block_youtube("refused", now, now), YouTubeBlocked(), blocked_at=now)
    assert claim(batch) is None
    operations.open_gate(gates.YOUTUBE)
    assert claim(batch) is not None
