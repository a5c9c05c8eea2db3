"""Request ids, and response headers that Django has no setting for."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

from summarizer.logs import bound

logger = logging.getLogger(__name__)
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def permissions_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """No page of ours asks for any of this; no script that slips in may."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """What is logged about a request carries its id: the one in X-Request-ID, a proxy's, or one made here."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        began = time.monotonic()
        with bound(request=request_id):
            response = get_response(request)
            took = (time.monotonic() - began) * 1000
            logger.debug("%s %s: %s in %d ms", request.method, request.path, response.status_code, took)
        response.headers["X-Request-ID"] = request_id
        return response

    return middleware
