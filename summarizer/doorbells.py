"""Celery's transport for messages that may be lost: a broker that goes away takes no worker with it.

kombu 5.7 asks the closed connection when a channel closes with messages that are not acknowledged, and when a task that
began before the break is acknowledged after it. Celery calls either error unrecoverable and ends the worker, in the
middle of its videos. Here the database knows what is to be done, so neither is worth a question.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """Puts nothing back when it closes, and acknowledges nothing once it is closed."""

    do_restore = False
    _shared: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        """One client for all that is sent: kombu makes one for every command, which costs more than the command."""
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._shared is None or self._shared.connection_pool is not self.pool:  # the pool is new after a break
            self._shared = super()._create_client()  # type: ignore[no-untyped-call]
        return self._shared

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple=multiple)  # type: ignore[no-untyped-call]

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.closed:
            super().basic_reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    Channel: Any = Channel


def install() -> None:
    """Makes redis://, rediss:// and redis+socket:// mean this transport."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
