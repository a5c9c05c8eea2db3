"""YouTube's gate: the bucket's arithmetic, the breaker's back-off, one probe at a time, turns between batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from batches import gates, lifecycle, tasks
from batches.models import Batch, Gate, Item
from summarizer.errors import YouTubeBlocked
from tests.batches.builders import items_of, make_batch, make_transcript, make_video

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
FAR = 1_000_000
WORKER = uuid4()


@pytest.fixture(autouse=True)
def pace(settings: Any) -> Any:
    """One fetch a second, three at once."""
    settings.YOUTUBE_PER_HOUR, settings.YOUTUBE_BURST, settings.YOUTUBE_BACK_OFF = 3600, 3, 1
    return settings


def later(seconds: float = 0, minutes: float = 0) -> datetime:
    return NOW + timedelta(seconds=seconds, minutes=minutes)


def claim(batch: Batch, now: datetime, lanes: int = 100) -> Item | None:
    return lifecycle.claim(batch.pk, WORKER, lanes, now)


def claimed(batch: Batch, now: datetime) -> int:
    """How many items of the batch may begin at this moment."""
    count = 0
    while claim(batch, now):
        count += 1
    return count


def refuse(item: Item, began: datetime, now: datetime) -> datetime:
    """What a worker does when YouTube refuses the item's fetch; answers until when it waits."""
    until = gates.block_youtube("refused", began, now)
    lifecycle.defer(item, until, YouTubeBlocked(), blocked_at=now)
    return until


# -- the bucket


def test_a_burst_may_begin_at_once_and_then_the_pace_holds() -> None:
    batch = make_batch(["pending"] * 20)
    assert claimed(batch, NOW) == 3
    assert claimed(batch, later(0.9)) == 0
    assert claimed(batch, later(1)) == 1
    assert claimed(batch, later(3.5)) == 2
    assert claimed(batch, later(4)) == 1  # the half second was not lost


def test_the_bucket_never_holds_more_than_the_burst() -> None:
    batch = make_batch(["pending"] * 20)
    assert claimed(batch, NOW) == 3
    assert claimed(batch, later(FAR)) == 3


