"""Playlists and channels become videos, through the real yt-dlp: page by page, and every failure with its name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from summarizer.errors import ListUnavailable, Stopped, SummarizerError, YouTubeBlocked, YouTubeFailed
from summarizer.expanders.base import Listing, Page
from summarizer.expanders.ytdlp import YtDlpExpander, address
from summarizer.records import Progress, no_progress
from tests.fakes import playlists
from tests.fakes.replay import ReplayYouTube
from tests.fakes.youtube import FakeYouTube


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@pytest.fixture
def expander(youtube: FakeYouTube) -> YtDlpExpander:
    return YtDlpExpander(timeout=5, base_url=youtube.base_url)


def listing(id: str, tab: str = "") -> Listing:
    return Listing("channel" if id.startswith("@") else "playlist", id, tab)


def pages(
    expander: YtDlpExpander, id: str, newest: int = 10_000, since: date | None = None, progress: Progress = no_progress
) -> list[Page]:
    return list(expander.expand(listing(id), newest, since, progress))


def ids(found: list[Page]) -> list[str]:
    return [video.id for page in found for video in page.videos]


@pytest.mark.parametrize("id", ["PLfake0001abcdef", "PLfake0100abcdef", "PLfake0312abcdef", "@fake0075abc"])
def test_a_list_gives_all_its_videos_in_its_order_in_pages_of_at_most_a_hundred(
    expander: YtDlpExpander, id: str
) -> None:
    found = pages(expander, id)
    assert ids(found) == playlists.videos(id)
    assert max(len(page.videos) for page in found) <= 100
    assert not any(page.more for page in found)


def test_what_a_list_tells_of_a_video_is_kept(expander: YtDlpExpander) -> None:
    [page] = pages(expander, "PLfake0003abcdef")
    video = page.videos[2]
    assert (video.title, video.channel, video.duration) == ("Listed video 2", "Fake Channel", 600.0)


@pytest.mark.parametrize("id", ["PLfake0312abcdef", "@fake0250abc"])
def test_the_newest_are_taken_and_the_rest_is_said_to_be_there(
    expander: YtDlpExpander, youtube: FakeYouTube, id: str
) -> None:
    before = youtube.stats()["videos"].get(id, {}).get("list", 0)
    found = pages(expander, id, newest=60)
    assert ids(found) == playlists.videos(id)[:60]
    assert found[-1].more
    assert youtube.stats()["videos"][id]["list"] - before <= 3, "read no further than needed"
    assert not pages(expander, "PLfake0060abcdef", newest=60)[-1].more


def test_a_channels_videos_before_a_date_are_left_out_and_not_read(
    expander: YtDlpExpander, youtube: FakeYouTube
) -> None:
    since = datetime.now(UTC).date() - timedelta(days=40)
    found = ids(pages(expander, "@fake0251abc", since=since))
    assert 39 <= len(found) <= 42, "dates in lists are rough"
    assert youtube.stats()["videos"]["@fake0251abc"]["list"] == 2


@pytest.mark.parametrize(
    ("id", "error", "words"),
    [
        ("PLgone0001abcdef", ListUnavailable, "“The playlist does not exist.”"),
        ("PLpriv0001abcdef", ListUnavailable, "“This playlist is private.”"),
        ("@gone0001abc", ListUnavailable, "“This channel does not exist.”"),
        ("PLblok0001abcdef", YouTubeBlocked, "refusing requests"),
        ("PLflak0001abcdef", YouTubeFailed, "HTTP 503"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(
    expander: YtDlpExpander, id: str, error: type[SummarizerError], words: str
) -> None:
    with pytest.raises(error, match=words):
        pages(expander, id)


def test_half_a_list_never_passes_for_a_whole_one(expander: YtDlpExpander) -> None:
    got: list[Page] = []
    with pytest.raises(YouTubeFailed):
        got.extend(expander.expand(listing("PLhalf0250abcdef"), 10_000, None, no_progress))
    assert len(ids(got)) == 100


def test_a_list_without_videos_is_one_empty_page(expander: YtDlpExpander) -> None:
    assert pages(expander, "PLnone0001abcdef") == [Page([])]


def test_a_channel_without_a_tab_of_videos_gives_what_it_has(expander: YtDlpExpander) -> None:
    assert ids(pages(expander, "@strm0035abc")) == playlists.videos("@strm0035abc")
    with pytest.raises(ListUnavailable, match="does not have a shorts tab"):
        list(expander.expand(listing("@strm0035abc", "shorts"), 10, None, no_progress))


def test_nobody_answers(youtube: FakeYouTube) -> None:
    with pytest.raises(YouTubeFailed, match="broke"):
        pages(YtDlpExpander(timeout=2, base_url="http://127.0.0.1:1"), "PLfake0001abcdef")


def test_a_hung_answer_ends_at_the_time_out(youtube: FakeYouTube) -> None:
    began = time.monotonic()
    with pytest.raises(YouTubeFailed, match="in time"):
        pages(YtDlpExpander(timeout=0.3, base_url=youtube.base_url), "PLslow0001abcdef")
    assert time.monotonic() - began < 2


def test_whoever_waits_can_stop_it_before_each_request(expander: YtDlpExpander) -> None:
    asked = 0

    def progress(stage: str, done: int = 0, total: int = 0) -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Stopped

    with pytest.raises(Stopped):
        pages(expander, "PLfake0900abcdef", progress=progress)
    assert asked == 3


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (Listing("playlist", "PLx"), "playlist?list=PLx"),
        (Listing("channel", "@näme"), "@n%C3%A4me/videos"),
        (Listing("channel", "UCmlqkdCBesrv2Lak1mF_MxA", "shorts"), "channel/UCmlqkdCBesrv2Lak1mF_MxA/shorts"),
        (Listing("channel", "c/name"), "c/name/videos"),
        (Listing("channel", "user/name", "streams"), "user/name/streams"),
    ],
)
def test_each_kind_of_list_has_its_address(link: Listing, url: str) -> None:
    assert address(link) == f"https://www.youtube.com/{url}"


def test_recorded_pages_of_the_real_youtube_are_read(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Page] = []
    with ReplayYouTube(shared) as replay:
        for name, value in replay.proxy_env.items():
            monkeypatch.setenv(name, value)
        whole = ids(pages(YtDlpExpander(timeout=10), "PLzMcBGfZo4-mP7qA9cagf68V06sko5otr"))
        # Of the long one, only the first hundred were recorded.
        with pytest.raises(YouTubeFailed, match="HTTP 404"):
            got.extend(
                YtDlpExpander(timeout=10).expand(listing("PLS1QulWo1RIaJECMeUT4LFwJ-ghgoSH6n"), 500, None, no_progress)
            )
    assert len(set(whole)) == 12
    assert len(set(ids(got))) == 100
