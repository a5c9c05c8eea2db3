"""The account pages run under a policy that forbids everything inline."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client

from accounts.models import ApiToken, User

FOR_VISITORS = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/inactive/", "/nowhere")
FOR_MEMBERS = ("/account", "/account/delete", "/account/tokens", "/accounts/logout/", "/accounts/password/change/")


class Inline(HTMLParser):
    """Collects what the policy would block, forms without a token, and fields without a label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.fields: set[str] = set()
        self.labels: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.found += [f"<{tag} {name}>" for name in values if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in values):
            self.found.append(f"<{tag}>")
        addresses = [values.get(name, "") for name in ("href", "src", "action")]
        self.links += [address for address in addresses if address]
        if tag in ("input", "select", "textarea") and values.get("type") not in ("hidden", "submit"):
            self.fields.add(values.get("id", ""))
        if tag == "label":
            self.labels.add(values.get("for", ""))


def assert_clean(client: Client, path: str) -> None:
    response = client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    page = Inline(response.content.decode())
    assert page.found == []
    assert page.fields <= page.labels
    assert [link for link in page.links if not link.startswith(("/", "#", "static/"))] == []


@pytest.mark.parametrize("path", FOR_VISITORS)
@pytest.mark.parametrize("accounts", [0, 1])
@pytest.mark.django_db
def test_pages_for_visitors_have_nothing_inline(client: Client, path: str, accounts: int) -> None:
    for _ in range(accounts):
        User.objects.create_user("somebody@example.org")
    assert_clean(client, path)


@pytest.mark.parametrize("path", FOR_MEMBERS)
def test_pages_for_members_have_nothing_inline(owner_browser: Client, token: tuple[ApiToken, str], path: str) -> None:
    assert_clean(owner_browser, path)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ],
)
def test_every_answer_has_the_headers_that_protect(owner_browser: Client, header: str, value: str) -> None:
    for path in ("/account", "/nowhere", "/api/batch", "/api/nowhere"):
        assert owner_browser.get(path)[header] == value


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(client: Client, owner: User) -> None:
    client.post("/accounts/login/", {"login": owner.email, "password": "correct horse battery"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
