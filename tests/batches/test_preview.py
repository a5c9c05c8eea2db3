"""What a batch would be, told before it is made: to programs in full, to the page in a line."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from batches.models import Batch
from summarizer.engines import select
from tests.batches.builders import make_batch, make_transcript, make_user, make_video, youtube_id

pytestmark = pytest.mark.django_db

PLAYLIST = "https://www.youtube.com/playlist?list=PLabcdefghijk"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def link(number: int, extra: str = "") -> str:
    return f"https://www.youtube.com/watch?v={youtube_id(number)}{extra}"


def preview(api: APIClient, urls: list[str], **body: Any) -> dict[str, Any]:
    answer = api.post("/api/batch/preview", {"urls": urls, **body}, format="json")
    assert answer.status_code == 200, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


def test_everything_that_was_handed_in_is_in_the_preview_and_nothing_is_made(api: APIClient) -> None:
    urls = [link(901), link(902), link(901), PLAYLIST, "https://www.youtube.com/@someone", "https://vimeo.com/1"]
    shown = preview(api, [*urls, link(903, "&list=PLabcdefghijk")])
    assert (shown["videos"], shown["duplicates"], shown["within_playlists"]) == (3, 1, 1)
    assert [(row["line"], row["kind"]) for row in shown["playlists"]] == [(4, "playlist"), (5, "channel")]
    assert [(row["line"], row["text"]) for row in shown["rejected"]] == [(6, "https://vimeo.com/1")]
    assert shown["sentence"] == (
        "3 videos · 1 duplicate · 1 playlist · 1 channel · 1 within a playlist · 1 link that cannot be taken"
    )
    assert not Batch.objects.exists()


def test_taking_whole_playlists_adds_them(api: APIClient) -> None:
    shown = preview(api, [link(903, "&list=PLabcdefghijk")], options={"expand": "playlists"})
    assert (shown["videos"], shown["within_playlists"]) == (1, 0)
    assert [row["kind"] for row in shown["playlists"]] == ["playlist"]


def test_the_pace_counts_only_videos_without_saved_captions(api: APIClient, settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR, settings.YOUTUBE_BURST = 60, 1
    make_transcript(make_video(youtube_id=youtube_id(911)))
    urls = [link(number) for number in range(911, 932)]
    shown = preview(api, urls)
    assert shown["fetching_takes"] == pytest.approx(19 * 60)
    assert shown["pace"] == "Fetching the captions takes about 19 minutes at YouTube's pace."


def test_what_the_user_has_summarized_alike_is_said_and_others_summaries_are_not(api: APIClient, user: User) -> None:
    version = select.prompt_version("extractive")
    mine, theirs = make_video(youtube_id=youtube_id(921)), make_video(youtube_id=youtube_id(922))
    for video, owner in ((mine, user), (theirs, make_user())):
        transcript = make_transcript(video)
        make_batch(
            ["completed"],
            user=owner,
            videos=[video],
            summary_fields={"transcript": transcript, "prompt_version": version},
        )
    shown = preview(api, [link(921), link(922)], model="extractive")
    assert shown["already_summarized"] == 1
    assert shown["sentence"] == "2 videos · 1 summarized before"
    assert preview(api, [link(921)], model="extractive", summary_length="brief")["already_summarized"] == 0


def test_wishes_that_cannot_be_had_are_refused_as_on_create(api: APIClient) -> None:
    for wrong in (
        {"model": "gpt5"},
        {"options": {"newest": 0}},
        {"options": {"since": "May"}},
        {"summary_length": "x"},
    ):
        answer = api.post("/api/batch/preview", {"urls": [link(1)], **wrong}, format="json")
        assert answer.status_code == 400, wrong


def test_strangers_see_no_preview() -> None:
    assert APIClient().post("/api/batch/preview", {"urls": [link(1)]}, format="json").status_code == 401


def test_the_page_is_told_in_a_line_even_when_a_wish_cannot_be_had(client: Client, user: User) -> None:
    client.force_login(user)
    for model in ("", "extractive", "no such model"):
        answer = client.post("/batches/preview", {"links": f"{link(1)}\n{PLAYLIST}", "model": model})
        assert answer.json() == {"sentence": "1 video · 1 playlist", "rejected": []}


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({}, "1 video · 1 summarized before"),
        ({"language": "de"}, "1 video"),
        ({"manual_captions": "on"}, "1 video"),
        ({"caption_languages": "de"}, "1 video"),
    ],
)
def test_the_page_counts_as_summarized_what_has_the_same_wishes(
    client: Client, user: User, wishes: dict[str, str], said: str
) -> None:
    video = make_video(youtube_id=youtube_id(923))
    fields = {"transcript": make_transcript(video), "prompt_version": select.prompt_version("extractive")}
    make_batch(["completed"], user=user, videos=[video], summary_fields=fields)
    client.force_login(user)
    form = {"links": link(923), "model": "extractive", "summary_length": "standard", **wishes}
    assert client.post("/batches/preview", form).json() == {"sentence": said, "rejected": []}
