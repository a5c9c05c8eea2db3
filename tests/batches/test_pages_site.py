"""What holds for every page: the strict policy, the weight, the frame, and pages for errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path, reverse

from tests.batches.builders import items_of, make_batch, make_user

pytestmark = pytest.mark.django_db
STATIC = Path(settings.BASE_DIR) / "static"


def _raise(error: Exception) -> HttpResponse:
    raise error


def _broken(request: HttpRequest) -> HttpResponse:
    return _raise(RuntimeError("deliberate"))


def _forbidden(request: HttpRequest) -> HttpResponse:
    return _raise(PermissionDenied())


def _too_large(request: HttpRequest) -> HttpResponse:
    return _raise(RequestDataTooBig())


def _database_away(request: HttpRequest) -> HttpResponse:
    return _raise(OperationalError("no such host"))


urlpatterns = [
    path("", include("summarizer.urls")),
    path("broken", _broken),
    path("forbidden", _forbidden),
    path("too-large", _too_large),
    path("away", _database_away),
    path("api/too-large", _too_large),
    path("api/away", _database_away),
]
handler400 = "summarizer.problems.bad_request"
handler404 = "summarizer.problems.not_found"
handler500 = "summarizer.problems.server_error"


class Inline(HTMLParser):
    """Collects what the policy forbids, and what would ask another host."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "style" or (tag == "script" and "src" not in values):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        loads = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
        if tag in loads and not values.get(loads[tag], "").startswith("/"):
            self.found.append(f"{tag} {values}")


@pytest.fixture
def pages() -> list[tuple[Client, str]]:
    user = make_user(is_staff=True)
    batch = make_batch(
        ["completed", "failed", "processing", "pending"],
        user=user,
        rejected=[(1, "x", "y")],
        summary_fields={"engine": "anthropic"},
    )
    summary = items_of(batch)[0].summary
    assert summary is not None
    own, nobody = Client(), Client()
    own.force_login(user)
    addresses = [
        reverse("home"),
        reverse("batches"),
        batch.get_absolute_url(),
        reverse("batch_delete", args=[batch.pk]),
        summary.get_absolute_url(),
        reverse("account"),
        reverse("tokens"),
        "/nothing",
    ]
    return [(own, address) for address in addresses] + [(nobody, "/"), (nobody, reverse("account_login"))]


def test_no_page_needs_what_the_policy_forbids(pages: list[tuple[Client, str]]) -> None:
    for client, address in pages:
        answer = client.get(address)
        assert Inline(answer.content.decode()).found == [], address
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy


def test_every_page_can_be_skipped_to_its_content_and_has_one_heading(pages: list[tuple[Client, str]]) -> None:
    for client, address in pages:
        html = client.get(address).content.decode()
        assert 'href="#main"' in html, address
        assert html.count("<h1") == 1, address
        assert '<html lang="en"' in html, address


def test_ids_are_unique_on_every_page(pages: list[tuple[Client, str]]) -> None:
    for client, address in pages:
        ids = re.findall(r'\sid="([^"]+)"', client.get(address).content.decode())
        assert len(ids) == len(set(ids)), address


def test_scripts_and_styles_stay_light() -> None:
    assert sum(file.stat().st_size for file in (STATIC / "js").glob("*.js")) < 25_000
    assert (STATIC / "app.css").stat().st_size < 20_000
    assert sum(file.stat().st_size for file in (STATIC / "fonts").glob("*.woff2")) < 60_000


def _contrast(one: str, other: str) -> float:
    lights = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _tokens() -> Iterator[dict[str, str]]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", (STATIC / "app.css").read_text())
    yield {name: light for name, light, _ in found}
    yield {name: dark for name, _, dark in found}


def test_colours_have_enough_contrast_in_both_themes() -> None:
    for theme in _tokens():
        for ground in ("page", "card", "well", "tint"):
            assert _contrast(theme["text"], theme[ground]) >= 4.5
            assert _contrast(theme["soft"], theme[ground]) >= 4.5, ground
            assert _contrast(theme["accent"], theme[ground]) >= 4.5, ground
        for ground in ("page", "card"):
            assert _contrast(theme["edge"], theme[ground]) >= 3
        for name in ("good", "bad", "warn"):
            assert _contrast(theme[name], theme["card"]) >= 4.5
        assert _contrast(theme["bad"], theme["bad-tint"]) >= 4.5
        assert _contrast(theme["warn"], theme["warn-tint"]) >= 4.5
        assert _contrast(theme["on-accent"], theme["accent"]) >= 4.5


ERRORS = [("/broken", 500), ("/forbidden", 403), ("/too-large", 413), ("/away", 503), ("/nothing", 404)]


@pytest.mark.parametrize(("address", "status"), ERRORS)
@override_settings(ROOT_URLCONF=__name__)
def test_errors_have_pages_in_the_same_design(address: str, status: int) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code == status
    html = answer.content.decode()
    assert f"Error {status}" in html
    assert ('href="">Try again</a>' in html) is (status in (500, 503))
    assert "app.css" in html
    assert Inline(html).found == []


@override_settings(ROOT_URLCONF=__name__)
def test_the_broken_page_needs_no_database(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        Client(raise_request_exception=False).get("/broken")


@pytest.mark.parametrize(("address", "status"), [("/api/too-large", 413), ("/api/away", 503)])
@override_settings(ROOT_URLCONF=__name__)
def test_programs_get_the_same_errors_as_problems(address: str, status: int) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_form_without_its_token_is_told_to_reload() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    answer = client.post("/")
    assert answer.status_code == 403
    assert "This page was open for too long" in answer.content.decode()


def test_the_usual_address_of_an_icon_leads_to_ours(client: Client) -> None:
    response = client.get("/favicon.ico", follow=True)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("/", "New batch"),
        ("/batches", "Batches"),
        ("/batches/{batch}", "Batches"),
        ("/batches/{batch}/again", "Batches"),
        ("/batches/{batch}/delete", "Batches"),
        ("/library", "Library"),
        ("/account/tokens", "Account"),
        ("/account/email", "Account"),
        ("/accounts/password/change/", "Account"),
    ],
)
def test_the_navigation_marks_where_one_is(address: str, entry: str) -> None:
    batch = make_batch(["completed"])
    client = Client()
    client.force_login(batch.user)
    html = client.get(address.format(batch=batch.pk)).content.decode()
    assert re.findall(r'<a href="[^"]+" aria-current="true">([^<]+)</a>\n', html)[0] == entry
