"""The bell rings for what has happened, never for what was rolled back. On the real channel layer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import transaction

from batches import lifecycle, operations, progress, tasks
from summarizer.youtube_urls import parse
from tests.batches.builders import make_batch, make_user

pytestmark = pytest.mark.django_db(transaction=True)


async def rung(act: Callable[[], None], last: UUID, *others: UUID) -> set[UUID]:
    """Which of the batches are heard of when `act` is done, until `last` is."""
    layer = get_channel_layer()
    names = {batch: await layer.new_channel() for batch in (last, *others)}
    for batch, name in names.items():
        await layer.group_add(progress.group_of(batch), name)
    await sync_to_async(act)()
    ears = {batch: asyncio.create_task(layer.receive(name)) for batch, name in names.items()}
    await asyncio.wait_for(ears[last], 10)
    heard = {batch for batch, ear in ears.items() if ear.done()}
    for ear in ears.values():
        ear.cancel()
    await asyncio.gather(*ears.values(), return_exceptions=True)
    return heard


async def test_a_move_that_is_rolled_back_rings_nothing() -> None:
    undone, done = await sync_to_async(lambda: (make_batch(["pending"]), make_batch(["pending"])))()

    def act() -> None:
        with transaction.atomic():
            lifecycle.cancel(undone.pk)
            transaction.set_rollback(True)
        lifecycle.cancel(done.pk)

    assert await rung(act, done.pk, undone.pk) == {done.pk}


async def test_a_move_rings_when_it_is_committed() -> None:
    batch = await sync_to_async(lambda: make_batch(["pending"]))()

    def act() -> None:
        lifecycle.cancel(batch.pk)

    assert await rung(act, batch.pk) == {batch.pk}


def test_no_doorbell_rings_before_the_batch_is_there() -> None:
    with transaction.atomic():
        operations.create_batch(make_user(), parse("https://youtu.be/vid00000001"), model="extractive")
        assert tasks.queued() == 0
    assert tasks.queued() == 1
