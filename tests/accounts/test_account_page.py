"""The account page, and deleting an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import operations
from accounts.errors import LastAdministrator
from accounts.models import ApiToken, User
from batches.models import Batch, Item, Summary, Transcript, Video
from tests.accounts.conftest import PASSWORD
from tests.batches.builders import make_batch, make_transcript, make_user, make_video

DELETE = "/account/delete"


def test_the_page_shows_who_is_logged_in(owner_browser: Client) -> None:
    assert b"owner@example.org" in owner_browser.get("/account").content


def test_a_name_can_be_given_and_taken_back(owner_browser: Client, owner: User) -> None:
    for name in ("Ada", ""):
        assert owner_browser.post("/account", {"name": name})["Location"] == "/account"
        owner.refresh_from_db()
        assert owner.name == name


def test_the_month_says_what_was_put_in_and_what_came_out(owner_browser: Client, owner: User, settings: Any) -> None:
    settings.USER_DAILY_VIDEOS = 40
    make_batch(["completed", "failed"], user=owner, summary_fields={"created_at": timezone.now()})
    make_batch(["completed"], user=owner, created_at=timezone.now() - timedelta(days=40))
    shown = owner_browser.get("/account").content.decode()
    assert "2 videos put into batches, 1 summary made." in shown
    assert ("You may add 40 videos in 24 hours." in shown) is not owner.is_superuser


def test_before_deleting_everything_can_be_downloaded(owner_browser: Client) -> None:
    assert b'href="/account/export" download' in owner_browser.get(DELETE).content


def test_the_password_form_is_worded_as_the_others(owner_browser: Client) -> None:
    shown = owner_browser.get("/accounts/password/change/").content.decode()
    for label in ("Your password", "New password", "New password, again", "At least 8 characters"):
        assert label in shown


def test_the_way_to_a_forgotten_password_is_below_the_form(owner: User) -> None:
    shown = Client().get("/accounts/login/").content.decode()
    assert shown.index("</form>") < shown.index("Forgot your password?")
    assert shown.count("Forgot your password?") == 1


def test_a_name_that_is_too_long_is_explained(owner_browser: Client, owner: User) -> None:
    response = owner_browser.post("/account", {"name": "x" * 151})
    assert list(response.context["form"].errors) == ["name"]


def test_nothing_but_the_name_can_be_changed_here(owner_browser: Client, owner: User) -> None:
    owner_browser.post("/account", {"name": "Ada", "email": "x@example.org", "is_superuser": "on", "is_staff": "on"})
    owner.refresh_from_db()
    assert (owner.email, owner.is_staff, owner.is_superuser) == ("owner@example.org", False, False)


@pytest.mark.parametrize("path", ["/account", DELETE])
def test_a_visitor_is_asked_to_log_in(client: Client, owner: User, path: str) -> None:
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
    assert client.post(path, {"password": PASSWORD}).status_code == 302
    assert User.objects.count() == 1


def delete(browser: Client, password: str = PASSWORD) -> Any:
    return browser.post(DELETE, {"password": password})


def test_deleting_takes_everything_of_the_person_and_nothing_of_others(
    owner_browser: Client, owner: User, stranger: User
) -> None:
    on_youtube, uploaded = make_video(), make_video(owner=owner)
    shared, own = make_transcript(on_youtube), make_transcript(uploaded)
    statuses = ("completed", "completed", "failed", "processing", "pending", "cancelled")
    make_batch(statuses, user=owner, videos=[on_youtube, uploaded], rejected=[(3, "htp:/x", "Not a link.")])
    theirs = make_batch(("completed", "pending"), user=stranger, videos=[on_youtube])
    ApiToken.objects.issue(owner, "script", timedelta(days=1))

    page = owner_browser.get(DELETE).content.decode()
    assert "1 batch, 2 summaries" in page
    response = delete(owner_browser)

    assert (response.status_code, response["Location"]) == (302, "/accounts/login/")
    assert list(User.objects.all()) == [stranger]
    assert list(Batch.objects.all()) == [theirs]
    assert set(Item.objects.values_list("batch", flat=True)) == {theirs.pk}
    assert set(Summary.objects.values_list("user", flat=True)) == {stranger.pk}
    assert not Video.objects.filter(pk=uploaded.pk).exists()
    assert not Transcript.objects.filter(pk=own.pk).exists()
    assert Transcript.objects.filter(pk=shared.pk).exists()
    assert not ApiToken.objects.exists()
    assert owner_browser.get("/account").status_code == 302


def test_a_wrong_password_deletes_nothing(owner_browser: Client) -> None:
    response = delete(owner_browser, "wrong")
    assert response.context["form"].errors["password"] == ["This is not your password."]
    assert User.objects.count() == 1


def test_a_link_deletes_nothing(owner_browser: Client) -> None:
    assert owner_browser.get(DELETE).status_code == 200
    assert User.objects.count() == 1


@pytest.mark.usefixtures("counting")
def test_the_password_cannot_be_guessed_here(owner_browser: Client) -> None:
    for _ in range(10):
        delete(owner_browser, "wrong")
    assert delete(owner_browser).status_code == 429
    assert User.objects.count() == 1


def test_the_last_administrator_stays(client: Client, admin: User, owner: User) -> None:
    client.force_login(admin)
    assert "the last administrator" in delete(client).content.decode()
    make_user("off@example.org", is_superuser=True, is_active=False)
    assert delete(client).status_code == 200
    make_user("second@example.org", is_superuser=True)
    assert delete(client).status_code == 302
    assert not User.objects.filter(pk=admin.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_leave_at_the_same_moment_one_stays() -> None:
    people = [make_user(f"admin{number}@example.org", is_superuser=True) for number in range(2)]
    together = Barrier(2)

    def leave(person: User) -> bool:
        try:
            together.wait(timeout=20)
            operations.delete_account(person)
        except LastAdministrator:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, people)) == [False, True]
    assert User.objects.administrators().count() == 1


# -- another e-mail address


def change_email(browser: Client, email: str, password: str = PASSWORD) -> Any:
    return browser.post("/account/email", {"email": email, "password": password})


def test_the_address_changes_at_once_and_the_browser_stays_logged_in(owner_browser: Client, owner: User) -> None:
    assert change_email(owner_browser, "New@Example.org")["Location"] == "/account"
    owner.refresh_from_db()
    assert owner.email == "new@example.org"
    assert b"new@example.org" in owner_browser.get("/account").content
    other = Client()
    assert other.post("/accounts/login/", {"login": "new@example.org", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("stranger@example.org", PASSWORD, "email"),
        ("STRANGER@example.org", PASSWORD, "email"),
        ("nonsense", PASSWORD, "email"),
        ("new@example.org", "wrong", "password"),
    ],
)
def test_an_address_that_cannot_be_had_changes_nothing(
    owner_browser: Client, owner: User, stranger: User, email: str, password: str, field: str
) -> None:
    response = change_email(owner_browser, email, password)
    assert list(response.context["form"].errors) == [field]
    owner.refresh_from_db()
    assert owner.email == "owner@example.org"
    assert response.context["user"].email == "owner@example.org"
