"""How a fake model may misbehave, and who is to misbehave next."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

ERRORS = {
    "rate_limited": 429,
    "spend_limit": 429,
    "quota": 429,
    "overloaded": 529,
    "server_error": 500,
    "bad_gateway": 502,
    "key_refused": 401,
    "forbidden": 403,
    "region": 403,
    "moderated": 403,
    "model_forbidden": 403,
    "firewall": 403,
    "key_not_valid": 400,
    "unknown_model": 404,
    "no_such_path": 404,
    "too_long": 400,
    "no_credit": 400,
    "bad_request": 400,
}
STOPS = ("refusal", "max_tokens", "context_window", "paused")
WIRE = (
    "malformed",
    "disconnect",
    "truncated",
    "drip",
    "drip_headers",
    "hang",
    "error_in_stream",
    "keep_alive",
    "endless",
)
CONTENT = (
    "prose",
    "thoughts",
    "fenced",
    "no_json",
    "loose",
    "unknown_citations",
    "invented_quotes",
    "foreign_citations",
    "first_half",
    "hostile",
    "empty",
)
SERVER = (
    "no_responses",
    "no_schema",
    "no_usage_option",
    "silent_cut",
    "empty_stream",
    "no_finish",
    "no_usage",
    "numbered_errors",
)
NAMES = frozenset((*ERRORS, *STOPS, *WIRE, *CONTENT, *SERVER))

_IN_NAME = re.compile(r"\+([a-z_]+)(?:\*(\d+))?")
_IN_PROMPT = re.compile(r"fakellm:([a-z_]+)(?:\*(\d+))?")


@dataclass
class Order:
    """One behaviour: for which model ("" for all), after how many calls, and how many times (None for ever)."""

    name: str
    model: str = ""
    times: int | None = None
    after: int = 0

    def due(self, model: str) -> bool:
        """Whether it is this call's turn; counts the call."""
        if self.model not in ("", model) or self.times == 0:
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Config:
    """What POST /_config sets; a key that is not sent keeps its value, `behaviours` replaces all orders.

    Seconds: `latency` before the first byte, `chunk_latency` before each streamed chunk, `retry_after` as the header
    says, None for no header. `window`: prompts of more tokens than that are refused as too long. `sentence`: what an
    error says instead of its usual sentence. `share_read`: how much of each prompt is read, without a word about it.
    """

    behaviours: list[Order] = field(default_factory=list)
    latency: float = 0.0
    chunk_latency: float = 0.0
    chunks: int = 8
    retry_after: float | None = 1.0
    window: int | None = None
    sentence: str = ""
    share_read: float = 1.0


class Director:
    """Says how each call is to be answered. Safe to share between the threads of a server."""

    def __init__(self) -> None:
        self.config = Config()
        self._used: Counter[tuple[str, str, int]] = Counter()
        self._lock = Lock()

    def configure(self, changes: dict[str, Any]) -> None:
        with self._lock:
            for name, value in changes.items():
                if name == "behaviours":
                    value = [order if isinstance(order, Order) else Order(**order) for order in value]
                    for order in value:
                        _known(order.name)
                elif name not in Config.__dataclass_fields__:
                    raise ValueError(f"no setting is called {name}")
                setattr(self.config, name, value)

    def start_over(self) -> None:
        """Forgets how often the orders of model names and prompts were followed."""
        with self._lock:
            self._used.clear()

    def behaviours(self, model: str, prompt: str) -> set[str]:
        """How to answer this call, and one time fewer for what was ordered a number of times."""
        names: set[str] = set()
        with self._lock:
            names.update(order.name for order in self.config.behaviours if order.due(model))
            for found in (*_IN_NAME.finditer(model), *_IN_PROMPT.finditer(prompt)):
                name, times = _known(found.group(1)), found.group(2)
                used = (model, found.group(0), found.start())
                if times is None or self._used[used] < int(times):
                    names.add(name)
                    self._used[used] += 1
        return names


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"no behaviour is called {name}; there are {', '.join(sorted(NAMES))}")
    return name
