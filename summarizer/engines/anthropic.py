"""Claude, through Anthropic's Messages API. The only file that knows the anthropic SDK."""

from __future__ import annotations

import anthropic
import httpx2
from anthropic.types import OutputConfigParam, RawMessageStreamEvent, TextBlockParam

from summarizer.engines.answers import schema
from summarizer.engines.catalog import Catalog
from summarizer.engines.clients import OncePerProcess
from summarizer.engines.deadline import bounded_client
from summarizer.engines.failures import Provider, Rejection, broken, rejected
from summarizer.engines.llm import LanguageModelEngine, OnEvent, Reply, Stop
from summarizer.engines.prompts import Prompt
from summarizer.records import Usage

_ADDRESS = "https://api.anthropic.com"
# Tools are not given, so "tool_use" ends nothing; "pause_turn" is a turn whose rest has to be asked for.
_STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "refusal": "refused",
    "model_context_window_exceeded": "context",
    "pause_turn": "cut",
    "tool_use": "cut",
}
# An error in the middle of a stream comes with status 200; its type says what the status would have been.
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def _client(key: tuple[str, str]) -> anthropic.Anthropic:
    api_key, base_url = key
    return anthropic.Anthropic(
        api_key=api_key, base_url=base_url or _ADDRESS, max_retries=0, http_client=bounded_client()
    )


_CLIENTS = OncePerProcess(_client)


class AnthropicEngine(LanguageModelEngine):
    name: str = "anthropic"

    def __init__(
        self, model: str, api_key: str, base_url: str = "", timeout: float = 300, catalog: Catalog | None = None
    ) -> None:
        super().__init__(model, timeout, catalog)
        self.provider = Provider("Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", base_url)
        self._key = (api_key, base_url)
        self._output_config: OutputConfigParam = {"format": {"type": "json_schema", "schema": schema()}}
        if self.known.effort == "low":
            self._output_config["effort"] = "low"

    def _send(self, prompt: Prompt, limit: int, on_event: OnEvent) -> Reply:
        gathered = _Gathered()
        source: TextBlockParam = {"type": "text", "text": prompt.source}
        if prompt.lasting:
            source["cache_control"] = {"type": "ephemeral"}  # what is written there costs a quarter more
        try:
            stream = _CLIENTS.get(self._key).messages.create(
                model=self.model,
                max_tokens=limit,
                system=prompt.system,
                messages=[
                    {
                        "role": "user",
                        "content": [
                            source,
                            {"type": "text", "text": prompt.task},
                        ],
                    }
                ],
                output_config=self._output_config,
                stream=True,
            )
            with stream:
                for event in stream:
                    gathered.take(event)
                    on_event(gathered.reply)
        except anthropic.APIStatusError as error:
            raise rejected(self.provider, self.model, _rejection(error)) from error
        except (anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            # ValueError: a malformed event, or a body that is not UTF-8.
            raise broken(self.provider, error, self.timeout) from error
        return gathered.reply()


class _Gathered:
    """The events of one stream, put together. Counts are cumulative: the last word of the provider counts."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._stop: str | None = None
        self._counts: dict[str, int] = {}

    def take(self, event: RawMessageStreamEvent) -> None:
        if event.type == "message_start":
            self._count(event.message.usage)
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            self._pieces.append(event.delta.text)
        elif event.type == "message_delta":
            self._stop = event.delta.stop_reason or self._stop
            self._count(event.usage)

    def _count(self, usage: object) -> None:
        for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
            value = getattr(usage, name, None)
            if isinstance(value, int):
                self._counts[name] = value

    def reply(self) -> Reply:
        read, written = (self._counts.get(f"cache_{kind}_input_tokens", 0) for kind in ("read", "creation"))
        usage = Usage(
            input_tokens=self._counts.get("input_tokens", 0) + read + written,
            output_tokens=self._counts.get("output_tokens", 0),
            cached_tokens=read,
        )
        return Reply("".join(self._pieces), _STOPS.get(self._stop or "", "cut"), usage, cache_writes=written)


def _rejection(error: anthropic.APIStatusError) -> Rejection:
    status = error.status_code if error.status_code >= 400 else _STATUS.get(error.type or "", 500)
    codes = frozenset(code for code in (error.type, error.error_code) if code)
    return Rejection(status, codes, error.api_message or error.message, error.response.headers)
