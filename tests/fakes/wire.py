"""What both fake APIs have in common: one call, and what is sent back for it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tests.fakes import drafts

# What stands between us and a provider answers with pages, not with JSON.
PAGES = {
    "bad_gateway": "<html><h1>502 Bad Gateway</h1></html>",
    "firewall": "<html><head><style>p{}</style><title>Blocked</title></head><p>Rule 42 of the firewall</p></html>",
}


@dataclass(frozen=True)
class Event:
    """One server-sent event. `data` is JSON, or "[DONE]"."""

    name: str
    data: str


@dataclass(frozen=True)
class Failure:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def saying(self, sentence: str) -> Failure:
        """The same in other words, if `sentence` is not empty."""
        if not sentence:
            return self
        return replace(self, body={**self.body, "error": {**self.body["error"], "message": sentence}})


def waiting(status: int, retry_after: float | None) -> dict[str, str]:
    """The headers of an error that passes."""
    return {"retry-after": f"{retry_after:g}"} if status in (429, 529) and retry_after is not None else {}


def tokens(text: str) -> int:
    """About what a real tokenizer counts: a quarter for an ASCII character, most of one for another."""
    ascii_characters = len(text.encode("ascii", "ignore"))
    return ascii_characters // 4 + (len(text) - ascii_characters) * 7 // 10


class Call(ABC):
    """One request to a model, and the answer in the words of one API."""

    def __init__(self, body: dict[str, Any], prompt: str, limit: int) -> None:
        self.body = body
        self.model = str(body.get("model", ""))
        self.stream = bool(body.get("stream"))
        self.prompt = prompt
        self.limit = limit
        self.behaviours: set[str] = set()
        self.is_cached = False  # whether an earlier call had the same `opening`
        self.share_read = 1.0

    @cached_property
    def reading(self) -> drafts.Reading:
        return drafts.read(self.prompt)

    @property
    def opening(self) -> str:
        """What a provider keeps in its cache: all that stands before the task."""
        before, end, _ = self.prompt.rpartition("\n</transcript>\n")
        return before + end

    @property
    def cached_tokens(self) -> int:
        return tokens(self.opening) if self.is_cached else 0

    @property
    def input_tokens(self) -> int:
        return tokens(self.prompt)

    @property
    def counted_tokens(self) -> int:
        """Fewer from a server that cuts prompts without a word."""
        return 512 if "silent_cut" in self.behaviours else int(self.input_tokens * self.share_read)

    @cached_property
    def answer(self) -> str:
        """The text of the answer."""
        if self.reading.kind == "other":
            return "This fake only summarizes."
        if "no_json" in self.behaviours:
            return "The video is about several things, and I enjoyed it very much."
        draft = drafts.write(self.reading)
        for name in sorted(self.behaviours):
            draft = drafts.spoil(draft, name)
        text = json.dumps(_loosened(draft) if "loose" in self.behaviours else draft, ensure_ascii=False)
        if self.behaviours & {"max_tokens", "paused"}:
            return text[: len(text) // 2]
        if "prose" in self.behaviours:
            return f"<think>{{not this}}</think>Sure! Here is the summary {{as JSON}}:\n\n{text}\n\nShall I go on?"
        if "thoughts" in self.behaviours:  # some chat templates open the thinking themselves
            return f"A first try: {json.dumps(draft | {'headline': 'Not this one'})} No.\n</think>\n{text}"
        return f"```json\n{text}\n```" if "fenced" in self.behaviours else text

    @property
    def output_tokens(self) -> int:
        return max(len(self.answer) // 4, 1)

    def pieces(self, count: int) -> list[str]:
        size = max(len(self.answer) // max(count, 1), 1)
        return [self.answer[at : at + size] for at in range(0, len(self.answer), size)]

    @abstractmethod
    def whole(self) -> dict[str, Any]:
        """The answer of a call that does not stream."""

    @abstractmethod
    def events(self, chunks: int) -> Iterator[Event]:
        """The answer of a call that streams."""

    @abstractmethod
    def error_event(self) -> Event:
        """The provider is overloaded in the middle of a stream."""

    @abstractmethod
    def failure(self, name: str, retry_after: float | None) -> Failure:
        """The answer for one of behaviours.ERRORS."""

    def refused_form(self) -> Failure | None:
        """An error for a form of request that this kind of server does not know."""
        return None


def _loosened(draft: drafts.Draft) -> dict[str, Any]:
    """The draft as a model writes it that was not held to the schema."""
    points = [
        {**point, "segments": ", ".join(f"[{each}]" for each in point["segments"])} for point in draft["key_points"]
    ]
    quotes = [{"text": quote["text"], "segment": f"[{quote['segment']}]"} for quote in draft["quotes"]]
    return {"summary": {**draft, "key_points": points, "quotes": quotes, "action_items": None}}
