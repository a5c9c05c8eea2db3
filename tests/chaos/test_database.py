"""The database is away, and its disk is full."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.chaos.arena import Arena
from tests.chaos.conftest import Build
from tests.installation import Installation

log = logging.getLogger("chaos")


@contextmanager
def away(app: Installation) -> Iterator[None]:
    """Nobody can write; on PostgreSQL all are thrown out and nobody is let in."""
    if not app.env.get("DATABASE_URL"):
        with closing(sqlite3.connect(app.folder / "db.sqlite3", timeout=10, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")
        return
    name = sql.Identifier(app.database)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [app.database]
            )
            yield
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


@pytest.fixture(scope="module")
def arena(build: Build) -> Arena:
    """With the leases that users have: five seconds are nothing to them."""
    return build(LEASE_SECONDS="30", HEARTBEAT_SECONDS="2")


@pytest.mark.chaos
def test_a_database_that_is_away_for_five_seconds_fails_nothing(arena: Arena) -> None:
    battle = arena.begin(60)
    battle.storage_fails = True
    heard: list[dict[str, Any]] = []

    def listen() -> None:
        with arena.app.socket(arena.api, str(battle.id)) as socket:
            while not heard or heard[-1]["status"] != "completed":
                heard.append(json.loads(socket.recv(timeout=30))["data"])

    listener = Thread(target=listen)
    listener.start()
    battle.until_in_flight(least=4)
    with battle.frozen("worker", "the database is away", "blow"), away(arena.app):
        arena.app.send("worker", signal.SIGCONT)
        time.sleep(5)  # the length of the absence
    back, done = time.monotonic(), battle.done()
    battle.until(lambda: battle.done() > done, what="the work goes on")
    log.info("work completed again %.1f s after the database was back", time.monotonic() - back)
    battle.settle()
    listener.join(30)
    assert heard, "the socket said nothing"
    assert heard[-1]["status"] == "completed", "the socket fell silent"


@pytest.mark.chaos
def test_a_worker_that_starts_without_a_database_works_when_it_is_back(arena: Arena) -> None:
    battle = arena.begin(40)
    battle.storage_fails = True
    battle.until_in_flight(least=4)
    battle.strike("worker")
    with away(arena.app):
        arena.start("worker")
        time.sleep(5)  # the length of the absence, which its start falls into
    battle.settle()
    assert arena.app.hears("worker"), "it works, and does not say that it lives"


# -- a full disk: SQLite's own limit stands in for it, on whichever database the others run


@pytest.fixture
def small(build: Build) -> Arena:
    return build(DATABASE_URL="")


def checked(arena: Arena, pragma: str) -> str:
    return str(arena.app.rows(f"PRAGMA {pragma}")[0][0])


@pytest.mark.chaos
def test_a_full_disk_corrupts_nothing_and_is_gone_on_from(small: Arena) -> None:
    small.make_whole()
    small.app.kill("worker", signal.SIGTERM)
    battle = small.begin(40, without=("worker",))
    battle.storage_fails = True
    pages = int(checked(small, "page_count"))
    limit = {"DJANGO_SETTINGS_MODULE": "tests.chaos.small_disk", "MAX_PAGES": str(pages + 60)}
    small.start("worker", env=limit)

    battle.until(lambda: waits_for_storage(small, battle.id), what="the disk is full")
    log.info("full at %s of %d pages: %s", checked(small, "page_count"), pages + 60, battle.states())
    assert battle.done() > 0
    assert battle.states()["failed"] == 0
    answer = small.api.batch(str(battle.id))
    waiting = [item for item in answer["items"] if item["error_code"] == "storage_failed"]
    assert "disk" in waiting[0]["error_message"]
    assert checked(small, "integrity_check") == "ok"

    battle.strike("worker")
    small.start("worker")
    battle.settle(90)
    assert checked(small, "integrity_check") == "ok"
    assert small.app.rows("PRAGMA foreign_key_check") == []


def waits_for_storage(arena: Arena, batch_id: Any) -> bool:
    query = "SELECT 1 FROM batches_item WHERE batch_id = %s AND status = 'pending' AND error_code = 'storage_failed'"
    return bool(arena.app.rows(query, batch_id))
