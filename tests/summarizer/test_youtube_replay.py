"""Recorded answers of the real YouTube, real transcripts, and every fault at every stage."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from summarizer.errors import TranscriptError
from summarizer.records import ANY_CAPTIONS, CaptionChoice, no_progress
from summarizer.segments import segment
from summarizer.transcripts.uploads import read_captions
from summarizer.transcripts.youtube import YouTubeSource
from summarizer.transcripts.ytdlp import YtDlpSource
from tests.fakes.replay import ReplayYouTube
from tests.summarizer.faults import BLOCKED, FAILED, FAULTS, FINE, TIMEOUT, all_faults, timeout_for

RECORDED = {
    "dsMFmonKDD4": "transcripts_disabled",
    "Fjg5lYqvzUs": "transcripts_disabled",
    "Njp5uhTorCo": "age_restricted",
    "unavailable": "video_unavailable",
    "botblocked_": BLOCKED,
    "ipblocked__": BLOCKED,
    "unplayable_": "unplayable",
    "consentfail": FAILED,
    "consentinvl": FAILED,
    "8VajtrESJzA": "video_private",
    "_PL2HJKxnOM": "geo_blocked",
    "ayI2iBwGdxw": "members_only",
    "sMJ8bRN2dak": "premium_only",
    "s0010enn001": "transcripts_disabled",
    "nothing_her": "video_unavailable",
}
NOISE = re.compile(r"\[(?:music|applause|laughter|аплодисменты|смех)|&(?:amp|#39|quot|lt|gt);|>>|\n|[\x00-\x1f]", re.I)
BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")  # sounds; and what the library takes for tags


@pytest.fixture(scope="module")
def replay(shared: Path) -> Iterator[ReplayYouTube]:
    with ReplayYouTube(shared, "--hang-s", "3", "--html", "small") as youtube:
        yield youtube


@pytest.fixture(scope="module")
def source(replay: ReplayYouTube) -> YouTubeSource:
    return YouTubeSource(timeout=10, base_url=replay.base_url)


def outcome(source: YouTubeSource, video_id: str) -> str:
    """The code of the error, or "" when the transcript came."""
    try:
        source.fetch(video_id, ANY_CAPTIONS, no_progress)
    except TranscriptError as error:
        return error.code
    return FINE


@pytest.mark.parametrize(("video_id", "code"), all_faults())
def test_every_fault_at_every_stage_ends_soon_with_its_code(replay: ReplayYouTube, video_id: str, code: str) -> None:
    begin = time.monotonic()
    assert outcome(YouTubeSource(timeout=timeout_for(video_id), base_url=replay.base_url), video_id) == code
    assert time.monotonic() - begin < TIMEOUT + 2


def test_the_fault_table_is_complete(shared: Path) -> None:
    help_text = (shared / "replay" / "replay_youtube.py").read_text(encoding="utf-8").split('"""')[1]
    statuses, _, others = help_text.partition("\nFAULTS ")[2].partition(" (status), ")
    first_words = {chunk.split()[0] for chunk in re.split(r",\s+", others)}
    assert set(FAULTS) == {*statuses.split(), *(word for word in first_words if len(word) == 3)}


@pytest.mark.parametrize(("video_id", "code"), RECORDED.items())
def test_recorded_refusals_get_their_own_code(source: YouTubeSource, video_id: str, code: str) -> None:
    assert outcome(source, video_id) == code


def test_youtubes_own_reason_stays_in_the_sentence(source: YouTubeSource) -> None:
    with pytest.raises(TranscriptError, match="Magnificent Members") as caught:
        source.fetch("ayI2iBwGdxw", ANY_CAPTIONS, no_progress)
    assert caught.value.title.startswith("Behind the Scenes at EGX 2019")


def test_a_block_passes_on_how_long_to_wait(replay: ReplayYouTube, source: YouTubeSource) -> None:
    replay.config(retry_after=77)
    try:
        with pytest.raises(TranscriptError) as caught:
            source.fetch("Fw42900xxxx", ANY_CAPTIONS, no_progress)
    finally:
        replay.reset()
    assert caught.value.retry_after == 77


def test_consent_to_cookies_is_given_once_asked(source: YouTubeSource) -> None:
    assert outcome(source, "consentpage") == FINE


def test_a_track_that_wants_a_proof_of_origin_gives_way_to_another(source: YouTubeSource) -> None:
    assert source.fetch("potokenreq_", ANY_CAPTIONS, no_progress).transcript.kind == "generated"


@pytest.mark.parametrize(
    ("languages", "language", "kind"),
    [
        ((), "en", "manual"),
        (("de",), "de", "manual"),
        (("fr", "ja", "de"), "ja", "manual"),
        (("zh-Hans",), "zh", "manual"),
        (("en-GB",), "en", "manual"),
        (("xx",), "en", "manual"),
    ],
)
def test_the_preferred_language_is_taken_else_the_one_that_is_spoken(
    source: YouTubeSource, languages: tuple[str, ...], language: str, kind: str
) -> None:
    transcript = source.fetch("GJLlxj_dtq8", CaptionChoice(languages), no_progress).transcript
    assert (transcript.language, transcript.kind) == (language, kind)


