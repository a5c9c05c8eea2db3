"""An installation with something to show: finished samples, and a batch in the middle of its work."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.installation import PASSWORD, ROOT, Installation, eventually

EMAIL, NEWCOMER = "ada@example.org", "grace@example.org"
ERRORS = ("400", "403", "403_csrf", "413", "429", "500", "503")  # and 404, which is easily had


@contextmanager
def demo(folder: Path) -> Iterator[Installation]:
    """A running installation without a worker; EMAIL has something of everything, NEWCOMER nothing."""
    env = {"DATABASE_URL": "", "REDIS_URL": "", "DEBUG": ""}  # not 1: error pages are to be the real ones
    with Installation(folder, env, roles=("worker", "beat")) as app:
        app.manage("collectstatic", "--noinput")
        app.start("web")
        eventually(app.is_up, 60, "the web process answers")
        api = app.sign_up(EMAIL)
        command = [sys.executable, "-m", "tools.demo_data", EMAIL, NEWCOMER]
        filled = subprocess.run(command, env=app.env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        api.wait(filled.stdout.strip(), 120)
        app.kill("worker")
        app.kill("beat")
        yield app


def error_pages(app: Installation) -> dict[str, str]:
    """Name of each error page that cannot be had by asking for it -> its HTML, as the server renders it."""
    render = (
        "import json; from django.template.loader import render_to_string as render;"
        "print(json.dumps({name: render(name + '.html') for name in %r}))"
    )
    told: dict[str, str] = json.loads(app.manage("shell", "--verbosity=0", "-c", render % (ERRORS,)).stdout)
    return told


__all__ = ["EMAIL", "NEWCOMER", "PASSWORD", "demo", "error_pages"]
