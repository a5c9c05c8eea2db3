"""Anthropic's Messages API as the fake speaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.behaviours import ERRORS
from tests.fakes.wire import PAGES, Call, Event, Failure, tokens, waiting

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def messages(body: dict[str, Any]) -> Call:
    return _Message(body, _text(body), int(body.get("max_tokens", 0)))


def counted(body: dict[str, Any]) -> int:
    return tokens(_text(body))


def _text(body: dict[str, Any]) -> str:
    blocks = [body.get("system") or "", *(message.get("content", "") for message in body.get("messages", []))]
    texts: list[str] = []
    for block in blocks:
        texts += [block] if isinstance(block, str) else [each.get("text", "") for each in block]
    return "\n\n".join(texts)


class _Message(Call):
    @property
    def _stop_reason(self) -> str:
        if "refusal" in self.behaviours:
            return "refusal"
        if "max_tokens" in self.behaviours:
            return "max_tokens"
        if "paused" in self.behaviours:
            return "pause_turn"
        return "model_context_window_exceeded" if "context_window" in self.behaviours else "end_turn"

    @property
    def _marked(self) -> int:
        """Tokens that the request asks to keep, as Anthropic wants to be told."""
        blocks = [block for message in self.body.get("messages", []) for block in message.get("content", [])]
        return sum(tokens(b["text"]) for b in blocks if isinstance(b, dict) and "cache_control" in b)

    def _usage(self, output: int) -> dict[str, int]:
        marked = min(self._marked, self.counted_tokens - 1)
        return {
            "input_tokens": self.counted_tokens - marked,
            "cache_creation_input_tokens": 0 if self.is_cached else marked,
            "cache_read_input_tokens": marked if self.is_cached else 0,
            "output_tokens": output,
        }

    def _envelope(self) -> dict[str, Any]:
        return {
            "id": "msg_fake",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._usage(1),
        }

    def whole(self) -> dict[str, Any]:
        content = [] if "refusal" in self.behaviours else [{"type": "text", "text": self.answer}]
        usage = self._usage(self.output_tokens)
        return {**self._envelope(), "content": content, "stop_reason": self._stop_reason, "usage": usage}

    def events(self, chunks: int) -> Iterator[Event]:
        yield _event({"type": "message_start", "message": self._envelope()})
        yield _event({"type": "ping"})
        yield _event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
        for piece in [] if "refusal" in self.behaviours else self.pieces(chunks):
            delta = {"type": "text_delta", "text": piece}
            yield _event({"type": "content_block_delta", "index": 0, "delta": delta})
        yield _event({"type": "content_block_stop", "index": 0})
        yield _event(
            {
                "type": "message_delta",
                "delta": {"stop_reason": self._stop_reason, "stop_sequence": None},
                "usage": {"output_tokens": self.output_tokens},
            }
        )
        yield _event({"type": "message_stop"})

    def error_event(self) -> Event:
        return _event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})

    def failure(self, name: str, retry_after: float | None) -> Failure:
        status = ERRORS[name]
        if name in PAGES:
            return Failure(status, PAGES[name])
        kind = "forbidden" if name == "region" else _TYPES.get(status, "api_error")
        error: dict[str, Any] = {"type": kind, "message": self._sentence(name)}
        if name in ("spend_limit", "quota"):
            error["details"] = {"error_code": "enforced_spend_limit_reached"}
        return Failure(
            status, {"type": "error", "error": error, "request_id": "req_fake"}, waiting(status, retry_after)
        )

    def _sentence(self, name: str) -> str:
        return {
            "too_long": f"prompt is too long: {self.input_tokens} tokens > 1000 maximum",
            "no_credit": "Your credit balance is too low to access the Anthropic API.",
            "unknown_model": f"model: {self.model}",
            "no_such_path": "Not Found",
            "key_refused": "invalid x-api-key",
            "key_not_valid": "API key not valid. Please pass a valid API key.",
            "region": "Request not allowed",
            "moderated": "Your input was flagged by a content policy.",
            "model_forbidden": f"Your organization does not have access to model {self.model}.",
            "forbidden": "Your API key does not have permission to use the specified resource.",
            "bad_request": "messages.0.content: Input should be a valid list",
            "spend_limit": "You have reached your specified API usage limits.",
        }.get(name, name.replace("_", " ").capitalize())


def _event(data: dict[str, Any]) -> Event:
    return Event(data["type"], json.dumps(data, ensure_ascii=False))
