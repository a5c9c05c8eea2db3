"""Logging in, out, and getting a new password, in the owner_browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.management.commands import changepassword
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import PASSWORD

LOGIN = "/accounts/login/"
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def log_in(client: Client, email: str = "owner@example.org", password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


@pytest.mark.parametrize("email", ["owner@example.org", "Owner@EXAMPLE.org", " owner@example.org "])
def test_an_address_logs_in_in_any_case(client: Client, owner: User, email: str) -> None:
    response = log_in(client, email)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(("email", "password"), [("owner@example.org", "wrong"), ("nobody@example.org", PASSWORD)])
def test_a_wrong_address_and_a_wrong_password_read_the_same(
    client: Client, owner: User, email: str, password: str
) -> None:
    response = log_in(client, email, password)
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [
        "The email address and/or password you specified are not correct."
    ]


def test_somebody_who_is_switched_off_does_not_get_in(client: Client, owner: User) -> None:
    User.objects.update(is_active=False)
    response = client.post(LOGIN, {"login": owner.email, "password": PASSWORD}, follow=True)
    assert b"This account is switched off" in response.content
    assert "_auth_user_id" not in client.session


def test_logging_in_leads_on_to_the_page_that_was_wanted_and_never_to_another_site(client: Client, owner: User) -> None:
    assert log_in(client)["Location"] == "/"
    client.logout()
    wanted = client.get("/account/tokens")
    assert wanted["Location"] == "/accounts/login/?next=/account/tokens"
    for target, place in (("/account/tokens", "/account/tokens"), ("https://evil.example/", "/")):
        response = client.post(LOGIN, {"login": owner.email, "password": PASSWORD, "next": target})
        assert response["Location"] == place
        client.logout()


def test_logging_out_takes_a_post(owner_browser: Client) -> None:
    assert owner_browser.get("/accounts/logout/").status_code == 200
    assert owner_browser.get("/account").status_code == 200
    assert owner_browser.post("/accounts/logout/").status_code == 302
    assert owner_browser.get("/account").status_code == 302


def test_log_in_needs_the_form_of_this_site(owner: User) -> None:
    assert log_in(Client(enforce_csrf_checks=True)).status_code == 403


def test_a_password_is_changed_here_and_other_browsers_are_logged_out(owner_browser: Client, owner: User) -> None:
    other = Client()
    other.force_login(owner)
    response = owner_browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "a new long secret", "password2": "a new long secret"},
    )
    assert (response.status_code, response["Location"]) == (302, "/account")
    owner.refresh_from_db()
    assert owner.check_password("a new long secret")
    assert owner_browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


def test_a_password_is_not_changed_without_the_old_one(owner_browser: Client, owner: User) -> None:
    response = owner_browser.post(
        "/accounts/password/change/",
        {"oldpassword": "wrong", "password1": "a new long secret", "password2": "a new long secret"},
    )
    assert list(response.context["form"].errors) == ["oldpassword"]


def test_somebody_without_a_password_sets_one(owner_browser: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    owner_browser.force_login(owner)
    assert owner_browser.get("/accounts/password/change/")["Location"] == "/accounts/password/set/"
    owner_browser.post("/accounts/password/set/", {"password1": "a new long secret", "password2": "a new long secret"})
    owner.refresh_from_db()
    assert owner.check_password("a new long secret")


def test_the_page_for_a_forgotten_password_names_the_command(client: Client, owner: User) -> None:
    assert b'href="/accounts/password/reset/"' in client.get(LOGIN).content
    assert b"manage.py changepassword" in client.get("/accounts/password/reset/").content


@pytest.mark.parametrize("email", ["owner@example.org", "Owner@Example.org"])
def test_that_command_gives_a_new_password(owner: User, email: str, capsys: pytest.CaptureFixture[str]) -> None:
    class Typed(changepassword.Command):
        def _get_pass(self, prompt: str = "") -> str:
            return "typed by the host"

    call_command(Typed(), email)
    assert "Password changed successfully for user 'owner@example.org'" in capsys.readouterr().out
    owner.refresh_from_db()
    assert owner.check_password("typed by the host")
    with pytest.raises(CommandError, match="does not exist"):
        call_command(Typed(), "nobody@example.org")


@pytest.mark.parametrize(
    "path",
    ["email/", "confirm-email/", "reauthenticate/", "password/reset/done/", "password/reset/key/1-x/", "login/code/"],
)
def test_what_needs_a_mail_server_is_not_there(owner_browser: Client, path: str) -> None:
    assert owner_browser.get(f"/accounts/{path}").status_code == 404


@pytest.mark.usefixtures("counting")
def test_after_five_wrong_passwords_even_the_right_one_waits(client: Client, owner: User, stranger: User) -> None:
    for _ in range(5):
        log_in(client, password="wrong")
    response = log_in(client)
    assert response.context["form"].non_field_errors() == ["Too many failed login attempts. Try again later."]
    assert log_in(client, "Owner@Example.org", **ELSEWHERE).status_code == 200
    assert log_in(client, stranger.email, **ELSEWHERE).status_code == 302


@pytest.mark.usefixtures("counting")
def test_one_address_of_the_net_cannot_try_many_accounts(client: Client, owner: User) -> None:
    for number in range(10):
        log_in(client, f"user{number}@example.org")
    assert b"Too many failed" in log_in(client).content
    assert log_in(client, **ELSEWHERE).status_code == 302


@pytest.mark.usefixtures("counting")
def test_a_made_up_forwarding_header_does_not_help(client: Client, owner: User) -> None:
    for number in range(10):
        log_in(client, f"user{number}@example.org", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert b"Too many failed" in log_in(client, HTTP_X_FORWARDED_FOR="192.0.2.99").content


@pytest.mark.usefixtures("counting")
def test_behind_a_known_proxy_people_are_told_apart(client: Client, owner: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        log_in(client, f"user{number}@example.org", HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert b"Too many failed" in log_in(client, HTTP_X_FORWARDED_FOR="192.0.2.1").content
    assert log_in(client, HTTP_X_FORWARDED_FOR="192.0.2.2").status_code == 302


@pytest.mark.usefixtures("counting")
def test_too_many_requests_get_a_page_that_says_so(client: Client, owner: User) -> None:
    responses = [log_in(client) for _ in range(31)]
    assert responses[-1].status_code == 429
    assert b"Too many tries" in responses[-1].content
