"""What an engine is. Each engine is one file in this package and one line in `ENGINES`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from summarizer.draft import Draft
from summarizer.marks import gettext_noop as _
from summarizer.records import Progress, Segment, SummaryRequest, Usage
from summarizer.registry import Registry


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an engine: the draft, and what it took."""

    draft: Draft
    usage: Usage


class Engine(Protocol):
    """Turns segments into a draft. One instance per (process, model); safe to share between threads.

    Every method calls `progress` often and raises `EngineError`. Nothing is cut silently: whoever calls sees to it
    that `count_tokens` of the segments stays within `segment_budget`, or splits and merges.
    """

    name: str
    model: str
    prompt_version: str
    follows_wishes: bool  # whether it writes in another language, and as instructed; who copies, cannot

    def segment_budget(self, request: SummaryRequest) -> int | None:
        """How many tokens of segments fit into one call. None: any number."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, exact or an estimate that errs high."""
        ...

    def summarize(self, segments: Sequence[Segment], request: SummaryRequest, progress: Progress) -> Answer:
        """A draft of these segments: the whole video, or one part of it."""
        ...

    def merge(self, parts: Sequence[Draft], request: SummaryRequest, progress: Progress) -> Answer:
        """One draft of the drafts of consecutive parts, keeping their citations."""
        ...

    def repair(
        self,
        segments: Sequence[Segment],
        draft: Draft,
        problems: Sequence[str],
        request: SummaryRequest,
        progress: Progress,
    ) -> Answer:
        """The draft again, with `problems` (sentences that say which citation or quote does not hold) mended."""
        ...


ENGINES: Registry[type[Engine]] = Registry(
    _("engine"),
    anthropic="summarizer.engines.anthropic:AnthropicEngine",
    openai="summarizer.engines.openai:OpenAIEngine",
    extractive="summarizer.engines.extractive:ExtractiveEngine",
)
