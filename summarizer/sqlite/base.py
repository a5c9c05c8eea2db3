"""Django's SQLite backend, in which the threads of one process take turns to write.

SQLite has one writer at a time, and lets the others look again after 1, 2, 5 … 100 ms. Sixteen threads that write all
the time sleep through the moments in which they could, and some of them for seconds. Here they wait for each other at a
lock, which wakes the next at once; between processes SQLite's own waiting is left.
"""

from __future__ import annotations

import threading

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

_turn = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin when no other of this process is open; for `transaction_mode` IMMEDIATE.

    Raises `OperationalError`, as SQLite does, when its turn does not come within the `timeout` of its options.
    """

    _has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        if not _turn.acquire(timeout=self.settings_dict["OPTIONS"]["timeout"]):
            raise OperationalError("database is locked")
        self._has_turn = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # one that fails is followed by a rollback
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _turn.release()
