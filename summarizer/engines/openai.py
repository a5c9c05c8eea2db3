"""OpenAI, and every server that speaks its API (Ollama, vLLM, llama.cpp, LM Studio, OpenRouter, Gemini …).

The only file that knows the openai SDK. OpenAI itself is asked through /v1/responses. A compatible server is asked
the same way first, and through /v1/chat/completions from then on when it does not know that; one that refuses a
schema is asked without, and one that does not take even the wish for a count, without that. A simpler way is
remembered once it has worked: what was refused may have been this one request.
"""

from __future__ import annotations

from typing import Literal

import httpx2
import openai
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.shared_params import ResponseFormatJSONSchema

from summarizer.engines.answers import read_draft, schema
from summarizer.engines.catalog import Catalog
from summarizer.engines.clients import OncePerProcess
from summarizer.engines.deadline import bounded_client
from summarizer.engines.failures import Provider, Rejection, broken, rejected
from summarizer.engines.llm import LanguageModelEngine, OnEvent, Reply, Stop
from summarizer.engines.prompts import Prompt
from summarizer.records import Usage

_ADDRESS = "https://api.openai.com/v1"
_NO_KEY = "none"  # servers without keys want a header all the same
_SCHEMA_NAME = "summary"

Dialect = Literal["responses", "chat", "chat without schema", "plain chat"]
_SIMPLER_CHAT: dict[Dialect, Dialect] = {"chat": "chat without schema", "chat without schema": "plain chat"}

# Why an answer ended. What is not listed (a tool's call, an "error") left it without its end.
_FINISHES: dict[str, Stop] = {"stop": "end", "length": "length", "content_filter": "refused"}
_REASONS: dict[str, Stop] = {"max_output_tokens": "length", "content_filter": "refused"}
# What a stream says when it fails, as the status that it would have been.
_STATUS = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "context_length_exceeded": 400,
    "invalid_api_key": 401,
}
_POLICY = ("invalid_prompt", "content_filter", "bio_policy", "misalignment_policy_violation")


def _client(key: tuple[str, str]) -> openai.OpenAI:
    api_key, base_url = key
    return openai.OpenAI(
        api_key=api_key or _NO_KEY, base_url=base_url or _ADDRESS, max_retries=0, http_client=bounded_client()
    )


_CLIENTS = OncePerProcess(_client)


class _NotSpokenHere(Exception):
    """The server answered with success and not one event, as some do to an address they do not know."""


class OpenAIEngine(LanguageModelEngine):
    name: str = "openai"

    def __init__(
        self, model: str, api_key: str, base_url: str = "", timeout: float = 300, catalog: Catalog | None = None
    ) -> None:
        self.assumed_as = "compatible" if base_url else ""
        super().__init__(model, timeout, catalog)
        if base_url:
            self.provider = Provider.compatible("OPENAI_API_KEY", "OPENAI_BASE_URL", base_url)
        else:
            self.provider = Provider("OpenAI", "OPENAI_API_KEY", "OPENAI_BASE_URL")
        self._key = (api_key, base_url)
        self._dialect: Dialect = "responses"

    def _send(self, prompt: Prompt, limit: int, on_event: OnEvent) -> Reply:
        known = dialect = self._dialect
        while True:
            try:
                reply = self._speak(dialect, prompt, limit, on_event)
                if dialect != known:
                    self._dialect = dialect
                return reply
            except openai.APIStatusError as error:
                answer = _rejection(error)
                simpler = self._simpler(dialect, answer)
                if simpler is None:
                    raise rejected(self.provider, self.model, answer) from error
                dialect = simpler
            except _NotSpokenHere as error:
                if not self.provider.base_url or dialect != "responses":
                    raise broken(self.provider, error, self.timeout) from error
                dialect = "chat"
            except openai.APIError as error:
                if isinstance(error, openai.APIConnectionError):
                    raise broken(self.provider, error, self.timeout) from error
                raise rejected(self.provider, self.model, _streamed(error.code, error.message)) from error
            except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
                # ValueError: a malformed event, or a body that is not UTF-8.
                raise broken(self.provider, error, self.timeout) from error

    def _simpler(self, dialect: Dialect, answer: Rejection) -> Dialect | None:
        """How to ask a compatible server after `answer`; None when it would not help."""
        if not self.provider.base_url or _is_final(answer):
            return None
        if dialect == "responses" and answer.status in (400, 404, 405, 415, 422, 501):
            return "chat"
        if dialect in _SIMPLER_CHAT and answer.status in (400, 422, 501):
            return _SIMPLER_CHAT[dialect]
        return None

    def _speak(self, dialect: Dialect, prompt: Prompt, limit: int, on_event: OnEvent) -> Reply:
        if dialect == "responses":
            return self._responses(prompt, limit, on_event)
        return self._chat(dialect, prompt, limit, on_event)

    def _responses(self, prompt: Prompt, limit: int, on_event: OnEvent) -> Reply:
        stream = _CLIENTS.get(self._key).responses.create(
            model=self.model,
            instructions=prompt.system,
            input=f"{prompt.source}\n\n{prompt.task}",
            max_output_tokens=limit,
            text={"format": {"type": "json_schema", "name": _SCHEMA_NAME, "schema": schema(), "strict": True}},
            reasoning={"effort": "low"} if self.known.effort == "low" else openai.omit,
            store=False,
            stream=True,
        )
        gathered = _Response()
        with stream:
            for event in stream:
                gathered.take(event)
                on_event(gathered.reply)
        if gathered.failure is not None:
            raise rejected(self.provider, self.model, gathered.failure)
        if not gathered.spoken:
            raise _NotSpokenHere
        return gathered.reply()

    def _chat(self, dialect: Dialect, prompt: Prompt, limit: int, on_event: OnEvent) -> Reply:
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": f"{prompt.source}\n\n{prompt.task}"},
        ]
        form: ResponseFormatJSONSchema = {
            "type": "json_schema",
            "json_schema": {"name": _SCHEMA_NAME, "schema": schema(), "strict": True},
        }
        stream = _CLIENTS.get(self._key).chat.completions.create(
            model=self.model,
            messages=messages,
            max_tokens=limit,
            response_format=form if dialect == "chat" else openai.omit,
            # Without a count nobody would notice that the server has read less than it was sent.
            stream_options=openai.omit if dialect == "plain chat" else {"include_usage": True},
            stream=True,
        )
        gathered = _Completion()
        with stream:
            for chunk in stream:
                gathered.take(chunk)
                on_event(gathered.reply)
        return gathered.reply()


