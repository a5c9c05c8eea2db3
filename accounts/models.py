"""Who may use this installation: people, and the tokens of their programs."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Users are named by their e-mail address, in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def people(self) -> models.QuerySet[User]:
        """Everybody who signed up: all but the account that the command line makes for itself."""
        return self.exclude(email=User.LOCAL_EMAIL, is_active=False)

    def administrators(self) -> models.QuerySet[User]:
        """Who may do everything, and may log in."""
        return self.filter(is_superuser=True, is_active=True)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()


class CaselessEmailField(models.EmailField):  # type: ignore[type-arg]  # generic in its types only
    """An address that is the same in any case: kept, compared and looked up in lower case, on every way in."""

    def to_python(self, value: Any) -> Any:
        return UserManager.normalize_email(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))


class User(AbstractBaseUser, PermissionsMixin):
    LOCAL_EMAIL: ClassVar = "local@localhost"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email: models.Field[str, str] = CaselessEmailField(_("e-mail address"), unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    is_active = models.BooleanField(_("may log in"), default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    # What a new batch begins with; empty: what the last one had.
    model = models.CharField(max_length=120, blank=True)
    summary_length = models.CharField(_("length"), max_length=10, blank=True)
    language = models.CharField(max_length=35, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        # With `unique`, this makes addresses unique in any case, whoever writes the row.
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="emails_are_lower_case")]

    def __str__(self) -> str:
        return self.email


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime | None = None) -> ApiTokenQuerySet:
        """Neither revoked nor expired, and their owner may log in."""
        now = now or timezone.now()
        return self.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)

    def matching(self, raw: str) -> ApiTokenQuerySet:
        """The token whose raw value this is, if there is one."""
        return self.filter(digest=ApiToken.digest_of(raw))

    def issue(self, user: User, name: str, lifetime: timedelta) -> tuple[ApiToken, str]:
        """A new token, and its raw value, which nobody can read again."""
        raw = "ys_" + secrets.token_urlsafe(32)
        token = self.create(
            user=user,
            name=name,
            prefix=raw[: ApiToken.PREFIX_LENGTH],
            digest=ApiToken.digest_of(raw),
            expires_at=timezone.now() + lifetime,
        )
        return token, raw


class ApiToken(models.Model):
    """A key for programs. Only its SHA-256 is kept; the raw value has 256 random bits, so no slow hash is needed."""

    PREFIX_LENGTH = 9

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=PREFIX_LENGTH, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API token")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(raw: str) -> str:
        return hashlib.sha256(raw.encode()).hexdigest()

    @property
    def status(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "active" if self.expires_at > timezone.now() else "expired"
