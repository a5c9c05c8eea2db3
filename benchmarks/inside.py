"""The product inside this process, in a new folder with its own database and broker, for what needs no worker."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable

import django
from django.conf import settings
from django.core.management import call_command

from summarizer.broker import Broker

_MILLISECONDS = 1000


def set_up() -> None:
    """To be called before anything that imports models. What it started ends with the process."""
    folder = tempfile.mkdtemp(prefix="ys-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ |= {"VAR_DIR": folder, "ENV_FILE": os.devnull, "LOG_LEVEL": "error"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "summarizer.settings"
    django.setup()
    if settings.EMBEDDED_BROKER:
        _start_broker(Broker(settings.BROKER_SOCKET.parent, settings.BROKER_SOCKET))
    call_command("migrate", "-v0")
    call_command("collectstatic", "--noinput", "-v0")


def _start_broker(broker: Broker) -> None:
    process = subprocess.Popen(broker.command(), pass_fds=[broker.lock()], stdout=subprocess.DEVNULL)
    atexit.register(process.kill)
    while not broker.is_ready():
        time.sleep(0.02)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time that the thread needs for it: what other processes do meanwhile does not count."""
    began = time.thread_time()
    work()
    return _MILLISECONDS * (time.thread_time() - began)
