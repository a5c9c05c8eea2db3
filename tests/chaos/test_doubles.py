"""Everything twice: workers of one name, sweepers, beats, doorbells. Nobody is asked for anything a second time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.chaos.arena import Arena
from tests.installation import ROOT

_SWEEPING = "from batches.tasks import sweep\nfor _ in range(40): sweep()"
_RINGING = """
from batches.tasks import _start_lane
for _ in range(60): _start_lane({batch!r})
"""


def beside(arena: Arena, code: str) -> subprocess.Popen[bytes]:
    """A process of the installation that runs `code`."""
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v0", "-c", code]
    with arena.app.log.open("ab") as log:
        return subprocess.Popen(command, env=arena.app.env, cwd=ROOT, stdout=log, stderr=log)


@pytest.mark.chaos
def test_two_workers_of_one_name_share_a_batch(arena: Arena) -> None:
    arena.make_whole()
    arena.start("worker2", node="worker")
    arena.until_ready("worker2")
    battle = arena.begin(60, keep=("worker2",))
    battle.until_in_flight("worker2", least=2)
    battle.until_in_flight("worker", least=2)
    battle.settle()


@pytest.mark.chaos
def test_the_death_of_one_of_two_workers_of_one_name_takes_nothing_from_the_other(arena: Arena) -> None:
    arena.make_whole()
    arena.start("worker2", node="worker")
    arena.until_ready("worker2")
    battle = arena.begin(80, latency=0.5, keep=("worker2",))
    battle.until_in_flight("worker2", least=2)
    battle.strike("worker2")
    arena.start("worker2", node="worker")
    rows = battle.settle()
    assert sum(row.losses for row in rows) <= battle.blows[0].fetching + battle.blows[0].summarizing


@pytest.mark.chaos
def test_sweepers_at_the_same_time_do_nothing_twice(arena: Arena) -> None:
    battle = arena.begin(80)
    sweepers = [beside(arena, _SWEEPING) for _ in range(2)]
    battle.until_in_flight(least=4)
    battle.strike("worker")
    arena.start("worker")
    assert [sweeper.wait(60) for sweeper in sweepers] == [0, 0]
    battle.settle()


@pytest.mark.chaos
def test_two_beats_do_nothing_twice(arena: Arena) -> None:
    arena.make_whole()
    arena.start("beat2")
    battle = arena.begin(40, keep=("beat2",))
    battle.until_in_flight(least=4)
    battle.strike("worker")
    arena.start("worker")
    battle.settle()


@pytest.mark.chaos
def test_doubled_doorbells_do_nothing_twice(arena: Arena) -> None:
    battle = arena.begin(60)
    ringing = beside(arena, _RINGING.format(batch=str(battle.id)))
    assert ringing.wait(60) == 0
    battle.settle()
