"""Runs a few processes until told to stop: starts them in order, names their output, restarts what dies, ends them all.

One thread and one selector: no lock, and it is safe to run code between fork and exec. docs/adr/0002.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: never between fork and exec
_PR_SET_PDEATHSIG = 1

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
# Who lived this long did not die of what killed the one before: the pauses begin anew.
_STEADY_SECONDS = 60.0
_TICK = 0.05
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _nothing_first(failures: int) -> str:
    return ""


def _at_once() -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Service:
    """One process to keep alive.

    `grace` is how many seconds it may take to end after SIGTERM. `before` is called before each start with the number
    of starts in a row that soon ended; what it returns is said to the user. `ready` tells whether the next stage may
    begin. `inherits` are descriptors to pass on. `orphaned` is the signal it gets when the supervisor was killed.
    `environment` replaces the supervisor's own.
    """

    name: str
    command: Sequence[str]
    grace: float
    before: Callable[[int], str] = _nothing_first
    ready: Callable[[], bool] = _at_once
    inherits: tuple[int, ...] = ()
    orphaned: signal.Signals = signal.SIGKILL
    environment: Mapping[str, str] | None = None


class _Child:
    """One life of a service. Its output and errors come through one pipe."""

    def __init__(self, service: Service) -> None:
        self.pipe, theirs = os.pipe()
        os.set_blocking(self.pipe, False)
        self._rest = b""
        self.mute = False
        self.started = time.monotonic()
        try:
            self._popen = subprocess.Popen(  # noqa: S603  # our own command lines
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                pass_fds=service.inherits,
                # A group of its own: Ctrl-C reaches the supervisor alone, which then ends everybody in order.
                process_group=0,
                preexec_fn=die_with_parent(service.orphaned),
                env=service.environment,
            )
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def code(self) -> int | None:
        """None while it lives."""
        return self._popen.poll()

    def signal(self, number: signal.Signals) -> None:
        """To the process and whatever it has started."""
        if self.code() is None:
            os.killpg(self._popen.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def lines(self) -> list[str]:
        """The whole lines that have come since the last call, and at the end the unfinished one too."""
        ended = self.code() is not None
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.pipe, 1 << 16):
                self._rest += data
                if not ended:
                    break  # one who never stops talking must not keep us from the others
            self.mute = not data
        *lines, self._rest = self._rest.split(b"\n")
        if (ended or self.mute) and self._rest:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace").rstrip() for line in lines]


class _Post:
    """The place of a service: who holds it now, or when it is filled again."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.child: _Child | None = None
        self.failures = 0
        self.restart_at: float | None = None

    def schedule(self, lived: float, now: float) -> float:
        """Notes the end of a child that lived so many seconds. Returns the pause before the next, in seconds."""
        self.failures = 1 if lived > _STEADY_SECONDS else self.failures + 1
        pause: float = min(_FIRST_PAUSE * 2 ** (self.failures - 1), _LONGEST_PAUSE)
        self.restart_at = now + pause
        return pause


