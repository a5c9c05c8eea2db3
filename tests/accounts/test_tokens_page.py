"""Personal tokens: made, shown once, listed, revoked."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, User

PAGE = "/account/tokens"
RAW = re.compile(r"ys_[\w-]{40,}")


def create(browser: Client, name: str = "nightly script", days: Any = 30) -> Any:
    return browser.post(PAGE, {"name": name, "days": days})


def test_a_new_token_is_shown_once_and_works(owner_browser: Client, program: APIClient) -> None:
    response = create(owner_browser)
    (raw,) = RAW.findall(response.content.decode())
    assert "no-store" in response["Cache-Control"]
    assert not RAW.search(owner_browser.get(PAGE).content.decode())
    assert program.get("/api/batch", HTTP_AUTHORIZATION=f"Bearer {raw}").status_code == 200


def test_it_lives_for_the_days_that_were_asked_for(owner_browser: Client, owner: User) -> None:
    create(owner_browser, days=3650)
    token = owner.api_tokens.get()
    assert token.name == "nightly script"
    assert timedelta(days=3649) < token.expires_at - timezone.now() <= timedelta(days=3650)


@pytest.mark.parametrize(
    ("name", "days", "field"),
    [("", 30, "name"), ("x" * 101, 30, "name"), ("a", 0, "days"), ("a", 3651, "days"), ("a", "x", "days")],
)
def test_bad_input_is_explained_and_makes_nothing(owner_browser: Client, name: str, days: Any, field: str) -> None:
    response = create(owner_browser, name, days)
    assert list(response.context["form"].errors) == [field]
    assert not ApiToken.objects.exists()


def test_the_list_tells_what_each_token_is(owner_browser: Client, owner: User) -> None:
    for name, days, revoked in (("fresh", 1, None), ("stale", -1, None), ("gone", 1, timezone.now())):
        token, _ = ApiToken.objects.issue(owner, name, timedelta(days=days))
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=revoked)
    page = owner_browser.get(PAGE)
    assert {token.name: token.status for token in page.context["tokens"]} == {
        "fresh": "active",
        "stale": "expired",
        "gone": "revoked",
    }
    assert page.content.count(b">Revoke</button>") == 1


def test_a_name_cannot_bring_markup(owner_browser: Client) -> None:
    response = create(owner_browser, name='<script>alert(1)</script>"')
    assert b"<script>alert" not in response.content
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in response.content


def test_the_owner_revokes(owner_browser: Client, program: APIClient, token: tuple[ApiToken, str]) -> None:
    response = owner_browser.post(f"/account/tokens/{token[0].pk}/revoke", follow=True)
    assert "“script” is revoked." in response.content.decode()
    assert program.get("/api/batch", HTTP_AUTHORIZATION=f"Bearer {token[1]}").status_code == 401


def test_revoking_twice_keeps_the_first_date(owner_browser: Client, token: tuple[ApiToken, str]) -> None:
    dates = set()
    for _ in range(2):
        owner_browser.post(f"/account/tokens/{token[0].pk}/revoke")
        dates.add(ApiToken.objects.get().revoked_at)
    assert len(dates) == 1


def test_a_link_cannot_revoke(owner_browser: Client, token: tuple[ApiToken, str]) -> None:
    assert owner_browser.get(f"/account/tokens/{token[0].pk}/revoke").status_code == 405
    assert ApiToken.objects.get().status == "active"


@pytest.mark.parametrize("who", ["stranger", "admin"])
def test_nobody_else_sees_or_revokes_it(
    client: Client, token: tuple[ApiToken, str], who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert not client.get(PAGE).context["tokens"]
    assert client.post(f"/account/tokens/{token[0].pk}/revoke").status_code == 404
    assert ApiToken.objects.get().status == "active"


def test_a_token_that_never_was_is_not_found(owner_browser: Client) -> None:
    assert owner_browser.post(f"/account/tokens/{uuid.uuid4()}/revoke").status_code == 404


def test_a_visitor_is_asked_to_log_in(client: Client, owner: User) -> None:
    assert client.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    assert create(client).status_code == 302
    assert not ApiToken.objects.exists()
