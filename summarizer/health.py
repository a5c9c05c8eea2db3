"""What machines ask: does it serve (/healthz), is everything that it needs there (/readyz), how is it (/metrics)?

Answered before any other middleware: who asks by IP address must not fail for the Host header, be sent to https, or
open a session.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from redis import Redis, RedisError

from batches import metrics
from batches.models import Worker

_BROKER_SECONDS = 1
_WHO = {"WWW-Authenticate": 'Bearer realm="metrics"'}


def probes(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that answers these paths itself."""
    answers = {
        "/healthz": healthz,
        "/readyz": readyz,
        "/metrics": prometheus if settings.METRICS_TOKEN else get_response,
    }

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return answers.get(request.path, get_response)(request)

    return middleware


def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok" from a process that answers requests. Touches neither database nor broker."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database, the broker and a worker are there, else 503; {part: "ok" | what is wrong}."""
    parts = {"database": _database(), "broker": _broker()}
    parts["worker"] = _worker() if parts["database"] == "ok" else "unknown"
    return JsonResponse(parts, status=200 if set(parts.values()) == {"ok"} else 503)


def prometheus(request: HttpRequest) -> HttpResponse:
    """The metrics, for who brings METRICS_TOKEN as a bearer; 401 for others, 503 while the database is away."""
    brought = request.headers.get("Authorization", "").encode()
    if not compare_digest(brought, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("Bring METRICS_TOKEN as a bearer token.\n", "text/plain", 401, headers=_WHO)
    try:
        return HttpResponse(metrics.exposition(timezone.now()), content_type=metrics.CONTENT_TYPE)
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", content_type="text/plain", status=503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "away"
    return "ok"


def _broker() -> str:
    url = str(settings.CACHES["default"]["LOCATION"])
    try:
        with Redis.from_url(url, socket_timeout=_BROKER_SECONDS, socket_connect_timeout=_BROKER_SECONDS) as client:
            client.ping()
    except RedisError:
        return "away"
    return "ok"


def _worker() -> str:
    return "ok" if Worker.objects.serving().exists() else "none heard"
