"""Which Bearer tokens open the API, and what the others hear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.authentication import token_of_bearer, user_of_bearer
from accounts.errors import TokenRefused
from accounts.models import ApiToken, User

Token = tuple[ApiToken, str]


def ask(program: APIClient, header: str) -> Any:
    return program.get("/api/batch", HTTP_AUTHORIZATION=header)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_opens_the_api(program: APIClient, token: Token, scheme: str) -> None:
    assert ask(program, f"{scheme} {token[1]}").status_code == 200


def test_it_belongs_to_its_owner(owner: User, token: Token) -> None:
    assert user_of_bearer(token[1]) == owner


@pytest.mark.parametrize("header", ["", "Basic b3duZXI6eA==", "Token ys_something", "Bearertoken"])
def test_without_one_the_answer_is_401_and_names_the_scheme(program: APIClient, token: Token, header: str) -> None:
    response = ask(program, header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"),
        ({"revoked_at": timezone.now()}, "revoked"),
        ({"digest": "0" * 64}, "not known"),
    ],
)
def test_a_token_that_ended_gets_401_and_the_reason(
    program: APIClient, token: Token, spoil: dict[str, Any], word: str
) -> None:
    ApiToken.objects.update(**spoil)
    response = ask(program, f"Bearer {token[1]}")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "token_refused"
    assert word in response.json()["detail"]


def test_the_token_of_somebody_who_is_switched_off_gets_401(program: APIClient, token: Token) -> None:
    User.objects.update(is_active=False)
    response = ask(program, f"Bearer {token[1]}")
    assert response.status_code == 401
    assert "switched off" in response.json()["detail"]


@pytest.mark.parametrize("raw", ["", " ", "ys_", "ys_ä", "a b", "x" * 10_000, "\x00"])
def test_nonsense_is_not_known(db: None, raw: str) -> None:
    with pytest.raises(TokenRefused, match="not known"):
        user_of_bearer(raw)


def test_a_bad_token_is_refused_even_beside_a_good_session(owner_browser: Client) -> None:
    assert owner_browser.get("/api/batch").status_code == 200
    assert owner_browser.get("/api/batch", HTTP_AUTHORIZATION="Bearer ys_wrong").status_code == 401


def test_last_used_is_written_at_most_once_a_minute(token: Token, django_assert_num_queries: Any) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        with django_assert_num_queries(2):
            token_of_bearer(token[1])
        with django_assert_num_queries(1):
            token_of_bearer(token[1])
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        token_of_bearer(token[1])
    token[0].refresh_from_db()
    assert token[0].last_used_at == start + timedelta(seconds=61)


def test_a_refused_token_is_not_marked_as_used(token: Token) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())
    with pytest.raises(TokenRefused):
        token_of_bearer(token[1])
    assert ApiToken.objects.get().last_used_at is None


def test_only_a_digest_is_kept(token: Token) -> None:
    row = ApiToken.objects.values().get()
    assert token[1] not in str(row)
    assert row["prefix"] == token[1][: len(row["prefix"])]
    assert len(token[1]) - len(row["prefix"]) >= 32


def test_the_openapi_document_knows_the_scheme(owner_browser: Client) -> None:
    schema = owner_browser.get("/api/schema", {"format": "json"}).json()
    assert schema["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
    assert schema["paths"]["/api/auth/login"]["post"]["operationId"] == "login"
    assert {"bearer": []} in schema["paths"]["/api/auth/logout"]["post"]["security"]
