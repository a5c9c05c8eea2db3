"""One installation for all that can share one: it is struck again and again, as a real one would be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.chaos.arena import Arena
from tests.fakes.llm import FakeLLM
from tests.fakes.youtube import FakeYouTube
from tests.installation import Installation

Build = Callable[..., Arena]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """`build(LEASE_SECONDS="30")`: an installation with those settings, its stand-ins, and its owner."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with ExitStack() as stack:

        def make(roles: tuple[str, ...] = ("worker", "beat", "web"), **settings: str) -> Arena:
            youtube, llm = stack.enter_context(FakeYouTube()), stack.enter_context(FakeLLM())
            env: Mapping[str, str] = {
                "YOUTUBE_BASE_URL": youtube.base_url,
                "YOUTUBE_PER_HOUR": "0",
                "ANTHROPIC_API_KEY": "test-key",
                "ANTHROPIC_BASE_URL": llm.anthropic_url,
                **settings,
            }
            folder = tmp_path_factory.mktemp("chaos")
            return Arena(stack.enter_context(Installation(folder, env, roles)), youtube, llm)

        yield make


@pytest.fixture(scope="session")
def arena(build: Build) -> Arena:
    """The shared one, with quick sweeps, and leases that a busy machine does not let run out."""
    return build(LEASE_SECONDS="8", SIGNUP="open")
