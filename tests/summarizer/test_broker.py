"""The embedded broker: what is queued survives, and one folder has one server."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from summarizer.broker import Broker, BrokerError
from summarizer.local import local_socket

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Broker]:
    socket = local_socket(tmp_path)
    broker = Broker(tmp_path / "broker", socket)
    yield broker
    broker.unlock()


@pytest.fixture
def start(server: Broker, eventually: Callable[..., None]) -> Iterator[Start]:
    processes: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        processes.append(subprocess.Popen(server.command(), pass_fds=[server.lock()]))
        eventually(server.is_ready)
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.wait(5)


def client(server: Broker) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.socket))


def test_what_is_queued_survives_a_kill(server: Broker, start: Start) -> None:
    first = start()
    with client(server) as connection:
        connection.rpush("queue", *range(3000))
    first.kill()
    first.wait(5)
    assert not server.is_ready()
    start()
    with client(server) as connection:
        assert connection.llen("queue") == 3000


def test_nobody_else_reaches_it(server: Broker, start: Start) -> None:
    start()
    assert server.folder.stat().st_mode & 0o077 == 0
    assert server.socket.stat().st_mode & 0o077 == 0
    with client(server) as connection:
        assert connection.config_get("port") == {"port": "0"}


def test_a_folder_open_to_others_is_closed(server: Broker) -> None:
    server.folder.mkdir(mode=0o755)
    server.lock()
    assert server.folder.stat().st_mode & 0o077 == 0


def test_an_orphan_ends_with_its_file_written_before_another_server_starts(
    server: Broker, start: Start, eventually: Callable[..., None]
) -> None:
    orphan = start()
    with client(server) as connection:
        connection.set("left", "behind")
    server.unlock()  # as when whoever started it was killed: only the server itself holds the lock now
    start()
    assert orphan.wait(5) == 0
    assert server.is_ready(), "the orphan's end has not taken the new one's socket away"
    with client(server) as connection:
        assert connection.get("left") == b"behind"


def test_a_server_that_does_not_let_go_is_named(server: Broker, start: Start) -> None:
    orphan = start()
    server.unlock()
    os.kill(orphan.pid, signal.SIGSTOP)
    try:
        with pytest.raises(BrokerError, match="does not end"):
            server.lock()
    finally:
        os.kill(orphan.pid, signal.SIGCONT)


def test_a_file_that_cannot_be_read_is_set_aside_after_two_fruitless_starts(server: Broker, start: Start) -> None:
    start().kill()
    manifest = server.folder / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("nonsense")
    lock = server.lock()
    broken = subprocess.run(server.command(), pass_fds=[lock], timeout=10, check=False)
    assert broken.returncode == 1
    assert server.clear_the_way(1) == ""
    assert "could not read its file" in server.clear_the_way(2)
    start()
    [aside] = server.folder.glob("appendonlydir.unreadable-*")
    assert (aside / manifest.name).read_text() == "nonsense"
    assert server.clear_the_way(0) == ""


def test_a_long_path_gets_a_socket_in_a_private_folder_of_its_own(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    socket = local_socket(deep)
    assert len(os.fsencode(socket)) < 104
    assert socket == local_socket(deep)
    assert socket != local_socket(tmp_path / ("e" * 90))
    broker = Broker(deep / "broker", socket)
    broker.lock()
    broker.unlock()
    assert socket.parent.stat().st_mode & 0o077 == 0
    socket.parent.rmdir()
