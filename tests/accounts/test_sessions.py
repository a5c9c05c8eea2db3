"""The browsers that are logged in: seen on the account page, and ended one by one or all but this one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.accounts.conftest import PASSWORD, SAFARI, logged_in
from tests.batches.builders import make_batch, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rows(browser: Client) -> list[str]:
    """What the page says of each browser, without tags, in its order."""
    html = browser.get("/account").content.decode()
    [listed] = re.findall(r'<ul class="rows">(.*?)</ul>', html, re.DOTALL)
    return [
        " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split())
        for row in re.findall(r"<li.*?</li>", listed, re.DOTALL)
    ]


def session_of(browser: Client) -> UserSession:
    session: UserSession = UserSession.objects.get(session_key=browser.session.session_key)
    return session


def end(browser: Client, session: UserSession) -> Any:
    return browser.post(f"/account/sessions/{session.pk}/end")


def test_each_browser_says_where_it_is_and_when_it_was_seen(owner: User) -> None:
    with time_machine.travel(NOON - timedelta(days=2), tick=False):
        oldest = logged_in(owner, SAFARI, "192.0.2.7")
    with time_machine.travel(NOON - timedelta(hours=3), tick=False):
        logged_in(owner, "curl/8", "192.0.2.8")
        here = logged_in(owner)
    with time_machine.travel(NOON - timedelta(hours=1), tick=False):
        oldest.get("/batches")
    with time_machine.travel(NOON, tick=False):
        assert rows(here) == [
            "Firefox on Linux (this browser) 127.0.0.1 logged in 2 Mar 2026, 09:00 UTC",
            "Safari on iPhone 192.0.2.7 last seen 2 Mar 2026, 11:00 UTC logged in 28 Feb 2026, 12:00 UTC Log out",
            "A browser 192.0.2.8 last seen 2 Mar 2026, 09:00 UTC logged in 2 Mar 2026, 09:00 UTC Log out",
        ]


def test_one_browser_is_logged_out_and_the_others_stay(owner: User) -> None:
    here, there, third = logged_in(owner), logged_in(owner, SAFARI), logged_in(owner)
    answer = here.post(f"/account/sessions/{session_of(there).pk}/end", follow=True)
    assert "Logged out of Safari on iPhone." in answer.content.decode()
    assert there.get("/account").status_code == 302
    assert here.get("/account").status_code == third.get("/account").status_code == 200
    assert len(rows(here)) == 2


def test_all_others_are_logged_out_at_once(owner: User, stranger: User) -> None:
    here, there, third, other = logged_in(owner), logged_in(owner, SAFARI), logged_in(owner), logged_in(stranger)
    assert "Log out of all others" in here.get("/account").content.decode()
    assert "Logged out of 2 other browsers." in here.post("/account/sessions/end", follow=True).content.decode()
    assert there.get("/account").status_code == third.get("/account").status_code == 302
    assert here.get("/account").status_code == other.get("/account").status_code == 200
    assert len(rows(here)) == 1
    assert "Log out of all others" not in here.get("/account").content.decode()


def test_another_ones_browser_looks_like_none(owner: User, stranger: User) -> None:
    here, other = logged_in(owner), logged_in(stranger)
    theirs = session_of(other)
    assert end(here, theirs).status_code == 404
    assert here.post("/account/sessions/99999999999999999999/end").status_code == 404
    assert end(Client(), theirs)["Location"].startswith("/accounts/login/")
    assert here.get(f"/account/sessions/{session_of(here).pk}/end").status_code == 405
    assert other.get("/account").status_code == here.get("/account").status_code == 200


def test_a_browser_may_end_its_own(owner: User) -> None:
    here = logged_in(owner)
    assert end(here, session_of(here)).status_code == 302
    assert here.get("/account").status_code == 302


def test_a_form_of_another_site_ends_none(owner: User) -> None:
    there = logged_in(owner, SAFARI)
    attacked = Client(enforce_csrf_checks=True)
    attacked.force_login(owner)
    assert end(attacked, session_of(there)).status_code == 403
    assert there.get("/account").status_code == 200


def test_a_visit_is_noted_every_few_minutes_and_costs_nothing_in_between(owner: User) -> None:
    with time_machine.travel(NOON, tick=False):
        browser = logged_in(owner)
        browser.get("/batches")
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False), CaptureQueriesContext(connection) as queries:
        browser.get("/batches")
    assert not [query for query in queries if "usersession" in query["sql"].lower()]
    assert session_of(browser).last_seen_at == NOON
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False):
        browser.get("/batches", REMOTE_ADDR="192.0.2.9")
    seen = session_of(browser)
    assert (seen.last_seen_at, seen.ip) == (NOON + timedelta(minutes=6), "192.0.2.9")


def test_visitors_and_programs_have_no_session(owner: User, token: tuple[object, str]) -> None:
    Client().get("/")
    Client(headers={"authorization": f"Bearer {token[1]}"}).get("/api/batch")
    assert not UserSession.objects.exists()


def test_no_page_fails_because_a_visit_cannot_be_noted(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(type(UserSession.objects), "create_from_request", full)
    browser = Client()
    browser.force_login(owner)
    assert browser.get("/batches").status_code == 200


def test_a_deleted_account_leaves_no_session(owner: User) -> None:
    make_user("admin@example.org", is_superuser=True)
    here, _there = logged_in(owner), logged_in(owner, SAFARI)
    make_batch(["completed"], user=owner)
    assert here.post("/account/delete", {"password": PASSWORD}).status_code == 302
    assert not UserSession.objects.exists()
    assert [key for key in Session.objects.all() if key.get_decoded().get("_auth_user_id")] == []
