"""SIGTERM, which is a deploy; and a person who cancels."""

from __future__ import annotations

import logging
import signal
import time

import pytest

from tests.chaos.arena import Arena
from tests.installation import eventually

log = logging.getLogger("chaos")


def test_a_stopped_worker_ends_its_videos_and_loses_none(arena: Arena) -> None:
    battle = arena.begin(40)
    battle.until_in_flight(least=4)
    blow = battle.strike("worker", signal.SIGTERM)
    assert battle.states()["processing"] == 0
    assert battle.done() >= blow.summarizing  # a call of 0.3 s is well within the grace
    arena.start("worker")
    rows = battle.settle()
    assert {row.losses for row in rows} == {0}


@pytest.mark.chaos
def test_a_stopped_worker_hands_back_what_takes_longer_than_the_grace(arena: Arena) -> None:
    battle = arena.begin(40, latency=20)
    battle.until_in_flight(least=8)
    started = time.monotonic()
    battle.strike("worker", signal.SIGTERM)
    took = time.monotonic() - started
    log.info("SIGTERM to the end: %.1f s with a grace of 2 s and calls of 20 s", took)
    assert took < 10
    assert battle.states() == {"pending": 40}
    arena.llm.configure(latency=0.3)
    arena.start("worker")
    rows = battle.settle()
    assert {row.losses for row in rows} == {0}


@pytest.mark.chaos
def test_deploys_in_a_row_lose_nothing(arena: Arena) -> None:
    battle = arena.begin(60)
    for _ in range(4):
        battle.until_in_flight(least=1)
        battle.strike("worker", signal.SIGTERM)
        arena.start("worker")
    rows = battle.settle()
    assert {row.losses for row in rows} == {0}


def test_cancelling_stops_calls_at_once_and_keeps_what_is_done(arena: Arena) -> None:
    battle = arena.begin(40, chunk_latency=0.1, behaviours=[{"name": "endless", "after": 8}])
    battle.until(lambda: battle.done() == 8, what="some are done")
    battle.until_in_flight(least=4)
    aborted = arena.llm.stats()["aborted"]

    with battle.frozen("worker", "cancelled", "cancel") as blow:
        in_flight, calls = arena.llm.stats()["in_flight"], battle.calls()
        answer = arena.api.http.post(f"/api/batch/{battle.id}/cancel")
        assert answer.json() == {"message": "Batch job cancelled"}
    cancelled = time.monotonic()
    done = battle.done()
    eventually(lambda: arena.llm.stats()["in_flight"] == 0, 5, "the streams are closed")
    log.info("%d streams closed %.2f s after the cancel", in_flight, time.monotonic() - cancelled)

    # A call may have left the worker at the blow and not have reached the model yet; that stream is closed too.
    assert in_flight <= arena.llm.stats()["aborted"] - aborted <= blow.summarizing
    assert battle.calls() <= calls + blow.summarizing - in_flight, "a call began after the cancel"
    assert battle.states() == {"completed": done, "cancelled": 40 - done}
    battle.settle(completed=done, cancelled=40 - done)

    arena.llm.configure(latency=0.3, chunk_latency=0.0, behaviours=[])
    arena.api.http.post(f"/api/batch/{battle.id}/retry").raise_for_status()
    battle.settle()
