"""When and from where each browser was last here, for the account page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

logger = logging.getLogger(__name__)
# "Last seen" is for people: a write per request would be a write per poll.
SEEN_STEP = timedelta(minutes=5)
REMEMBERED_MAX = 10_000


def track_sessions(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """allauth's UserSessionsMiddleware, which reads and writes at every request, held back to once in SEEN_STEP for
    each session and process. In between it costs no query.
    """
    written: dict[str, datetime] = {}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        key, now = request.session.session_key, timezone.now()
        is_due = key and (key not in written or now - written[key] >= SEEN_STEP)
        if key and is_due and request.user.is_authenticated:
            if len(written) >= REMEMBERED_MAX:
                written.clear()
            written[key] = now
            _track(request)
        return get_response(request)

    return middleware


def _track(request: HttpRequest) -> None:
    """No page fails for this: neither on a full disk, nor behind a proxy that is set up wrongly."""
    try:
        UserSession.objects.create_from_request(request)
    except (DatabaseError, ImproperlyConfigured, PermissionDenied) as error:
        logger.warning("a session's last visit was not noted: %s", error)
