"""Beat's scheduler: what is due runs in beat's own process, one after the other.

As a message the sweep would stand in line behind the videos. When all slots are busy it would expire there, and just
then nobody would notice a dead worker, or begin the batch of somebody else.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error as DatabaseError
from django.db import close_old_connections

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # celery ships no types
    """Needs no broker, so that it also works while that is away."""

    producer = None

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> None:
        entry = self.reserve(entry) if advance else entry
        try:
            self.app.tasks[entry.task](*entry.args, **entry.kwargs)
        except DatabaseError as error:
            logger.warning("%s comes later, the database is away: %s", entry.name, error)
        finally:
            close_old_connections()
