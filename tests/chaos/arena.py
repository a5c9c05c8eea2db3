"""A batch that real processes work on while they are struck: what was struck, with what, and what was in flight.

    battle = arena.begin(40)
    battle.until(lambda: battle.done() >= 10)
    battle.strike("worker")
    arena.start("worker")
    battle.settle()

Conditions are read from the database directly, which costs the installation nothing and has no rate limit.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.chaos import ledger
from tests.fakes.llm import FakeLLM
from tests.fakes.youtube import FakeYouTube
from tests.installation import Api, Installation, eventually

log = logging.getLogger("chaos")
_numbers = itertools.count()
_LIVING = ("worker", "beat", "web")


@dataclass(frozen=True)
class Blow:
    """One blow, and what the struck process held when it came: videos being fetched, and being summarized."""

    what: str
    pid: int
    sign: str
    fetching: int
    summarizing: int
    in_flight: int
    done: int

    def __str__(self) -> str:
        held = f"it held {self.fetching} fetching, {self.summarizing} summarizing"
        return f"{self.sign} {self.what} (pid {self.pid}): {held}; {self.in_flight} in flight, {self.done} done"


@dataclass
class Battle:
    """One batch under blows."""

    app: Installation
    youtube: FakeYouTube
    llm: FakeLLM
    api: Api
    ids: list[str]
    model: str
    id: UUID = field(init=False)
    blows: list[Blow] = field(default_factory=list)
    storage_fails: bool = False

    def __post_init__(self) -> None:
        self.calls_before = int(self.llm.stats()["calls"])
        links = [f"https://www.youtube.com/watch?v={video_id}" for video_id in self.ids]
        self.id = UUID(self.api.create(links, model=self.model)["id"])

    # -- looking

    def states(self) -> Counter[str]:
        query = "SELECT status, COUNT(*) FROM batches_item WHERE batch_id = %s GROUP BY status"
        return Counter(dict(self.app.rows(query, self.id)))

    def done(self) -> int:
        return self.states()["completed"]

    def status(self) -> str:
        return str(self.app.rows("SELECT status FROM batches_batch WHERE id = %s", self.id)[0][0])

    def calls(self) -> int:
        return int(self.llm.stats()["calls"]) - self.calls_before

    def held_by(self, pid: int) -> Counter[str]:
        """How many items the process of this id holds, by stage: transcript or summarizing."""
        query = (
            "SELECT CASE WHEN i.transcript_id IS NULL THEN 'transcript' ELSE 'summarizing' END, COUNT(*) "
            "FROM batches_item i JOIN batches_worker w ON w.boot_id = i.lease_holder "
            "WHERE i.batch_id = %s AND i.status = 'processing' AND w.pid = %s GROUP BY 1"
        )
        return Counter(dict(self.app.rows(query, self.id, pid)))

    def until(self, condition: Callable[[], Any], seconds: float = 60, what: str = "") -> Any:
        try:
            return eventually(condition, seconds, what)
        except AssertionError as error:
            self._ask_what_workers_do()
            raise AssertionError(f"{error}; {dict(self.states())}, batch {self.status()}") from error

    def _ask_what_workers_do(self) -> None:
        """For whoever looks for the cause: Celery writes the stacks of all threads into the log."""
        for name, process in self.app.processes.items():
            if name.startswith("worker") and process.poll() is None:
                process.send_signal(signal.SIGUSR1)
        log.info("see %s", self.app.log)

    def until_in_flight(self, name: str = "worker", least: int = 4) -> None:
        """Until that worker holds so many items, of which the model is asked about one at least."""
        pid = self.app.processes[name].pid

        def busy() -> bool:
            return self.held_by(pid).total() >= least and self.llm.stats()["in_flight"] > 0

        self.until(busy, what=f"{name} holds {least}")

    # -- striking

    @contextmanager
    def frozen(
        self, name: str = "worker", what: str = "", sign: str = "SIGSTOP", *, writing: bool = False
    ) -> Iterator[Blow]:
        """Stops a process in its tracks, so that what it holds is known exactly; it goes on afterwards if it lives.

        Not in the middle of a write, unless `writing` may be: its lock would stop everybody else, too.
        """
        process = self.app.processes[name]
        self.until(lambda: self._stands_still(process, writing), 30, f"{name} stands still")
        held, states = self.held_by(process.pid), self.states()
        counts = held["transcript"], held["summarizing"], states["processing"], states["completed"]
        blow = Blow(what or name, process.pid, sign, *counts)
        self.blows.append(blow)
        log.info("%s", blow)
        try:
            yield blow
        finally:
            if name in self.app.processes:
                process.send_signal(signal.SIGCONT)

    def _stands_still(self, process: subprocess.Popen[bytes], writing: bool) -> bool:
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: _state(process.pid) in "TZX", 5, "the signal arrives")
        if writing:
            return True
        standing = self.app.transactions()
        for _ in range(20):  # those of living processes end meanwhile
            if not standing:
                return True
            standing &= self.app.transactions()
        process.send_signal(signal.SIGCONT)
        return False

    def strike(self, name: str, sign: signal.Signals = signal.SIGKILL) -> Blow:
        """A real signal to a real process. Returns when the process is gone."""
        with self.frozen(name, sign=sign.name, writing=True) as blow:
            if sign != signal.SIGKILL:
                self.app.send(name, signal.SIGCONT)
            self.app.kill(name, sign)
        return blow

    def note(self, what: str) -> None:
        """A blow at the surroundings, which costs no call and no fetch."""
        states = self.states()
        self.blows.append(Blow(what, 0, "blow", 0, 0, states["processing"], states["completed"]))
        log.info("%s", self.blows[-1])

    # -- the end

    def settle(self, seconds: float = 60, **expected: int) -> list[ledger.Row]:
        """Waits for the end, and holds everything against everything. `expected`: items by status; else all done."""
        started = time.monotonic()
        self.until(lambda: self.status() in ("completed", "cancelled"), seconds, "the batch ends")
        log.info("ended %.1f s later after %d blows: %s", time.monotonic() - started, len(self.blows), self.states())
        return ledger.settle(self, expected or {"completed": len(self.ids)})


class Arena:
    """An installation, its stand-ins, and its owner."""

    def __init__(self, app: Installation, youtube: FakeYouTube, llm: FakeLLM) -> None:
        self.app, self.youtube, self.llm = app, youtube, llm
        self.api = app.sign_up()

    def begin(
        self,
        count: int = 40,
        model: str = "anthropic",
        latency: float = 0.3,
        keep: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        **config: Any,
    ) -> Battle:
        """A new batch of videos that nobody has asked for before, in an installation that is whole.

        Its processes are one worker, beat, web and the broker, those to `keep`, and not those to do `without`. `config`
        is for the fake models.
        """
        self.make_whole(keep, without)
        self._end_what_is_left()
        self.llm.configure(**{"latency": latency, "chunk_latency": 0.0, "chunks": 8, "behaviours": [], **config})
        self.youtube.configure(latency_ms=20)
        prefix = f"c{next(_numbers):03d}_"
        ids = [f"{prefix}{number:06d}" for number in range(count)]
        return Battle(self.app, self.youtube, self.llm, self.api, ids, model)

    def make_whole(self, keep: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> None:
        """Starts what an earlier test has left dead, and ends what it has left over."""
        for name in [*self.app.processes]:
            if self.app.processes[name].poll() is not None or name not in (*_LIVING, "broker", *keep):
                self.app.kill(name)
        if not self.app.env.get("REDIS_URL") and "broker" not in self.app.processes:
            self.start("broker")
        for name in _LIVING:
            if name not in self.app.processes and name not in without:
                self.app.start(name)
        if "worker" not in without:
            self.until_ready("worker")
        eventually(self.app.is_up, 30, "the web process answers")

    def _end_what_is_left(self) -> None:
        """What a failed test has left running must not be counted in the next."""
        for (left,) in self.app.rows("SELECT id FROM batches_batch WHERE status IN ('pending', 'processing')"):
            self.api.http.post(f"/api/batch/{left if isinstance(left, UUID) else UUID(left)}/cancel")
        self.llm.configure(latency=0.0, chunk_latency=0.0)
        self.llm.end_pauses()
        eventually(lambda: self.llm.stats()["in_flight"] == 0, 30, "the models are idle")

    def start(self, name: str, **options: Any) -> None:
        self.app.start(name, **options)

    def until_ready(self, name: str) -> None:
        eventually(lambda: self.app.hears(name), 30, f"{name} is ready")


def _state(pid: int) -> str:
    """The kernel's letter for a process: T stopped, Z ended and not yet waited for; X when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X" if os.name == "posix" else "?"
