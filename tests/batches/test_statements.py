"""What a video costs in statements. Each takes Django about half a millisecond, far more than the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches import work
from batches.leases import Holder
from batches.models import Batch, Item
from tests.batches.builders import make_batch, make_video
from tests.batches.fetching import reaching
from tests.batches.paid import PRICED, llm, server
from tests.fakes.llm import FakeLLM
from tests.fakes.youtube import FakeYouTube
from tests.statements import counting_what_is_written

__all__ = ["llm", "server"]
pytestmark = pytest.mark.django_db

FETCHED, SAVED = 19, 13  # with captions from YouTube, and with saved ones
_OF_TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT")


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


def statements(batch: Batch, holder: Holder) -> list[str]:
    """What the next video of the batch asks of the database, transactions apart; its fair share is known."""
    holder.share = float("inf"), 4
    with CaptureQueriesContext(connection) as captured:
        assert work.do_next(batch.pk, holder)
    found = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in found if not sql.startswith(_OF_TRANSACTIONS)]


@pytest.mark.parametrize("videos", [3, 60])
def test_a_video_that_is_fetched_and_summarized_costs_few_statements_in_any_batch(
    videos: int, llm: FakeLLM, youtube: FakeYouTube, settings: Any
) -> None:
    with reaching(settings, youtube.base_url):
        batch = make_batch(["pending"] * videos, videos=[make_video() for _ in range(videos)], model=PRICED)
        holder = Holder("test", 4)
        assert work.do_next(batch.pk, holder)  # the first of a month opens its sum
        assert len(statements(batch, holder)) <= FETCHED
    assert batch.items.filter(status=Item.Status.COMPLETED).count() == 2


def test_what_the_video_of_another_batch_has_saved_costs_fewer(
    llm: FakeLLM, youtube: FakeYouTube, settings: Any
) -> None:
    videos = [make_video() for _ in range(2)]
    with reaching(settings, youtube.base_url):
        holder = Holder("test", 4)
        first = make_batch(["pending"] * 2, videos=videos, model=PRICED)
        second = make_batch(["pending"] * 2, videos=videos, model=PRICED, user=first.user)
        for _ in range(2):
            assert work.do_next(first.pk, holder)
        Item.objects.filter(batch=second).update(transcript=videos[0].transcripts.get())
        assert len(statements(second, holder)) <= SAVED


def test_what_a_worker_asks_for_every_video_is_written_once(llm: FakeLLM, youtube: FakeYouTube, settings: Any) -> None:
    """But for rows that are inserted."""
    with reaching(settings, youtube.base_url):
        batch = make_batch(["pending"] * 3, videos=[make_video() for _ in range(3)], model=PRICED)
        holder = Holder("test", 4)
        for _ in range(2):
            assert work.do_next(batch.pk, holder)
        with counting_what_is_written() as written:
            statements(batch, holder)
    assert sorted(written) == [
        f"batches_{name}" for name in ("charge", "facet", "searchentry", "summary", "transcript")
    ]
