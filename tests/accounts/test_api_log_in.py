"""`POST /api/auth/login` and `/api/auth/logout`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.hashers import CountingHasher


def log_in(program: APIClient, email: str = "owner@example.org", password: str = PASSWORD, **extra: Any) -> Any:
    return program.post("/api/auth/login", {"email": email, "password": password}, format="json", **extra)


@pytest.mark.parametrize("email", ["owner@example.org", "Owner@EXAMPLE.org"])
def test_the_right_password_gets_a_token_that_works(program: APIClient, owner: User, email: str) -> None:
    response = log_in(program, email)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    assert sorted(answer) == ["access_token", "expires_in", "token_type"]
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 7 * 86_400
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['access_token']}")
    assert program.get("/api/batch").status_code == 200


def test_the_token_ends_when_it_said_it_would(program: APIClient, owner: User) -> None:
    answer = log_in(program).json()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['access_token']}")
    with time_machine.travel(timezone.now() + timedelta(seconds=answer["expires_in"] - 5)):
        assert program.get("/api/batch").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=answer["expires_in"] + 5)):
        assert program.get("/api/batch").status_code == 401


@pytest.mark.parametrize(("email", "password"), [("owner@example.org", "wrong"), ("nobody@example.org", PASSWORD)])
def test_a_wrong_address_and_a_wrong_password_read_the_same(
    program: APIClient, owner: User, email: str, password: str
) -> None:
    response = log_in(program, email, password)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "The e-mail address or the password is wrong."
    assert not ApiToken.objects.exists()


def test_somebody_who_is_switched_off_reads_the_same(program: APIClient, owner: User) -> None:
    User.objects.update(is_active=False)
    assert log_in(program).json() == log_in(program, password="wrong").json()
    assert log_in(program).status_code == 401


def test_an_unknown_address_costs_as_many_password_hashes_as_a_known_one(
    program: APIClient, owner: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"]
    owner.set_password(PASSWORD)
    owner.save()
    counts = []
    for email in (owner.email, "nobody@example.org"):
        CountingHasher.hashes = 0
        log_in(program, email, "wrong")
        counts.append(CountingHasher.hashes)
    assert counts == [1, 1]


@pytest.mark.parametrize(
    "body", [{}, {"email": "owner@example.org"}, {"email": "owner", "password": PASSWORD}, [], "x"]
)
def test_half_a_log_in_is_bad_input(program: APIClient, owner: User, body: Any) -> None:
    response = program.post("/api/auth/login", body, format="json")
    assert response.status_code == 400
    assert response.json()["detail"]


def test_a_body_that_is_not_json_is_bad_input(program: APIClient, owner: User) -> None:
    response = program.post("/api/auth/login", "{", content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("JSON parse error")


def test_no_cookie_takes_part_in_it(owner_browser: Client, owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner_browser.cookies
    response = strict.post("/api/auth/login", {"email": owner.email, "password": PASSWORD}, "application/json")
    assert response.status_code == 200
    assert not response.cookies


def test_logging_out_revokes_the_presented_token_only(program: APIClient, owner: User) -> None:
    first, second = (log_in(program).json()["access_token"] for _ in range(2))
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {first}")
    assert program.post("/api/auth/logout").status_code == 204
    response = program.post("/api/auth/logout")
    assert response.status_code == 401
    assert "revoked" in response.json()["detail"]
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {second}")
    assert program.get("/api/batch").status_code == 200


def test_a_browser_session_has_no_token_to_log_out(owner_browser: Client) -> None:
    assert owner_browser.post("/api/auth/logout").status_code == 401
    assert owner_browser.get("/account").status_code == 200


def test_old_tokens_are_forgotten_at_the_next_log_in(program: APIClient, owner: User) -> None:
    ended, _ = ApiToken.objects.issue(owner, "old", timedelta(days=-31))
    recent, _ = ApiToken.objects.issue(owner, "recent", timedelta(days=-29))
    log_in(program)
    assert not ApiToken.objects.filter(pk=ended.pk).exists()
    assert ApiToken.objects.filter(pk=recent.pk).exists()


@pytest.mark.usefixtures("counting")
def test_too_many_wrong_passwords_get_429_and_when_to_come_back(program: APIClient, owner: User) -> None:
    statuses = [log_in(program, password="wrong").status_code for _ in range(5)]
    assert statuses == [401] * 5
    response = log_in(program)
    assert response.status_code == 429
    assert response["Retry-After"] == "300"
    assert response.json()["detail"].startswith("Too many tries.")
    with time_machine.travel(timezone.now() + timedelta(seconds=301)):
        assert log_in(program).status_code == 200


@pytest.mark.usefixtures("counting")
def test_the_page_and_the_api_count_together(client: Client, program: APIClient, owner: User) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": owner.email, "password": "wrong"})
    assert log_in(program).status_code == 429


@pytest.mark.usefixtures("counting")
def test_right_passwords_are_no_failures(program: APIClient, owner: User) -> None:
    assert {log_in(program).status_code for _ in range(20)} == {200}