def test_an_hour_gives_the_hours_worth_and_the_burst(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR = 30
    batch = make_batch(["pending"] * 40)
    assert sum(claimed(batch, later(minutes=minute)) for minute in range(61)) == 30 + 3


def test_a_clock_that_goes_backwards_gives_nothing_away() -> None:
    batch = make_batch(["pending"] * 20)
    assert claimed(batch, NOW) == 3
    assert claimed(batch, later(-3600)) == 0
    assert gates.leave(later(-3600)).fetches == 0


def test_without_a_pace_everything_may_begin(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR = 0
    assert claimed(make_batch(["pending"] * 20), NOW) == 20


def test_saved_transcripts_need_no_leave_and_keep_their_order() -> None:
    videos = [make_video() for _ in range(6)]
    batch = make_batch(["pending"] * 6, videos=videos)
    for item in items_of(batch)[3:]:
        Item.objects.filter(pk=item.pk).update(transcript=make_transcript(item.video))
    assert claimed(batch, NOW) == 6
    Gate.objects.filter(name=gates.YOUTUBE).update(tokens=0, refilled_at=NOW)
    assert gates.leave(NOW).fetches == 0


def test_a_batch_leaves_a_token_to_each_that_had_its_last_one_earlier() -> None:
    first = make_batch(["pending"] * 20)
    assert claimed(first, NOW) == 3
    second, third = make_batch(["pending"] * 20), make_batch(["pending"] * 20)
    assert claimed(first, later(2)) == 0, "two tokens, and two batches that have had none"
    assert (claim(second, later(2)) and claim(third, later(2))) is not None
    assert claimed(first, later(3)) == 1, "it is its turn again"


def test_the_first_videos_of_a_batch_come_before_the_later_ones_of_others() -> None:
    large = make_batch(["completed"] * Batch.HEAD_START + ["pending"] * 20)
    assert claimed(large, NOW) == 3
    small = make_batch(["pending"] * 3)
    for second in (1, 2, 3):
        assert claimed(large, later(second)) == 0, "the other has a head start"
        assert claimed(small, later(second)) == 1
    assert claimed(large, later(4)) == 1


def test_a_batch_without_a_free_lane_keeps_nobody_waiting() -> None:
    large, small = make_batch(["completed"] * Batch.HEAD_START + ["pending"] * 20), make_batch(["pending"] * 3)
    assert claim(small, NOW, lanes=1)
    assert claim(large, NOW, lanes=1)
    assert [claim(batch, NOW, lanes=2) is not None for batch in (large, small)] == [False, True], "one token is left"


def test_a_batch_whose_provider_is_paused_keeps_nobody_waiting() -> None:
    large, small = make_batch(["completed"] * Batch.HEAD_START + ["pending"] * 20), make_batch(["pending"] * 3)
    Batch.objects.filter(pk=small.pk).update(model="openai:some")
    gates.pause_engine("openai", later(minutes=9), "slow down")
    assert claimed(large, NOW) == 3


def test_how_long_fetching_takes() -> None:
    assert gates.fetching_takes(3, NOW) == timedelta()
    assert gates.fetching_takes(63, NOW) == timedelta(minutes=1)
    gates.block_youtube("refused", NOW, NOW)
    assert gates.fetching_takes(1, NOW) >= timedelta(minutes=1)


# -- the breaker


def test_a_block_closes_the_gate_for_everybody() -> None:
    first, second = make_batch(["pending"] * 5), make_batch(["pending"] * 5)
    item = claim(first, NOW)
    assert item
    assert refuse(item, NOW, later(1)) == later(61)
    for batch in (first, second):
        assert claimed(batch, later(60)) == 0
    item.refresh_from_db()
    assert (item.status, item.deferrals, item.error_code) == ("pending", 0, "youtube_blocked")


def test_each_block_in_a_row_closes_it_longer_up_to_half_an_hour() -> None:
    now, waits = NOW, []
    for _ in range(8):
        until = gates.block_youtube("refused", now, now)
        waits.append((until - now).total_seconds() / 60)
        now = until
    assert waits == [1, 2, 5, 10, 20, 30, 30, 30]


@pytest.mark.parametrize("factor", [0.02, 1, 9])
def test_of_fetches_that_are_refused_together_one_counts(settings: Any, factor: float) -> None:
    settings.YOUTUBE_BACK_OFF = factor
    until = {gates.block_youtube("refused", NOW, later(seconds / 100)) for seconds in range(1, 9)}
    assert until == {later(0.01) + timedelta(minutes=factor)}
    assert Gate.objects.get().blocks == 1


def test_one_probe_at_a_time_opens_the_gate_or_closes_it_again() -> None:
    batch = make_batch(["pending"] * 8)
    blocked = claim(batch, NOW)
    assert blocked
    refuse(blocked, NOW, NOW)
    assert gates.leave(later(60)).fetches == 1
    probe = claim(batch, later(60))
    assert probe
    assert claimed(batch, later(60)) == 0, "one probe at a time"
    assert refuse(probe, later(60), later(61)) == later(61 + 120)
    second = claim(batch, later(181))
    assert second
    gates.pass_youtube(later(181))
    assert Gate.objects.get().blocks == 0
    assert claimed(batch, later(182)) == 3


def test_a_probe_that_is_never_heard_of_again_gives_way_to_another() -> None:
    batch = make_batch(["pending"] * 8)
    gates.block_youtube("refused", NOW, NOW)
    assert claimed(batch, later(60)) == 1
    assert claimed(batch, later(119)) == 0
    assert claimed(batch, later(120)) == 1


def test_probes_are_videos_that_were_not_refused_yet_however_late_they_are_sent() -> None:
    batch = make_batch(["pending"] * 3)
    now, seen = NOW, []
    for _ in range(4):
        item = claim(batch, now)
        assert item
        seen.append(item.position)
        now = refuse(item, now, now) + timedelta(seconds=20)
    assert seen == [1, 2, 3, 1]


def test_batches_take_turns_at_probing() -> None:
    batches = [make_batch(["pending"] * 3) for _ in range(2)]
    item = claim(batches[0], NOW)
    assert item
    now, probed = refuse(item, NOW, NOW), []
    for _ in range(4):
        [pk] = [pk for pk, _, startable in tasks._unserved(now) if startable]
        probe = lifecycle.claim(pk, WORKER, 100, now)
        assert probe
        probed.append(pk)
        now = refuse(probe, now, now)
    assert probed == [batches[1].pk, batches[0].pk] * 2


def test_a_fetch_that_was_under_way_when_the_gate_closed_does_not_open_it() -> None:
    batch = make_batch(["pending"] * 8)
    slow, blocked = claim(batch, NOW), claim(batch, NOW)
    assert slow
    assert blocked
    refuse(blocked, NOW, later(1))
    gates.pass_youtube(NOW)
    assert claimed(batch, later(2)) == 0
    assert not gates.youtube_passed_since(later(1))


def test_a_fetch_that_went_through_after_a_refusal_tells_that_the_video_is_to_blame() -> None:
    assert not gates.youtube_passed_since(None)
    gates.block_youtube("refused", NOW, NOW)
    assert not gates.youtube_passed_since(NOW)
    gates.pass_youtube(later(61))
    assert gates.youtube_passed_since(NOW)
    assert not gates.youtube_passed_since(later(61))


def test_an_open_gate_is_written_every_few_seconds_only(django_assert_num_queries: Any) -> None:
    claim(make_batch(["pending"]), NOW)
    for seconds, written in ((0, True), (1, False), (4, False), (6, True)):
        gates.pass_youtube(later(seconds))
        assert (Gate.objects.get().passed_at == later(seconds)) is written


def test_blocked_for_hours_is_noticed_from_the_first_block_on(settings: Any) -> None:
    settings.YOUTUBE_BLOCK_HOURS = 6
    now = NOW
    while now < later(minutes=359):
        now = gates.block_youtube("refused", now, now)
    assert not gates.blocked_too_long(later(minutes=359))
    assert gates.blocked_too_long(later(minutes=361))
    gates.reset(gates.YOUTUBE)
    assert not gates.blocked_too_long(later(minutes=361))


def test_then_all_that_waits_for_youtube_fails_and_the_rest_goes_on() -> None:
    batch = make_batch(["pending"] * 3)
    saved = items_of(batch)[1]
    Item.objects.filter(pk=saved.pk).update(transcript=make_transcript(saved.video))
    assert lifecycle.fail_unfetched(YouTubeBlocked()) == 2
    assert [item.status for item in items_of(batch)] == ["failed", "pending", "failed"]
    assert {item.error_code for item in items_of(batch)} == {"youtube_blocked", ""}
    batch.refresh_from_db()
    assert (batch.status, batch.failed_videos) == ("pending", 2)


# -- the providers


def test_a_pause_holds_every_batch_of_that_engine_and_no_other(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR = 0
    theirs, same, other = (make_batch(["pending"] * 2, model=name) for name in ("openai:a", "openai:b", "anthropic:c"))
    gates.pause_engine("openai", later(30), "slow down")
    gates.pause_engine("openai", later(10), "an earlier moment does not shorten it")
    for batch in (theirs, same):
        assert claimed(batch, later(29)) == 0
    assert claimed(other, later(29)) == 2
    assert claimed(theirs, later(30)) == 2


@pytest.mark.parametrize("limit", [1, 2])
def test_an_engines_limit_holds_across_batches_and_users(settings: Any, limit: int) -> None:
    settings.ENGINE_CONCURRENCY = {"openai": limit, "anthropic": 0}
    settings.YOUTUBE_PER_HOUR = 0
    first, second = make_batch(["pending"] * 3, model="openai:a"), make_batch(["pending"] * 3, model="openai:b")
    begun = [claim(batch, NOW) for batch in (first, second, first, second)]
    assert sum(item is not None for item in begun) == limit
    item = next(filter(None, begun))
    lifecycle.hand_back(item)
    assert claim(second, NOW) is not None
    assert claimed(make_batch(["pending"] * 3, model="anthropic:c"), NOW) == 3


# -- what people are told


def test_every_reason_to_wait_has_a_sentence_and_a_moment_where_there_is_one(settings: Any) -> None:
    Gate.objects.create(name=gates.YOUTUBE, tokens=0.5, refilled_at=NOW)
    pace = gates.reason(Batch(model="extractive"), gates.leave(NOW), NOW)
    assert pace == ("Fetching captions at YouTube's pace, 3600 an hour.", later(0.5))
    until = gates.block_youtube("YouTube refuses.", NOW, NOW)
    assert gates.reason(Batch(model="extractive"), gates.leave(NOW), NOW) == ("YouTube refuses.", until)
    gates.pause_engine("openai", later(30), "The provider asks us to slow down.")
    assert gates.reason(Batch(model="openai"), gates.leave(NOW), NOW) == (
        "The provider asks us to slow down.",
        later(30),
    )
    settings.ENGINE_CONCURRENCY = {"anthropic": 1}
    make_batch(["processing"], model="anthropic:a")
    assert gates.reason(Batch(model="anthropic"), gates.leave(NOW), NOW) == (
        "Waiting for a place at anthropic, which may have 1 at a time here.",
        None,
    )


def test_after_that_a_new_batch_is_not_failed_with_the_old_ones(settings: Any) -> None:
    settings.YOUTUBE_BLOCK_HOURS = 6
    gates.block_youtube("refused", NOW, NOW)
    assert gates.blocked_too_long(later(minutes=361))

    gates.count_anew(later(minutes=361))

    assert not gates.blocked_too_long(later(minutes=600))
    assert gates.blocked_too_long(later(minutes=722))
