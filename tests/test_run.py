"""`manage.py run` with real processes: what it starts, what it says, and that nothing is left of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("broker", "web", "worker", "beat")


def environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"VAR_DIR": str(folder), "ENV_FILE": os.devnull, "PORT": "0", "SLOTS": "2"} | dict(extra)


def run_and_fail(folder: Path, **extra: str) -> str:
    """The one sentence with which a start that cannot succeed ends."""
    command = [sys.executable, "manage.py", "run"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(folder, extra), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


class Run:
    """A running installation: what it printed so far, and its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.with_suffix(".log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                # Called from elsewhere, on purpose: a service manager does the same.
                [sys.executable, str(ROOT / "manage.py"), "run"],
                cwd=folder.parent,
                env=environment(folder, {}),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text()

    def pids(self, name: str) -> list[int]:
        """Every process that had this name, oldest first."""
        return [int(pid) for pid in re.findall(rf"^{name} *\| started as process (\d+)$", self.said(), re.MULTILINE)]

    @property
    def address(self) -> str:
        match = re.search(r"Open (http://\S+)", self.said())
        return match[1] if match else ""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, eventually: Callable[..., None]) -> Iterator[Run]:
    running = Run(tmp_path_factory.mktemp("run") / "var")
    try:
        eventually(lambda: running.address or running.process.poll() is not None, 120)
        assert running.address, running.said()
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(15)


def test_it_serves_and_says_where_and_what_to_do_first(run: Run) -> None:
    answer = httpx.get(f"{run.address}/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert f"Open {run.address} and sign up: the first account is the administrator." in run.said()
    assert httpx.get(run.address, follow_redirects=True).status_code == 200


def test_it_is_ready_when_a_worker_was_heard(run: Run, eventually: Callable[..., None]) -> None:
    eventually(lambda: httpx.get(f"{run.address}/readyz").status_code == 200, 30)
    assert httpx.get(f"{run.address}/readyz").json() == {"database": "ok", "broker": "ok", "worker": "ok"}


def test_what_it_keeps_is_for_its_owner_only(run: Run) -> None:
    assert (run.folder / "secret_key").stat().st_mode & 0o077 == 0
    assert (run.folder / "broker").stat().st_mode & 0o077 == 0


def test_a_second_start_on_the_folder_says_that_it_runs_already(run: Run) -> None:
    sentence = run_and_fail(run.folder)
    assert str(run.folder) in sentence
    assert f"as process {run.process.pid}" in sentence


def test_a_taken_port_is_named(run: Run, tmp_path: Path) -> None:
    port = run.address.rpartition(":")[2]
    assert run_and_fail(tmp_path / "var", PORT=port).startswith(f"Port {port} is taken.")


def test_a_killed_worker_is_replaced(run: Run, eventually: Callable[..., None]) -> None:
    [first] = run.pids("worker")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len(run.pids("worker")) == 2, 5)
    assert "worker ended by itself (SIGKILL). It starts again in 0.5 s." in run.said()
    assert httpx.get(f"{run.address}/healthz").text == "ok"


def test_after_sigterm_nothing_is_left_within_ten_seconds(run: Run, eventually: Callable[..., None]) -> None:
    """Last in this file: it ends the run. A browser that keeps its connection open does not hold it up."""
    host, _, port = run.address.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port))) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(64)
        began = time.monotonic()
        run.process.terminate()
        assert run.process.wait(12) == 0, run.said()
        assert time.monotonic() - began < 10
    assert not [pid for name in NAMES for pid in run.pids(name) if is_alive(pid)]
    assert run.said().rstrip().endswith("Stopped. What was unfinished goes on at the next start.")


def test_a_folder_that_cannot_be_written_is_named() -> None:
    assert "/dev/null/var cannot be written: Not a directory." in run_and_fail(Path("/dev/null/var"))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "http", "PORT is “http”. Write a whole number from 0 to 65535."),
        ("SIGNUP", "closed", "SIGNUP is “closed”. Write one of: first, open."),
        ("DATABASE_URL", "mysql://root@localhost/x", "DATABASE_URL must start with postgres:// or sqlite:///."),
        ("DEBUG", "0", "SECRET_KEY is not set. In production (DEBUG=0) write a long random value."),
        ("ENV_FILE", "/nowhere/.env", "ENV_FILE names /nowhere/.env, which does not exist."),
        ("BIND_ADDRESS", "not an address", "BIND_ADDRESS is “not an address”, which is no address."),
    ],
)
def test_a_bad_setting_is_said_in_a_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    assert run_and_fail(tmp_path, **{name: value}).startswith(sentence)


def test_a_database_that_is_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"postgres://somebody@127.0.0.1:{unheard.getsockname()[1]}/nothing?connect_timeout=2"
        assert run_and_fail(tmp_path, DATABASE_URL=url).startswith("The database cannot be used: ")
