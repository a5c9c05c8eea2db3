"""Forms of the account pages."""

from __future__ import annotations

from typing import Any

from allauth.account.fields import PasswordField
from allauth.account.forms import ChangePasswordForm, LoginForm, SignupForm
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts import operations
from accounts.errors import InvalidAccount, SignupClosed
from accounts.models import ApiToken, User
from batches.forms import LANGUAGES, LENGTHS
from batches.operations import model_choices
from batches.sentences import translated

_AS_LAST_TIME = _("As last time")
_PASSWORD_RULES = _("At least 8 characters; not a common one, not only digits.")


class _PlainForm:
    """Labels without colons, and no placeholder that says the label again."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LogInForm(_PlainForm, LoginForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["password"].help_text = ""  # the way to a forgotten one is below the form
        if "remember" in self.fields:
            self.fields["remember"].label = _("Stay logged in")


class PasswordForm(_PlainForm, ChangePasswordForm):  # type: ignore[misc]  # likewise
    """allauth's, worded as the others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": _("Your password"),
            "password1": _("New password"),
            "password2": _("New password, again"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""
        self.fields["password1"].help_text = _PASSWORD_RULES


class SignUpForm(_PlainForm, SignupForm):  # type: ignore[misc]  # allauth ships no types
    """allauth's checks, our operation: the same as behind `POST /api/auth/register`.

    allauth would keep every address a second time in its own table, where a changed address would go on logging in.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["password1"].help_text = _PASSWORD_RULES

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        try:
            return operations.register(self.cleaned_data["email"], self.cleaned_data["password1"]), None
        except SignupClosed:
            return None, render(request, "account/signup_closed.html", status=403)
        except InvalidAccount as error:
            for field, sentences in error.errors.items():
                self.add_error("password1" if field == "password" else field, sentences)
            return None, render(request, "account/signup.html", {"form": self})


class ProfileForm(_PlainForm, forms.ModelForm):  # type: ignore[type-arg]  # generic in its types only
    """The name, and what a new batch begins with."""

    class Meta:
        model = User
        fields = ("name", "model", "summary_length", "language")
        labels = {"name": _("Name"), "model": _("Model"), "language": _("Language")}
        help_texts = {"name": _("Shown to you only. You may leave it empty.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = [(choice.id, translated(choice.label)) for choice in model_choices() if choice.available]
        offered = {"model": models, "summary_length": LENGTHS, "language": LANGUAGES[1:]}
        for name, choices in offered.items():
            self.fields[name] = forms.ChoiceField(
                label=self.fields[name].label, choices=[("", _AS_LAST_TIME), *choices], required=False
            )


class TokenForm(_PlainForm, forms.ModelForm):  # type: ignore[type-arg]  # generic in its types only
    days = forms.IntegerField(
        label=_("Days until it expires"), min_value=1, max_value=3650, initial=90, help_text=_("From 1 to 3650.")
    )

    class Meta:
        model = ApiToken
        fields = ("name",)
        labels = {"name": _("Name")}
        help_texts = {"name": _("What it is for, such as “nightly script”.")}


class _PasswordConfirmed(_PlainForm, forms.Form):
    """Asks for the password, so that an unattended browser is not enough."""

    password = PasswordField(label=_("Your password"), autocomplete="current-password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."))
        return password


class DeleteAccountForm(_PasswordConfirmed):
    pass


class EmailForm(_PasswordConfirmed):
    """Another address to log in with. No mail is sent: docs/adr/0006."""

    email = forms.EmailField(label=_("New e-mail address"), max_length=254)

    field_order = ("email", "password")

    def change(self) -> bool:
        """Whether it was changed; else what is wrong is in the form's errors."""
        if self.is_valid():
            try:
                operations.change_email(self.user, self.cleaned_data["email"])
            except InvalidAccount as error:
                for sentences in error.errors.values():
                    self.add_error("email", list(sentences))
        return not self.errors
