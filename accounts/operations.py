"""What a person can do with an account and its tokens. No request, no HTML."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.errors import InvalidAccount, LastAdministrator, SignupClosed
from accounts.models import ApiToken, User
from batches.operations import delete_batch
from summarizer.errors import InvalidInput

# Tokens that ended are listed for so long, so that their owner can see what happened; then they are forgotten.
KEEP_ENDED_TOKENS = timedelta(days=30)
_TAKEN = gettext_noop("There is an account with this e-mail address already. Log in instead.")


def signup_is_open() -> bool:
    """Whether a new account may be made: always the first, further ones with `SIGNUP=open`."""
    return settings.SIGNUP == "open" or not User.objects.people().exists()


def register(email: str, password: str) -> User:
    """A new account; the first one is the administrator. Raises `SignupClosed`, `InvalidAccount`."""
    if not signup_is_open():
        raise SignupClosed
    user = User(email=email)
    _check(user, password)
    user.set_password(password)  # slow on purpose, so before the lock
    with transaction.atomic():
        _lock_administrators()
        if not signup_is_open():
            raise SignupClosed
        user.is_staff = user.is_superuser = not User.objects.people().exists()
        _check_fields(user)
        local = User.objects.filter(email=User.LOCAL_EMAIL, is_active=False).first() if user.is_superuser else None
        user.pk = local.pk if local else user.pk  # whoever signs up first owns what they made in the terminal before
        user.save(force_insert=local is None, force_update=local is not None)
    return user


def command_line_user() -> User:
    """Who owns the batches of the command line when nobody is named: the only person, else the first administrator.

    Before anybody has signed up, an account that nobody can log in to; the first sign-up takes it over.
    """
    people = list(User.objects.people()[:2])
    if not people:
        return User.objects.get_or_create(
            email=User.LOCAL_EMAIL, defaults={"password": make_password(None), "is_active": False}
        )[0]
    user = people[0] if len(people) == 1 else User.objects.administrators().order_by("date_joined").first()
    if user is None:
        raise InvalidInput(_("Say whose batch it is: --user with an e-mail address."))
    return user


def change_email(user: User, email: str) -> None:
    """From now on the person logs in with `email`. Raises `InvalidAccount`."""
    changed = User(pk=user.pk, email=email, password=user.password)
    _check_fields(changed)
    user.email = changed.email
    try:
        user.save(update_fields=["email"])
    except IntegrityError as error:  # somebody took it in this instant
        raise InvalidAccount({"email": [_(_TAKEN)]}) from error


def create_token(user: User, name: str, days: int) -> tuple[ApiToken, str]:
    """A new token, and its raw value, which nobody can read again."""
    now = timezone.now()
    user.api_tokens.filter(expires_at__lt=now - KEEP_ENDED_TOKENS).delete()
    return ApiToken.objects.issue(user, name, timedelta(days=days))


def create_login_token(user: User) -> tuple[ApiToken, str]:
    """The token of a program that logged in with e-mail address and password."""
    return create_token(user, "Log-in of a program", settings.API_TOKEN_DAYS)


def revoke_token(token: ApiToken) -> None:
    """From now on the token opens nothing. A token that was revoked before keeps its date."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def sessions(user: User, current: str | None = None) -> list[UserSession]:
    """The browsers that are logged in: first the one with the session key `current`, then the one seen last."""
    listed: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(listed, key=lambda session: (session.session_key == current, session.last_seen_at), reverse=True)


def end_session(session: UserSession) -> None:
    """Logs the user out of this one browser. What it watches live closes within half a minute."""
    session.end()


def end_other_sessions(user: User, current: str | None) -> int:
    """Logs the user out of every browser but the one with the session key `current`. Answers of how many."""
    others = [session for session in sessions(user) if session.session_key != current]
    for session in others:
        end_session(session)
    return len(others)


def delete_account(user: User) -> None:
    """The person, and all that is theirs: batches, summaries, uploads, tokens. Raises `LastAdministrator`."""
    with transaction.atomic():
        _lock_administrators()
        if is_last_administrator(user):
            raise LastAdministrator
        for batch in user.batches.order_by("pk"):
            delete_batch(batch)  # stops running work, and tells the pages that watch it
        end_other_sessions(user, None)
        user.delete()


def is_last_administrator(user: User) -> bool:
    administrators = User.objects.administrators()
    return administrators.filter(pk=user.pk).exists() and not administrators.exclude(pk=user.pk).exists()


def _lock_administrators() -> None:
    """One at a time from here to the end of the transaction, so that "the first" and "the last" are one person.

    There may be no user to lock yet, so the lock is the row that stands for the model. SQLite needs none: its
    transactions are IMMEDIATE.
    """
    ContentType.objects.select_for_update().get(app_label=User._meta.app_label, model=User._meta.model_name)


def _check(user: User, password: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        _check_fields(user)
    except InvalidAccount as error:
        errors |= error.errors
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise InvalidAccount(errors)


def _check_fields(user: User) -> None:
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise InvalidAccount(error.message_dict) from error
    if User.objects.filter(email=user.email).exclude(pk=user.pk).exists():
        raise InvalidAccount({"email": [_(_TAKEN)]})
