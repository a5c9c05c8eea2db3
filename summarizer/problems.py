"""Errors of the API as problem+json (RFC 9457) that always keep DRF's `detail`, a sentence.

    {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "email: Enter a valid …",
     "code": "invalid", "instance": "/api/auth/register", "errors": {"email": ["Enter a valid …"]}}

`code` is stable and machine-readable; `errors` is there for fields; an `InvalidInput` may add members of its own.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import serializers
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from accounts.errors import SignupClosed, TokenRefused, TooManyTries, WrongCredentials
from batches.errors import KeyReused, LimitReached, NotActive
from batches.sentences import translated
from summarizer.errors import InvalidInput, SummarizerError

CONTENT_TYPE = "application/problem+json"
STATUSES: dict[type[SummarizerError], int] = {
    WrongCredentials: 401,
    TokenRefused: 401,
    SignupClosed: 403,
    NotActive: 404,
    KeyReused: 409,
    LimitReached: 429,
    TooManyTries: 429,
}
# More would hide the first; the whole list is in `errors`.
MOST_SENTENCES = 3


class ProblemSerializer(serializers.Serializer[Any]):
    """The shape of every error, for the OpenAPI page."""

    type = serializers.CharField(default="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    instance = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF takes it out of the class
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None for the unexpected, which Django logs and hands to `server_error`."""
    extra: dict[str, Any] = {}
    if isinstance(error, SummarizerError):
        extra = error.extra if isinstance(error, InvalidInput) else {}
        error = _as_api_exception(error)
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    response.data = _problem(response.status_code, context["request"].path, **_members(response.data), **extra)
    response.content_type = CONTENT_TYPE
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    if not _is_for_programs(request):
        return defaults.page_not_found(request, exception)
    return _answer(request, 404, "not_found", _("There is nothing at this address. /api/schema lists what there is."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`; 413 for more than is taken at once."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFilesSent | TooManyFieldsSent)
    if not _is_for_programs(request):
        return _page(413 if too_large else 400)
    if too_large:
        return _answer(request, 413, "too_large", _("This is too much at once. Send less text or fewer files."))
    return _answer(request, 400, "bad_request", _("This request cannot be read."))


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`; 503 while the database does not answer. Called while the exception is being handled."""
    away = isinstance(sys.exc_info()[1], OperationalError)
    if not _is_for_programs(request):
        return _page(503 if away else 500)
    if away:
        return _answer(request, 503, "unavailable", _("The database does not answer. Nothing is lost; try again soon."))
    return _answer(request, 500, "internal", _("Something unexpected went wrong. The host finds the cause in the log."))


def _page(status: int) -> HttpResponse:
    """An error page that needs neither a session nor the database."""
    return HttpResponse(loader.render_to_string(f"{status}.html"), status=status)


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _answer(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse(
        _problem(status, request.path, detail=detail, code=code), status=status, content_type=CONTENT_TYPE
    )


def _problem(status: int, instance: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "instance": instance,
        **members,
    }


def _as_api_exception(error: SummarizerError) -> APIException:
    """The same sentence and code, with the status and the headers that belong to them."""
    answer = APIException(translated(str(error)), error.code)
    ours_to_mend = not isinstance(error, InvalidInput) and error.mender != "you"
    usual = HTTPStatus.SERVICE_UNAVAILABLE if ours_to_mend else HTTPStatus.BAD_REQUEST
    answer.status_code = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), usual)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        answer.auth_header = "Bearer"  # type: ignore[attr-defined]  # DRF's handler looks for it
    if error.retry_after is not None:
        answer.wait = math.ceil(error.retry_after)  # type: ignore[attr-defined]  # likewise
    return answer


def _members(data: Any) -> dict[str, Any]:
    """What DRF made of an exception, as `detail` and `code`; with `errors` when it is about fields."""
    match data:
        case {"detail": ErrorDetail() as sentence}:
            return {"detail": str(sentence), "code": sentence.code}
        case list():
            data = {"non_field_errors": data}
    sentences = list(_sentences(data))
    more = len(sentences) - MOST_SENTENCES
    shown = sentences[:MOST_SENTENCES] + ([_("(And {number} more.)").format(number=more)] if more > 0 else [])
    return {"detail": " ".join(shown), "code": "invalid", "errors": data}


def _sentences(data: Any, field: str = "") -> Iterator[str]:
    match data:
        case dict():
            for key, value in data.items():
                yield from _sentences(value, field if key == "non_field_errors" else f"{field}.{key}".lstrip("."))
        case list():
            for value in data:
                yield from _sentences(value, field)
        case _:
            yield f"{field}: {data}" if field else str(data)
