"""What every surface shows of a batch: the snapshot, what has changed since, and why nothing is running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches import gates, lifecycle, progress
from batches.models import Batch, Gate, Item, Worker
from summarizer.errors import NoTranscript, ProviderFailed
from tests.batches.builders import items_of, make_batch, make_transcript, make_user, summary_of

pytestmark = pytest.mark.django_db


def changes(batch: Batch, since: int = 0, **choices: Any) -> dict[str, Any]:
    found = progress.changes(batch.pk, since, **choices)
    assert found is not None
    return found


def positions(found: dict[str, Any]) -> list[int]:
    return [item["position"] for item in found["items"]]


def make_worker(heard: timedelta = timedelta()) -> Worker:
    return Worker.objects.create(name="w", host="h", pid=1, slots=8, heard_at=timezone.now() - heard)


def claim(batch: Batch) -> Item:
    item = lifecycle.claim(batch.pk, uuid4(), 100)
    assert item
    return item


# -- the snapshot


def test_a_snapshot_holds_everything_in_order() -> None:
    batch = make_batch(["completed", "failed", "processing", "pending"])
    found = changes(batch)
    assert found["batch_job_id"] == str(batch.pk)
    assert found["status"] == "processing"
    assert found["progress"] == {
        "total": 4,
        "completed": 1,
        "failed": 1,
        "cancelled": 0,
        "processing": 1,
        "pending": 1,
        "lists": 0,
        "percentage": 50.0,
    }
    assert positions(found) == [1, 2, 3, 4]
    assert [item["status"] for item in found["items"]] == ["completed", "failed", "processing", "pending"]
    assert found["current_item"] == found["current_items"][0]
    assert found["current_item"]["position"] == 3
    assert found["current_item"]["stage"] == "summarizing"
    assert found["more"] is False
    assert found["export_url"] == f"/api/batch/{batch.pk}/export"


def test_every_item_has_all_that_the_contract_names() -> None:
    [done, failed] = changes(make_batch(["completed", "failed"]))["items"]
    contract = {"id", "position", "url", "video_id", "video_title", "status", "stage", "summary_id"}
    assert done.keys() >= contract | {"error_code", "error_message", "retry_count"}
    assert UUID(done["summary_id"])
    assert done["url"] == f"https://www.youtube.com/watch?v={done['video_id']}"
    assert (done["error_code"], done["error_message"], done["stage"]) == (None, None, None)
    assert (failed["error_code"], failed["summary_id"]) == ("no_transcript", None)


def test_a_batch_that_is_gone_has_no_changes() -> None:
    assert progress.changes(uuid4()) is None


@pytest.mark.parametrize(
    ("statuses", "percentage"),
    [
        (["pending"] * 3, 0.0),
        (["completed", "pending", "pending"], 33.3),
        (["completed", "failed", "pending"], 66.6),
        (["completed"] * 999 + ["processing"], 99.9),
        (["completed"] * 1999 + ["processing"], 99.9),
        (["completed", "failed", "failed"], 100.0),
    ],
)
def test_the_percentage_is_floored_so_that_100_means_the_end(statuses: list[str], percentage: float) -> None:
    assert changes(make_batch(statuses), limit=1)["progress"]["percentage"] == percentage


# -- what has changed


def test_since_a_revision_only_what_changed_after_it() -> None:
    batch = make_batch(["pending"] * 5)
    before = changes(batch)["rev"]
    item = claim(batch)
    found = changes(batch, before)
    assert positions(found) == [1]
    assert found["rev"] == before + 1
    lifecycle.fail(item, NoTranscript())
    assert [row["status"] for row in changes(batch, before)["items"]] == ["failed"]
    assert positions(changes(batch, changes(batch)["rev"])) == []


MOVES: dict[str, Callable[[Batch, Item], object]] = {
    "defer": lambda batch, item: lifecycle.defer(item, timezone.now(), ProviderFailed()),
    "hand back": lambda batch, item: lifecycle.hand_back(item),
    "expire": lambda batch, item: lifecycle.expire([item]),
    "fail": lambda batch, item: lifecycle.fail(item, NoTranscript()),
    "attach": lambda batch, item: lifecycle.attach_transcript(item, make_transcript(item.video)),
    "complete": lambda batch, item: lifecycle.complete(item, summary_of(batch.user, item.video)),
    "cancel": lambda batch, item: lifecycle.cancel(batch.pk),
    "stop": lambda batch, item: lifecycle.stop_batch(batch.pk, NoTranscript()),
}


@pytest.mark.parametrize("move", MOVES)
def test_whoever_resumes_from_any_revision_ends_with_the_same_rows(move: str) -> None:
    batch = make_batch(["pending"] * 4)
    known = {row["position"]: row for row in changes(batch)["items"]}
    since = changes(batch)["rev"]
    item = claim(batch)
    MOVES[move](batch, item)
    found = changes(batch, since)
    assert found["rev"] > since
    known |= {row["position"]: row for row in found["items"]}
    assert list(known.values()) == changes(batch)["items"]


def test_more_than_the_limit_says_so() -> None:
    batch = make_batch(["pending"] * 250)
    first = changes(batch)
    assert (len(first["items"]), first["more"]) == (100, True)
    assert positions(first) == [*range(1, 101)]
    assert (len(changes(batch, limit=None)["items"]), changes(batch, limit=None)["more"]) == (250, False)
    lifecycle.cancel(batch.pk)
    after = changes(batch, first["rev"])
    assert (len(after["items"]), after["more"]) == (100, True)
    nothing = changes(batch, limit=0)
    assert (nothing["items"], nothing["progress"]["cancelled"]) == ([], 250)


def test_only_the_failed_ones_when_asked() -> None:
    batch = make_batch(["completed", "failed", "pending", "failed"])
    assert positions(changes(batch, only=Item.Status.FAILED)) == [2, 4]


def test_heartbeats_and_stages_within_an_item_are_no_news() -> None:
    batch = make_batch(["pending"])
    holder = uuid4()
    item = lifecycle.claim(batch.pk, holder, 1)
    assert item
    rev = changes(batch)["rev"]
    assert lifecycle.renew(holder, [item.pk])
    assert changes(batch)["rev"] == rev


def test_its_cost_does_not_grow_with_the_batch() -> None:
    counts = []
    for size in (1, 300):
        batch = make_batch(["processing"] + ["pending"] * size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            changes(batch)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


# -- why nothing is running


def reason(batch: Batch, now: datetime | None = None) -> str:
    batch.refresh_from_db()
    waiting = progress.waiting(batch, now)
    return str(waiting["reason"]) if waiting else ""


@pytest.mark.parametrize("statuses", [["completed"], ["cancelled"], ["failed", "completed"]])
def test_what_has_ended_waits_for_nothing(statuses: list[str]) -> None:
    assert progress.waiting(make_batch(statuses)) is None


def test_what_is_running_waits_for_nothing() -> None:
    make_worker()
    assert progress.waiting(make_batch(["processing", "pending"])) is None


def test_without_a_worker_it_says_so_and_since_when(settings: Any) -> None:
    batch = make_batch(["pending"])
    assert reason(batch) == "Waiting for a worker (none has been heard yet)."
    worker = make_worker(timedelta(seconds=settings.LEASE_SECONDS + 60))
    assert reason(batch, worker.heard_at + timedelta(hours=1)).startswith("Waiting for a worker (none heard since ")
    days_later = reason(batch, worker.heard_at + timedelta(days=3))
    assert f"{worker.heard_at:%Y-%m-%d %H:%M} UTC" in days_later


def test_it_says_so_too_while_the_lost_workers_videos_still_count_as_running(settings: Any) -> None:
    """Nobody is there to take them back."""
    make_worker(timedelta(seconds=settings.LEASE_SECONDS + 60))
    assert "none heard since" in reason(make_batch(["processing", "pending"]))


def test_with_workers_it_waits_for_a_free_one() -> None:
    make_worker()
    assert reason(make_batch(["pending"])) == "Waiting for a free worker."


def test_at_the_gate_it_says_what_the_gate_says() -> None:
    make_worker()
    now = timezone.now()
    batch = make_batch(["pending"])
    until = gates.block_youtube("YouTube is refusing requests.", now, now)
    assert progress.waiting(batch) == {"reason": "YouTube is refusing requests.", "until": until.isoformat()}


def test_at_youtubes_pace_it_names_the_pace(settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR = 60
    make_worker()
    Gate.objects.create(name=gates.YOUTUBE, tokens=0)
    waiting = progress.waiting(make_batch(["pending"]))
    assert waiting
    assert "60 an hour" in waiting["reason"]
    assert timezone.now() < datetime.fromisoformat(waiting["until"]) <= timezone.now() + timedelta(minutes=1)


def test_a_gate_does_not_hold_what_is_fetched_already() -> None:
    make_worker()
    batch = make_batch(["pending", "pending"])
    item = items_of(batch)[1]
    Item.objects.filter(pk=item.pk).update(transcript=make_transcript(item.video))
    gates.block_youtube("refused", timezone.now(), timezone.now())
    assert reason(batch) == "Waiting for a free worker."


def test_a_deferral_says_why_and_until_when_the_first_goes_on() -> None:
    make_worker()
    batch = make_batch(["pending", "pending"], user=make_user())
    soon, late = timezone.now() + timedelta(minutes=1), timezone.now() + timedelta(minutes=5)
    for until in (late, soon):
        lifecycle.defer(claim(batch), until, ProviderFailed(f"until {until:%H:%M}"))
    assert progress.waiting(Batch.objects.get(pk=batch.pk)) == {
        "reason": f"until {soon:%H:%M}",
        "until": soon.isoformat(),
    }
