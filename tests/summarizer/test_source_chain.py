"""Captions through yt-dlp over the wire, and the chain: who is asked next, who answered, and what an error tells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from yt_dlp.utils import ExtractorError

from summarizer import errors
from summarizer.records import (
    ANY_CAPTIONS,
    AuthorChapter,
    CaptionChoice,
    Cue,
    Fetched,
    Progress,
    Stage,
    Transcript,
    Tried,
    Video,
    no_progress,
)
from summarizer.transcripts.chain import Chain
from summarizer.transcripts.youtube import YouTubeSource
from summarizer.transcripts.youtube_http import YouTubeAdapter
from summarizer.transcripts.ytdlp import YtDlpSource
from summarizer.ytdlp import Client
from tests.fakes.replay import ReplayYouTube
from tests.fakes.youtube import FakeYouTube


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@pytest.mark.parametrize(
    ("video_id", "language", "kind"),
    [("vid00000001", "en", "generated"), ("s0010deb001", "de", "manual"), ("s0010fra001", "fr", "generated")],
)
def test_captions_come_through_ytdlp(youtube: FakeYouTube, video_id: str, language: str, kind: str) -> None:
    fetched = YtDlpSource(timeout=5, base_url=youtube.base_url).fetch(video_id, ANY_CAPTIONS, no_progress)
    track = fetched.transcript
    assert (track.language, track.kind, track.source) == (language, kind, "ytdlp")
    assert len(track.cues) == 100
    assert video_id in fetched.video.title
    assert fetched.video.duration == 600.0


@pytest.mark.parametrize(
    ("video_id", "code"),
    [
        ("priv0000001", "video_private"),
        ("gone0000001", "video_unavailable"),
        ("memb0000001", "members_only"),
        ("geo_0000001", "geo_blocked"),
        ("nocap000001", "no_transcript"),
        ("junk0000001", "youtube_failed"),
        ("cap40300001", "youtube_failed"),
        ("cap40400001", "youtube_failed"),
        ("cap41000001", "youtube_failed"),
        ("blk00000001", "youtube_blocked"),
        ("rate0000001", "youtube_blocked"),
        ("oops0000001", "youtube_failed"),
        ("fail0000001", "youtube_failed"),
        ("not an id", "video_unavailable"),
    ],
)
def test_ytdlps_failures_have_our_codes(youtube: FakeYouTube, video_id: str, code: str) -> None:
    with pytest.raises(errors.TranscriptError) as failure:
        YtDlpSource(timeout=5, base_url=youtube.base_url).fetch(video_id, ANY_CAPTIONS, no_progress)
    assert failure.value.code == code


def test_recorded_answers_of_the_real_youtube_are_read_and_never_translated(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ReplayYouTube(shared) as replay:
        for name, value in replay.proxy_env.items():
            monkeypatch.setenv(name, value)
        source = YtDlpSource(timeout=10)
        wished = source.fetch("GJLlxj_dtq8", CaptionChoice(("de",)), no_progress)
        # Swahili would only be to be had as a translation.
        spoken = source.fetch("GJLlxj_dtq8", CaptionChoice(("sw",)), no_progress)
    assert (wished.transcript.language, wished.transcript.kind) == ("de", "manual")
    assert (spoken.transcript.language, spoken.transcript.kind) == ("en", "manual")
    assert wished.video.channel == "Dave2D"


class Fixed:
    """A source that always says the same, and counts."""

    def __init__(self, name: str, answer: errors.TranscriptError | None = None) -> None:
        self.name, self.answer, self.asked = name, answer, 0

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        self.asked += 1
        if self.answer:
            raise self.answer
        return Fetched(Video(video_id), Transcript((Cue(0, 1, "Hello."),), "en", "manual", self.name))

    def describe(self, video_id: str, progress: Progress) -> Video:
        self.asked += 1
        return Video(video_id, f"As {self.name} knows it")


def ask(first: Fixed, second: Fixed, account: bool = False) -> Fetched:
    chain = Chain({"first": lambda: first, "second": lambda: second}, account)
    return chain.fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)


def test_the_first_that_has_it_answers() -> None:
    second = Fixed("second")
    assert ask(Fixed("first"), second).transcript.source == "first"
    assert second.asked == 0


def test_a_transcript_comes_with_who_was_asked_before_and_why_they_failed() -> None:
    assert ask(Fixed("first"), Fixed("second")).tried == ()
    failure = errors.PoTokenRequired("Wants a proof.")
    assert ask(Fixed("first", failure), Fixed("second")).tried == (
        Tried("first", "po_token_required", "Wants a proof."),
    )


@pytest.mark.parametrize("error", [errors.PoTokenRequired(), errors.YouTubeUnreadable()])
def test_the_next_is_asked_where_another_client_may_help(error: errors.TranscriptError) -> None:
    assert ask(Fixed("first", error), Fixed("second")).transcript.source == "second"


@pytest.mark.parametrize(
    "error", [errors.AgeRestricted(), errors.VideoRestricted("members_only"), errors.YouTubeBlocked()]
)
def test_the_next_is_asked_where_an_account_helps_if_there_is_one(error: errors.TranscriptError) -> None:
    with pytest.raises(type(error)):
        ask(Fixed("first", error), Fixed("second"))
    assert ask(Fixed("first", error), Fixed("second"), account=True).transcript.source == "second"


@pytest.mark.parametrize(
    "error", [errors.VideoUnavailable(), errors.TranscriptsDisabled(), errors.NoTranscript(), errors.YouTubeFailed()]
)
def test_nobody_else_is_asked_when_the_answer_is_final_or_the_line_is_down(error: errors.TranscriptError) -> None:
    second = Fixed("second")
    with pytest.raises(type(error)):
        ask(Fixed("first", error), second, account=True)
    assert second.asked == 0


def test_when_all_fail_the_final_answer_counts_and_what_was_tried_is_said() -> None:
    unreadable, gone = errors.YouTubeUnreadable("Could not be read."), errors.VideoUnavailable("Is gone.")
    with pytest.raises(errors.VideoUnavailable) as failure:
        ask(Fixed("first", unreadable), Fixed("second", gone))
    assert str(failure.value) == "Is gone. Also tried first: Could not be read."


@pytest.mark.parametrize("requests", range(5))
def test_a_stopped_item_stops_before_any_request_of_any_source(youtube: FakeYouTube, requests: int) -> None:
    video_id = f"pota000010{requests}"
    left = iter(range(requests))

    def progress(stage: Stage, done: int = 0, total: int = 0) -> None:
        if next(left, None) is None:
            raise errors.Stopped

    with pytest.raises(errors.Stopped):
        real_chain(youtube).fetch(video_id, ANY_CAPTIONS, progress)
    assert sum(youtube.stats()["videos"].get(video_id, {}).values()) == requests


def real_chain(youtube: FakeYouTube) -> Chain:
    how: dict[str, Any] = {"timeout": 5, "base_url": youtube.base_url}
    return Chain({"youtube": partial(YouTubeSource, **how), "ytdlp": partial(YtDlpSource, **how)})


def test_a_client_that_youtube_refuses_makes_way_for_another(youtube: FakeYouTube) -> None:
    assert real_chain(youtube).fetch("appa0000001", ANY_CAPTIONS, no_progress).transcript.source == "ytdlp"


@pytest.mark.parametrize(
    ("video_id", "step"), [("fail0000001", "page"), ("odd_0000001", "list"), ("junk0000001", "captions")]
)
def test_an_error_tells_how_far_each_source_came(youtube: FakeYouTube, video_id: str, step: str) -> None:
    for source in (YouTubeSource, YtDlpSource):
        with pytest.raises(errors.TranscriptError) as failure:
            source(timeout=5, base_url=youtube.base_url).fetch(video_id, ANY_CAPTIONS, no_progress)
        assert failure.value.step == step


@pytest.mark.parametrize("source", [YouTubeSource, YtDlpSource])
def test_manual_captions_are_a_demand(youtube: FakeYouTube, source: type[YouTubeSource | YtDlpSource]) -> None:
    demanding = CaptionChoice(manual_only=True)
    made = source(timeout=5, base_url=youtube.base_url)
    assert made.fetch("s0010deb001", demanding, no_progress).transcript.kind == "manual"
    with pytest.raises(errors.OnlyAutomatic):
        made.fetch("s0010ena001", demanding, no_progress)


def test_captions_that_cannot_be_had_are_not_final_when_another_could_not_read_the_video(youtube: FakeYouTube) -> None:
    source = YtDlpSource(timeout=5, base_url=youtube.base_url)
    chain = Chain({"first": lambda: Fixed("first", errors.YouTubeUnreadable()), "ytdlp": lambda: source})
    with pytest.raises(errors.YouTubeFailed) as failure:
        chain.fetch("cap40300002", ANY_CAPTIONS, no_progress)
    assert failure.value.retryable


def test_what_ytdlp_raises_between_two_pages_is_told_by_its_words(youtube: FakeYouTube) -> None:
    client = Client(YouTubeAdapter(timeout=5, base_url=youtube.base_url), lambda: None)
    with pytest.raises(errors.YouTubeBlocked), client.translating(errors.ListUnavailable):
        raise ExtractorError("Sign in to confirm you’re not a bot", expected=True)


def test_a_block_outweighs_what_may_be_gone_in_a_moment() -> None:
    with pytest.raises(errors.YouTubeBlocked):
        ask(Fixed("first", errors.YouTubeUnreadable()), Fixed("second", errors.YouTubeBlocked()))


def test_what_is_final_for_one_and_not_for_the_other_is_worth_a_retry() -> None:
    with pytest.raises(errors.PoTokenRequired) as failure:
        ask(Fixed("first", errors.PoTokenRequired()), Fixed("second", errors.YouTubeBlocked()))
    assert failure.value.retryable
    assert not errors.PoTokenRequired().retryable


def test_only_the_first_is_asked_what_a_video_is() -> None:
    first, second = Fixed("first"), Fixed("second")
    chain = Chain({"first": lambda: first, "second": lambda: second})
    assert chain.describe("dQw4w9WgXcQ", no_progress).title == "As first knows it"
    assert second.asked == 0


@pytest.mark.parametrize("source", [YouTubeSource, YtDlpSource])
def test_a_video_is_described_without_its_captions(
    youtube: FakeYouTube, source: type[YouTubeSource | YtDlpSource]
) -> None:
    video = source(timeout=5, base_url=youtube.base_url).describe("nocap000009", no_progress)
    assert video.title.endswith("(nocap000009)")
    assert video.chapters[1] == AuthorChapter("Part 2", 180.0)
    assert "timedtext" not in youtube.stats()["videos"]["nocap000009"]