def test_nothing_is_ever_translated_at_youtube(replay: ReplayYouTube, source: YouTubeSource) -> None:
    assert source.fetch("s0001dea001", CaptionChoice(("fr", "en")), no_progress).transcript.language == "de"


def test_an_unmodified_program_reaches_it_through_the_usual_proxy_variables(
    replay: ReplayYouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in replay.proxy_env.items():
        monkeypatch.setenv(name, value)
    fetched = YouTubeSource(timeout=10).fetch("F75k4Oc6g9Q", ANY_CAPTIONS, no_progress)
    assert fetched.video.title.startswith("Yaroslav Shmarov - Hotwire Cookbook")
    assert fetched.video.channel == "Ruby on Rails"


@pytest.mark.parametrize("kind", ["hng", "slo", "trn", "rst"])
def test_the_deadline_holds_through_tls_and_a_proxy(
    replay: ReplayYouTube, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name, value in replay.proxy_env.items():
        monkeypatch.setenv(name, value)
    begin = time.monotonic()
    assert outcome(YouTubeSource(timeout=TIMEOUT), f"Ft{kind}00xxxx") == FAILED
    assert time.monotonic() - begin < TIMEOUT + 2


def test_a_proxy_of_the_settings_goes_before_those_of_the_environment(
    replay: ReplayYouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (replay.proxy_env | {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}).items():
        monkeypatch.setenv(name, value)
    proxied = YouTubeSource(timeout=10, proxy_url=replay.base_url)
    assert proxied.fetch("s0001ena001", ANY_CAPTIONS, no_progress).transcript.language == "en"


@pytest.mark.parametrize("video_id", ["s0480dea001", "s0480deb001", "s0060jam001", "s0060hia001", "s0060arm001"])
def test_no_minute_of_a_long_video_is_lost(replay: ReplayYouTube, source: YouTubeSource, video_id: str) -> None:
    markers = replay.marker_words(video_id)
    segments = segment(source.fetch(video_id, ANY_CAPTIONS, no_progress).transcript.cues)
    minutes = {word: next((part.start // 60 for part in segments if word in part.text), None) for word in markers}
    assert len(minutes) == int(video_id[1:5])
    assert all(found is not None and abs(found - minute) <= 1 for minute, found in enumerate(minutes.values()))


def _real(shared: Path) -> list[Path]:
    return sorted((shared / "replay" / "transcripts" / "norm").glob("*.json"))


@pytest.mark.thorough
def test_all_real_transcripts_arrive_clean_whole_and_in_their_language(shared: Path, source: YouTubeSource) -> None:
    files = _real(shared)
    assert len(files) == 54
    for path in files:
        video_id, language, kind = path.stem.rsplit(".", 2)
        fetched = source.fetch(video_id, CaptionChoice((language,)), no_progress)
        transcript = fetched.transcript
        assert transcript.language == language, path.name
        assert transcript.kind == {"auto": "generated"}.get(kind, kind), path.name
        assert fetched.video.title, path.name
        segments = segment(transcript.cues)
        for part in segments:
            assert not NOISE.search(part.text), (path.name, part.text)
            assert part.end - part.start <= 60 or len(part.cues) == 1, path.name
        _assert_words_survive(path, " ".join(part.text for part in segments))


@pytest.mark.thorough
def test_ytdlp_gives_the_same_words_of_all_real_transcripts(
    shared: Path, replay: ReplayYouTube, source: YouTubeSource
) -> None:
    other = YtDlpSource(timeout=10, base_url=replay.base_url)
    for path in _real(shared):
        video_id, language, _ = path.stem.rsplit(".", 2)
        ours, theirs = (
            each.fetch(video_id, CaptionChoice((language,)), no_progress).transcript for each in (source, other)
        )
        assert (theirs.language, theirs.kind, theirs.source) == (ours.language, ours.kind, "ytdlp"), path.name
        words, others = (re.findall(r"\w+", " ".join(cue.text for cue in each.cues)) for each in (ours, theirs))
        # One talk shows a line of XML, which youtube-transcript-api takes for a tag of the captions.
        assert words == re.sub(r"Require feature tabs ", "", " ".join(others)).split(), path.name


def _assert_words_survive(path: Path, text: str) -> None:
    """All letters of the file's own text, in their order, except what stands in brackets."""
    shown = [cue["text"] for cue in json.loads(path.read_text(encoding="utf-8"))["cues"]]
    raw = " ".join(line for line in shown if line.split() != ["Collins-Sussman:", "[laughs]"])  # name and sound go
    expected, found = ("".join(re.findall(r"\w", BRACKETS.sub(" ", one))) for one in (raw, text))
    assert found == expected, path.name


def test_the_files_those_transcripts_came_from_read_the_same_as_uploads(shared: Path) -> None:
    folder = shared / "replay" / "transcripts" / "raw"
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in {".srt", ".vtt", ".sbv", ".xml"}]
    assert len(files) > 20
    for path in files:
        transcript = read_captions(path.name, path.read_bytes())
        assert len(transcript.cues) > 10, path.name
        assert not any(NOISE.search(cue.text) for cue in transcript.cues), path.name
