"""Lists one move at a time: what each changes, what it refuses, and that nothing is counted twice."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from batches import gates, growth, lifecycle, progress
from batches.models import Batch, Expansion, Item
from batches.moves import LostLease
from summarizer.errors import KeyRefused, ListUnavailable, YouTubeFailed
from summarizer.records import Video
from tests.batches.builders import make_batch, make_transcript, make_video

pytestmark = pytest.mark.django_db

ME = uuid4()


def batch_of_lists(count: int = 1, statuses: tuple[str, ...] = (), **fields: object) -> Batch:
    status = fields.pop("status", "pending" if count else None)
    batch = make_batch(statuses, status=status, lists=count, open_lists=count, **fields)  # type: ignore[arg-type]
    for number in range(1, count + 1):
        Expansion.objects.create(
            batch=batch, position=number, line=number, text=f"list {number}", kind="playlist", source_id=f"PL{number}"
        )
    return batch


def claim(batch: Batch, holder: UUID = ME) -> Expansion:
    expansion = growth.claim(batch.pk, holder)
    assert expansion is not None
    return expansion


def listed(*ids: str) -> list[Video]:
    return [Video(f"listed{id:>05}", f"Title {id}", "Channel", 60.0) for id in ids]


def ids_of(batch: Batch) -> list[str | None]:
    return list(batch.items.order_by("position").values_list("video__youtube_id", flat=True))


def test_claiming_starts_the_batch_and_takes_one_list_at_a_time_in_order() -> None:
    batch = batch_of_lists(2)
    first = claim(batch)
    batch.refresh_from_db()
    assert (first.position, batch.status, batch.started_at is not None) == (1, "processing", True)
    assert growth.claim(batch.pk, ME) is None
    growth.complete(first)
    assert claim(batch).position == 2


def test_nothing_is_asked_of_youtube_while_its_gate_is_closed_or_everything_is_paused() -> None:
    batch = batch_of_lists()
    now = timezone.now()
    until = gates.block_youtube("YouTube refuses.", now, now)
    assert growth.claim(batch.pk, ME) is None
    assert growth.claim(batch.pk, ME, until + timedelta(seconds=1)) is not None
    other = batch_of_lists()
    gates.reset(gates.YOUTUBE)
    gates.pause_all(now)
    assert growth.claim(other.pk, ME) is None


def test_what_is_found_is_appended_behind_the_rest_with_what_is_saved_already() -> None:
    known = make_video(youtube_id="listed00002", title="")
    transcript = make_transcript(known)
    batch = batch_of_lists(statuses=("pending",))
    expansion = claim(batch)

    assert growth.append(expansion, listed("1", "2"))

    batch.refresh_from_db()
    expansion.refresh_from_db()
    second, third = batch.items.select_related("video").order_by("position")[1:]
    assert [second.position, third.position] == [2, 3]
    assert (second.video.title, second.video.channel, second.video.duration) == ("Title 1", "Channel", 60.0)
    assert (third.video.title, third.transcript) == ("Title 2", transcript)
    assert second.rev == batch.rev
    assert (batch.total_videos, expansion.found) == (3, 2)


def test_duplicates_are_merged_and_counted_once_even_when_a_lost_list_is_read_again() -> None:
    batch = batch_of_lists(statuses=("pending",))
    already = ids_of(batch)[0] or ""
    expansion = claim(batch)
    growth.append(expansion, [Video(already), *listed("1")], repeated=1)
    growth.hand_back(expansion)

    expansion = claim(batch)
    growth.append(expansion, [Video(already), *listed("1", "2")], repeated=1)
    growth.complete(expansion)

    batch.refresh_from_db()
    expansion.refresh_from_db()
    assert ids_of(batch) == [already, "listed00001", "listed00002"]
    assert (batch.total_videos, batch.duplicates) == (3, 2)
    assert (expansion.found, expansion.duplicates, expansion.status) == (3, 2, "completed")


@pytest.mark.parametrize("limit", ["batch", "user"])
def test_the_limits_hold_for_lists(settings: object, limit: str) -> None:
    batch = batch_of_lists(statuses=("pending",))
    setattr(settings, {"batch": "BATCH_MAX_VIDEOS", "user": "USER_DAILY_VIDEOS"}[limit], 3)
    expansion = claim(batch)
    assert growth.append(expansion, listed("1"))
    assert not growth.append(expansion, listed("2", "3"))
    batch.refresh_from_db()
    assert batch.total_videos == 3


def test_the_batch_ends_only_when_its_lists_are_read() -> None:
    batch = batch_of_lists(statuses=("completed",), status="processing")
    expansion = claim(batch)
    lifecycle.settle(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.percentage) == ("processing", 99.9)
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(status="completed", completed_at=timezone.now())
    growth.complete(expansion)
    batch.refresh_from_db()
    assert (batch.status, batch.percentage, batch.open_lists) == ("completed", 100.0, 0)


def test_a_failed_list_becomes_a_line_and_a_retry_takes_the_line_back() -> None:
    batch = batch_of_lists()
    growth.fail(claim(batch), ListUnavailable())
    batch.refresh_from_db()
    [line] = batch.rejected_lines.all()
    assert (batch.status, batch.total_videos, batch.percentage) == ("completed", 0, 100.0)
    assert (line.line, line.text, line.reason) == (1, "list 1", ListUnavailable.sentence)

    assert lifecycle.retry(batch.pk) == 1
    batch.refresh_from_db()
    assert (batch.status, batch.open_lists, batch.rejected_lines.count()) == ("pending", 1, 0)
    growth.complete(claim(batch))


def test_retrying_named_videos_leaves_failed_lists_failed() -> None:
    batch = batch_of_lists(statuses=("failed",), status="processing")
    growth.fail(claim(batch), ListUnavailable())
    item = batch.items.get()
    assert lifecycle.retry(batch.pk, [item.pk]) == 1
    batch.refresh_from_db()
    assert (batch.open_lists, batch.rejected_lines.count()) == (0, 1)


def test_cancel_ends_reading_and_retry_resumes_it() -> None:
    batch = batch_of_lists(2)
    expansion = claim(batch)
    lifecycle.cancel(batch.pk)
    batch.refresh_from_db()
    assert batch.open_lists == 0
    for move in (growth.complete, growth.hand_back):
        with pytest.raises(LostLease):
            move(expansion)
    with pytest.raises(LostLease):
        growth.append(expansion, listed("1"))
    assert lifecycle.retry(batch.pk) == 2
    batch.refresh_from_db()
    assert (batch.status, batch.open_lists, batch.total_videos) == ("pending", 2, 0)


def test_a_stop_of_the_batch_ends_its_lists_as_lines_with_the_reason() -> None:
    batch = batch_of_lists(statuses=("pending",))
    expansion = claim(batch)
    lifecycle.stop_batch(batch.pk, KeyRefused("The key was refused."))
    batch.refresh_from_db()
    assert (batch.status, batch.failed_videos) == ("completed", 1)
    assert [line.reason for line in batch.rejected_lines.all()] == ["The key was refused."]
    with pytest.raises(LostLease):
        growth.append(expansion, listed("1"))


def test_whoever_lost_a_list_cannot_write_to_it() -> None:
    batch = batch_of_lists()
    lost = claim(batch)
    later = timezone.now() + timedelta(hours=1)
    assert growth.renew(ME, [lost.pk], later) == set()
    assert growth.expire(Expansion.objects.expired(later)) == 1
    mine = claim(batch, uuid4())
    assert (mine.attempt, mine.losses) == (2, 1)
    for move in (growth.complete, growth.hand_back):
        with pytest.raises(LostLease):
            move(lost)
    with pytest.raises(LostLease):
        growth.append(lost, listed("1"))
    assert growth.append(mine, listed("1"))


def test_a_renewed_lease_is_kept() -> None:
    batch = batch_of_lists()
    mine = claim(batch)
    assert growth.renew(ME, [mine.pk]) == {(mine.pk, 1)}
    stale = list(Expansion.objects.filter(pk=mine.pk))
    stale[0].lease_expires_at = timezone.now() - timedelta(seconds=1)
    assert growth.expire(stale) == 0


def test_a_list_lost_too_often_fails(settings: object) -> None:
    settings.MAX_LOSSES = 0  # type: ignore[attr-defined]
    batch = batch_of_lists()
    claim(batch)
    growth.expire(Expansion.objects.expired(timezone.now() + timedelta(hours=1)))
    batch.refresh_from_db()
    assert (batch.status, batch.rejected_lines.count()) == ("completed", 1)


def test_a_deferred_list_waits_says_why_and_fails_when_it_waited_too_often(settings: object) -> None:
    settings.MAX_DEFERRALS = 1  # type: ignore[attr-defined]
    batch = batch_of_lists()
    now = timezone.now()
    growth.defer(claim(batch), now + timedelta(minutes=1), YouTubeFailed("Try later."))
    assert growth.claim(batch.pk, ME) is None
    again = growth.claim(batch.pk, ME, now + timedelta(minutes=2))
    assert again is not None
    growth.defer(again, now, YouTubeFailed("Try later."))
    assert progress.expansions(batch)[0] | {"error": "Try later.", "status": "failed"} == progress.expansions(batch)[0]


def test_a_deleted_batch_takes_its_lists_away() -> None:
    batch = batch_of_lists()
    expansion = claim(batch)
    batch.delete()
    with pytest.raises(LostLease):
        growth.append(expansion, listed("1"))
    with pytest.raises(LostLease):
        growth.fail(expansion, ListUnavailable())
    assert not Item.objects.exists()
