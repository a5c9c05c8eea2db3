"""Every fault at every stage of a fetch, seen from the worker: the item's state, the time it took, the thread after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from batches import gates, work
from batches.leases import Holder
from batches.models import Batch, Gate, Item
from tests.batches.builders import items_of
from tests.batches.fetching import batch_of, item_of, reaching, work_on
from tests.fakes.replay import ReplayYouTube
from tests.summarizer.faults import BLOCKED, FAILED, FINE, NEVER_ENDING, STAGES, TIMEOUT, all_faults, timeout_for

STATUS = {FINE: Item.Status.COMPLETED, FAILED: Item.Status.PENDING, BLOCKED: Item.Status.PENDING}


@pytest.fixture(scope="module")
def replay(shared: Path) -> Iterator[ReplayYouTube]:
    with ReplayYouTube(shared, "--hang-s", "3", "--html", "small") as youtube:
        yield youtube


@pytest.mark.django_db
@pytest.mark.parametrize(("video_id", "code"), all_faults(mended=True))
def test_every_fault_ends_in_the_right_state_and_the_next_video_works(
    replay: ReplayYouTube, settings: Any, video_id: str, code: str
) -> None:
    with reaching(settings, replay.base_url, YOUTUBE_TIMEOUT=timeout_for(video_id), YOUTUBE_BACK_OFF=0):
        batch = batch_of([video_id, "s0001ena001"])
        began = time.monotonic()
        work_on(batch)
        took = time.monotonic() - began
        item, fine = items_of(batch)
        assert (item.status, item.error_code) == (STATUS.get(code, Item.Status.FAILED), code)
        assert bool(item.error_message) is (code != FINE)
        assert Gate.objects.filter(name=gates.YOUTUBE, blocks=1).exists() is (code == BLOCKED)
        assert took < TIMEOUT + 3
        work_on(batch, times=2)
        fine.refresh_from_db()
        assert fine.status == Item.Status.COMPLETED, fine.error_message


@pytest.mark.django_db(transaction=True)
def test_threads_that_met_no_end_are_free_again(replay: ReplayYouTube, settings: Any) -> None:
    hopeless = [f"F{stage}{kind}00xxxx" for kind in NEVER_ENDING for stage in STAGES]
    fine = [f"s0001ena{number:03d}" for number in range(4)]
    with reaching(settings, replay.base_url, YOUTUBE_TIMEOUT=TIMEOUT):
        batch = batch_of([*hopeless, *fine])
        took = _work_in_threads(batch, threads=4)
        assert took < 3 * (TIMEOUT + 3)  # nine of them, in four threads
        states = {item.video.youtube_id: item.error_code or item.status for item in items_of(batch)}
        assert states == {**dict.fromkeys(hopeless, FAILED), **dict.fromkeys(fine, Item.Status.COMPLETED)}


def _work_in_threads(batch: Batch, threads: int) -> float:
    """Seconds until each thread has found nothing more to take."""
    holder = Holder("test", threads)

    def lane(_: int) -> None:
        try:
            while work.do_next(batch.pk, holder):
                pass
        finally:
            connection.close()

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lane, range(threads)))
    return time.monotonic() - began


@pytest.mark.django_db
def test_an_eight_hour_video_comes_whole_from_the_link_to_the_saved_captions(
    replay: ReplayYouTube, settings: Any
) -> None:
    with reaching(settings, replay.base_url, YOUTUBE_TIMEOUT=20):
        batch = batch_of(["s0480dea001"])
        work_on(batch)
        item = item_of(batch.pk)
    assert item.transcript is not None, item.error_message
    words = " ".join(text for _, _, text in item.transcript.cues)
    assert all(word in words for word in replay.marker_words("s0480dea001"))
