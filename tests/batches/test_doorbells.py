"""How many messages work costs that waits: next to none, and never more than there are slots."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from django.utils import timezone

from batches import tasks
from batches.models import Item, Worker
from summarizer.celery import app
from tests.batches.builders import make_batch

pytestmark = pytest.mark.django_db

SLOTS = 16


def sweep_at(moment: Any) -> int:
    """One sweep at that moment, with a worker that lives. Answers how many messages are queued then."""
    Worker.objects.update_or_create(
        name="worker", defaults={"host": "here", "pid": 1, "slots": SLOTS, "heard_at": moment}
    )
    with time_machine.travel(moment, tick=False):
        tasks.sweep()
    return tasks.queued()


def test_a_thousand_videos_that_wait_for_a_minute_cost_no_message_until_then(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR = 0
    now = timezone.now()
    batch = make_batch(["pending"] * 1000)
    Item.objects.filter(batch=batch).update(not_before=now + timedelta(seconds=60))

    assert [sweep_at(now + timedelta(seconds=second)) for second in range(0, 60, 5)] == [0] * 12
    queued = [sweep_at(now + timedelta(seconds=second)) for second in range(61, 91, 5)]

    assert queued[0] == SLOTS
    assert set(queued) == {SLOTS}, "doorbells pile up while nobody answers them"


def test_a_message_that_was_taken_is_in_the_broker_no_more(broker: str) -> None:
    tasks.start(make_batch(["pending"]).pk)
    with app.connection_or_acquire() as connection, connection.channel() as channel:
        message = channel.basic_get(app.conf.task_default_queue)
        with redis.Redis.from_url(broker) as client:
            left = client.keys("*unacked*")
        channel.basic_ack(message.delivery_tag)

    assert message is not None
    assert left == []


def test_a_channel_sends_with_one_client_until_its_connections_are_new() -> None:
    with app.connection_for_write() as connection, connection.channel() as channel:
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
        channel._disconnect_pools()  # as kombu does when the broker went away
        with channel.conn_or_acquire() as third:
            assert third is not first
            assert third.ping()
