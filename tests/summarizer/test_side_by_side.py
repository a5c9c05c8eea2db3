"""What becomes of calls under way when one of them fails."""

from __future__ import annotations

import threading

import pytest

from summarizer.errors import KeyRefused, RateLimited, Refused, Stopped
from summarizer.records import Progress, Stage
from summarizer.side_by_side import side_by_side


class Calls:
    """Call 1 fails once call 2 has begun; the others go on until the failure was seen, or they are stopped."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.begun: list[int] = []
        self.kept: list[int] = []
        self.stopped: list[int] = []
        self._second_began, self._failed, self._seen = threading.Event(), threading.Event(), threading.Event()

    def call(self, key: int, progress: Progress) -> int:
        self.begun.append(key)
        if key == 1:
            assert self._second_began.wait(10)
            self._failed.set()
            raise self.error
        self._second_began.set()
        try:
            while not self._seen.wait(0.01):
                progress("summarizing")
        except Stopped:
            self.stopped.append(key)
            raise
        return key

    def keep(self, key: int, answer: int) -> None:
        self.kept.append(answer)

    def progress(self, stage: Stage, done: int = 0, total: int = 0) -> None:
        """Told after each look at the calls."""
        if self._failed.is_set():
            self._seen.set()


def test_what_may_pass_lets_the_calls_under_way_end_and_begins_no_other() -> None:
    calls = Calls(RateLimited(retry_after=3))
    with pytest.raises(RateLimited) as caught:
        side_by_side([1, 2, 3, 4, 5], calls.call, calls.keep, calls.progress, 2)
    assert caught.value.retry_after == 3
    assert 2 in calls.kept
    assert calls.stopped == []
    assert {1, 2} <= set(calls.begun) <= {1, 2, 3}


@pytest.mark.parametrize("error", [Stopped(), KeyRefused(), Refused(), RuntimeError()], ids=lambda error: type(error))
def test_what_does_not_pass_stops_them(error: Exception) -> None:
    calls = Calls(error)
    with pytest.raises(type(error)):
        side_by_side([1, 2], calls.call, calls.keep, calls.progress, 2)
    assert calls.kept == []
    assert calls.stopped == [2]


def test_who_stops_the_work_does_not_wait_for_the_calls_under_way() -> None:
    calls = Calls(RateLimited())

    def cancelled(stage: Stage, done: int = 0, total: int = 0) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        side_by_side([1, 2], calls.call, calls.keep, cancelled, 2)
    assert calls.stopped == [2]
