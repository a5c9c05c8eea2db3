"""Manners towards the database: what must not be lost while it is away, and holding nothing of it while waiting."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)
_PAUSE = 0.5


def patiently(write: Callable[[], None]) -> None:
    """Carries out a write, and again while the database is away or full, for as long as a lease lasts.

    For answers that were paid for. `write` must be a whole transaction that is guarded, since one whose commit was not
    confirmed is tried again. Raises what the database said last.
    """
    patience_ends = time.monotonic() + settings.LEASE_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            connection.close()  # a connection that was cut never mends
            if time.monotonic() > patience_ends:
                raise
            logger.warning("the database is away, trying again: %s", error)
        time.sleep(_PAUSE)


def let_go() -> None:
    """Gives this thread's connection back to the pool, before it waits for a network; the next query takes one again.

    So the connections in use are those of threads that compute, however many wait for models. SQLite has no pool.
    """
    if not settings.SQLITE and not connection.in_atomic_block:
        connection.close()
