"""What a video id becomes: a transcript in the right language, or an error that says what to do. Over real HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date

import pytest

from summarizer.errors import Stopped, TranscriptError, VideoUnavailable, YouTubeFailed
from summarizer.records import ANY_CAPTIONS, Stage, no_progress
from summarizer.transcripts.base import SOURCES
from summarizer.transcripts.youtube import YouTubeSource
from summarizer.transcripts.youtube_http import MOST_BYTES
from tests.fakes.replay import free_port
from tests.fakes.youtube import FakeYouTube, Video


@pytest.fixture
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@pytest.fixture
def source(youtube: FakeYouTube) -> YouTubeSource:
    return YouTubeSource(timeout=5, base_url=youtube.base_url)


def test_a_video_is_fetched_with_its_captions_and_details(source: YouTubeSource) -> None:
    fetched = source.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)
    assert fetched.video.title == Video("dQw4w9WgXcQ").title
    assert fetched.video.channel == "Fake Channel"
    assert fetched.video.duration == 600
    assert fetched.video.published == date(2026, 1, 26)
    assert fetched.video.thumbnail_url == "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg"
    transcript = fetched.transcript
    assert (transcript.source, transcript.kind, transcript.language) == ("youtube", "generated", "en")
    assert [cue.text for cue in transcript.cues] == [text for _, _, text in Video("dQw4w9WgXcQ").cues()]
    assert [cue.start for cue in transcript.cues] == [start for start, _, _ in Video("dQw4w9WgXcQ").cues()]


def test_a_video_takes_three_requests_and_asks_to_go_on_before_each(
    youtube: FakeYouTube, source: YouTubeSource
) -> None:
    asked: list[Stage] = []

    def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
        asked.append(stage)

    source.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, progress)
    assert youtube.stats()["requests"] == {"watch": 1, "player": 1, "timedtext": 1}
    assert asked == ["transcript"] * 3


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_a_cancelled_item_stops_before_the_next_request(
    youtube: FakeYouTube, source: YouTubeSource, requests: int
) -> None:
    def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
        if sum(youtube.stats()["requests"].values()) == requests:
            raise Stopped()

    with pytest.raises(Stopped):
        source.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, progress)
    assert sum(youtube.stats()["requests"].values()) == requests


@pytest.mark.parametrize(
    ("video_id", "code", "retryable"),
    [
        ("gone0000000", "video_unavailable", False),
        ("priv0000000", "video_private", False),
        ("memb0000000", "members_only", False),
        ("geo_0000000", "geo_blocked", False),
        ("soon0000000", "not_started", True),
        ("age_0000000", "age_restricted", False),
        ("rate0000000", "youtube_blocked", True),
        ("oops0000000", "youtube_failed", True),
        ("appa0000000", "youtube_failed", True),
        ("nocap000000", "transcripts_disabled", False),
        ("mute0000000", "empty_transcript", False),
        ("blk00000000", "youtube_blocked", True),
        ("fail0000000", "youtube_failed", True),
        ("junk0000000", "youtube_failed", True),
    ],
)
def test_every_refusal_has_its_code_and_a_sentence(
    source: YouTubeSource, video_id: str, code: str, retryable: bool
) -> None:
    with pytest.raises(TranscriptError) as caught:
        source.fetch(video_id, ANY_CAPTIONS, no_progress)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert str(caught.value).endswith((".", "”"))


def test_a_failure_tells_the_title_when_it_was_learned_before(source: YouTubeSource) -> None:
    with pytest.raises(TranscriptError) as caught:
        source.fetch("nocap000000", ANY_CAPTIONS, no_progress)
    assert caught.value.title == Video("nocap000000").title


@pytest.mark.parametrize("video_id", ["", "short", "https://x", "../../../..", "dQw4w9WgXcQ ", "dQw4w9WgXc\n"])
def test_what_is_no_id_is_refused_without_a_request(youtube: FakeYouTube, source: YouTubeSource, video_id: str) -> None:
    with pytest.raises(VideoUnavailable):
        source.fetch(video_id, ANY_CAPTIONS, no_progress)
    assert youtube.stats()["requests"] == {}


def test_a_slow_answer_is_given_up_after_the_timeout(youtube: FakeYouTube) -> None:
    begin = time.monotonic()
    with pytest.raises(YouTubeFailed, match=r"did not answer within 0\.3 seconds"):
        YouTubeSource(timeout=0.3, base_url=youtube.base_url).fetch("slow9000000", ANY_CAPTIONS, no_progress)
    assert time.monotonic() - begin < 3


def test_an_answer_that_drips_is_given_up_even_in_its_headers() -> None:
    headers = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(90))
    with _raw_server(headers, pieces=200, pause=0.05) as base_url:
        begin = time.monotonic()
        with pytest.raises(YouTubeFailed, match="did not answer within"):
            YouTubeSource(timeout=0.5, base_url=base_url).fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)
        assert time.monotonic() - begin < 2


def test_an_answer_without_end_is_refused() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * (MOST_BYTES + 1_000_000)
    with (
        _raw_server(endless, pieces=1, pause=0) as base_url,
        pytest.raises(YouTubeFailed, match="too large"),
    ):
        YouTubeSource(timeout=10, base_url=base_url).fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)


@contextmanager
def _raw_server(answer: bytes, pieces: int, pause: float) -> Iterator[str]:
    """Sends `answer` in `pieces`, `pause` seconds apart, to whoever connects first."""
    over = threading.Event()

    def serve() -> None:
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.recv(65_536)
            size = -(-len(answer) // pieces)
            for start in range(0, len(answer), size):
                client.sendall(answer[start : start + size])
                over.wait(pause)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join(5)


def test_a_failed_fetch_leaves_the_next_one_unharmed(source: YouTubeSource) -> None:
    with pytest.raises(YouTubeFailed):
        source.fetch("flak0000000", ANY_CAPTIONS, no_progress)
    assert source.fetch("flak0000000", ANY_CAPTIONS, no_progress).video.title == Video("flak0000000").title
    with pytest.raises(TranscriptError) as caught:
        source.fetch("gone0000000", ANY_CAPTIONS, no_progress)
    assert caught.value.title == ""


def test_nobody_at_the_other_end_is_a_retryable_failure() -> None:
    source = YouTubeSource(timeout=2, base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(YouTubeFailed, match="connection to YouTube broke"):
        source.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)


def test_a_proxy_that_does_not_work_is_named() -> None:
    source = YouTubeSource(timeout=2, proxy_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(YouTubeFailed, match="YOUTUBE_PROXY_URL"):
        source.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)


def test_threads_share_a_source_without_mixing_their_videos(youtube: FakeYouTube, source: YouTubeSource) -> None:
    youtube.configure(latency_ms=5)
    ids = [f"s0002{language}a{n:03d}" for n in range(20) for language in ("en", "de")]
    with ThreadPoolExecutor(8) as pool:
        fetched = list(pool.map(lambda video_id: source.fetch(video_id, ANY_CAPTIONS, no_progress), ids))
    for video_id, one in zip(ids, fetched, strict=True):
        assert one.video.title == Video(video_id).title
        assert one.transcript.language == Video(video_id).language
        assert one.transcript.cues[4].text.endswith(Video(video_id).minute_words()[0] + ".")
    assert threading.active_count() < 200
    assert youtube.stats()["peak"] > 1


def test_the_registry_knows_the_source() -> None:
    assert SOURCES.get("youtube") is YouTubeSource
