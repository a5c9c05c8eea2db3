"""A SOCKS5 proxy on loopback that leads every connection to one address, whatever name was asked for."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import cast

NO_AUTHENTICATION, BY_PASSWORD = 0, 2
_BY_NAME = 3


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.asked_for: list[str] = []
        self.users: list[str] = []


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = cast(_Server, self.server)
        with suppress(OSError):
            self._greet(server)
            _, _, _, kind = self._read(4)
            name = self._read(self._read(1)[0] if kind == _BY_NAME else 4)
            (port,) = struct.unpack("!H", self._read(2))
            server.asked_for.append(f"{name.decode() if kind == _BY_NAME else socket.inet_ntoa(name)}:{port}")
            with socket.create_connection(server.target) as target:
                self.request.sendall(b"\x05\x00\x00\x01" + b"\x00" * 6)
                back = threading.Thread(target=_pump, args=(target, self.request), daemon=True)
                back.start()
                _pump(self.request, target)
                back.join(5)

    def _greet(self, server: _Server) -> None:
        _, count = self._read(2)
        methods = self._read(count)
        method = BY_PASSWORD if BY_PASSWORD in methods else NO_AUTHENTICATION
        self.request.sendall(bytes((5, method)))
        if method == BY_PASSWORD:
            _, length = self._read(2)
            server.users.append(self._read(length).decode())
            self._read(self._read(1)[0])
            self.request.sendall(b"\x01\x00")

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.request.recv(size - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class FakeSocks:
    """`with FakeSocks(port) as proxy:` leads to that port of this machine."""

    def __init__(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def asked_for(self) -> list[str]:
        """host:port of each connection."""
        return self._server.asked_for

    @property
    def users(self) -> list[str]:
        return self._server.users

    def __enter__(self) -> FakeSocks:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
