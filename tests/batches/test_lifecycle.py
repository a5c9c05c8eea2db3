"""The moves one by one: what they change, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from batches import lifecycle, operations
from batches.models import Batch, Item, Summary, SummaryPart
from batches.moves import moving
from summarizer.errors import KeyRefused, NoTranscript, ProviderFailed, TookTooLong
from tests.batches.builders import make_batch, summary_of

pytestmark = pytest.mark.django_db

ME, SOMEBODY_ELSE = uuid4(), uuid4()


def claim(batch: Batch, holder: object = ME, lanes: int = 16) -> Item:
    item = lifecycle.claim(batch.pk, holder, lanes)  # type: ignore[arg-type]
    assert item is not None
    return item


def pending(count: int) -> Batch:
    return make_batch(["pending"] * count)


def test_claim_takes_items_in_order_of_position_and_starts_the_batch() -> None:
    batch = pending(2)

    first, second = claim(batch), claim(batch)

    batch.refresh_from_db()
    assert (first.position, second.position) == (1, 2)
    assert (batch.status, batch.processing_videos) == ("processing", 2)
    assert batch.started_at is not None
    assert lifecycle.claim(batch.pk, ME, 16) is None


def test_claim_respects_the_number_of_lanes() -> None:
    batch = pending(3)
    claim(batch)

    assert lifecycle.claim(batch.pk, ME, 1) is None
    assert lifecycle.claim(batch.pk, ME, 2) is not None


def test_a_look_that_finds_nothing_changes_nothing() -> None:
    batch = make_batch(["completed", "processing"])
    rev = batch.rev

    assert lifecycle.claim(batch.pk, ME, 16) is None

    batch.refresh_from_db()
    assert batch.rev == rev


def test_the_last_item_completes_the_batch_exactly_then() -> None:
    batch = pending(2)
    first, second = claim(batch), claim(batch)

    lifecycle.fail(first, NoTranscript())
    batch.refresh_from_db()
    assert (batch.status, batch.percentage) == ("processing", 50.0)
    lifecycle.complete(second, summary_of(batch.user, second.video))

    batch.refresh_from_db()
    assert (batch.status, batch.completed_videos, batch.failed_videos) == ("completed", 1, 1)
    assert batch.completed_at is not None
    assert batch.percentage == 100.0


def test_every_change_stamps_the_item_with_the_batchs_revision() -> None:
    batch = pending(1)
    item = claim(batch)
    item.refresh_from_db()
    batch.refresh_from_db()
    assert item.rev == batch.rev > 1


def test_a_worker_that_lost_its_lease_cannot_write_and_leaves_no_summary_behind() -> None:
    batch = pending(1)
    stale = claim(batch)
    lifecycle.expire([stale])
    fresh = claim(batch, SOMEBODY_ELSE)

    with pytest.raises(lifecycle.LostLease):
        lifecycle.complete(stale, summary_of(batch.user, stale.video))
    with pytest.raises(lifecycle.LostLease):
        lifecycle.fail(stale, NoTranscript())
    with pytest.raises(lifecycle.LostLease):
        lifecycle.hand_back(stale)

    fresh.refresh_from_db()
    batch.refresh_from_db()
    assert (fresh.status, fresh.attempt) == ("processing", 2)
    assert (batch.processing_videos, batch.completed_videos, batch.failed_videos) == (1, 0, 0)
    assert not Summary.objects.exists()


def test_finishing_twice_counts_once() -> None:
    batch = pending(2)
    item = claim(batch)
    claim(batch)
    lifecycle.complete(item, summary_of(batch.user, item.video))

    with pytest.raises(lifecycle.LostLease):
        lifecycle.complete(item, summary_of(batch.user, item.video))

    batch.refresh_from_db()
    assert batch.completed_videos == 1
    assert Summary.objects.count() == 1


def test_completing_drops_the_saved_parts() -> None:
    batch = pending(1)
    item = claim(batch)
    SummaryPart.objects.create(item=item, key="k", position=0, draft={})

    lifecycle.complete(item, summary_of(batch.user, item.video))

    assert not SummaryPart.objects.exists()


def test_a_deferred_item_waits_says_why_and_spends_no_retry() -> None:
    batch = pending(1)
    item = claim(batch)
    later = timezone.now() + timedelta(minutes=1)

    lifecycle.defer(item, later, ProviderFailed("Anthropic is overloaded."))

    item.refresh_from_db()
    assert (item.status, item.deferrals, item.retry_count) == ("pending", 1, 0)
    assert (item.not_before, item.error_message) == (later, "Anthropic is overloaded.")
    assert lifecycle.claim(batch.pk, ME, 16) is None
    assert lifecycle.claim(batch.pk, ME, 16, now=later + timedelta(seconds=1)) is not None


def test_an_item_that_waited_too_often_fails_with_the_last_reason(settings: object) -> None:
    settings.MAX_DEFERRALS = 1  # type: ignore[attr-defined]
    batch = pending(1)
    lifecycle.defer(claim(batch), timezone.now(), ProviderFailed("first"))
    lifecycle.defer(claim(batch), timezone.now(), ProviderFailed("second"))

    item = batch.items.get()
    assert (item.status, item.error_code, item.error_message) == ("failed", "provider_failed", "second")


def test_an_expired_lease_counts_a_loss_and_too_many_fail_the_item(settings: object) -> None:
    settings.MAX_LOSSES = 1  # type: ignore[attr-defined]
    batch = pending(1)
    lifecycle.expire([claim(batch)])
    assert batch.items.get().losses == 1

    lifecycle.expire([claim(batch).__class__.objects.get(batch=batch)])

    item = batch.items.get()
    assert (item.status, item.error_code) == ("failed", "worker_lost")


def test_an_item_that_loses_worker_after_worker_rests_longer_each_time_and_says_why() -> None:
    batch = pending(1)
    rests = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(9):
            lifecycle.expire([claim(batch)])
            item = batch.items.get()
            rests.append((item.not_before - timezone.now()).total_seconds() if item.not_before else 0)
            if rests[-1]:
                assert lifecycle.claim(batch.pk, ME, 16) is None
                assert "is tried again by itself" in item.error_message
                clock.shift(rests[-1])
    assert rests == [0, 2, 4, 8, 16, 30, 30, 30, 30]


def test_a_lease_begins_when_the_lock_was_had_not_when_it_was_asked_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pending(1)
    with time_machine.travel(timezone.now(), tick=False) as clock:

        @contextmanager
        def moving_after_a_wait(*arguments: Any, **changes: Any) -> Iterator[None]:
            with moving(*arguments, **changes):
                clock.shift(settings.LEASE_SECONDS + 1)
                yield

        monkeypatch.setattr(lifecycle, "moving", moving_after_a_wait)
        claim(batch)
        assert not Item.objects.expired(timezone.now()).exists()


def test_renewing_keeps_leases_until_the_deadline_and_tells_what_is_held() -> None:
    batch = pending(2)
    mine, theirs = claim(batch), claim(batch, SOMEBODY_ELSE)
    now = timezone.now()

    assert lifecycle.renew(ME, [mine.pk], now) == {(mine.pk, 1)}
    Item.objects.filter(pk=mine.pk).update(deadline_at=now - timedelta(hours=1), lease_expires_at=now)

    assert lifecycle.renew(ME, [mine.pk], now + timedelta(seconds=1)) == set()
    assert list(Item.objects.expired(now + timedelta(seconds=1))) == [mine]
    assert theirs.pk != mine.pk


def test_stopping_fails_what_waits_with_one_reason_and_leaves_what_runs() -> None:
    batch = pending(3)
    running = claim(batch)

    lifecycle.stop_batch(batch.pk, KeyRefused("Anthropic refused the key."))

    batch.refresh_from_db()
    assert (batch.status, batch.failed_videos, batch.processing_videos) == ("processing", 2, 1)
    assert batch.stop_message == "Anthropic refused the key."
    lifecycle.fail(running, KeyRefused("Anthropic refused the key."))
    batch.refresh_from_db()
    assert batch.status == "completed"


def test_stopping_when_nothing_runs_completes_the_batch() -> None:
    batch = pending(2)
    lifecycle.stop_batch(batch.pk, KeyRefused("no"))
    batch.refresh_from_db()
    assert (batch.status, batch.failed_videos) == ("completed", 2)


def test_cancel_keeps_what_is_done_and_stops_what_runs() -> None:
    batch = make_batch(["completed", "pending", "pending"])
    running = claim(batch)

    assert lifecycle.cancel(batch.pk) == 2

    batch.refresh_from_db()
    assert (batch.status, batch.completed_videos, batch.cancelled_videos) == ("cancelled", 1, 2)
    assert batch.processing_videos == 0
    with pytest.raises(lifecycle.LostLease):
        lifecycle.complete(running, summary_of(batch.user, running.video))
    with pytest.raises(lifecycle.NotPossible):
        lifecycle.cancel(batch.pk)
    assert lifecycle.claim(batch.pk, ME, 16) is None


def test_retry_of_a_completed_batch_tries_what_failed_and_counts_it() -> None:
    batch = make_batch(["completed", "failed", "failed"])

    assert lifecycle.retry(batch.pk) == 2

    batch.refresh_from_db()
    assert (batch.status, batch.failed_videos, batch.completed_at) == ("pending", 0, None)
    assert sorted(batch.items.values_list("status", "retry_count")) == [
        ("completed", 0),
        ("pending", 1),
        ("pending", 1),
    ]


def test_retry_of_named_items_leaves_the_others_failed() -> None:
    batch = make_batch(["failed", "failed", "completed"])
    chosen = batch.items.get(position=2)

    assert lifecycle.retry(batch.pk, [chosen.pk]) == 1

    assert list(batch.items.values_list("status", flat=True)) == ["failed", "pending", "completed"]


def test_retry_resumes_a_cancelled_batch_without_counting_a_failure() -> None:
    batch = pending(2)
    lifecycle.cancel(batch.pk)

    assert lifecycle.retry(batch.pk) == 2

    batch.refresh_from_db()
    assert (batch.status, batch.cancelled_videos) == ("pending", 0)
    assert set(batch.items.values_list("retry_count", flat=True)) == {0}


def test_retry_of_nothing_is_refused_and_changes_nothing() -> None:
    batch = make_batch(["completed"])
    with pytest.raises(lifecycle.NotPossible):
        lifecycle.retry(batch.pk)
    batch.refresh_from_db()
    assert batch.status == "completed"


def test_retry_of_another_batchs_item_does_nothing() -> None:
    mine, other = make_batch(["failed"]), make_batch(["failed"])
    with pytest.raises(lifecycle.NotPossible):
        lifecycle.retry(mine.pk, [other.items.get().pk])
    assert other.items.get().status == "failed"


def test_percentage_is_floored_and_reaches_100_only_at_the_end() -> None:
    batch = Batch(total_videos=10_000, completed_videos=9_990, failed_videos=9)
    assert batch.percentage == 99.9
    assert Batch(total_videos=3, completed_videos=1).percentage == 33.3
    assert Batch(total_videos=3, completed_videos=2, failed_videos=1).percentage == 100.0


def test_a_named_retry_leaves_what_else_was_cancelled_alone_and_the_batch_is_cancelled_again() -> None:
    batch = make_batch(["completed", "failed", "cancelled", "cancelled"])
    failed, one = batch.items.get(position=2), batch.items.get(position=3)

    assert lifecycle.retry(batch.pk, [failed.pk, one.pk]) == 2

    batch.refresh_from_db()
    assert (batch.status, batch.cancelled_videos, batch.pending_videos) == ("pending", 1, 2)
    for _ in range(2):
        lifecycle.fail(claim(batch), NoTranscript())
    batch.refresh_from_db()
    assert (batch.status, batch.failed_videos, batch.cancelled_videos) == ("cancelled", 2, 1)
    assert batch.completed_at is not None
    assert lifecycle.retry(batch.pk) == 3


def test_what_reached_its_deadline_is_still_held_by_who_must_stop_it() -> None:
    now = timezone.now()
    item = claim(pending(1))
    Item.objects.filter(pk=item.pk).update(deadline_at=now - timedelta(seconds=1))

    assert lifecycle.renew(ME, [item.pk], now) == set()
    lifecycle.defer(item, now, TookTooLong())

    item.refresh_from_db()
    assert (item.status, item.deferrals, item.error_code) == ("pending", 1, "took_too_long")


def test_who_settles_or_deletes_what_is_gone_already_is_not_stopped_by_it() -> None:
    batch = make_batch(["completed"])
    lifecycle.settle(batch.pk)
    operations.delete_batch(batch)
    lifecycle.settle(batch.pk)
    assert not Batch.objects.exists()
