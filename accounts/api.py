"""`/api/auth/…`: accounts for programs. The limits are allauth's, shared with the log-in page."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import operations
from accounts.authentication import BearerAuthentication
from accounts.errors import TooManyTries, WrongCredentials
from accounts.models import ApiToken, User
from summarizer.problems import ProblemSerializer


class CredentialsSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class AccountSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "email")


class AccessTokenSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(["bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds from now")


class PublicView(APIView):
    """Open to everybody, and deaf to cookies, so that no other site can act through a browser."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class RegisterView(PublicView):
    @extend_schema(
        operation_id="register",
        summary="Make an account",
        request=CredentialsSerializer,
        responses={201: AccountSerializer, 400: ProblemSerializer, 403: ProblemSerializer, 429: ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """The first account is the administrator; sign-up then closes unless the host set SIGNUP=open."""
        if not ratelimit.consume(request, action="signup"):
            raise TooManyTries(retry_after=60)
        user = operations.register(**_credentials(request))
        return Response(AccountSerializer(user).data, status=201)


class LoginView(PublicView):
    @extend_schema(
        operation_id="login",
        summary="Get an access token",
        request=CredentialsSerializer,
        responses={200: AccessTokenSerializer, 400: ProblemSerializer, 401: ProblemSerializer, 429: ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send the token with every request as `Authorization: Bearer …`."""
        user = _authenticate(request, **_credentials(request))
        _, raw = operations.create_login_token(user)
        answer = {"access_token": raw, "token_type": "bearer", "expires_in": settings.API_TOKEN_DAYS * 86_400}
        return Response(answer, headers={"Cache-Control": "no-store"})


class LogoutView(APIView):
    authentication_classes = (BearerAuthentication,)

    @extend_schema(
        operation_id="logout",
        summary="Revoke the presented token",
        request=None,
        responses={204: None, 401: ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """The token of this request opens nothing any more."""
        assert isinstance(request.auth, ApiToken)  # noqa: S101  # BearerAuthentication set it; for the type checker
        operations.revoke_token(request.auth)
        return Response(status=204)


def _credentials(request: Request) -> dict[str, str]:
    serializer = CredentialsSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


@sensitive_variables("password")
def _authenticate(request: Request, email: str, password: str) -> User:
    """Through the same limits as the log-in page. Raises `TooManyTries`, `WrongCredentials`."""
    if not ratelimit.consume(request, action="login"):
        raise TooManyTries(retry_after=60)
    try:
        user = get_adapter().authenticate(request, email=email, password=password)
    except ValidationError as error:  # allauth's way to say "too many failed tries for this address"
        raise TooManyTries(retry_after=settings.LOGIN_FAILED_SECONDS) from error
    # allauth also returns who knows the password of an account that is switched off.
    if not isinstance(user, User) or not user.is_active:
        raise WrongCredentials
    return user
