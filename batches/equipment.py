"""The engines and the transcript source, made of the settings, once per process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.conf import settings

from summarizer.engines import select
from summarizer.engines.base import Engine
from summarizer.expanders.base import EXPANDERS, Expander
from summarizer.transcripts.base import SOURCES, TranscriptSource
from summarizer.transcripts.chain import Chain


@cache
def engine_config() -> select.EngineConfig:
    return select.EngineConfig(
        anthropic_key=settings.ANTHROPIC_API_KEY,
        anthropic_base_url=settings.ANTHROPIC_BASE_URL,
        openai_key=settings.OPENAI_API_KEY,
        openai_base_url=settings.OPENAI_BASE_URL,
        timeout=settings.ENGINE_TIMEOUT,
        default_model=settings.DEFAULT_MODEL,
        catalog_file=settings.CATALOG_FILE,
        limited=bool(settings.MONTHLY_BUDGET or settings.MONTHLY_BUDGET_USER),
    )


def engine_for(model: str) -> Engine:
    """The engine that a batch's `model` names. Raises `InvalidInput` when its key has been taken away meanwhile."""
    return select.build(model, engine_config())


def has_price(model: str) -> bool:
    """Whether it is known what a batch's `model` costs. Extractive costs nothing."""
    known = select.known(model, engine_config())
    return known is not None and bool(known.tiers)


@cache
def transcript_source() -> TranscriptSource:
    """All sources, one after the other. Each is imported when the one before it could not help."""
    return Chain(sources(), account=bool(settings.YOUTUBE_COOKIES_FILE))


def sources(direct: bool = False) -> dict[str, Callable[[], TranscriptSource]]:
    """Name -> what builds the source, in the order in which they are asked. `direct`: past YOUTUBE_PROXY_URL."""
    return {name: partial(_source, name, direct) for name in SOURCES}


@cache
def _source(name: str, direct: bool) -> TranscriptSource:
    way = _way() | ({"proxy_url": "", "addresses": 1} if direct else {})
    return SOURCES.get(name)(**way, **(_account() if name == "ytdlp" else {}))


def _way() -> dict[str, Any]:
    """How YouTube is reached."""
    return {
        "timeout": settings.YOUTUBE_TIMEOUT,
        "proxy_url": settings.YOUTUBE_PROXY_URL,
        "base_url": settings.YOUTUBE_BASE_URL,
        "addresses": settings.YOUTUBE_PROXY_ADDRESSES,
    }


def _account() -> dict[str, Any]:
    return {"cookies_file": str(settings.YOUTUBE_COOKIES_FILE or "")}


@cache
def expander() -> Expander:
    """Reads playlists and channels. The first call imports yt-dlp."""
    return EXPANDERS.get("ytdlp")(**_way(), **_account())


def warm_up() -> None:
    """Imports the SDKs whose keys are set, so that the first video does not wait two seconds for them."""
    for choice in select.choices(engine_config()):
        if choice.available:
            engine_for(choice.id)
