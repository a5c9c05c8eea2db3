"""The account pages: allauth's where it has them, and ours."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time
from typing import Any

from allauth.account.views import LoginView, SignupView
from allauth.decorators import rate_limit
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import operations
from accounts.errors import LastAdministrator
from accounts.forms import DeleteAccountForm, EmailForm, ProfileForm, TokenForm
from accounts.models import User
from batches import money
from batches.downloads import everything_response
from batches.presentation import browser, plural
from batches.sentences import translated


class LogInView(LoginView):  # type: ignore[misc]  # allauth ships no types
    """Where nobody has an account yet, logging in begins with making one."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not User.objects.people().exists():
            return redirect(self.passthrough_next_url(reverse("account_signup")))
        response: HttpResponseBase = super().get(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "signup_is_open": operations.signup_is_open()}


class SignUpView(SignupView):  # type: ignore[misc]  # allauth ships no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "first_account": not User.objects.people().exists()}

    def closed(self) -> HttpResponse:
        return render(self.request, self.template_name_signup_closed, status=403)


@login_required
def account(request: HttpRequest) -> HttpResponse:
    person = _person(request)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("account")
    here = request.session.session_key
    return render(
        request,
        "accounts/account.html",
        {
            "form": form,
            "sessions": operations.sessions(person, here),
            "here": here,
            "spent": money.spent(person),
            "usage": _usage(person),
            "budget": settings.MONTHLY_BUDGET_USER,
        },
    )


@login_required
@rate_limit(action="reauthenticate")  # type: ignore[untyped-decorator]  # likewise
@sensitive_post_parameters("password")
def change_email(request: HttpRequest) -> HttpResponse:
    person = _person(request)
    form = EmailForm(person, request.POST or None)
    if request.method == "POST" and form.change():
        messages.success(request, _("From now on you log in as {email}.").format(email=person.email))
        return redirect("account")
    return render(request, "accounts/email.html", {"form": form})


@login_required
@require_POST
def log_out_elsewhere(request: HttpRequest) -> HttpResponse:
    ended = operations.end_other_sessions(_person(request), request.session.session_key)
    messages.success(request, _("Logged out of {browsers}.").format(browsers=plural(ended, "other browser")))
    return redirect("account")


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession, pk=pk, user=_person(request))
    operations.end_session(session)
    messages.success(request, _("Logged out of {browser}.").format(browser=browser(session.user_agent)))
    return redirect("account")


@login_required
@require_safe
def export_account(request: HttpRequest) -> HttpResponseBase:
    return everything_response(request, _person(request))


@login_required
@rate_limit(action="reauthenticate")  # type: ignore[untyped-decorator]  # likewise
@sensitive_post_parameters("password")
def delete_account(request: HttpRequest) -> HttpResponse:
    person = _person(request)
    form = DeleteAccountForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.delete_account(person)
        except LastAdministrator as error:
            form.add_error(None, translated(str(error)))
        else:
            logout(request)
            messages.success(request, _("Your account and everything in it is deleted."))
            return redirect("account_login")
    counts = {"batches": person.batches.count(), "summaries": person.summaries.count()}
    return render(request, "accounts/delete.html", {"form": form, **counts})


@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """The list, and the form for a new one, whose raw value is on the answer to the form and nowhere else."""
    raw = ""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _, raw = operations.create_token(_person(request), form.cleaned_data["name"], form.cleaned_data["days"])
        form = TokenForm()
    return render(
        request, "accounts/tokens.html", {"form": form, "raw": raw, "tokens": _person(request).api_tokens.all()}
    )


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    token = get_object_or_404(_person(request).api_tokens, pk=pk)
    operations.revoke_token(token)
    told = _("“{name}” is revoked. Programs that use it are refused from now on.")
    messages.success(request, told.format(name=token.name))
    return redirect("tokens")


def _usage(person: User) -> dict[str, int | None]:
    """What the person did this month, and how many videos a day allows them; None for any number."""
    begin = datetime.combine(money.month_of(), time(), UTC)
    videos = person.batches.filter(created_at__gte=begin).aggregate(sum=Sum("total_videos"))["sum"] or 0
    limit = None if person.is_superuser else settings.USER_DAILY_VIDEOS or None
    return {"videos": videos, "summaries": person.summaries.filter(created_at__gte=begin).count(), "limit": limit}


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # @login_required saw to it; this tells the type checker
    return request.user
