"""Who may make an account, and who becomes the administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts import operations
from accounts.errors import SignupClosed
from accounts.models import User
from tests.accounts.conftest import PASSWORD

SIGNUP = "/accounts/signup/"


def sign_up(client: Client, email: str = "new@example.org", password: str = PASSWORD) -> Any:
    return client.post(SIGNUP, {"email": email, "password1": password})


def test_the_first_account_becomes_the_administrator_and_is_logged_in(client: Client, db: None) -> None:
    assert b"first account" in client.get(SIGNUP).content
    response = sign_up(client)
    assert response.status_code == 302
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser, user.is_active) == ("new@example.org", True, True, True)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_signing_up_leads_on_to_the_page_that_was_wanted(client: Client, db: None) -> None:
    response = client.get("/account/tokens", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/signup/?next=%2Faccount%2Ftokens"
    response = client.post(SIGNUP, {"email": "new@example.org", "password1": PASSWORD, "next": "/account/tokens"})
    assert response["Location"] == "/account/tokens"


def test_then_sign_up_is_closed_with_a_page_that_says_what_to_do(client: Client, owner: User) -> None:
    assert client.get(SIGNUP).status_code == 403
    response = sign_up(client)
    assert response.status_code == 403
    assert b"Ask the person who hosts this installation" in response.content
    assert User.objects.count() == 1


def test_the_log_in_page_offers_sign_up_only_while_it_is_open(client: Client, owner: User, settings: Any) -> None:
    link = f'href="{SIGNUP}"'.encode()
    assert link not in client.get("/accounts/login/").content
    settings.SIGNUP = "open"
    assert link in client.get("/accounts/login/").content


def test_an_open_installation_takes_further_people_as_ordinary_users(
    client: Client, admin: User, settings: Any
) -> None:
    settings.SIGNUP = "open"
    assert sign_up(client).status_code == 302
    user = User.objects.get(email="new@example.org")
    assert not user.is_staff
    assert not user.is_superuser


@pytest.mark.parametrize("email", ["owner@example.org", "OWNER@Example.ORG", "  Owner@example.org "])
def test_an_address_is_taken_in_any_case(client: Client, owner: User, settings: Any, email: str) -> None:
    settings.SIGNUP = "open"
    response = sign_up(client, email)
    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("no-address", PASSWORD, "email"),
        ("", PASSWORD, "email"),
        ("x" * 250 + "@example.org", PASSWORD, "email"),
        ("new@example.org", "", "password1"),
        ("new@example.org", "short", "password1"),
        ("new@example.org", "password123", "password1"),
        ("somebody@example.org", "somebody@example", "password1"),
    ],
)
def test_bad_input_is_explained_beside_its_field(
    client: Client, db: None, email: str, password: str, field: str
) -> None:
    response = sign_up(client, email, password)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.exists()


@pytest.mark.parametrize(("signup", "accounts"), [("first", 1), ("open", 4)])
@pytest.mark.django_db(transaction=True)
def test_of_people_who_sign_up_at_the_same_moment_one_is_the_administrator(
    settings: Any, signup: str, accounts: int
) -> None:
    settings.SIGNUP = signup
    together = Barrier(4)

    def register(number: int) -> bool:
        try:
            together.wait(timeout=20)
            operations.register(f"user{number}@example.org", PASSWORD)
        except SignupClosed:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(register, range(4))) == accounts
    assert User.objects.count() == accounts
    assert User.objects.administrators().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_one_address_at_the_same_moment_one_gets_it(settings: Any) -> None:
    settings.SIGNUP = "open"
    together = Barrier(2)

    def register(email: str) -> int:
        try:
            together.wait(timeout=20)
            response = APIClient().post("/api/auth/register", {"email": email, "password": PASSWORD})
        finally:
            connection.close()
        return int(response.status_code)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(register, ["same@example.org", "SAME@example.org"])) == [201, 400]
    assert User.objects.get().email == "same@example.org"


def test_a_program_registers(program: APIClient, db: None) -> None:
    response = program.post("/api/auth/register", {"email": "New@Example.org", "password": PASSWORD}, format="json")
    user = User.objects.get()
    assert response.status_code == 201
    assert response.json() == {"id": str(user.pk), "email": "new@example.org"}
    assert user.is_superuser
    assert user.check_password(PASSWORD)


def test_a_program_hears_that_sign_up_is_closed(program: APIClient, owner: User) -> None:
    response = program.post("/api/auth/register", {"email": "new@example.org", "password": PASSWORD}, format="json")
    assert response.status_code == 403
    assert response.json()["code"] == "signup_closed"
    assert response.json()["detail"].startswith("Sign-up is closed.")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["email", "password"]),
        ({"email": "no-address", "password": PASSWORD}, ["email"]),
        ({"email": "x" * 250 + "@example.org", "password": PASSWORD}, ["email"]),
        ({"email": "new@example.org", "password": "12345678"}, ["password"]),
        ({"email": "OWNER@example.org", "password": PASSWORD}, ["email"]),
        ({"email": "OWNER@example.org", "password": "short"}, ["email", "password"]),
        ({"email": ["a"], "password": {"b": 1}}, ["email", "password"]),
    ],
)
def test_a_program_hears_what_is_wrong(
    program: APIClient, owner: User, settings: Any, body: dict[str, Any], fields: list[str]
) -> None:
    settings.SIGNUP = "open"
    response = program.post("/api/auth/register", body, format="json")
    assert response.status_code == 400
    assert sorted(response.json()["errors"]) == fields
    assert response.json()["detail"]
    assert User.objects.count() == 1


def test_a_password_keeps_its_spaces(program: APIClient, db: None) -> None:
    program.post("/api/auth/register", {"email": "new@example.org", "password": "  two spaces  "}, format="json")
    assert User.objects.get().check_password("  two spaces  ")


@pytest.mark.usefixtures("counting")
def test_signing_up_is_limited_for_pages_and_programs_together(client: Client, owner: User) -> None:
    for _ in range(10):
        assert sign_up(client).status_code == 403
        assert APIClient().post("/api/auth/register", {"email": "a@b.org", "password": PASSWORD}).status_code == 403
    assert sign_up(client).status_code == 429
    response = APIClient().post("/api/auth/register", {"email": "a@b.org", "password": PASSWORD})
    assert response.status_code == 429
    assert response["Retry-After"] == "60"
