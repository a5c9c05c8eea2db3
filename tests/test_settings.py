"""The settings: documented to the last variable, shipped without secrets, and on the servers this run was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from batches import tasks
from summarizer.settings import env
from tools import document_settings

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("path", document_settings.FILES, ids=lambda path: str(path.name))
def test_every_setting_is_documented(path: Path) -> None:
    """`make settings` writes the files anew."""
    assert path.read_text() == document_settings.FILES[path]()


def test_every_setting_says_what_it_is_for() -> None:
    assert [setting.name for setting in env.settings.values() if not setting.help] == []


def test_the_example_changes_nothing_when_it_is_copied() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_all_keys_begin_with_the_prefix(broker: str) -> None:
    with redis.Redis.from_url(broker) as client:
        before = set(client.scan_iter())
        tasks.read_lists.apply_async(["of nobody"])
        cache.set("said", 1)
        written = set(client.scan_iter()) - before
    assert len(written) >= 2
    assert [key for key in written if not key.startswith(f"{settings.REDIS_PREFIX}:".encode())] == []


@pytest.mark.django_db
def test_the_suite_runs_on_the_servers_it_was_asked_to_run_on(broker: str) -> None:
    vendor = os.environ.get("EXPECT_VENDOR") or ("postgresql" if os.environ.get("DATABASE_URL") else "sqlite")
    assert connection.vendor == vendor
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()" if vendor == "postgresql" else "SELECT sqlite_version()")
        version = cursor.fetchone()[0]
    assert version.startswith("PostgreSQL" if vendor == "postgresql" else "3.")
    with redis.Redis.from_url(broker) as client:
        embedded = client.info("server").get("server_name") == "valkey"
    assert embedded == settings.EMBEDDED_BROKER


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"HEARTBEAT_SECONDS": "20"}, "Write a lease of at least two heartbeats"),
        ({"ENGINE_TIMEOUT": "60", "ITEM_DEADLINE_SECONDS": "60"}, "Write a longer time for one video"),
    ],
)
def test_values_that_do_not_go_together_stop_the_start(names: dict[str, str], said: str, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "ENV_FILE": os.devnull, **names}
    command = [sys.executable, "-c", "import summarizer.settings"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert said in done.stderr
