"""With Redis away or hung, limits pause and everybody still gets in."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from summarizer.cache import ForgivingRedisCache
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def away(settings: Any, tmp_path: Path) -> None:
    """Nothing listens where Redis should be."""
    here = settings.CACHES["default"]
    settings.CACHES = {"default": {**here, "LOCATION": f"unix://{tmp_path / 'nobody.sock'}?db=0"}}


@pytest.fixture
def hung() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.usefixtures("away")
def test_people_log_in(client: Client, owner: User) -> None:
    wrong = client.post("/accounts/login/", {"login": owner.email, "password": "wrong"})
    assert wrong.context["form"].errors
    assert client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD}).status_code == 302
    assert client.get("/account").status_code == 200


@pytest.mark.usefixtures("away")
def test_programs_log_in_and_work(program: APIClient, owner: User) -> None:
    body = {"email": owner.email, "password": PASSWORD}
    answer = program.post("/api/auth/login", body, format="json").json()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['access_token']}")
    assert program.get("/api/batch").status_code == 200


@pytest.mark.usefixtures("away")
def test_the_first_account_can_be_made(client: Client, db: None) -> None:
    body = {"email": "new@example.org", "password1": PASSWORD}
    assert client.post("/accounts/signup/", body).status_code == 302
    assert User.objects.get().is_superuser


def test_an_absent_cache_reads_as_an_empty_one(tmp_path: Path) -> None:
    cache = ForgivingRedisCache(f"unix://{tmp_path / 'nobody.sock'}", {})
    assert cache.get("key", "default") == "default"
    assert cache.add("key", 1) is True
    cache.set("key", 1)
    assert cache.delete("key") is False
    assert cache.get("key") is None


def test_a_hung_server_costs_the_time_out_and_no_more(hung: str, settings: Any) -> None:
    options = settings.CACHES["default"]["OPTIONS"]
    cache = ForgivingRedisCache(hung, {"OPTIONS": options})
    start = time.monotonic()
    assert cache.get("key", "default") == "default"
    assert time.monotonic() - start < 2 * options["socket_timeout"] + 1
