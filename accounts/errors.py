"""What can go wrong with an account.

SummarizerError
├── WrongCredentials      no such e-mail address, wrong password, or switched off: one sentence for all (HTTP 401)
├── TokenRefused          the Bearer token is unknown, expired, revoked, or its owner may not log in (HTTP 401)
├── TooManyTries          a rate limit; `retry_after` says when to come back (HTTP 429)
└── InvalidInput
    ├── SignupClosed      (HTTP 403)
    ├── InvalidAccount    an e-mail address or password that cannot be taken; `extra["errors"]` by field
    └── LastAdministrator somebody must stay who can administer the installation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.translation import gettext_noop as _

from summarizer.errors import InvalidInput, SummarizerError, Who


class WrongCredentials(SummarizerError):
    code = "wrong_credentials"
    mender: ClassVar[Who] = "you"
    sentence = _("The e-mail address or the password is wrong.")


class TokenRefused(SummarizerError):
    code = "token_refused"
    mender: ClassVar[Who] = "you"
    sentence = _("This token is not known. Log in, or create a token on the page “API tokens”.")


class TooManyTries(SummarizerError):
    code = "too_many_tries"
    mender: ClassVar[Who] = "you"
    sentence = _("Too many tries. Wait a few minutes, then try again.")


class SignupClosed(InvalidInput):
    code = "signup_closed"
    sentence = _("Sign-up is closed. Ask the person who hosts this installation for an account.")


class InvalidAccount(InvalidInput):
    """`errors`: field name → sentences."""

    code = "invalid_account"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors = {field: list(sentences) for field, sentences in errors.items()}
        super().__init__(
            " ".join(sentence for sentences in self.errors.values() for sentence in sentences),
            extra={"errors": self.errors},
        )


class LastAdministrator(InvalidInput):
    code = "last_administrator"
    sentence = _("This is the last administrator. Make somebody else an administrator first.")
