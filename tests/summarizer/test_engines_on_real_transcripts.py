"""Every engine, the same promises, on the real transcripts: ten languages, with and without punctuation."""

from __future__ import annotations

from pathlib import Path

import pytest

from summarizer.engines.anthropic import AnthropicEngine
from summarizer.engines.base import Engine
from summarizer.engines.extractive import ExtractiveEngine
from summarizer.engines.openai import OpenAIEngine
from summarizer.pipeline import Pipeline
from summarizer.records import no_progress
from summarizer.transcripts.uploads import read_captions
from tests.fakes.llm import FakeLLM
from tests.summarizer.llm_contract import fake, server
from tests.summarizer.talks import STANDARD
from tests.summarizer.test_pipeline import Shelf

pytestmark = pytest.mark.thorough

__all__ = ["fake", "server"]


def engines(fake: FakeLLM) -> list[Engine]:
    return [
        ExtractiveEngine(),
        AnthropicEngine("claude-haiku-5-5", "key", fake.anthropic_url),
        OpenAIEngine("gpt-6-luna", "key", fake.openai_url),
        OpenAIEngine("some-local-model", "", fake.chat_only_url),
    ]


@pytest.mark.parametrize("which", range(4), ids=["extractive", "anthropic", "openai", "compatible"])
def test_each_real_transcript_becomes_a_summary_in_which_everything_holds(
    shared: Path, fake: FakeLLM, which: int
) -> None:
    engine = engines(fake)[which]
    paths = sorted((shared / "replay" / "transcripts" / "norm").glob("*.json"))
    assert len(paths) >= 50
    for path in paths:
        transcript = read_captions(path.name, path.read_bytes())
        summary = Pipeline(Shelf(transcript), engine).summarize(transcript, STANDARD, no_progress)
        assert summary.points, path.name
        assert summary.coverage == 1.0, path.name
        found = summary.grounding
        assert (found.points_dropped, found.quotes_dropped, found.chapters_dropped) == (0, 0, 0), path.name
        said = {second for point in summary.points for second in point.seconds}
        said |= {quote.second for quote in summary.quotes} | {chapter.start for chapter in summary.chapters}
        assert said <= {cue.start for cue in transcript.cues}, path.name
        assert summary.headline, path.name