class Supervisor:
    """`stages` start one after the other, each when the one before is ready, and end in the opposite order."""

    def __init__(
        self, stages: Sequence[Sequence[Service]], serving: Callable[[], bool], greet: Callable[[], None]
    ) -> None:
        """`greet` is called once, as soon as `serving` says True. `serving` must not block."""
        self._stages = [[_Post(service) for service in stage] for stage in stages]
        self._posts = [post for stage in self._stages for post in stage]
        self._serving = serving
        self._greet = greet
        self._width = max(len(post.service.name) for post in self._posts)
        self._selector = selectors.DefaultSelector()
        self._stops = 0

    def run(self) -> None:
        """Returns when a stop was asked for, by SIGINT, SIGTERM or SIGHUP, and every process is gone."""
        with _waking(self._selector, self._asked_to_stop):
            try:
                self._start_all()
                while not self._stops:
                    self._turn(idle=True)
            finally:
                self._stop_all()

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self._stops += 1

    # -- the loop

    def _start_all(self) -> None:
        for stage in self._stages:
            for post in stage:
                self._start(post)
            while not self._stops and not all(post.child and post.service.ready() for post in stage):
                self._turn()
            if self._stops:
                return
        while not self._stops and not self._serving():
            self._turn()
        if not self._stops:
            self._greet()

    def _turn(self, *, idle: bool = False) -> None:
        """One round: pass output on, notice who died, restart who is due. `idle` sleeps until something happens."""
        waiting = any(post.restart_at for post in self._posts)
        self._listen(None if idle and not waiting else _TICK)
        now = time.monotonic()
        for post in self._posts:
            code, lived = self._bury(post)
            if code is not None:
                pause = post.schedule(lived, now)
                _say(f"{post.service.name} ended by itself ({_how(code)}). It starts again in {pause:g} s.")
            if post.restart_at and now >= post.restart_at:
                self._start(post)

    def _start(self, post: _Post) -> None:
        if said := post.service.before(post.failures):
            _say(said)
        post.restart_at = None
        post.child = _Child(post.service)
        self._selector.register(post.child.pipe, selectors.EVENT_READ, post)
        self._tell(post, f"started as process {post.child.pid}")

    def _bury(self, post: _Post) -> tuple[int | None, float]:
        """(its exit code, the seconds it lived) of a child that has ended, and its last words; else (None, 0)."""
        child = post.child
        if child is None or (code := child.code()) is None:
            return None, 0
        self._pass_on(post)
        if not child.mute:
            self._selector.unregister(child.pipe)
        os.close(child.pipe)
        post.child = None
        return code, time.monotonic() - child.started

    def _listen(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, _Post):
                self._pass_on(key.data)
            else:
                key.data()

    def _pass_on(self, post: _Post) -> None:
        child = post.child
        if child is None or child.mute:
            return
        for line in child.lines():
            self._tell(post, line)
        if child.mute:  # a closed pipe is readable forever: no more of it
            self._selector.unregister(child.pipe)

    def _tell(self, post: _Post, line: str) -> None:
        _say(f"{post.service.name:{self._width}} | {line}")

    # -- the end

    def _stop_all(self) -> None:
        """SIGTERM, stage by stage; SIGKILL for who outlives their grace, and for all at the second Ctrl-C."""
        for stage in reversed(self._stages):
            for post in stage:
                if post.child:
                    post.child.signal(signal.SIGTERM)
            deadline = time.monotonic() + max(post.service.grace for post in stage)
            while any(post.child for post in stage) and time.monotonic() < deadline and self._stops < 2:
                self._listen(_TICK)
                for post in stage:
                    self._bury(post)
            for post in stage:
                if post.child:
                    post.child.kill()
                    self._bury(post)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For a child between fork and exec: has the kernel send it `number` when its parent dies, even of SIGKILL.

    Without it a killed supervisor leaves a worker behind that no Ctrl-C reaches, and a server on the port. Only Linux
    has it; elsewhere the next start takes the broker back by its lock, and says that the port is taken. The request
    survives exec. Strictly it is the death of the forking *thread* that counts: the supervisor has but one.
    """
    parent = os.getpid()

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, number.value)
            if os.getppid() != parent:  # it died before the request was made
                os._exit(1)

    return prepare


@contextlib.contextmanager
def _waking(selector: selectors.BaseSelector, stop: Callable[[int, object], None]) -> Iterator[None]:
    """While inside, a stop signal calls `stop`, and any signal, SIGCHLD too, ends a selector's sleep at once."""
    ears, mouth = socket.socketpair()
    for end in (ears, mouth):
        end.setblocking(False)
    selector.register(ears, selectors.EVENT_READ, lambda: ears.recv(4096))
    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
    descriptor = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
        selector.unregister(ears)
        ears.close()
        mouth.close()


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # whoever read us is gone; the work goes on
        print(line, flush=True)  # noqa: T201  # the terminal is the user interface here


def _how(code: int) -> str:
    return f"code {code}" if code >= 0 else signal.Signals(-code).name
