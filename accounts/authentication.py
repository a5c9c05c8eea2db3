"""`Authorization: Bearer …` for programs, over HTTP and WebSocket alike."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import TokenRefused
from accounts.models import ApiToken, User
from batches.sentences import translated

# "Last used" is for people: a write per request would be a write per poll.
LAST_USED_STEP = timedelta(minutes=1)


class BearerAuthentication(BaseAuthentication):
    """Another scheme, or none, leaves the request to the next authenticator; a bad token ends it with 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        raw = bearer_in(request.headers.get("Authorization", ""))
        if raw is None:
            return None
        try:
            token = token_of_bearer(raw)
        except TokenRefused as error:
            raise AuthenticationFailed(translated(str(error)), error.code) from error
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass has no types
    """How the OpenAPI page names it. drf-spectacular finds the class by its existence."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def bearer_in(header: str) -> str | None:
    """The token in the value of an Authorization header; "" if it is missing there, None for other schemes."""
    scheme, _, raw = header.strip().partition(" ")
    return raw.strip() if scheme.lower() == "bearer" else None


def user_of_bearer(raw: str) -> User:
    """Whose token this is. Raises `TokenRefused` with the reason."""
    return token_of_bearer(raw).user


def token_of_bearer(raw: str) -> ApiToken:
    """The token with this raw value, marked as used. One query for good and bad alike. Raises `TokenRefused`."""
    token = ApiToken.objects.matching(raw).select_related("user").first()
    if token is None:
        raise TokenRefused
    if token.status == "revoked":
        raise TokenRefused(_("This token was revoked. Log in again, or create a new one."))
    if token.status == "expired":
        raise TokenRefused(_("This token has expired. Log in again, or create a new one."))
    if not token.user.is_active:
        raise TokenRefused(_("The account of this token is switched off. Ask the person who hosts this installation."))
    _mark_used(token)
    return token


def _mark_used(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_STEP:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
