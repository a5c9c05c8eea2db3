"""OpenAI's Responses and Chat Completions APIs as the fake speaks them, also as lesser compatible servers do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.behaviours import ERRORS
from tests.fakes.wire import PAGES, Call, Event, Failure, waiting

_CODES = {
    "rate_limited": "rate_limit_exceeded",
    "quota": "insufficient_quota",
    "spend_limit": "insufficient_quota",
    "no_credit": "billing_hard_limit_reached",
    "key_refused": "invalid_api_key",
    "unknown_model": "model_not_found",
    "model_forbidden": "model_not_found",
    "region": "unsupported_country_region_territory",
    "too_long": "context_length_exceeded",
}


def responses(body: dict[str, Any]) -> Call:
    return _Response(body, f"{body.get('instructions') or ''}\n\n{body.get('input') or ''}", _limit(body))


def chat(body: dict[str, Any]) -> Call:
    prompt = "\n\n".join(str(message.get("content", "")) for message in body.get("messages", []))
    return _Completion(body, prompt, _limit(body))


def _limit(body: dict[str, Any]) -> int:
    return int(body.get("max_output_tokens") or body.get("max_tokens") or 0)


class _OpenAICall(Call):
    def failure(self, name: str, retry_after: float | None) -> Failure:
        status = ERRORS[name]
        if name in PAGES:
            return Failure(status, PAGES[name])
        sentence = {
            "too_long": f"This model's maximum context length is 1000 tokens, yours has {self.input_tokens}.",
            "unknown_model": f"The model `{self.model}` does not exist or you do not have access to it.",
            "key_refused": "Incorrect API key provided: wro*****ng.",
            "quota": "You exceeded your current quota, please check your plan and billing details.",
            "no_such_path": "404 page not found",
            "forbidden": "You have insufficient permissions for this operation. Missing scopes: model.request.",
            "region": "Country, region, or territory not supported",
            "moderated": "The model requires moderation and your input was flagged for violence.",
            "model_forbidden": f"Project `proj_1` does not have access to model `{self.model}`.",
            "key_not_valid": "API key not valid. Please pass a valid API key.",
        }.get(name, name.replace("_", " ").capitalize())
        error = {"message": sentence, "type": name, "param": None, "code": _CODES.get(name)}
        return Failure(status, {"error": error}, waiting(status, retry_after))


class _Response(_OpenAICall):
    def refused_form(self) -> Failure | None:
        return Failure(404, "404 page not found") if "no_responses" in self.behaviours else None

    def _envelope(self, status: str) -> dict[str, Any]:
        return {
            "id": "resp_fake",
            "object": "response",
            "created_at": 0,
            "status": status,
            "model": self.model,
            "output": [],
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            "error": None,
            "incomplete_details": None,
        }

    def whole(self) -> dict[str, Any]:
        return self._ended(*self._ending())

    def _ending(self) -> tuple[str, str | None]:
        if "max_tokens" in self.behaviours:
            return "incomplete", "max_output_tokens"
        if "context_window" in self.behaviours:
            return "failed", "context_length_exceeded"
        if "paused" in self.behaviours:
            return "incomplete", "steered"
        return "completed", None

    def _ended(self, status: str, reason: str | None) -> dict[str, Any]:
        part: dict[str, Any] = {"type": "output_text", "text": self.answer, "annotations": []}
        if "refusal" in self.behaviours:
            part = {"type": "refusal", "refusal": "I can't help with that."}
        message = {"type": "message", "id": "msg_fake", "status": status, "role": "assistant", "content": [part]}
        ended = {**self._envelope(status), "output": [message]}
        ended["usage"] = {
            "input_tokens": self.counted_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.counted_tokens + self.output_tokens,
        }
        if status == "incomplete":
            ended["incomplete_details"] = {"reason": reason}
        if status == "failed":
            ended["error"] = {"code": reason, "message": "Your input exceeds the context window of this model."}
        return ended

    def events(self, chunks: int) -> Iterator[Event]:
        yield self._event("response.created", response=self._envelope("in_progress"))
        place = {"item_id": "msg_fake", "output_index": 0, "content_index": 0}
        if "refusal" in self.behaviours:
            yield self._event("response.refusal.delta", delta="I can't help with that.", **place)
        else:
            for piece in self.pieces(chunks):
                yield self._event("response.output_text.delta", delta=piece, logprobs=[], **place)
        status, reason = self._ending()
        yield self._event(f"response.{status}", response=self._ended(status, reason))

    def error_event(self) -> Event:
        return self._event("error", code="server_error", message="The server had an error.", param=None)

    @staticmethod
    def _event(type: str, **fields: Any) -> Event:
        return Event(type, json.dumps({"type": type, "sequence_number": 0, **fields}, ensure_ascii=False))


class _Completion(_OpenAICall):
    def refused_form(self) -> Failure | None:
        if "no_schema" in self.behaviours and "response_format" in self.body:
            error = {"message": "response_format of type json_schema is not available now", "type": "invalid"}
            return Failure(400, {"error": error})
        if "no_usage_option" in self.behaviours and "stream_options" in self.body:
            return Failure(422, {"error": {"message": "stream_options: extra inputs are not permitted"}})
        return None

    @property
    def _finish(self) -> str:
        if "max_tokens" in self.behaviours:
            return "length"
        if "paused" in self.behaviours:
            return "tool_calls"
        return "content_filter" if "refusal" in self.behaviours else "stop"

    def _usage(self) -> dict[str, Any]:
        prompt, completion = self.counted_tokens, self.output_tokens
        details = {"cached_tokens": self.cached_tokens}
        counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        return {**counts, "prompt_tokens_details": details}

    def whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.answer}
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return {**self._envelope("chat.completion"), "choices": [choice], "usage": self._usage()}

    def _envelope(self, object: str) -> dict[str, Any]:
        return {"id": "chatcmpl_fake", "object": object, "created": 0, "model": self.model}

    def events(self, chunks: int) -> Iterator[Event]:
        if "context_window" in self.behaviours:
            error = {"code": 400, "message": "the request exceeds the available context size", "type": "server_error"}
            yield Event("", json.dumps({"error": error}))
        for piece in [] if "refusal" in self.behaviours else self.pieces(chunks):
            yield self._chunk({"role": "assistant", "content": piece}, None)
        if "no_finish" not in self.behaviours:
            yield self._chunk({}, self._finish)
        if self.body.get("stream_options", {}).get("include_usage") and "no_usage" not in self.behaviours:
            data = {**self._envelope("chat.completion.chunk"), "choices": [], "usage": self._usage()}
            yield Event("", json.dumps(data))
        yield Event("", "[DONE]")

    def _chunk(self, delta: dict[str, Any], finish: str | None) -> Event:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        data = {**self._envelope("chat.completion.chunk"), "choices": [choice]}
        return Event("", json.dumps(data, ensure_ascii=False))

    def error_event(self) -> Event:
        if "numbered_errors" in self.behaviours:
            choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
            error = {"code": 502, "message": "The upstream provider went away."}
            data = {**self._envelope("chat.completion.chunk"), "choices": [choice], "error": error}
            return Event("", json.dumps(data))
        error = {"message": "The server had an error.", "type": "server_error", "code": "server_error"}
        return Event("", json.dumps({"error": error}))
