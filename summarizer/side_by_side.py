"""Several slow calls at the same time, with one thread that watches: the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Event
from typing import TypeVar

from summarizer.errors import Stopped, SummarizerError
from summarizer.records import Progress, Stage

A = TypeVar("A")
_LOOK_UP = 0.5


def side_by_side(
    keys: Sequence[int],
    call: Callable[[int, Progress], A],
    keep: Callable[[int, A], None],
    progress: Progress,
    at_once: int,
) -> None:
    """`keep(key, call(key, …))` for each key, `at_once` of the calls at the same time.

    `keep` and `progress` run in the caller's thread, whose database connection they may use. After an error that may
    pass, no call is begun any more, and those under way are waited for and kept: they are paid for, and the next try
    needs them. Any other error stops them at their next progress. It is raised when all have ended.
    """
    if at_once <= 1 or len(keys) <= 1:
        for key in keys:
            keep(key, call(key, progress))
        return
    stopping = Event()

    def stop_if_moot(stage: Stage, done: int = 0, total: int = 0) -> None:
        if stopping.is_set():
            raise Stopped

    with ThreadPoolExecutor(min(at_once, len(keys)), thread_name_prefix="part") as pool:
        # Each in a copy of the caller's context, so that what is logged there says what it is about.
        running = {pool.submit(copy_context().run, call, key, stop_if_moot): key for key in keys}
        try:
            _gather(running, keep, progress)
        except BaseException:
            stopping.set()
            for future in running:
                future.cancel()
            raise


def _gather(running: dict[Future[A], int], keep: Callable[[int, A], None], progress: Progress) -> None:
    pending = set(running)
    failure: BaseException | None = None
    while pending:
        done, pending = wait(pending, _LOOK_UP, FIRST_COMPLETED)
        for future in done:
            error = future.exception()
            if error is None:
                keep(running[future], future.result())
            elif failure is None or not _may_pass(error):
                failure = error
        if failure is not None:
            if not _may_pass(failure):
                raise failure
            pending = {future for future in pending if not future.cancel()}
        progress("summarizing")
    if failure is not None:
        raise failure


def _may_pass(error: BaseException) -> bool:
    """Whether the same call may be made again soon, and those beside it may still succeed."""
    return isinstance(error, SummarizerError) and error.retryable and not error.stops_batch
