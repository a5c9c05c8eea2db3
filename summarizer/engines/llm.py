"""What the engines that ask a language model share: the calls of a summary, and what comes of each answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from summarizer.draft import Draft
from summarizer.engines import prompts
from summarizer.engines.answers import read_draft
from summarizer.engines.base import Answer
from summarizer.engines.catalog import Catalog
from summarizer.engines.deadline import call_within
from summarizer.engines.failures import Provider
from summarizer.errors import (
    ContextOverflow,
    EngineError,
    OutputInvalid,
    OutputTruncated,
    ProviderFailed,
    Refused,
    SummarizerError,
)
from summarizer.marks import gettext_noop as _
from summarizer.records import Length, Progress, Segment, Stage, SummaryRequest, Usage
from summarizer.text import estimated_tokens, least_tokens

Stop = Literal["end", "length", "refused", "context", "cut"]

# Room for the answer and for the thinking before it, which providers count as output.
_OUTPUT: dict[Length, int] = {"brief": 8_000, "standard": 12_000, "detailed": 20_000}
_TOKENS_PER_LINE = 3  # line breaks and brackets cost more than their bytes
_LEAST_BUDGET = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a provider, as it came. `stop` says why it ended; "cut" means that its end is missing.

    `usage` is without cost. `cache_writes` are those of its input tokens that were put into the provider's cache.
    """

    text: str
    stop: Stop
    usage: Usage
    cache_writes: int = 0


# Called after each event with what makes a reply of all that has come so far.
OnEvent = Callable[[Callable[[], Reply]], None]

# Called before each call, also before one that asks again, with an estimate of the tokens of its prompt and the most
# that its answer may have. What it raises forbids the call.
BeforeCall = Callable[[int, int], None]


def _allowed(prompt_tokens: int, limit: int) -> None:
    """Who pays does not look at what he spends."""


