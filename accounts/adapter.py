"""allauth, told our rules."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from accounts import operations


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return operations.signup_is_open()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")
