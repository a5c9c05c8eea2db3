"""The ways around a refused address: SOCKS and HTTP proxies, and gateways that give each connection another address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from summarizer.errors import Stopped, YouTubeBlocked, YouTubeFailed
from summarizer.expanders.base import Listing
from summarizer.expanders.ytdlp import YtDlpExpander
from summarizer.records import ANY_CAPTIONS, Stage, no_progress
from summarizer.transcripts.youtube import YouTubeSource
from summarizer.transcripts.ytdlp import YtDlpSource
from tests.fakes.replay import ReplayYouTube, free_port
from tests.fakes.socks import FakeSocks
from tests.fakes.youtube import FakeYouTube

Source = type[YouTubeSource | YtDlpSource]
SOURCES = pytest.mark.parametrize("source", [YouTubeSource, YtDlpSource])


@pytest.fixture(scope="module")
def socks(shared: Path) -> Iterator[tuple[FakeSocks, ReplayYouTube]]:
    """A SOCKS proxy, and YouTube behind it."""
    tls_port = free_port()
    with ReplayYouTube(shared, "--tls-port", str(tls_port), "--hang-s", "3") as replay, FakeSocks(tls_port) as proxy:
        yield proxy, replay


@pytest.fixture
def proxy(socks: tuple[FakeSocks, ReplayYouTube], monkeypatch: pytest.MonkeyPatch) -> FakeSocks:
    proxy, replay = socks
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, replay.proxy_env[name])
    proxy.asked_for.clear()
    return proxy


@SOURCES
def test_a_socks_proxy_is_asked_for_youtube_by_name(proxy: FakeSocks, source: Source) -> None:
    through = source(timeout=10, proxy_url=f"socks5h://somebody:secret@{proxy.address}")
    assert through.fetch("GJLlxj_dtq8", ANY_CAPTIONS, no_progress).transcript.language == "en"
    assert set(proxy.asked_for) == {"www.youtube.com:443"}
    assert set(proxy.users) == {"somebody"}


@SOURCES
@pytest.mark.parametrize("video_id", ["Fwhng00xxxx", "Ftslo00xxxx"])
def test_the_deadline_holds_through_socks(proxy: FakeSocks, source: Source, video_id: str) -> None:
    began = time.monotonic()
    with pytest.raises(YouTubeFailed):
        source(timeout=1, proxy_url=f"socks5h://{proxy.address}").fetch(video_id, ANY_CAPTIONS, no_progress)
    assert time.monotonic() - began < 6


@SOURCES
def test_a_socks_proxy_that_is_away_is_a_failure_that_may_mend(source: Source) -> None:
    with pytest.raises(YouTubeFailed):
        source(timeout=2, proxy_url=f"socks5h://127.0.0.1:{free_port()}").fetch(
            "dQw4w9WgXcQ", ANY_CAPTIONS, no_progress
        )


@pytest.mark.parametrize(("addresses", "connections"), [(1, 1), (5, 2)])
def test_each_video_has_a_connection_of_its_own_behind_a_rotating_proxy_only(
    proxy: FakeSocks, addresses: int, connections: int
) -> None:
    source = YouTubeSource(timeout=10, proxy_url=f"socks5h://{proxy.address}", addresses=addresses)
    for video_id in ("s0001ena001", "s0001ena002"):
        source.fetch(video_id, ANY_CAPTIONS, no_progress)
    assert len(proxy.asked_for) == connections


# -- addresses that are refused; the stand-in refuses whole connections


@pytest.fixture
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@SOURCES
def test_a_refused_address_gives_way_to_the_next(youtube: FakeYouTube, source: Source) -> None:
    youtube.configure(refused_addresses=2)
    made = source(timeout=5, base_url=youtube.base_url, addresses=3)
    assert made.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress).transcript.cues
    assert youtube.stats()["requests"] == {"watch": 3, "player": 1, "timedtext": 1}


@SOURCES
@pytest.mark.parametrize("addresses", [1, 3])
def test_so_many_refused_addresses_are_a_block(youtube: FakeYouTube, source: Source, addresses: int) -> None:
    youtube.configure(refused_addresses=addresses)
    with pytest.raises(YouTubeBlocked):
        source(timeout=5, base_url=youtube.base_url, addresses=addresses).fetch(
            "dQw4w9WgXcQ", ANY_CAPTIONS, no_progress
        )
    assert youtube.stats()["requests"] == {"watch": addresses}


@SOURCES
def test_a_robot_check_gives_way_to_the_next_address_too(youtube: FakeYouTube, source: Source) -> None:
    with pytest.raises(YouTubeBlocked):
        source(timeout=5, base_url=youtube.base_url, addresses=3).fetch("bot_0000001", ANY_CAPTIONS, no_progress)
    assert youtube.stats()["requests"]["player"] == 3


def test_lists_are_read_past_refused_addresses(youtube: FakeYouTube) -> None:
    youtube.configure(refused_addresses=2)
    expander = YtDlpExpander(timeout=5, base_url=youtube.base_url, addresses=3)
    pages = expander.expand(Listing("playlist", "PLfake0120abc"), 1000, None, no_progress)
    assert sum(len(page.videos) for page in pages) == 120


def test_a_stopped_item_tries_no_further_address(youtube: FakeYouTube) -> None:
    youtube.configure(refused_addresses=9)

    def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
        if youtube.stats()["requests"].get("watch", 0) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        YouTubeSource(timeout=5, base_url=youtube.base_url, addresses=9).fetch("dQw4w9WgXcQ", ANY_CAPTIONS, progress)
    assert youtube.stats()["requests"] == {"watch": 2}
