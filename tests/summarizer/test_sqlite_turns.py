"""Threads of one process that write to SQLite take turns: nobody has to look again and again, and no turn is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper as DjangosWrapper

from accounts.models import User
from tests.batches.builders import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def others() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def write(user: User, name: str) -> None:
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(name=name)


def write_elsewhere(user: User, name: str) -> None:
    """From a thread of its own, which SQLite itself refuses at once while somebody else writes."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
        write(user, name)
    finally:
        connection.close()


def test_who_writes_waits_until_the_one_before_has_committed(user: User, others: ThreadPoolExecutor) -> None:
    with transaction.atomic():
        write(user, "first")
        waiting = [others.submit(write_elsewhere, user, f"later {number}") for number in range(20)]
    for each in waiting:
        each.result(10)

    user.refresh_from_db()
    assert user.name.startswith("later")


def _fails() -> None:
    raise ZeroDivisionError


def _loses_its_connection() -> None:
    connection.close()


class _Full:
    """A connection to a disk that is full when it commits."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        raise sqlite3.OperationalError("database or disk is full")


def _cannot_commit() -> None:
    connection.connection = _Full(connection.connection)


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (_fails, ZeroDivisionError),
        (_loses_its_connection, ProgrammingError),
        (_cannot_commit, OperationalError),
    ],
)
def test_a_turn_ends_however_the_transaction_does(
    user: User, others: ThreadPoolExecutor, end: Callable[[], None], error: type[Exception]
) -> None:
    def write_in_vain() -> None:
        with transaction.atomic():
            write(user, "lost")
            end()
            write(user, "lost too")

    with pytest.raises(error):
        write_in_vain()

    others.submit(write_elsewhere, user, "next").result(10)
    user.refresh_from_db()
    assert user.name == "next"
    connection.close()  # the full disk


def test_who_cannot_begin_keeps_no_turn(user: User, others: ThreadPoolExecutor, monkeypatch: Any) -> None:
    def broken(self: object) -> None:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(DjangosWrapper, "_start_transaction_under_autocommit", broken)
        with pytest.raises(OperationalError, match="I/O"):
            write(user, "lost")

    others.submit(write_elsewhere, user, "next").result(10)


def test_who_waits_too_long_is_told_what_sqlite_says(user: User, others: ThreadPoolExecutor, monkeypatch: Any) -> None:
    def hurried() -> None:
        connection.settings_dict["OPTIONS"] = connection.settings_dict["OPTIONS"] | {"timeout": 0.01}
        write_elsewhere(user, "lost")

    monkeypatch.setitem(connection.settings_dict, "OPTIONS", connection.settings_dict["OPTIONS"])
    with transaction.atomic():
        write(user, "first")
        with pytest.raises(OperationalError, match="database is locked"):
            others.submit(hurried).result(10)
