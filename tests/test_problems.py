"""Every error of the API is problem+json, and keeps `detail` as a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import NotFound, Throttled, UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import SignupClosed, TokenRefused, TooManyTries, WrongCredentials
from summarizer.errors import InvalidInput, MissingKey, ProviderFailed

pytestmark = pytest.mark.urls("tests.test_problems")

MEDIA = 'Unsupported media type "text/csv" in request.'
REJECTED = [{"line": 3, "text": "htp:/x", "reason": "Not a link."}]


class Pasted(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=3)
    urls = serializers.ListField(child=serializers.URLField())


def errors_by_name() -> dict[str, Exception]:
    return {
        "input": InvalidInput("No line has a link to a video.", extra={"rejected": REJECTED}),
        "key": MissingKey("ANTHROPIC_API_KEY is not set."),
        "closed": SignupClosed(),
        "wrong": WrongCredentials(),
        "refused": TokenRefused(),
        "tries": TooManyTries(retry_after=12.2),
        "provider": ProviderFailed(),
        "missing": Http404("No Batch matches the given query."),
        "missing_here": NotFound("Active batch job not found"),
        "denied": PermissionDenied(),
        "throttled": Throttled(wait=7.1),
        "media": UnsupportedMediaType("text/csv"),
        "one": serializers.ValidationError("Nothing fits."),
        "bug": ZeroDivisionError("secret detail"),
    }


@api_view(["GET", "POST"])
@permission_classes([AllowAny])
def fail(request: Request, name: str) -> Response:
    raise errors_by_name()[name]


@api_view(["GET"])
def members_only(request: Request) -> Response:
    return Response({"ok": True})


@api_view(["POST"])
@permission_classes([AllowAny])
def validate(request: Request) -> Response:
    Pasted(data=request.data).is_valid(raise_exception=True)
    return Response({"ok": True})


def fail_outside_drf(request: HttpRequest, kind: str) -> HttpResponse:
    raise {"bug": ZeroDivisionError("secret detail"), "odd": SuspiciousOperation("secret detail")}[kind]


urlpatterns = [
    path("api/fail/<str:name>", fail),
    path("api/members", members_only),
    path("api/validate", validate),
    path("api/plain/<str:kind>", fail_outside_drf),
]
handler400 = "summarizer.problems.bad_request"
handler404 = "summarizer.problems.not_found"
handler500 = "summarizer.problems.server_error"


@pytest.fixture
def program(db: None) -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("name", "status", "title", "code", "detail"),
    [
        ("input", 400, "Bad Request", "invalid_input", "No line has a link to a video."),
        ("key", 400, "Bad Request", "missing_key", "ANTHROPIC_API_KEY is not set."),
        ("closed", 403, "Forbidden", "signup_closed", str(SignupClosed())),
        ("wrong", 401, "Unauthorized", "wrong_credentials", str(WrongCredentials())),
        ("refused", 401, "Unauthorized", "token_refused", str(TokenRefused())),
        ("tries", 429, "Too Many Requests", "too_many_tries", str(TooManyTries())),
        ("provider", 503, "Service Unavailable", "provider_failed", str(ProviderFailed())),
        ("missing", 404, "Not Found", "not_found", "No Batch matches the given query."),
        ("missing_here", 404, "Not Found", "not_found", "Active batch job not found"),
        ("denied", 403, "Forbidden", "permission_denied", "You do not have permission to perform this action."),
        ("media", 415, "Unsupported Media Type", "unsupported_media_type", MEDIA),
    ],
)
def test_an_error_tells_what_happened(
    program: Client, name: str, status: int, title: str, code: str, detail: str
) -> None:
    response = program.get(f"/api/fail/{name}")
    problem = response.json()
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert {key: problem[key] for key in ("type", "title", "status", "code", "detail", "instance")} == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": f"/api/fail/{name}",
    }


def test_invalid_input_brings_what_belongs_to_it(program: Client) -> None:
    assert program.get("/api/fail/input").json()["rejected"] == REJECTED


@pytest.mark.parametrize("name", ["wrong", "refused"])
def test_401_names_the_scheme(program: Client, name: str) -> None:
    assert program.get(f"/api/fail/{name}")["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("name", "seconds"), [("throttled", "8"), ("tries", "13")])
def test_429_says_when_to_come_back(program: Client, name: str, seconds: str) -> None:
    response = program.get(f"/api/fail/{name}")
    assert response.status_code == 429
    assert response["Retry-After"] == seconds
    assert response.json()["detail"]


def test_without_log_in_the_answer_is_401(program: Client) -> None:
    response = program.get("/api/members")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["detail"] == "Authentication credentials were not provided."


def test_the_wrong_method_is_named(program: Client) -> None:
    response = program.delete("/api/validate")
    assert response.status_code == 405
    assert "POST" in response["Allow"]
    assert response.json()["detail"] == 'Method "DELETE" not allowed.'


def test_field_errors_are_listed_and_told_in_one_sentence(program: Client) -> None:
    problem = program.post("/api/validate", {"name": "long name", "urls": "x"}, "application/json").json()
    assert problem["code"] == "invalid"
    assert problem["errors"] == {
        "name": ["Ensure this field has no more than 3 characters."],
        "urls": ['Expected a list of items but got type "str".'],
    }
    assert problem["detail"] == (
        'name: Ensure this field has no more than 3 characters. urls: Expected a list of items but got type "str".'
    )


def test_many_field_errors_do_not_make_an_endless_sentence(program: Client) -> None:
    body = {"name": "abc", "urls": ["x"] * 50}
    problem = program.post("/api/validate", body, "application/json").json()
    assert len(problem["errors"]["urls"]) == 50
    assert problem["detail"].count("Enter a valid URL.") == 3
    assert problem["detail"].startswith("urls.0: Enter a valid URL.")
    assert problem["detail"].endswith("(And 47 more.)")


def test_an_error_without_a_field_is_a_sentence_too(program: Client) -> None:
    problem = program.get("/api/fail/one").json()
    assert problem["detail"] == "Nothing fits."
    assert problem["errors"] == {"non_field_errors": ["Nothing fits."]}


def test_a_body_that_cannot_be_read_is_a_problem(program: Client) -> None:
    response = program.post("/api/validate", "{", "application/json")
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("path", ["/api/fail/bug", "/api/plain/bug"])
def test_a_defect_is_logged_and_tells_no_secrets(program: Client, path: str, caplog: pytest.LogCaptureFixture) -> None:
    response = program.get(path)
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "internal"
    assert "secret" not in response.content.decode()
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(("path", "status"), [("/api/nowhere", 404), ("/api/", 404), ("/api/plain/odd", 400)])
def test_what_never_reaches_a_view_is_a_problem_too(program: Client, path: str, status: int) -> None:
    response = program.get(path)
    assert response.status_code == response.json()["status"] == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].endswith(".")


def test_a_host_that_is_not_served_is_a_problem(program: Client) -> None:
    response = program.get("/api/members", HTTP_HOST="evil.example")
    assert response.status_code == response.json()["status"] == 400


@pytest.mark.urls("summarizer.urls")
def test_pages_stay_pages(program: Client) -> None:
    response = program.get("/nowhere")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
