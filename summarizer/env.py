"""Reading the environment: strictly, once, and with a sentence for whoever mistyped a value.

`Env` is a pure reader over a mapping; it remembers what was read, so that `.env.example`, the compose file and the
docs can be held against the truth.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")
_MOST_DOLLARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable that was asked for: its name, its default as one would write it, and what it is for."""

    name: str
    default: str
    help: str


class Env:
    """Typed look-ups in `values`. A bad value raises `ImproperlyConfigured` with what to write instead."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.settings: dict[str, Setting] = {}

    @classmethod
    def load(cls, dotenv: Path) -> Env:
        """The environment of this process, completed by the `.env` file that `ENV_FILE` or else `dotenv` names.

        The file's lines are put into the environment itself, where nothing that is set is overwritten: variables that
        libraries read on their own, such as HTTPS_PROXY, work there too, and child processes inherit them.
        """
        named = os.environ.get("ENV_FILE", "")
        file = Path(named) if named else dotenv
        if file.is_file():
            environ.Env.read_env(file, overwrite=False)
        elif named and not file.exists():
            raise ImproperlyConfigured(f"ENV_FILE names {file}, which does not exist.")
        return cls(os.environ)

    def _raw(self, name: str, default: str, help: str) -> str:
        self.settings[name] = Setting(name, default, help)
        return self._values.get(name, "").strip() or default

    def text(self, name: str, default: str, help: str) -> str:
        return self._raw(name, default, help)

    def listing(self, name: str, default: Sequence[str], help: str) -> list[str]:
        raw = self._raw(name, ",".join(default), help)
        return [part.strip() for part in raw.split(",") if part.strip()]

    def choice(self, name: str, default: str, choices: Sequence[str], help: str) -> str:
        raw = self._raw(name, default, help).lower()
        if raw not in choices:
            raise ImproperlyConfigured(f"{name} is “{raw}”. Write one of: {', '.join(choices)}.")
        return raw

    def flag(self, name: str, default: bool | None, help: str) -> bool | None:
        """True or False; `default` when the variable is unset or empty."""
        raw = self._raw(name, "" if default is None else "1" if default else "0", help).lower()
        if raw == "":
            return default
        if raw in _TRUE:
            return True
        if raw in _FALSE:
            return False
        raise ImproperlyConfigured(f"{name} is “{raw}”. Write 1 or 0.")

    def integer(self, name: str, default: int, help: str, *, low: int, high: int) -> int:
        raw = self._raw(name, str(default), help)
        try:
            value = int(raw)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ImproperlyConfigured(f"{name} is “{raw}”. Write a whole number from {low} to {high}.")
        return value

    def number(self, name: str, default: float, help: str, *, low: float, high: float) -> float:
        raw = self._raw(name, f"{default:g}", help)
        try:
            value = float(raw)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ImproperlyConfigured(f"{name} is “{raw}”. Write a number from {low:g} to {high:g}.")
        return value

    def dollars(self, name: str, help: str) -> Decimal:
        """An amount of money; 0 when the variable is unset."""
        raw = self._raw(name, "0", help)
        try:
            value = Decimal(raw)
        except InvalidOperation:
            value = Decimal("NaN")
        if not (value.is_finite() and 0 <= value <= _MOST_DOLLARS):
            raise ImproperlyConfigured(
                f"{name} is “{raw}”. Write dollars from 0 to {_MOST_DOLLARS:,}, such as 5 or 2.50."
            )
        return value

    def file(self, name: str, help: str) -> Path | None:
        raw = self._raw(name, "", help)
        return Path(raw).expanduser().absolute() if raw else None

    def database(self, name: str, default: str, help: str) -> dict[str, Any]:
        """A Django database dictionary from a URL such as postgres://user:password@host/name."""
        raw = self._raw(name, default, help)
        try:
            parsed: dict[str, Any] = environ.Env.db_url_config(raw)
        except Exception as error:
            raise ImproperlyConfigured(
                f"{name} cannot be read. Write postgres://user:password@host:5432/name."
            ) from error
        if parsed.get("ENGINE") not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
            raise ImproperlyConfigured(f"{name} must start with postgres:// or sqlite:///.")
        return parsed
