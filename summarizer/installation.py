"""An installation on one machine: the folder it keeps, the port it serves, and the processes it consists of."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import sys
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from summarizer.broker import Broker
from summarizer.supervisor import Service

# Beyond what the worker itself grants its videos: to write down what they came to.
_SPARE_SECONDS = 2
_LONGEST_GRACE = 7
_BROKER_GRACE = 2
# The other reader of the API's description, a third of all static files.
_UNUSED = ["redoc"]


class CannotStart(Exception):
    """The text is for the person at the terminal: one sentence on what is wrong, one on what to do."""


def claim_folder(folder: Path) -> int:
    """Locks `folder` for this process, making it if need be. Returns the descriptor that holds the lock.

    Raises `CannotStart` when it cannot be written, or when another start holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(f"{folder} cannot be written: {error.strerror}. Choose one with VAR_DIR=…") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.read(lock, 20).decode() or "unknown"
        os.close(lock)
        raise CannotStart(
            f"It runs already on {folder}, as process {pid}. Stop that first, or choose another folder with VAR_DIR=…"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 means any free one. Raises `CannotStart`.

    It is made here and handed to the web process, so that a taken port is noticed before anything else is done, and
    no request is refused while the web process starts anew.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server((str(address[0]), port), family=family, backlog=512)
    except socket.gaierror as error:
        raise CannotStart(f"BIND_ADDRESS is “{host}”, which is no address. Write 127.0.0.1 or 0.0.0.0.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"Port {port} is taken. Stop what uses it, or choose another with PORT=…") from error
        raise CannotStart(f"{host} port {port} cannot be opened: {error.strerror}. Choose another PORT.") from error


def collect_static() -> bool:
    """Puts the static files where they are served from, unless they lie there already. Returns whether it had to.

    Hashing and compressing them takes seconds, looking at their sizes and times milliseconds. Raises `CannotStart`.
    """
    stamp = Path(settings.VAR_DIR) / "static-collected"
    wanted = _fingerprint()
    try:
        if settings.STATIC_ROOT.is_dir() and stamp.is_file() and stamp.read_text() == wanted:
            return False
        # collectstatic leaves a file that looks newer than its source; ours begins anew. Other folders are not emptied.
        ours = settings.STATIC_ROOT.is_relative_to(settings.VAR_DIR)
        call_command("collectstatic", interactive=False, verbosity=0, clear=ours, ignore_patterns=_UNUSED)
        stamp.write_text(wanted)
    except OSError as error:
        raise CannotStart(
            f"{settings.STATIC_ROOT} cannot be written: {error.strerror}. Look at STATIC_ROOT."
        ) from error
    return True


def _fingerprint() -> str:
    """Changes when a static file, their destination or their treatment does."""
    digest = sha256(repr((settings.STATIC_ROOT, settings.STORAGES["staticfiles"])).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            seen = Path(storage.path(path)).stat()
            digest.update(repr((path, seen.st_size, seen.st_mtime_ns)).encode())
    return digest.hexdigest()


def embedded_broker() -> Broker | None:
    """The broker of this folder; None when REDIS_URL names another."""
    return Broker(settings.BROKER_SOCKET.parent, settings.BROKER_SOCKET) if settings.EMBEDDED_BROKER else None


def services(listener: socket.socket, broker: Broker | None) -> list[list[Service]]:
    """What runs, in the order in which it starts. Raises `BrokerError`."""
    rest = [_web(listener.fileno()), _worker(), _beat()]
    return [[_broker(broker)], rest] if broker else [rest]


def _broker(broker: Broker) -> Service:
    return Service(
        "broker",
        broker.command(),
        grace=_BROKER_GRACE,
        before=broker.clear_the_way,
        ready=broker.is_ready,
        inherits=(broker.lock(),),
        orphaned=signal.SIGTERM,  # it writes its file and goes; the others hold nothing that a lease does not cover
    )


def _web(descriptor: int) -> Service:
    level = "debug" if settings.LOG_LEVEL == "DEBUG" else "warning"
    options = [
        *("--fd", str(descriptor), "--lifespan", "off", "--log-level", level),
        *("--ws-ping-interval", "20", "--ws-ping-timeout", "20", "--timeout-graceful-shutdown", "3"),
        # Django decides whom to believe about the client's address and scheme: TRUSTED_PROXIES, HTTPS.
        *("--no-proxy-headers", "--no-server-header", "--no-access-log"),
    ]
    command = [*_python("uvicorn"), "summarizer.asgi:application", *options]
    return Service("web", command, grace=_LONGEST_GRACE, inherits=(descriptor,), environment=_environment())


def _worker() -> Service:
    options = [
        *("--pool", "threads", "--concurrency", str(settings.SLOTS), "--loglevel", settings.LOG_LEVEL),
        *("--hostname", f"worker-{token_hex(4)}@%h", "--without-mingle", "--without-gossip", "--without-heartbeat"),
    ]
    grace = min(settings.SHUTDOWN_GRACE_SECONDS + _SPARE_SECONDS, _LONGEST_GRACE)
    return Service("worker", [*_celery(), "worker", *options], grace=grace, environment=_environment())


def _beat() -> Service:
    command = [*_celery(), "beat", "--pidfile", "", "--loglevel", settings.LOG_LEVEL]
    return Service("beat", command, grace=_LONGEST_GRACE, environment=_environment())


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _celery() -> list[str]:
    return [*_python("celery"), "--quiet", "--app", "summarizer.celery"]


def _environment() -> dict[str, str]:
    """Our packages are found from wherever the command was called; relative paths in settings keep their meaning."""
    path = os.pathsep.join(filter(None, (str(settings.BASE_DIR), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


class Probe:
    """Asks the web process /healthz without ever waiting: `answered` is False until the answer is there."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._connection: socket.socket | None = None

    @property
    def address(self) -> str:
        """http://127.0.0.1:8000, also when all of this machine's addresses are served."""
        host, port = self._reachable()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def answered(self) -> bool:
        connection = self._connection or self._ask()
        try:
            answer = connection.recv(64)
        except BlockingIOError:
            return False
        except OSError:  # the web process died with our question; the next call asks again
            answer = b""
        connection.close()
        self._connection = None
        return b" 200 " in answer

    def _ask(self) -> socket.socket:
        self._connection = socket.create_connection(self._reachable())  # at once: the kernel answers for the listener
        self._connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        self._connection.setblocking(False)
        return self._connection

    def _reachable(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()[:2]
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104
