"""From a link to a transcript through every source there is: who answered, what was tried, what the gate learned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from batches import gates, intake, operations, progress, shelf
from batches.exports.json import summary_record
from batches.models import Batch, Gate, Item, Transcript, Video
from summarizer import records
from summarizer.errors import PoTokenRequired
from summarizer.records import Fetched
from tests.batches.builders import make_transcript, make_user
from tests.batches.fetching import batch_of, fetched_item, forget_sources, item_of, reaching, work_on
from tests.batches.surfaces import words_of
from tests.fakes.youtube import FakeYouTube

pytestmark = pytest.mark.django_db

COOKIES = "# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t0\tLOGIN_INFO\tsecret\n"


@pytest.fixture
def youtube(settings: Any) -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake, reaching(settings, fake.base_url, YOUTUBE_TIMEOUT=5):
        yield fake


@pytest.fixture
def account(settings: Any, youtube: FakeYouTube, tmp_path: Path) -> FakeYouTube:
    settings.YOUTUBE_COOKIES_FILE = tmp_path / "cookies.txt"
    settings.YOUTUBE_COOKIES_FILE.write_text(COOKIES)
    forget_sources()
    return youtube


def source_of(item: Item) -> str:
    assert item.status == Item.Status.COMPLETED, item.error_message
    assert item.transcript is not None
    return item.transcript.source


# -- who answers


def test_the_first_source_answers_and_no_other_is_asked(youtube: FakeYouTube) -> None:
    assert source_of(fetched_item("vid00000001")) == "youtube"
    assert youtube.stats()["requests"] == {"watch": 1, "player": 1, "timedtext": 1}


@pytest.mark.parametrize("video_id", ["pota0000001", "odda0000001"])
def test_what_the_first_cannot_have_the_second_may(youtube: FakeYouTube, video_id: str) -> None:
    item = fetched_item(video_id)
    assert source_of(item) == "ytdlp"
    assert item.video.title.endswith(f"({video_id})")
    assert not Gate.objects.filter(name=gates.YOUTUBE, blocks__gt=0).exists()


def test_a_saved_transcript_is_asked_nothing(youtube: FakeYouTube) -> None:
    fetched_item("vid00000001")
    asked = youtube.stats()["requests"]
    assert source_of(fetched_item("vid00000001")) == "youtube"
    assert youtube.stats()["requests"] == asked


def test_the_users_upload_goes_before_what_is_shared(youtube: FakeYouTube) -> None:
    batch = batch_of(["vid00000001"])
    video = Video.objects.get(youtube_id="vid00000001")
    make_transcript(video)
    upload = make_transcript(video, owner_id=batch.user_id, kind=Transcript.Kind.UPLOADED, source="upload")
    work_on(batch)
    assert item_of(batch.pk).transcript == upload
    assert youtube.stats()["requests"] == {}


def test_what_the_first_learned_completes_what_the_second_knows(youtube: FakeYouTube) -> None:
    video = fetched_item("pota0000001").video
    assert (video.channel, str(video.published)) == ("Fake Channel", "2026-01-26")
    assert len(video.chapters) == 4


# -- what is kept of who was asked before

UNREADABLE = "YouTube's answer could not be read. Try again."
BEFORE = [
    ("pota0000001", "po_token_required", PoTokenRequired.sentence, "YouTube asks for a proof of origin"),
    ("odda0000001", "youtube_failed", UNREADABLE, "YouTube gave no usable answer"),
]


def client_of(item: Item) -> Client:
    client = Client()
    client.force_login(item.batch.user)
    return client


@pytest.mark.parametrize(("video_id", "code", "reason", "cause"), BEFORE)
def test_every_surface_says_who_answered_and_who_was_asked_before(
    youtube: FakeYouTube, video_id: str, code: str, reason: str, cause: str
) -> None:
    item = fetched_item(video_id)
    tried = [{"source": "youtube", "code": code, "reason": reason}]
    assert item.transcript is not None
    assert item.summary is not None
    assert item.transcript.tried == item.summary.caption_tried == tried

    client = client_of(item)
    for address in (f"/api/batch/{item.batch_id}", f"/api/batch/{item.batch_id}/items"):
        body = client.get(address).json()
        [row] = body.get("items") or body["results"]
        assert (row["caption_source"], row["caption_tried"]) == ("ytdlp", tried)
    changes = progress.changes(item.batch_id)
    assert changes is not None
    assert changes["items"][0]["caption_tried"] == tried
    assert client.get(f"/api/summaries/{item.summary_id}").json()["caption_tried"] == tried
    assert summary_record(item, item.summary)["captions"]["tried"] == tried
    for address in (item.batch.get_absolute_url(), item.summary.get_absolute_url()):
        shown = words_of(client.get(address))
        assert f"captions from yt-dlp tried before: youtube-transcript-api ({cause})" in shown


def test_who_comes_later_is_told_how_the_saved_captions_were_had(youtube: FakeYouTube) -> None:
    first, second = fetched_item("pota0000001"), fetched_item("pota0000001")
    assert first.summary is not None
    assert second.summary is not None
    assert second.summary.caption_tried == first.summary.caption_tried != []


def test_where_the_first_answered_nothing_is_said_of_others(youtube: FakeYouTube) -> None:
    item = fetched_item("vid00000001")
    client = client_of(item)
    [row] = client.get(f"/api/batch/{item.batch_id}").json()["items"]
    assert (row["caption_source"], row["caption_tried"]) == ("youtube", [])
    assert "tried before" not in words_of(client.get(item.batch.get_absolute_url()))


def test_of_a_failed_item_no_captions_are_told(youtube: FakeYouTube) -> None:
    item = fetched_item("pot_0000001")
    [row] = client_of(item).get(f"/api/batch/{item.batch_id}").json()["items"]
    assert (row["caption_source"], row["caption_tried"]) == (None, [])


def test_captions_fetched_again_tell_of_the_last_time(youtube: FakeYouTube) -> None:
    item = fetched_item("pota0000001")
    fetched = Fetched(records.Video("pota0000001"), item.transcript.as_record())  # type: ignore[union-attr]
    assert shelf.save_fetched(item.video, fetched, by_default=True).tried == []


def test_what_is_kept_holds_no_secret_and_no_captions(account: FakeYouTube, settings: Any) -> None:
    settings.YOUTUBE_PROXY_URL = account.base_url.replace("//", "//somebody:hidden@")
    forget_sources()
    item = fetched_item("bot_0000001")
    assert source_of(item) == "ytdlp"
    assert item.transcript is not None
    kept = json.dumps(item.transcript.tried)
    assert '"youtube_blocked"' in kept
    cues = [text for _start, _duration, text in item.transcript.cues]
    assert [text for text in ("secret", "hidden", "somebody", account.base_url, *cues) if text in kept] == []


# -- what is said when nobody can


def test_when_both_fail_the_item_says_what_was_tried_and_why(youtube: FakeYouTube) -> None:
    item = fetched_item("pot_0000001")
    assert (item.status, item.error_code, item.error_retryable) == ("failed", "po_token_required", False)
    assert item.error_message.endswith("Upload a caption file instead. yt-dlp was told the same.")
    assert item.video.title.endswith("(pot_0000001)")


def test_an_answer_that_nobody_can_read_is_tried_again_later(youtube: FakeYouTube) -> None:
    item = fetched_item("odd_0000001")
    assert (item.status, item.error_code) == ("pending", "youtube_failed")
    assert item.not_before
    assert item.error_message.endswith("yt-dlp was told the same.")


def test_a_block_is_not_asked_about_twice_without_an_account(youtube: FakeYouTube) -> None:
    item = fetched_item("bota0000001")
    assert (item.status, item.error_code) == ("pending", "youtube_blocked")
    assert youtube.stats()["videos"]["bota0000001"] == {"watch": 1, "player": 1}
    assert Gate.objects.get(name=gates.YOUTUBE).blocks == 1


def test_a_block_of_the_second_source_closes_the_gate_when_the_first_learned_nothing(
    youtube: FakeYouTube, account: FakeYouTube
) -> None:
    item = fetched_item("blk00000001")
    assert (item.status, item.error_code) == ("pending", "youtube_blocked")
    assert item.error_message.endswith("yt-dlp was told the same.")
    assert Gate.objects.get(name=gates.YOUTUBE).blocks == 1


@pytest.mark.parametrize("video_id", ["bot_0000001", "adul0000001"])
def test_an_account_gets_what_strangers_do_not(account: FakeYouTube, video_id: str) -> None:
    assert source_of(fetched_item(video_id)) == "ytdlp"
    assert not Gate.objects.filter(name=gates.YOUTUBE, blocks__gt=0).exists()


# -- manual only


@pytest.mark.parametrize(
    ("video_id", "options", "language", "kind"),
    [
        ("s0010enb001", {}, "en", "manual"),
        ("s0010deb001", {"caption_languages": ["fr", "de"]}, "de", "manual"),
        ("s0010enm001", {"manual_captions": True}, "en", "manual"),
        ("s0010ena001", {"caption_languages": ["de"]}, "en", "generated"),
    ],
)
def test_captions_are_taken_as_wished(
    youtube: FakeYouTube, video_id: str, options: dict[str, object], language: str, kind: str
) -> None:
    item = fetched_item(video_id, **options)
    assert item.transcript is not None
    assert (item.transcript.language, item.transcript.kind) == (language, kind)


def test_automatic_captions_alone_are_refused_by_who_wants_manual_ones(youtube: FakeYouTube) -> None:
    item = fetched_item("s0010ena001", manual_captions=True)
    assert (item.status, item.error_code) == ("failed", "only_automatic")
    assert "automatic captions only" in item.error_message
    assert "timedtext" not in youtube.stats()["requests"]


def test_a_saved_automatic_transcript_is_not_given_to_who_wants_manual_ones(youtube: FakeYouTube) -> None:
    assert source_of(fetched_item("s0010ena001")) == "youtube"
    assert fetched_item("s0010ena001", manual_captions=True).error_code == "only_automatic"


def test_what_only_manual_ones_were_wanted_of_is_not_everybodys_default(youtube: FakeYouTube) -> None:
    item = fetched_item("s0010enb001", manual_captions=True)
    assert item.transcript is not None
    assert not item.transcript.by_default
    again = fetched_item("s0010enb001")
    assert again.transcript == item.transcript
    assert youtube.stats()["videos"]["s0010enb001"]["timedtext"] == 2
    assert Transcript.objects.get().by_default  # now that YouTube gave it to who had asked for nothing


def test_a_run_again_keeps_the_wishes_about_captions(youtube: FakeYouTube) -> None:
    batch = batch_of(["s0010ena001"], manual_captions=True, caption_languages=["en"])
    work_on(batch)
    again = operations.rerun_batch(batch, options={"language": "de"})
    assert again.options == {"language": "de", "manual_captions": True, "caption_languages": ["en"]}


def test_uploaded_captions_complete_what_had_automatic_ones_only(youtube: FakeYouTube) -> None:
    batch = batch_of(["s0010ena001"], manual_captions=True)
    work_on(batch)
    file = intake.read_upload("captions.srt", b"1\n00:00:01,000 --> 00:00:04,000\nBread needs time.\n")
    assert isinstance(file, intake.CaptionFile)
    operations.add_captions(batch, item_of(batch.pk), file)
    work_on(batch)
    assert source_of(item_of(batch.pk)) == "upload"


# -- what is known about a video


def test_a_video_is_described_with_its_chapters(youtube: FakeYouTube) -> None:
    video = fetched_item("vid00000001").video
    assert (video.channel, video.duration) == ("Fake Channel", 600.0)
    assert str(video.published) == "2026-01-26"
    assert video.thumbnail_url == "https://i.ytimg.com/vi/vid00000001/hqdefault.jpg"
    assert video.chapters == [[0.0, "Part 1"], [180.0, "Part 2"], [360.0, "Part 3"], [540.0, "Part 4"]]


def described(days: float) -> Video:
    """A video with a saved transcript, of which YouTube told so many days ago."""
    fetched_item("vid00000001")
    when = timezone.now() - timedelta(days=days)
    Video.objects.update(title="Its old title", chapters=[], described_at=when)
    return Video.objects.get()


@pytest.mark.parametrize(("days", "is_read_again"), [(6.9, False), (7.1, True)])
def test_what_is_older_than_a_week_is_read_again(youtube: FakeYouTube, days: float, is_read_again: bool) -> None:
    video = described(days)
    assert source_of(fetched_item("vid00000001")) == "youtube"
    video.refresh_from_db()
    assert (video.title != "Its old title") is is_read_again
    assert len(video.chapters) == (4 if is_read_again else 0)
    assert youtube.stats()["videos"]["vid00000001"]["timedtext"] == 1


def test_a_refused_description_closes_the_gate_and_harms_no_summary(youtube: FakeYouTube) -> None:
    described(8)
    youtube.configure(blocked=True)
    item = fetched_item("vid00000001")
    assert item.status == Item.Status.COMPLETED
    assert item.video.title == "Its old title"
    assert Gate.objects.get(name=gates.YOUTUBE).blocks == 1


def test_nothing_is_described_while_others_wait_for_youtube(youtube: FakeYouTube, settings: Any) -> None:
    described(8)
    settings.YOUTUBE_PER_HOUR, settings.YOUTUBE_BURST = 60, 10
    Gate.objects.update_or_create(name=gates.YOUTUBE, defaults={"tokens": 2, "refilled_at": timezone.now()})
    asked = youtube.stats()["requests"]
    assert fetched_item("vid00000001").status == Item.Status.COMPLETED
    assert youtube.stats()["requests"] == asked


def test_captions_that_somebody_uploaded_are_summarized_without_a_word_to_youtube(youtube: FakeYouTube) -> None:
    user: User = make_user()
    batch = batch_of(["vid00000001"])
    batch.user = user
    batch.save()
    make_transcript(Video.objects.get(), owner_id=user.pk, kind=Transcript.Kind.UPLOADED, source="upload")
    work_on(batch)
    assert youtube.stats()["requests"] == {}


@pytest.mark.parametrize(
    ("wanted", "saved", "taken"),
    [(["en"], "en-US", True), (["he"], "iw", True), (["pt-br"], "pt-BR", True), (["zh-TW"], "zh-CN", False)],
)
def test_a_saved_transcript_meets_a_wish_as_youtubes_own_would(wanted: list[str], saved: str, taken: bool) -> None:
    transcript = Transcript(language=saved, kind=Transcript.Kind.MANUAL)
    best = shelf.best_transcript([transcript], Batch(options={"caption_languages": wanted}))
    assert best is (transcript if taken else None)
