"""A small batch beside a large one of somebody else: for the models, and for YouTube's pace."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.arena import Arena, Battle
from tests.chaos.conftest import Build
from tests.installation import Api

log = logging.getLogger("chaos")
_LARGE = 1_000


def seconds_for_three(arena: Arena, api: Api, prefix: str) -> float:
    """From the request to the last of three summaries."""
    began = time.monotonic()
    battle = another(arena, api, prefix, 3)
    battle.until(lambda: battle.status() == "completed", 120, "the small batch ends")
    took = time.monotonic() - began
    assert battle.states() == {"completed": 3}
    return took


def another(arena: Arena, api: Api, prefix: str, count: int) -> Battle:
    ids = [f"{prefix}_{number:0{10 - len(prefix)}d}" for number in range(count)]
    return Battle(arena.app, arena.youtube, arena.llm, api, ids, "anthropic")


@contextmanager
def a_large_batch(arena: Arena, prefix: str, busy: int) -> Iterator[Battle]:
    """Of the owner, who has so many in flight; cancelled in the end."""
    large = another(arena, arena.api, prefix, _LARGE)
    large.until(lambda: large.states()["completed"] >= busy, 60, "the large batch is well on its way")
    try:
        yield large
        assert large.status() == "processing", "it ended too early to have been in anybody's way"
    finally:
        arena.api.http.post(f"/api/batch/{large.id}/cancel")


@pytest.mark.chaos
def test_a_small_batch_is_summarized_beside_a_large_one(arena: Arena) -> None:
    arena.begin(1, latency=2.0).settle()
    other = arena.app.sign_up("summarizes@example.org")
    alone = seconds_for_three(arena, other, "fa")
    with a_large_batch(arena, "fb", busy=32):
        beside = seconds_for_three(arena, other, "fc")
    log.info("three videos: %.1f s alone, %.1f s beside %d; one video: 2 s", alone, beside, _LARGE)
    assert beside <= 1.5 * alone + 2.0


@pytest.fixture(scope="module")
def paced(build: Build) -> Arena:
    """One fetch a second, and nothing saved up."""
    return build(YOUTUBE_PER_HOUR="3600", YOUTUBE_BURST="1", SIGNUP="open")


@pytest.mark.chaos
def test_a_small_batch_is_fetched_beside_a_large_one(paced: Arena) -> None:
    paced.begin(1).settle()
    other = paced.app.sign_up("fetches@example.org")
    alone = seconds_for_three(paced, other, "fd")
    with a_large_batch(paced, "fe", busy=10):
        beside = seconds_for_three(paced, other, "ff")
    log.info("three videos: %.1f s alone, %.1f s beside %d; one video: 1 s", alone, beside, _LARGE)
    assert beside <= 1.5 * alone + 1.0
