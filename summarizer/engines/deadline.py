"""An HTTP client that keeps its word about time: one deadline for a whole call, whatever the server does.

httpx2's own time-outs count from byte to byte, so a server that sends a byte a second holds a thread forever, and
nobody is asked in a long silence whether the work is still wanted. Here every wait on a socket is cut into short
slices: between them the deadline is checked and the caller's `tick` is called, which may raise to end the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore2
import httpx2

_SLICE = 0.5
_CONNECT = 10.0


class _Call:
    """The call that runs in this thread: when it must be over, and whom to ask whether it is still wanted."""

    def __init__(self, seconds: float, tick: Callable[[], None]) -> None:
        self._over = time.monotonic() + seconds
        self._tick = tick
        self._ticked = time.monotonic()

    def patience(self) -> float:
        """Seconds to wait before looking up again. Raises httpcore2's `ReadTimeout` when the time is used up."""
        now = time.monotonic()
        if now >= self._over:
            raise httpcore2.ReadTimeout("the call took longer than it may")
        if now - self._ticked >= _SLICE:
            self._ticked = now
            self._tick()
        return min(_SLICE, self._over - now)

    def remaining(self) -> float:
        self.patience()
        return max(self._over - time.monotonic(), 0.001)


_current: ContextVar[_Call | None] = ContextVar("call", default=None)


@contextmanager
def call_within(seconds: float, tick: Callable[[], None]) -> Iterator[None]:
    """Every request made in this block by a client of `bounded_client` is over in `seconds`, all of them together.

    A request that takes longer raises httpx2's `TimeoutException`; what `tick` raises comes through.
    """
    token = _current.set(_Call(seconds, tick))
    try:
        yield
    finally:
        _current.reset(token)


def _least(timeout: float | None, call: _Call | None) -> float | None:
    if call is None:
        return timeout
    remaining = call.remaining()
    return remaining if timeout is None else min(timeout, remaining)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        call = _current.get()
        if call is None:
            return self._inner.read(max_bytes, timeout)
        while True:
            patience = call.patience()
            try:
                return self._inner.read(max_bytes, patience)
            except httpcore2.ReadTimeout:
                continue  # only a slice is over; `patience` knows when the whole time is

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _least(timeout, _current.get()))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _least(timeout, _current.get())))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, inner: httpcore2.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        least = _least(timeout, _current.get())
        return _Stream(self._inner.connect_tcp(host, port, least, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def bounded_client() -> httpx2.Client:
    """A client for an SDK, safe to share between threads; it honours the usual proxy variables.

    Outside `call_within` it has httpx2's ordinary time-outs.
    """
    client = httpx2.Client(
        timeout=httpx2.Timeout(600, connect=_CONNECT),
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
        follow_redirects=False,  # a redirect would carry the key to another address
    )
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx2.HTTPTransport):
            # httpcore2 takes a backend as an argument, httpx2 has no way to hand one through. The drip tests notice
            # when an update moves these two attributes.
            transport._pool._network_backend = _Backend(transport._pool._network_backend)
    return client
