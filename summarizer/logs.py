"""What is logged: one JSON object a line in production, one readable line elsewhere; bound to what is being worked on.

    with bound(batch=…, item=…, attempt=…): …        everything logged inside says so

No line holds a key, a password or an e-mail address, whoever wrote it: they are struck out of the finished text. While
an item is worked on, errors are named without their text, which may quote a transcript; the lines of code remain.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import TracebackException
from types import TracebackType
from typing import Any

_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default={})  # noqa: B039  # never written into
_EMAIL = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)")
_LONGEST_ERROR = 300
_SHORTEST_SECRET = 4  # what is shorter would strike out half of the words
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def bound(**names: object) -> Iterator[None]:
    """While inside, in this thread or task, each record carries these names."""
    token = _bound.set({**_bound.get(), **{name: str(value) for name, value in names.items()}})
    try:
        yield
    finally:
        _bound.reset(token)


class Binding(logging.Filter):
    """Writes what is bound where a record is made on the record, for it may be formatted elsewhere."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.bound = _bound.get()
        if isinstance(record.args, tuple):
            record.args = tuple(told(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
        return True


def told(error: BaseException) -> str:
    """An error in one line: its kind, and outside of work on an item the first line of what it says.

    What databases add below quotes the row they refused.
    """
    name = type(error).__name__
    lines = [] if "item" in _bound.get() else str(error).strip().splitlines()
    return f"{name}: {lines[0][:_LONGEST_ERROR]}" if lines else name


class _Discreet(logging.Formatter):
    """Renders errors by `told`, and strikes out what nobody may read."""

    def __init__(self, fmt: str | None = None, *, secrets: Iterable[str] = ()) -> None:
        super().__init__(fmt, style="{")
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]

    def formatException(self, ei: Raised) -> str:  # noqa: N802  # the name is logging's
        """The traceback; of each error in its chain, what `told` tells."""
        if ei[1] is None:
            return ""
        chain: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            frames = TracebackException(type(error), error, error.__traceback__).stack.format()
            chain.append(f"Traceback (most recent call last):\n{''.join(frames)}{told(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nled to\n".join(reversed(chain))

    def struck(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _EMAIL.sub("***@***", _CREDENTIALS.sub("***", text))


class Line(_Discreet):
    """`2026-03-04 05:06:07,890 INFO batches.work: said [batch=… item=… attempt=1]`."""

    def format(self, record: logging.LogRecord) -> str:
        names = " ".join(f"{name}={value}" for name, value in getattr(record, "bound", {}).items())
        head, newline, rest = super().format(record).partition("\n")
        return self.struck(f"{head} [{names}]{newline}{rest}" if names else f"{head}{newline}{rest}")


class Json(_Discreet):
    """`{"time": "…Z", "level": "info", "logger": "batches.work", "message": "…", "batch": …}`, with `error` if any."""

    def format(self, record: logging.LogRecord) -> str:
        told_now = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "bound", {}),
        }
        if record.exc_info:
            told_now["error"] = self.formatException(record.exc_info)
        return self.struck(json.dumps(told_now, ensure_ascii=False))


# One line per request, message or tick is for whoever looks for a fault. uvicorn has handlers of its own.
_CHATTY = ("httpx", "httpx2", "celery.app.trace", "celery.beat", "celery.worker.strategy", "uvicorn", "uvicorn.error")
# Whole requests, and with them whole transcripts, are for nobody.
_TELLTALE = ("anthropic", "openai", "httpcore", "urllib3", "django.db.backends", "django.template")


def configuration(format: str, level: str, secrets: Sequence[str]) -> dict[str, Any]:
    """Django's LOGGING: everything of `level` or above on stderr, in `format` "json" or "line", without `secrets`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"binding": {"()": Binding}},
        "formatters": {
            "json": {"()": Json, "secrets": secrets},
            "line": {"()": Line, "fmt": "{asctime} {levelname} {name}: {message}", "secrets": secrets},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": format, "filters": ["binding"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{
                name: {"level": level if level == "DEBUG" else "WARNING", "handlers": [], "propagate": True}
                for name in _CHATTY
            },
            **{name: {"level": "WARNING"} for name in _TELLTALE},
            # Django adds a handler of its own when DEBUG is on, which would say everything twice.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
        },
    }
