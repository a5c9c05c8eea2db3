"""SIGSTOP past the lease, then SIGCONT: a worker that slept believes it still holds what others have finished."""

from __future__ import annotations

import signal

import pytest

from tests.chaos.arena import Arena, Battle


def attempts_of(battle: Battle, pid: int) -> dict[int, int]:
    """Position and attempt of what that process holds."""
    query = (
        "SELECT i.position, i.attempt FROM batches_item i JOIN batches_worker w ON w.boot_id = i.lease_holder "
        "WHERE i.batch_id = %s AND i.status = 'processing' AND w.pid = %s"
    )
    return dict(battle.app.rows(query, battle.id, pid))


@pytest.mark.chaos
def test_a_late_result_does_not_pass_for_that_of_the_worker_that_has_the_item_now(arena: Arena) -> None:
    arena.make_whole()
    arena.start("worker2")
    arena.until_ready("worker2")
    battle = arena.begin(40, latency=3.0, keep=("worker2",))  # so that it is not always in a transaction
    battle.until_in_flight("worker2", least=3)
    refused = arena.app.log.read_text().count("result dropped")
    with battle.frozen("worker2") as blow:
        late = attempts_of(battle, blow.pid)
        arena.llm.configure(latency=20)
        pid = arena.app.processes["worker"].pid

        def taken_over() -> bool:
            now = attempts_of(battle, pid)
            return bool(late) and all(now.get(position, 0) > attempt for position, attempt in late.items())

        battle.until(taken_over, 40, "the other worker has the items")
        arena.app.send("worker2", signal.SIGCONT)
        battle.until(
            lambda: arena.app.log.read_text().count("result dropped") - refused >= len(late), 20, "the late is refused"
        )
        assert taken_over(), "what another worker is at work on was taken from it"
    arena.llm.configure(latency=0.3)
    for name in ("worker", "worker2"):
        battle.strike(name, signal.SIGTERM)  # hands back what would take long
    arena.start("worker")
    battle.settle()


@pytest.mark.chaos
@pytest.mark.parametrize("latency", [2.0, 3.0])
def test_the_late_result_of_a_worker_that_slept_is_refused(arena: Arena, latency: float) -> None:
    arena.make_whole()
    arena.start("worker2")
    arena.until_ready("worker2")
    battle = arena.begin(40, latency=latency, keep=("worker2",))
    battle.until_in_flight("worker2", least=3)
    refused = arena.app.log.read_text().count("result dropped")
    with battle.frozen("worker2") as blow:
        battle.until(lambda: battle.done() == 40, 40, "the other worker finishes everything")
        arena.app.send("worker2", signal.SIGCONT)
        late = blow.fetching + blow.summarizing
        battle.until(
            lambda: arena.app.log.read_text().count("result dropped") - refused >= late, 20, "late results refused"
        )
    rows = battle.settle()
    assert sum(row.losses for row in rows) == late
