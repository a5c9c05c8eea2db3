"""The cast: an owner, a stranger and an administrator; a browser and a program."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.batches.builders import make_user

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/605.1.15"


def logged_in(user: User, agent: str = FIREFOX, address: str = "127.0.0.1") -> Client:
    """A browser that logged in through the page."""
    browser = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    answer = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner@example.org", PASSWORD)


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("stranger@example.org", PASSWORD)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin@example.org", PASSWORD)


@pytest.fixture
def owner_browser(owner: User) -> Client:
    """The owner's, logged in."""
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def program() -> APIClient:
    """Without a token until a test gives it one."""
    return APIClient()


@pytest.fixture
def token(owner: User) -> tuple[ApiToken, str]:
    return ApiToken.objects.issue(owner, "script", timedelta(days=1))


@pytest.fixture
def counting(settings: Any) -> None:
    """A cache that counts, so that rate limits bite."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}}
    cache.clear()