class LanguageModelEngine(ABC):
    """Summarizes by asking a language model. Subclasses know one provider's API and SDK. Safe to share.

    Beside what `Engine` promises, whoever pays can have a say before each call.
    """

    name: str
    provider: Provider
    assumed_as: str = ""
    follows_wishes: bool = True

    def __init__(self, model: str, timeout: float = 300, catalog: Catalog | None = None) -> None:
        self.model = model
        self.timeout = timeout
        self.prompt_version = prompts.PROMPT_VERSION
        self.known = (catalog or Catalog.load()).find(self.name, model, self.assumed_as)

    def segment_budget(self, request: SummaryRequest) -> int:
        """What the window leaves for segments, and no more than is cheap where long prompts cost more a token."""
        around = prompts.repair((), Draft(headline="", overview="", key_points=[]), (), request)
        overhead = estimated_tokens(around.asking(prompts.ONLY_JSON).text) + self.known.output // 64
        room = self.known.window - min(2 * _OUTPUT[request.length], self.known.output) - overhead
        if self.known.cheap_prompt is not None:
            room = min(room, self.known.cheap_prompt - overhead)
        return max(room, _LEAST_BUDGET)

    def count_tokens(self, text: str) -> int:
        return estimated_tokens(text) + _TOKENS_PER_LINE

    def summarize(
        self,
        segments: Sequence[Segment],
        request: SummaryRequest,
        progress: Progress,
        before_call: BeforeCall = _allowed,
    ) -> Answer:
        return self._ask(prompts.summarize(segments, request), request, "summarizing", progress, before_call)

    def merge(
        self,
        parts: Sequence[Draft],
        request: SummaryRequest,
        progress: Progress,
        before_call: BeforeCall = _allowed,
    ) -> Answer:
        return self._ask(prompts.merge(parts, request), request, "summarizing", progress, before_call)

    def repair(
        self,
        segments: Sequence[Segment],
        draft: Draft,
        problems: Sequence[str],
        request: SummaryRequest,
        progress: Progress,
        before_call: BeforeCall = _allowed,
    ) -> Answer:
        prompt = prompts.repair(segments, draft, problems, request)
        return self._ask(prompt, request, "checking", progress, before_call)

    @abstractmethod
    def _send(self, prompt: prompts.Prompt, limit: int, on_event: OnEvent) -> Reply:
        """One call: `limit` tokens of answer at most, `on_event` after each streamed event. Raises `EngineError`."""

    def _ask(
        self,
        prompt: prompts.Prompt,
        request: SummaryRequest,
        stage: Stage,
        progress: Progress,
        before_call: BeforeCall,
    ) -> Answer:
        """The draft for `prompt`. Asks once more, for less or for the form alone, before it gives up.

        What it raises carries in `usage` what all that has cost.
        """
        limit = _OUTPUT[request.length]
        spent = Usage()
        asked, failure = prompt, EngineError()
        try:
            for attempt in range(2):
                tokens = estimated_tokens(asked.text)
                limit = self._room(limit, tokens)
                before_call(tokens, limit)
                reply = self._call(asked, limit, lambda: progress(stage))
                spent += self._paid(reply, asked)
                if attempt == 0 and _was_cut_silently(reply, prompt):
                    raise ContextOverflow  # whatever the answer is, even one that ran into its limit
                if reply.stop == "length":
                    asked, failure = prompt.asking(prompts.SHORTER), OutputTruncated()
                    limit = 2 * limit
                    continue
                self._check(reply)
                draft = read_draft(reply.text)
                if draft is not None:
                    return Answer(draft, spent)
                asked, failure = prompt.asking(prompts.ONLY_JSON), OutputInvalid()
            raise failure
        except SummarizerError as error:
            error.usage = spent + (error.usage or Usage())
            raise

    def _room(self, wanted: int, prompt_tokens: int) -> int:
        """Tokens that an answer may have: what the prompt leaves of the window, whose estimate errs high."""
        left = max(self.known.window - prompt_tokens, self.known.output // 2)
        return min(wanted, self.known.output, left)

    def _call(self, prompt: prompts.Prompt, limit: int, tick: Callable[[], None]) -> Reply:
        """One call. An answer that breaks off, or is stopped, was begun and is paid for: its error says so."""
        heard: Callable[[], Reply] | None = None

        def on_event(so_far: Callable[[], Reply]) -> None:
            nonlocal heard
            heard = so_far
            tick()

        try:
            with call_within(self.timeout, tick):
                return self._send(prompt, limit, on_event)
        except SummarizerError as error:
            begun = heard() if heard else None
            if begun and (begun.text or begun.usage.input_tokens):
                error.usage = self._paid(_estimated(begun, prompt), prompt)
            raise

    def _paid(self, reply: Reply, prompt: prompts.Prompt) -> Usage:
        """What `reply` cost. A server that counts nothing is not taken to be free.

        Rounded at once to the millionths that are written down: sums are then sums of what each place shows.
        """
        if not reply.usage.input_tokens:
            reply = _estimated(reply, prompt)
        cost = self.known.cost(reply.usage, reply.cache_writes)
        return replace(reply.usage, calls=1, cost=None if cost is None else round(cost, 6))

    def _check(self, reply: Reply) -> None:
        if reply.stop == "refused":
            raise Refused
        if reply.stop == "context":
            raise ContextOverflow
        if reply.stop == "cut":
            sentence = _("{provider_words} broke off its answer. Try again.")
            raise ProviderFailed(sentence.format(provider_words=self.provider.name))


def _estimated(begun: Reply, prompt: prompts.Prompt) -> Reply:
    """`begun` with counts: most providers tell them at the end only, some servers never."""
    told = begun.usage
    usage = replace(
        told,
        input_tokens=told.input_tokens or estimated_tokens(prompt.text),
        output_tokens=max(told.output_tokens, estimated_tokens(begun.text)),
    )
    return replace(begun, usage=usage)


def _was_cut_silently(reply: Reply, prompt: prompts.Prompt) -> bool:
    """Whether the server read less than we sent, as local servers with a small window do without a word.

    Fewer tokens read than any tokenizer makes of what was sent is proof. 0 means that nothing was counted. Only a first
    call tells: of the second, some servers count but the part that they did not have in their cache. So the first is
    looked at whatever came of it, and a second is asked only after a first that was read to its end.
    """
    return 0 < reply.usage.input_tokens < least_tokens(prompt.text)
