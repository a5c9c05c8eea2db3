"""An installation that runs against stand-ins for YouTube and the models, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from benchmarks.harness import ROOT
from tests.installation import Api, Installation, eventually

# What an installation has when nobody changes anything, where tests/installation.py is quicker and debugs.
_AS_SHIPPED = {"DEBUG": "", "SWEEP_SECONDS": "5", "HEARTBEAT_SECONDS": "2", "LEASE_SECONDS": "30"}


@dataclass(frozen=True)
class StandIns:
    """Base addresses of the fakes."""

    youtube: str
    llm: str

    @property
    def anthropic(self) -> str:
        return f"{self.llm}/anthropic"

    def configure(self, youtube_seconds: float, llm_seconds: float) -> None:
        """How long each request takes to be answered."""
        httpx.post(f"{self.youtube}/_config", json={"latency_ms": youtube_seconds * 1000}).raise_for_status()
        httpx.post(f"{self.llm}/_config", json={"latency": llm_seconds}).raise_for_status()


@dataclass(frozen=True)
class Stand:
    """What a benchmark needs: the installation, its one user, the stand-ins."""

    app: Installation
    api: Api
    fakes: StandIns

    def pid(self, process: str) -> int:
        return self.app.processes[process].pid

    def run(self, urls: list[str], seconds: float = 1200) -> dict[str, Any]:
        """The batch of these links, when it has ended. Polls seldom, so as not to be what is measured."""
        batch_id = self.api.create(urls, model="anthropic")["id"]
        deadline = time.monotonic() + seconds
        while (batch := self.api.batch(batch_id, "?items=none"))["status"] != "completed":
            assert time.monotonic() < deadline, batch
            time.sleep(0.25)
        assert batch["failed_videos"] == 0, self.api.batch(batch_id, "?items=failed")["items"][:3]
        return batch

    def bytes_to_broker(self) -> int:
        """What Redis has received so far, from everybody."""
        stats = cast("dict[str, Any]", self.app.redis().info("stats"))
        return int(stats["total_net_input_bytes"])


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    with _fake("tests.fakes.youtube") as youtube, _fake("tests.fakes.llm") as llm:
        yield StandIns(youtube, f"http://127.0.0.1:{json.loads(llm)['port']}")


@contextmanager
def _fake(module: str) -> Iterator[str]:
    """The first line that the module's process prints."""
    command = [sys.executable, "-m", module, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@contextmanager
def stand(env: Mapping[str, str] | None = None, roles: tuple[str, ...] = ("worker", "beat", "web")) -> Iterator[Stand]:
    """Everything started, with the gate off and models by the fake. On SQLite, unless DATABASE_URL names another."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ys-bench-")))
        fakes = stack.enter_context(stand_ins())
        given = {
            **_AS_SHIPPED,
            "SLOTS": "16",
            "YOUTUBE_BASE_URL": fakes.youtube,
            "YOUTUBE_PER_HOUR": "0",
            "ANTHROPIC_API_KEY": "benchmark",
            "ANTHROPIC_BASE_URL": fakes.anthropic,
            **(env or {}),
        }
        app = stack.enter_context(Installation(folder, given, ()))
        app.manage("collectstatic", "--noinput", "-v0")
        for role in roles:
            app.start(role)
        eventually(app.is_up, 30, "the web process answers")
        yield Stand(app, app.sign_up(), fakes)


class Videos:
    """Ids that were not used before in this process: ten minutes of speech each, about 1,200 words."""

    def __init__(self) -> None:
        self._next = 0

    def links(self, count: int) -> list[str]:
        first, self._next = self._next, self._next + count
        return [f"https://www.youtube.com/watch?v={self._id(number)}" for number in range(first, self._next)]

    def _id(self, number: int) -> str:
        return f"vid{number:08d}"


def database() -> str:
    return "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
