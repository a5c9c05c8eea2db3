"""Settings of the test suite: the product's own, in a folder of its own, with a fast password hash.

DATABASE_URL and REDIS_URL are honoured, so the same suite runs on PostgreSQL and Redis. Nothing else of the
developer's environment or `.env` reaches a test: no key, no limit, no folder.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

_HONOURED = {"DATABASE_URL", "REDIS_URL"}
_XDIST_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _forget_the_developers_settings() -> None:
    """Every variable that the product would read is unset, except those above."""
    source = Path(__file__).resolve().parents[1] / "summarizer" / "settings.py"
    names = re.findall(r'env\.\w+\(\s*"([A-Z_0-9]+)"', source.read_text())
    for name in set(names) - _HONOURED:
        os.environ.pop(name, None)
    os.environ["ENV_FILE"] = os.devnull


def _folder_of_this_process() -> str:
    """A new folder, also for every worker of pytest-xdist: each has its own database, lock files and broker."""
    folder = tempfile.mkdtemp(prefix="ys-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _redis_of_this_process(url: str) -> str:
    """redis://host/9 for the first worker of pytest-xdist, redis://host/10 for the second."""
    server, _, number = url.rpartition("/")
    return f"{server}/{int(number or 0) + _XDIST_NUMBER}"


_forget_the_developers_settings()
os.environ["VAR_DIR"] = _folder_of_this_process()
if os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = _redis_of_this_process(os.environ["REDIS_URL"])

from summarizer.settings import *  # noqa: E402, F403
from summarizer.settings import DATABASES, SQLITE, STORAGES, VAR_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
if SQLITE:
    # A file: an in-memory database gives "table is locked" as soon as a live server shares it.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
