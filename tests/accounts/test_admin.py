"""Users and tokens in the admin, and the way in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from tests.accounts.conftest import PASSWORD
from tests.batches.builders import make_batch, make_user

USERS = "/admin/accounts/user/"
TOKENS = "/admin/accounts/apitoken/"


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    """The administrator's browser."""
    client.force_login(admin)
    return client


def test_logging_in_to_the_admin_goes_through_the_log_in_page(client: Client, admin: User) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    response = client.post("/admin/login/", {"username": admin.email, "password": PASSWORD})
    assert response.status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("counting")
def test_so_its_limits_hold_for_the_admin(client: Client, admin: User) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": admin.email, "password": "wrong"})
    client.post("/admin/login/", {"username": admin.email, "password": PASSWORD})
    client.post("/accounts/login/?next=/admin/", {"login": admin.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_the_admin_opens_for_staff_only(client: Client, owner: User, admin: User) -> None:
    client.force_login(owner)
    assert client.get("/admin/login/").status_code == 403
    assert client.get(USERS).status_code == 302
    client.force_login(admin)
    assert client.get("/admin/").status_code == 200


def test_users_are_found_by_address_and_name(office: Client, owner: User, stranger: User) -> None:
    User.objects.filter(pk=owner.pk).update(name="Ada")
    for query in ("OWNER", "ada"):
        response = office.get(USERS, {"q": query})
        assert list(response.context["cl"].queryset) == [owner]
    assert office.get(USERS, {"is_superuser__exact": "1"}).context["cl"].queryset.count() == 1


def test_a_user_is_added_by_address(office: Client) -> None:
    body = {"email": "New@Example.org", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert office.post(f"{USERS}add/", body).status_code == 302
    user = User.objects.get(email="new@example.org")
    assert user.check_password(PASSWORD)
    assert not user.is_staff


def test_an_address_that_is_taken_is_explained(office: Client, owner: User) -> None:
    body = {"email": "OWNER@example.org", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    response = office.post(f"{USERS}add/", body)
    assert list(response.context["adminform"].form.errors) == ["email"]


def test_a_changed_address_logs_in_and_the_old_one_does_not(office: Client, owner: User) -> None:
    assert office.get(f"{USERS}{owner.pk}/change/").status_code == 200
    response = office.post(f"{USERS}{owner.pk}/change/", {"email": "Moved@example.org", "name": "", "is_active": "on"})
    assert response.status_code == 302
    for email, status in (("owner@example.org", 200), ("moved@example.org", 302)):
        assert Client().post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == status


def test_the_administrator_gives_a_new_password(office: Client, owner: User) -> None:
    body = {"usable_password": "true", "password1": "given by the office", "password2": "given by the office"}
    assert office.post(f"{USERS}{owner.pk}/password/", body).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password("given by the office")


def delete_selected(office: Client, *users: User) -> Any:
    body = {"action": "delete_selected", "_selected_action": [str(user.pk) for user in users], "post": "yes"}
    return office.post(USERS, body)


def test_a_user_is_deleted_with_their_batches(office: Client, owner: User, stranger: User) -> None:
    make_batch(("completed", "failed"), user=owner)
    make_batch(("completed",), user=stranger)
    assert office.post(f"{USERS}{owner.pk}/delete/", {"post": "yes"}).status_code == 302
    assert delete_selected(office, stranger).status_code == 302
    assert User.objects.count() == 1


def test_the_last_administrator_is_protected(office: Client, admin: User, owner: User) -> None:
    assert b"the last administrator" in office.post(f"{USERS}{admin.pk}/delete/", {"post": "yes"}).content
    second = make_user("second@example.org", is_superuser=True)
    assert b"the last administrator" in delete_selected(office, admin, second).content
    assert User.objects.count() == 3
    assert delete_selected(office, second, owner).status_code == 302
    assert list(User.objects.all()) == [admin]


def test_tokens_are_looked_at_without_their_secret(office: Client, token: tuple[ApiToken, str]) -> None:
    page = office.get(f"{TOKENS}{token[0].pk}/change/").content.decode()
    assert "owner@example.org" in page
    assert token[0].prefix in page
    assert token[0].digest not in page
    assert '<input type="text"' not in page
    assert list(office.get(TOKENS, {"q": "owner@"}).context["cl"].queryset) == [token[0]]
    assert office.get(f"{TOKENS}add/").status_code == 403


def test_tokens_are_revoked_by_an_action(office: Client, owner: User, token: tuple[ApiToken, str]) -> None:
    ApiToken.objects.issue(owner, "other", timedelta(days=1))
    office.post(TOKENS, {"action": "revoke", "_selected_action": [str(token[0].pk)]})
    assert {name: revoked is None for name, revoked in ApiToken.objects.values_list("name", "revoked_at")} == {
        "script": False,
        "other": True,
    }


def test_a_form_post_cannot_bring_a_revoked_token_back(office: Client, token: tuple[ApiToken, str]) -> None:
    office.post(TOKENS, {"action": "revoke", "_selected_action": [str(token[0].pk)]})
    office.post(f"{TOKENS}{token[0].pk}/change/", {"revoked_at_0": "", "revoked_at_1": "", "name": "x"})
    again = ApiToken.objects.get()
    assert (again.status, again.name) == ("revoked", "script")


def _form(user: User, **rights: str) -> dict[str, str]:
    return {"email": user.email, "name": "", **rights}


def test_the_last_administrator_cannot_be_demoted(office: Client, admin: User, owner: User) -> None:
    everything = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}
    for missing in ("is_active", "is_superuser"):
        rights = {name: value for name, value in everything.items() if name != missing}
        response = office.post(f"{USERS}{admin.pk}/change/", _form(admin, **rights))
        assert "This is the last administrator." in response.content.decode()
        admin.refresh_from_db()
        assert (admin.is_superuser, admin.is_active) == (True, True)
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    assert office.post(f"{USERS}{admin.pk}/change/", _form(admin, is_active="on", is_staff="on")).status_code == 302
    admin.refresh_from_db()
    assert not admin.is_superuser
