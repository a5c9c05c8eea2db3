"""Batches that ask a model: a fake provider over real HTTP, saved transcripts, and lanes run by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from batches import equipment, lifecycle, shelf, work
from batches.leases import Holder
from batches.models import Batch, Transcript
from tests.batches.builders import make_batch, make_video
from tests.fakes.llm import FakeLLM
from tests.summarizer.talks import talk

PRICED = "anthropic:claude-sonnet-5-5"
UNPRICED = "openai:some-local-model"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLLM]:
    with FakeLLM() as fake:
        yield fake


@pytest.fixture
def llm(server: FakeLLM, settings: Settings) -> Iterator[FakeLLM]:
    """Both providers, behaving; and settings that lead to them."""
    server.reset()
    server.configure(behaviours=[], latency=0.0, chunk_latency=0.0, chunks=8, retry_after=1.0, window=None)
    settings.ANTHROPIC_API_KEY = settings.OPENAI_API_KEY = "key"
    settings.ANTHROPIC_BASE_URL, settings.OPENAI_BASE_URL = server.anthropic_url, server.openai_url
    equipment.engine_config.cache_clear()
    yield server
    equipment.engine_config.cache_clear()


def saved_talk(minutes: int = 10, **fields: Any) -> Transcript:
    """The saved captions of a talk, different for each video."""
    record = talk(minutes)
    video = make_video(duration=minutes * 60.0)
    return Transcript.objects.create(
        video=video,
        language="en",
        kind=Transcript.Kind.MANUAL,
        source="youtube",
        cues=[[cue.start, cue.duration, f"{cue.text} {video.youtube_id}"] for cue in record.cues],
        duration=record.duration,
        tokens=shelf.tokens_of(record),
        **fields,
    )


def paid_batch(
    videos: int = 1, model: str = PRICED, user: User | None = None, minutes: int = 10, **fields: Any
) -> Batch:
    """Waiting videos whose transcripts are saved."""
    transcripts = [saved_talk(minutes) for _ in range(videos)]
    batch = make_batch(["pending"] * videos, user=user, videos=[t.video for t in transcripts], model=model, **fields)
    for position, transcript in enumerate(transcripts, 1):
        batch.items.filter(position=position).update(transcript=transcript)
    return batch


def run(batch: Batch, holder: Holder | None = None) -> Batch:
    """One lane of the batch until it finds nothing to take."""
    holder = holder or Holder("test", 4)
    while work.do_next(batch.pk, holder):
        pass
    batch.refresh_from_db()
    return batch


def lane(batch: Batch) -> None:
    """The same in a thread of its own."""
    try:
        run(batch)
    finally:
        connection.close()


__all__ = ["PRICED", "UNPRICED", "lane", "lifecycle", "llm", "paid_batch", "run", "saved_talk", "server"]
