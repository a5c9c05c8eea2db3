"""What every test may use: the broker, the shared input, a browser; and a run that must not skip."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from django.conf import settings

from summarizer.broker import Broker

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OURS = "youtube-summarizer-tests"
_LONGEST = ("tests/e2e/", "tests/chaos/", "tests/test_")  # real processes
_NO_SHARED = "../shared is not here"


# -- waiting


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """`eventually(condition, seconds=10)` waits for a condition to become true, and fails when it does not."""

    def wait(condition: Callable[[], object], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not true within {seconds} s"
            time.sleep(0.02)

    return wait


# -- the broker


@pytest.fixture(scope="session", autouse=True)
def broker(eventually: Callable[..., None]) -> Iterator[str]:
    """The URL of the Redis that the settings name: an embedded server of this process, or the one of REDIS_URL.

    A Redis of REDIS_URL must be empty at the start, because every test begins with an empty one.
    """
    if settings.EMBEDDED_BROKER:
        server = Broker(settings.BROKER_SOCKET.parent, settings.BROKER_SOCKET)
        lock = server.lock()
        process = subprocess.Popen(server.command(), pass_fds=[lock], stdout=subprocess.DEVNULL)
        eventually(server.is_ready)
        yield f"unix://{settings.BROKER_SOCKET}?db=0"
        process.terminate()
        process.wait(10)
        server.unlock()
        return
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        if client.dbsize() and not client.exists(_OURS):
            pytest.exit("REDIS_URL names a database that is not empty. Tests empty it: give them one of their own.", 2)
        _empty(client)
        yield settings.REDIS_URL
        client.flushdb()


@pytest.fixture(autouse=True)
def _empty_broker(broker: str) -> Iterator[None]:
    """Leaves nothing in the broker for the next test: no queued message, no throttle's count."""
    yield
    # A test may have taken the broker away for good.
    with suppress(redis.ConnectionError), redis.Redis.from_url(broker) as client:
        _empty(client)


def _empty(client: redis.Redis) -> None:
    client.flushdb()
    client.set(_OURS, "may be emptied")  # a run that was killed must not lock out the next


# -- what is outside


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real input beside the project's root; skips where there is none."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip(_NO_SHARED)
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program: what CHROMIUM names, or one that is installed; skips where there is none."""
    for candidate in filter(None, (os.environ.get("CHROMIUM"), *_BROWSERS)):
        if found := shutil.which(candidate):
            return found
    pytest.skip("no Chromium: install it, or name its program in CHROMIUM")


# -- Ctrl-C


def pytest_configure() -> None:
    """A shell ignores Ctrl-C for what it starts in the background, and children inherit that: ours must hear it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# -- a run in which every test must run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that at the end no process works alone (with --no-loadscope-reorder).

    What holds for SQLite only is left out where it does not: that is no skip.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))
    if settings.SQLITE:
        return
    left_out = [item for item in items if item.get_closest_marker("sqlite_only")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """With REQUIRE_ALL=1 a skipped test has failed. Only CI must have ../shared; elsewhere what needs it is skipped."""
    if os.environ.get("REQUIRE_ALL") != "1" or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if _NO_SHARED in reason and os.environ.get("CI") != "true":
        return
    report.outcome = "failed"
    report.longrepr = f"REQUIRE_ALL=1, and this was skipped: {reason}"