class _Response:
    """The events of one /v1/responses stream, put together."""

    def __init__(self) -> None:
        self.spoken = False
        self.failure: Rejection | None = None
        self._pieces: list[str] = []
        self._stop: Stop = "cut"
        self._refused = False
        self._usage, self._cache_writes = Usage(), 0

    def take(self, event: ResponseStreamEvent) -> None:
        self.spoken = self.spoken or (event.type or "").startswith("response.")
        if event.type == "response.output_text.delta":
            self._pieces.append(event.delta)
        elif event.type == "response.refusal.delta":
            self._refused = True
        elif event.type == "response.completed" or event.type == "response.incomplete":
            # Some servers end with "completed" and say in the response itself that it is not.
            details = event.response.incomplete_details
            whole = event.response.status != "incomplete"
            self._end(event.response, "end" if whole else _REASONS.get((details and details.reason) or "", "cut"))
        elif event.type == "response.failed":
            error = event.response.error
            if error is not None and error.code in _POLICY:
                self._end(event.response, "refused")
            else:
                self.failure = _streamed(error.code, error.message) if error else _streamed(None, "")
        elif event.type == "error":
            self.failure = _streamed(event.code, event.message)

    def _end(self, response: Response, stop: Stop) -> None:
        self._stop = stop
        if response.usage is not None:
            details = response.usage.input_tokens_details
            self._cache_writes = getattr(details, "cache_write_tokens", None) or 0
            self._usage = Usage(
                input_tokens=response.usage.input_tokens or 0,
                output_tokens=response.usage.output_tokens or 0,
                cached_tokens=getattr(details, "cached_tokens", None) or 0,
            )

    def reply(self) -> Reply:
        stop: Stop = "refused" if self._refused else self._stop
        return Reply("".join(self._pieces), stop, self._usage, self._cache_writes)


class _Completion:
    """The chunks of one /v1/chat/completions stream, put together."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._finish: str | None = None
        self._refused = False
        self._usage = Usage()

    def take(self, chunk: ChatCompletionChunk) -> None:
        if chunk.usage is not None:
            details = chunk.usage.prompt_tokens_details
            self._usage = Usage(
                input_tokens=chunk.usage.prompt_tokens or 0,
                output_tokens=chunk.usage.completion_tokens or 0,
                cached_tokens=(details and details.cached_tokens) or 0,
            )
        for choice in (chunk.choices or [])[:1]:
            self._finish = choice.finish_reason or self._finish
            if choice.delta is not None:
                self._pieces.append(choice.delta.content or "")
                self._refused = self._refused or bool(choice.delta.refusal)

    def reply(self) -> Reply:
        text = "".join(self._pieces)
        stop = _FINISHES.get(self._finish or "", "cut")
        if stop == "cut" and read_draft(text) is not None:
            stop = "end"  # some servers do not say why they stop; a whole draft speaks for itself
        return Reply(text, "refused" if self._refused else stop, self._usage)


def _is_final(answer: Rejection) -> bool:
    """Whether the server said what is wrong, and it is not the way it was asked."""
    return answer.too_long or answer.out_of_money or answer.unknown_model or answer.bad_key


def _rejection(error: openai.APIStatusError) -> Rejection:
    codes = frozenset(str(code) for code in (error.code, error.type) if code)
    said = error.body.get("message") if isinstance(error.body, dict) else error.response.text
    return Rejection(error.status_code, codes, str(said or error.message), error.response.headers)


def _streamed(code: object, message: str) -> Rejection:
    """`code` is a word, or a status: some servers write that as a number."""
    word = "" if code is None else str(code)
    status = int(word) if word.isdecimal() else _STATUS.get(word, 500)
    return Rejection(status, frozenset({word} if word else ()), message, {})
