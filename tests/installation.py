"""A whole installation in a folder of its own: real web, worker, beat and broker processes, reached over real HTTP.

    with Installation(tmp_path) as app:
        api = app.sign_up()
        batch = api.create(["https://youtu.be/…"])
        api.wait(batch["id"])

Each process can be killed and started again by name. On SQLite and an embedded broker, or, where DATABASE_URL and
REDIS_URL are set, on a database made for it on that server and on that Redis.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
import psycopg
import redis
from websockets.sync.client import ClientConnection, connect

from summarizer.broker import Broker
from summarizer.local import local_socket

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "correct horse battery staple"
# Quick, so that tests wait for what they test and not for the clock.
QUICK = {"SWEEP_SECONDS": "0.5", "HEARTBEAT_SECONDS": "0.3", "LEASE_SECONDS": "3", "SHUTDOWN_GRACE_SECONDS": "2"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(condition: Callable[[], Any], seconds: float = 20, what: str = "", every: float = 0.03) -> Any:
    """The first true answer of `condition`, asked for `every` so many seconds; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(every)
    return answer


@cache
def _migrated_file() -> Path:
    """An empty SQLite database, to be copied: migrating takes longer than all else that an installation starts with."""
    folder = Path(tempfile.mkdtemp(prefix="ys-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(folder), "ENV_FILE": os.devnull, "DEBUG": "1"}
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"], env=env, cwd=ROOT, check=True)
    file = folder / "db.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = DELETE")  # all in one file
    return file


def _stored(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value


class Api:
    """One user's client of the REST API."""

    def __init__(self, base_url: str, token: str) -> None:
        self.token = token
        # Shorter than the server keeps connections: a request on one that it is closing just then would fail.
        limits = httpx.Limits(keepalive_expiry=2)
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=base_url, headers=headers, timeout=30, limits=limits)

    def create(self, urls: list[str], **body: Any) -> dict[str, Any]:
        return self._json(self.http.post("/api/batch/create", json={"urls": urls, **body}), 201)

    def batch(self, batch_id: str, query: str = "") -> dict[str, Any]:
        return self._json(self.http.get(f"/api/batch/{batch_id}{query}"))

    def wait(self, batch_id: str, seconds: float = 60) -> dict[str, Any]:
        """The batch when it has ended."""

        def ended() -> bool:
            state: str = self.batch(batch_id, "?items=none")["status"]
            return state in ("completed", "cancelled")

        try:
            eventually(ended, seconds, "the batch ends", every=0.15)  # a user may ask twenty times a second
        except AssertionError as error:
            raise AssertionError(json.dumps(self.batch(batch_id), indent=1)[:5000]) from error
        return self.batch(batch_id)

    def _json(self, answer: httpx.Response, status: int = 200) -> dict[str, Any]:
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        body: dict[str, Any] = answer.json()
        return body


class Installation:
    """See the module. `roles` says which processes start with it.

    `env` adds to the processes' environment; an empty DATABASE_URL or REDIS_URL there asks for SQLite or an embedded
    broker whatever the tests' own environment says.
    """

    def __init__(
        self, folder: Path, env: Mapping[str, str] | None = None, roles: tuple[str, ...] = ("worker", "beat", "web")
    ) -> None:
        self.folder, self.roles = folder, roles
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.env = self._environment(env or {})
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._apis: list[Api] = []
        self.log = folder / "log.txt"

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        names = ("PATH", "HOME", "LANG", "TMPDIR")
        env = {name: os.environ[name] for name in names if name in os.environ}
        env |= {"VAR_DIR": str(self.folder), "ENV_FILE": os.devnull, "PYTHONUNBUFFERED": "1", "SLOTS": "8", **QUICK}
        self._server_database = extra.get("DATABASE_URL", os.environ.get("DATABASE_URL", ""))
        if self._server_database:
            self.database = f"ys_{secrets.token_hex(6)}"
            env["DATABASE_URL"] = self._server_database.rpartition("/")[0] + "/" + self.database
        if os.environ.get("REDIS_URL"):
            env |= {"REDIS_URL": os.environ["REDIS_URL"], "REDIS_PREFIX": f"ys-{secrets.token_hex(6)}"}
        rest = {name: value for name, value in extra.items() if name != "DATABASE_URL"}
        return env | {"DEBUG": "1", **rest}

    # -- life

    def __enter__(self) -> Self:
        if self._server_database:
            with psycopg.connect(self._server_database, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {self.database}")
        try:
            self._start_all()
        except BaseException:
            self._end_all()
            raise
        return self

    def _start_all(self) -> None:
        if not self.env.get("REDIS_URL"):
            self.start("broker")
        if self._server_database:
            self.manage("migrate", "-v0")
        else:
            shutil.copy(_migrated_file(), self.folder / "db.sqlite3")
        for role in self.roles:
            self.start(role)
        if "web" in self.roles:
            eventually(self.is_up, 30, "the web process answers")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_all()

    def _end_all(self) -> None:
        for api in self._apis:
            api.http.close()
        for name in [*self.processes]:
            self.kill(name)
        if self._server_database:
            with psycopg.connect(self._server_database, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {self.database} WITH (FORCE)")

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.env, cwd=ROOT, check=check, capture_output=True, text=True, timeout=120)

    # -- processes

    def start(self, name: str, node: str = "", env: Mapping[str, str] | None = None) -> None:
        """Starts "broker", "web", "beat", or a worker ("worker", "worker2" …), and waits for the broker.

        `node` is the worker's name at Celery, its own unless another one's is given; `env` adds to its environment.
        """
        options: dict[str, Any] = {}
        if name == "broker":
            socket_path = local_socket(self.folder)
            self.broker = Broker(socket_path.parent, socket_path)
            options["pass_fds"] = [self.broker.lock()]
            command = self.broker.command()
        else:
            command = self._command(name, node or name)
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env={**self.env, **(env or {})},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **options,
            )
        if name == "broker":
            eventually(self.broker.is_ready, 10, "the broker answers")

    def _command(self, name: str, node: str) -> list[str]:
        if name == "web":
            options = ["--host", "127.0.0.1", "--port", str(self.port), "--lifespan", "off", "--log-level", "warning"]
            return [sys.executable, "-m", "uvicorn", "summarizer.asgi:application", *options]
        celery = [sys.executable, "-m", "celery", "-A", "summarizer.celery"]
        if name.startswith("beat"):
            return [*celery, "beat", "-s", str(self.folder / f"{name}-schedule"), "--pidfile=", "-l", "warning"]
        threads = ["-P", "threads", "-c", self.env["SLOTS"]]
        quiet = ["--without-mingle", "--without-gossip", "-l", "info"]
        return [*celery, "worker", *threads, "-n", f"{node}@%h", *quiet]

    def kill(self, name: str, sign: int = signal.SIGKILL) -> None:
        """Ends the process by a signal, and waits until it is gone."""
        process = self.processes.pop(name)
        process.send_signal(sign)
        process.wait(30)
        if name == "broker":
            self.broker.unlock()

    def send(self, name: str, sign: int) -> None:
        self.processes[name].send_signal(sign)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says, asked directly and without a lock; `%s` stands for a value."""
        if self._server_database:
            with psycopg.connect(self.env["DATABASE_URL"]) as connection:
                return connection.execute(query, values).fetchall()
        address = f"file:{self.folder / 'db.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as file:
            return file.execute(query.replace("%s", "?"), [_stored(value) for value in values]).fetchall()

    def transactions(self) -> set[tuple[Any, ...]]:
        """Those under way, by process and beginning, also what waits for a lock that it would then keep.

        SQLite has one writer at a time and does not tell who: all its transactions look alike.
        """
        if self._server_database:
            query = "SELECT pid, xact_start FROM pg_stat_activity WHERE datname = current_database()"
            return set(self.rows(f"{query} AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"))
        try:  # the lock is on the whole file
            with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=0, isolation_level=None)) as file:
                file.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return {("somebody writes",)}
        return set()

    def hears(self, name: str) -> bool:
        """Whether this worker process is ready and has said so."""
        return bool(self.rows("SELECT 1 FROM batches_worker WHERE pid = %s", self.processes[name].pid))

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/api/schema", timeout=5).status_code in (200, 401)
        except httpx.HTTPError:
            return False

    # -- who uses it

    def sign_up(self, email: str = "owner@example.org") -> Api:
        """A new account's client. Needs SIGNUP=open for everybody but the first."""
        account = {"email": email, "password": PASSWORD}
        with httpx.Client(base_url=self.base_url, timeout=30) as http:
            answer = http.post("/api/auth/register", json=account)
            assert answer.status_code == 201, answer.text
            answer = http.post("/api/auth/login", json=account)
            assert answer.status_code == 200, answer.text
        self._apis.append(Api(self.base_url, answer.json()["access_token"]))
        return self._apis[-1]

    @contextmanager
    def socket(self, api: Api, batch_id: str, since: int = 0) -> Iterator[ClientConnection]:
        url = f"ws://127.0.0.1:{self.port}/ws/batch/{batch_id}?since={since}"
        with connect(url, additional_headers={"Authorization": f"Bearer {api.token}"}, open_timeout=10) as connection:
            yield connection

    def redis(self) -> redis.Redis:
        if url := self.env.get("REDIS_URL"):
            return redis.Redis.from_url(url)
        return redis.Redis(unix_socket_path=str(local_socket(self.folder)))

    def __repr__(self) -> str:
        return f"Installation({self.base_url}, {sorted(self.processes)})"
