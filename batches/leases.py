"""Who holds what: one boot of one process, its heartbeat, and the flags that stop work which is no longer its own."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.utils import timezone

from batches import growth, lifecycle
from batches.models import Expansion, Item, Worker
from summarizer.errors import Stopped
from summarizer.records import Progress, Stage

logger = logging.getLogger(__name__)


class Holder:
    """One boot of one process: the holder of leases. `start` it before it claims; `stop` it when the process ends."""

    def __init__(self, name: str, slots: int) -> None:
        self.boot_id = uuid4()
        self.name = name
        self.slots = slots
        self._flags: dict[tuple[type, UUID, int], threading.Event] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._file: IO[str] | None = None
        self.leaving = threading.Event()
        self.share = (float("-inf"), 0)  # when a batch's fair share was looked up, and what it was

    # -- life

    def start(self) -> None:
        """Registers this boot, frees what dead boots on this host hold, and begins to beat."""
        self._file = _locked_file(self.boot_id)
        self._say_alive()
        free_dead_boots()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Ends the heartbeat and forgets this boot. Leases that are still held run out, or go to the next boot."""
        self._ended.set()
        Worker.objects.filter(boot_id=self.boot_id).delete()
        if self._file:
            Path(self._file.name).unlink(missing_ok=True)
            self._file.close()

    def leave(self) -> None:
        """Tells all work at hand to stop at its next sign of progress; it is handed back."""
        self.leaving.set()
        with self._lock:
            for flag in self._flags.values():
                flag.set()

    def _beat(self) -> None:
        while not self._ended.wait(settings.HEARTBEAT_SECONDS):
            try:
                self.renew()
            except DatabaseError as error:
                logger.warning("no heartbeat, the database is away: %s", error)
                close_old_connections()
            except Exception:
                # A heart that stops for a defect would cost every video that takes longer than a lease.
                logger.exception("no heartbeat, this time")
        connection.close()

    def renew(self) -> None:
        """One heartbeat: extends the leases, and flags the work whose lease or item is gone."""
        with self._lock:
            working = dict(self._flags)
        self._say_alive()
        if not working:
            return
        items = [pk for kind, pk, _ in working if kind is Item]
        lists = [pk for kind, pk, _ in working if kind is Expansion]
        held: set[tuple[type, UUID, int]] = set()
        if items:
            held |= {(Item, *key) for key in lifecycle.renew(self.boot_id, items)}
        if lists:
            held |= {(Expansion, *key) for key in growth.renew(self.boot_id, lists)}
        for key, flag in working.items():
            if key not in held:
                flag.set()

    def _say_alive(self) -> None:
        Worker.objects.update_or_create(
            boot_id=self.boot_id,
            defaults={"heard_at": timezone.now()},
            create_defaults={"name": self.name, "host": _place(), "pid": os.getpid(), "slots": self.slots},
        )

    # -- work

    @contextmanager
    def holding(self, work: Item | Expansion) -> Iterator[Progress]:
        """While inside, the lease of `work` is renewed. Yields the progress function that must be called meanwhile."""
        key, flag = (type(work), work.pk, work.attempt), threading.Event()
        with self._lock:
            self._flags[key] = flag

        def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
            if flag.is_set() or self.leaving.is_set():
                raise Stopped

        try:
            yield progress
        finally:
            with self._lock:
                self._flags.pop(key, None)


def free_dead_boots() -> int:
    """Takes the leases of boots on this host whose lock is gone, without waiting for them to run out."""
    freed = 0
    for worker in Worker.objects.filter(host=_place()):
        if not _is_alive(worker.boot_id):
            held = Item.objects.filter(lease_holder=worker.boot_id, status=Item.Status.PROCESSING)
            freed += lifecycle.expire(held)
            lists = Expansion.objects.filter(lease_holder=worker.boot_id, status=Expansion.Status.PROCESSING)
            freed += growth.expire(lists)
            worker.delete()
    return freed


def _place() -> str:
    """This machine and this installation's folder: where another boot's lock file can be looked at."""
    return f"{socket.gethostname()}:{settings.VAR_DIR}"[:200]


def _lock_path(boot_id: UUID) -> Path:
    return Path(settings.VAR_DIR) / "workers" / f"{boot_id}.lock"


def _locked_file(boot_id: UUID) -> IO[str]:
    path = _lock_path(boot_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _is_alive(boot_id: UUID) -> bool:
    """Whether somebody still locks the boot's file; the kernel lets go of it when a process dies, however it dies."""
    path = _lock_path(boot_id)
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    path.unlink(missing_ok=True)
    return False
