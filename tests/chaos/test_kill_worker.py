"""SIGKILL: of workers, of beat, of the web process, and of everything."""

from __future__ import annotations

import logging
import signal
import time
from threading import Thread

import httpx
import pytest

from tests.chaos.arena import Arena, Battle
from tests.chaos.conftest import Build
from tests.installation import eventually

log = logging.getLogger("chaos")


def kill_and_restart(arena: Arena, battle: Battle, times: int) -> None:
    """Each time when the worker is busy, and has completed something since the last blow."""
    done = 0
    for _ in range(times):
        battle.until(lambda done=done: battle.done() > done, what="the work goes on")  # type: ignore[misc]
        battle.until_in_flight(least=1)
        done = battle.strike("worker").done
        arena.start("worker")
        arena.until_ready("worker")


def test_three_deaths_of_the_worker_lose_nothing(arena: Arena) -> None:
    battle = arena.begin(40)
    kill_and_restart(arena, battle, 3)
    rows = battle.settle()
    assert sum(row.losses for row in rows) > 0


@pytest.mark.chaos
def test_twenty_deaths_of_the_worker_lose_nothing(arena: Arena) -> None:
    battle = arena.begin(160)  # enough for something to be in flight at the twentieth, however fast the database is
    kill_and_restart(arena, battle, 20)
    rows = battle.settle()
    assert sum(row.losses for row in rows) >= 20


@pytest.fixture(scope="module")
def unhurried(build: Build) -> Arena:
    """Swept and heard as rarely as by default, so that recovery is measured as users have it."""
    return build(LEASE_SECONDS="10", HEARTBEAT_SECONDS="2", SWEEP_SECONDS="5")


def held_again(battle: Battle, attempts: dict[int, int]) -> bool:
    """Whether every item that was struck has been taken anew."""
    query = "SELECT position, attempt FROM batches_item WHERE batch_id = %s"
    now = dict(battle.app.rows(query, battle.id))
    return all(now[position] > attempt for position, attempt in attempts.items())


def struck_items(battle: Battle) -> dict[int, int]:
    """Position and attempt of what is in flight."""
    query = "SELECT position, attempt FROM batches_item WHERE batch_id = %s AND status = 'processing'"
    return dict(battle.app.rows(query, battle.id))


@pytest.mark.chaos
def test_a_restarted_worker_takes_its_items_again_within_three_seconds(unhurried: Arena) -> None:
    battle = unhurried.begin(40, latency=2.0)
    battle.until_in_flight(least=8)
    with battle.frozen("worker", sign="SIGKILL"):
        attempts = struck_items(battle)
        unhurried.app.kill("worker")
    restarted = time.monotonic()
    unhurried.start("worker")
    unhurried.until_ready("worker")
    ready = time.monotonic()
    battle.until(lambda: held_again(battle, attempts), 30, "all are taken again")
    taken = time.monotonic()
    log.info("%d items again %.2f s after ready, %.2f s after restart", len(attempts), taken - ready, taken - restarted)
    assert taken - ready <= 3
    battle.settle()


@pytest.mark.chaos
def test_another_worker_takes_a_dead_ones_items_within_lease_and_ten_seconds(unhurried: Arena) -> None:
    unhurried.make_whole()
    unhurried.start("worker2")
    unhurried.until_ready("worker2")
    battle = unhurried.begin(40, latency=2.0, keep=("worker2",))
    battle.until_in_flight("worker2", least=3)
    pid = unhurried.app.processes["worker2"].pid
    with battle.frozen("worker2", sign="SIGKILL"):
        query = (
            "SELECT i.position, i.attempt FROM batches_item i JOIN batches_worker w ON w.boot_id = i.lease_holder "
            "WHERE i.batch_id = %s AND i.status = 'processing' AND w.pid = %s"
        )
        attempts = dict(battle.app.rows(query, battle.id, pid))
        unhurried.app.kill("worker2")
    killed = time.monotonic()
    battle.until(lambda: held_again(battle, attempts), 30, "all are taken by the other")
    took = time.monotonic() - killed
    log.info("%d items taken by the other worker %.1f s after the death; the lease is 10 s", len(attempts), took)
    assert took <= 20
    battle.settle()


