"""Which captions a batch takes: asked on the page and through the API, kept with the batch, shown with the summary."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from batches.exports.json import summary_record
from batches.exports.markdown import summary_document
from batches.models import Batch, Item
from summarizer.records import CaptionChoice
from tests.batches.builders import items_of, make_batch, make_summary, make_user, make_video

pytestmark = pytest.mark.django_db

LINK = "https://youtu.be/dQw4w9WgXcQ"
WISHES = {"caption_languages": ["de", "en"], "manual_captions": True}
CHAPTERS = [[0.0, "Hello <b>you</b>"], [65.0, "The dough"]]


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


# -- wishes


def test_the_page_takes_languages_in_order_and_manual_ones_only(client: Client) -> None:
    form = {"links": LINK, "summary_length": "standard", "caption_languages": "de, en", "manual_captions": "on"}
    assert client.post("/", form).status_code == 302
    batch = Batch.objects.get()
    assert batch.options == WISHES
    assert batch.captions == CaptionChoice(("de", "en"), manual_only=True)


def test_the_page_asks_for_nothing_by_itself(client: Client) -> None:
    assert client.post("/", {"links": LINK, "summary_length": "standard", "caption_languages": ""}).status_code == 302
    assert Batch.objects.get().options == {}


def test_the_page_refuses_what_is_no_language_and_keeps_what_was_typed(client: Client) -> None:
    form = {"links": LINK, "summary_length": "standard", "caption_languages": "en, <script>", "manual_captions": "on"}
    shown = client.post("/", form).content.decode()
    assert "“&lt;script&gt;” is not a language tag" in shown
    assert 'value="en, &lt;script&gt;"' in shown
    assert 'name="manual_captions" checked' in shown
    assert not Batch.objects.exists()


def test_running_again_starts_from_the_same_wishes(client: Client, user: User) -> None:
    batch = make_batch(["completed"], user=user, options=WISHES)
    shown = client.get(f"/batches/{batch.pk}/again").content.decode()
    assert 'value="de, en"' in shown
    assert 'name="manual_captions" checked' in shown


def test_the_api_takes_and_echoes_them(api: APIClient) -> None:
    answer = api.post("/api/batch/create", {"urls": [LINK], "options": WISHES}, format="json")
    assert answer.status_code == 201
    assert answer.json()["options"] == WISHES


@pytest.mark.parametrize("value", ["yes", 2, [], {}])
def test_the_api_refuses_what_is_neither_true_nor_false(api: APIClient, value: Any) -> None:
    answer = api.post("/api/batch/create", {"urls": [LINK], "options": {"manual_captions": value}}, format="json")
    assert answer.status_code == 400
    assert "manual_captions is true or false" in answer.json()["detail"]


# -- what is shown


def test_a_summary_says_who_gave_its_captions(client: Client, api: APIClient, user: User) -> None:
    summary = make_summary(user, caption_source="ytdlp")
    assert "captions from yt-dlp" in client.get(summary.get_absolute_url()).content.decode()
    assert api.get(f"/api/summaries/{summary.pk}").json()["caption_source"] == "ytdlp"


def test_the_authors_chapters_are_shown_and_exported(client: Client, api: APIClient, user: User) -> None:
    video = make_video(chapters=CHAPTERS)
    batch = make_batch(["completed"], user=user, videos=[video])
    (item,) = items_of(batch)
    assert item.summary is not None
    page = client.get(item.summary.get_absolute_url()).content.decode()
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page
    assert f"{video.url}&amp;t=65s" in page
    expected = [{"start": 0.0, "title": "Hello <b>you</b>"}, {"start": 65.0, "title": "The dough"}]
    assert api.get(f"/api/summaries/{item.summary_id}").json()["author_chapters"] == expected
    assert json.loads(json.dumps(summary_record(item, item.summary)))["author_chapters"] == expected
    markdown = summary_document(item.summary)
    assert f"## The author's chapters\n\n- [0:00]({video.url}&t=0s) Hello \\<b\\>you\\</b\\>\n- [1:05]" in markdown


def test_a_video_without_chapters_has_no_section_for_them(client: Client, user: User) -> None:
    summary = make_summary(user)
    assert "author-chapters" not in client.get(summary.get_absolute_url()).content.decode()
    assert "author's chapters" not in summary_document(summary)


def test_automatic_captions_alone_are_one_cause_with_the_upload_as_its_action(client: Client, user: User) -> None:
    fields = {"error_code": "only_automatic", "error_message": "Automatic captions only."}
    batch = make_batch(["failed", "failed", "completed"], user=user)
    Item.objects.filter(batch=batch, status="failed").update(**fields)
    shown = client.get(batch.get_absolute_url()).content.decode()
    assert "The video has automatic captions only · 2" in shown
    assert 'href="?show=failed&amp;code=only_automatic#list">Upload captions</a>' in shown
    assert f"/batches/{batch.pk}/items/{items_of(batch)[0].pk}/captions" in shown