@pytest.mark.chaos
def test_a_dead_workers_items_are_free_in_time_while_all_others_are_busy(arena: Arena) -> None:
    """Sweeping must not wait in line behind videos that take minutes."""
    arena.make_whole()
    arena.start("worker2")
    arena.until_ready("worker2")
    battle = arena.begin(40, latency=60, keep=("worker2",))
    battle.until(lambda: arena.llm.stats()["in_flight"] == 16, what="all slots are busy")
    killed = time.monotonic()
    battle.strike("worker2")
    battle.until(lambda: battle.states()["processing"] == 8, 18, "the dead worker's items are free")
    log.info("free %.1f s after the death; the lease is 8 s", time.monotonic() - killed)
    arena.llm.configure(latency=0.3)
    battle.strike("worker", signal.SIGTERM)  # hands back what would take a minute
    arena.start("worker")
    battle.settle()


@pytest.mark.chaos
def test_work_goes_on_while_beat_is_dead(arena: Arena) -> None:
    battle = arena.begin(40)
    for _ in range(3):
        battle.until_in_flight(least=1)
        battle.strike("beat")
        done = battle.done()
        battle.until(lambda done=done: battle.done() > done, what="without beat")  # type: ignore[misc]
        arena.start("beat")
    battle.settle()


@pytest.mark.chaos
def test_a_large_batch_begins_without_beat(arena: Arena) -> None:
    """Its doorbells ring when it is there for others to see, not while it is being written."""
    arena.make_whole()
    arena.app.kill("beat")
    battle = arena.begin(3000, model="extractive", without=("beat",))
    battle.until(lambda: battle.done() > 0, 20, "it begins by its own doorbells")
    arena.api.http.post(f"/api/batch/{battle.id}/cancel").raise_for_status()


@pytest.mark.chaos
def test_a_dead_worker_and_a_dead_beat_are_mended_by_their_restart(arena: Arena) -> None:
    battle = arena.begin(40)
    battle.until_in_flight(least=4)
    battle.strike("beat")
    battle.strike("worker")
    arena.start("worker")
    arena.start("beat")
    battle.settle()


@pytest.mark.chaos
def test_the_death_of_the_web_process_stops_no_work(arena: Arena) -> None:
    battle = arena.begin(40, latency=0.5)
    battle.until_in_flight(least=4)
    battle.strike("web")
    battle.until(lambda: battle.done() >= 8, what="without the web process")
    arena.start("web")
    eventually(arena.app.is_up, 30, "the web process answers")
    battle.strike("web")
    battle.until(lambda: battle.done() == 40, what="without the web process")
    arena.start("web")
    eventually(arena.app.is_up, 30, "the web process answers")
    battle.settle()


@pytest.mark.chaos
def test_a_request_that_is_cut_off_makes_one_batch_when_repeated(arena: Arena) -> None:
    arena.make_whole()
    links = [f"https://youtu.be/cut_{number:07d}" for number in range(2000)]
    headers = {"Idempotency-Key": "cut off", "Authorization": f"Bearer {arena.api.token}"}

    def create() -> httpx.Response:
        body = {"urls": links, "model": "extractive", "name": "Cut off"}
        return httpx.post(f"{arena.app.base_url}/api/batch/create", json=body, headers=headers, timeout=30)

    failures: list[Exception] = []

    def cut_off() -> None:
        try:
            create()
        except httpx.HTTPError as error:
            failures.append(error)

    arena.app.kill("worker")
    thread = Thread(target=cut_off)
    thread.start()
    thread.join(0.3)  # somewhere in the middle: each moment must do
    arena.app.kill("web")
    thread.join()
    log.info("SIGKILL web in the middle of a creation: %s", failures or "it had just been answered")
    arena.start("web")
    eventually(arena.app.is_up, 30, "the web process answers")
    assert create().status_code == 201
    assert arena.app.rows("SELECT total_videos FROM batches_batch WHERE name = 'Cut off'") == [(2000,)]
    counted = "SELECT COUNT(*) FROM batches_item i JOIN batches_batch b ON b.id = i.batch_id WHERE b.name = 'Cut off'"
    assert arena.app.rows(counted) == [(2000,)]
    answer = arena.api.http.get("/api/batch").json()
    (batch_id,) = [batch["id"] for batch in answer["results"] if batch["name"] == "Cut off"]
    arena.api.http.post(f"/api/batch/{batch_id}/cancel")


@pytest.mark.chaos
def test_everything_dies_and_is_restarted(arena: Arena) -> None:
    battle = arena.begin(40)
    for _ in range(2):
        battle.until_in_flight(least=4)
        names = [name for name in ("worker", "beat", "web", "broker") if name in arena.app.processes]
        for name in names:
            battle.strike(name)
        for name in reversed(names):
            arena.start(name)
        arena.until_ready("worker")
        eventually(arena.app.is_up, 30, "the web process answers")
    battle.settle()
