"""Files through the API and the pages, the user's own columns in the export, and captions for a video that failed."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from batches.exports import tables
from batches.exports.snapshot import Snapshot
from batches.models import Batch, Item, Transcript
from tests.batches.builders import make_batch, make_user, summary_of, youtube_id

pytestmark = pytest.mark.django_db

SRT = b"1\n00:00:01,000 --> 00:00:04,000\nBread needs time and patience.\n"
CSV = f"topic,url,title\nbread,https://youtu.be/{youtube_id(941)},Mine\n=tea,https://youtu.be/{youtube_id(942)},\n".encode()


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def create(api: APIClient, **form: Any) -> Any:
    return api.post("/api/batch/create", form, format="multipart")


def test_links_and_files_of_several_kinds_make_one_batch(api: APIClient) -> None:
    files = [upload("table.csv", CSV), upload(f"Bread [{youtube_id(943)}].en.srt", SRT)]
    answer = create(api, urls=[f"https://youtu.be/{youtube_id(n)}" for n in (940, 941)], files=files, name="Mixed")
    assert answer.status_code == 201, answer.content
    items = Item.objects.filter(batch=answer.json()["id"]).select_related("video", "transcript").order_by("position")
    assert [item.video.youtube_id for item in items] == [youtube_id(n) for n in (940, 941, 942, 943)]
    assert answer.json()["duplicates"] == 1
    assert items[2].note == {"row": "3", "topic": "=tea"}
    assert items[3].transcript is not None


def test_files_are_enough(api: APIClient) -> None:
    assert create(api, files=[upload("table.csv", CSV)]).json()["total_videos"] == 2


@pytest.mark.parametrize(
    "form",
    [
        {"options": '{"newest": 5, "manual_captions": true, "caption_languages": ["en", "de"]}'},
        {"options.newest": "5", "options.manual_captions": "true", "options.caption_languages": ["en", "de"]},
        {"options[newest]": "5", "options[manual_captions]": "true", "options[caption_languages]": "en,de"},
    ],
)
def test_a_form_with_files_has_options_too(api: APIClient, form: dict[str, Any]) -> None:
    answer = create(api, files=[upload("table.csv", CSV)], **form)
    assert answer.status_code == 201, answer.content
    assert answer.json()["options"] == {"newest": 5, "manual_captions": True, "caption_languages": ["en", "de"]}


@pytest.mark.parametrize("options", ["{broken", "[1]", '{"speed": 2}'])
def test_options_that_cannot_be_read_are_refused(api: APIClient, options: str) -> None:
    assert create(api, files=[upload("table.csv", CSV)], options=options).status_code == 400


def test_files_are_seen_before_they_are_a_batch(api: APIClient) -> None:
    form = {"files": [upload("table.csv", CSV), upload(f"Bread [{youtube_id(943)}].en.srt", SRT)]}
    seen = api.post("/api/batch/preview", form, format="multipart").json()
    assert (seen["videos"], seen["duplicates"], seen["rejected"]) == (3, 0, [])
    assert not Batch.objects.exists()


def test_nothing_at_all_and_bad_files_are_refused_with_a_sentence(api: APIClient) -> None:
    assert create(api, name="empty").status_code == 400
    answer = create(api, files=[upload("a.srt", b"\x00\x01\x02" * 50)])
    assert answer.status_code == 400
    assert "a.srt" in answer.content.decode()
    assert not Batch.objects.exists()


def test_the_users_columns_come_back_beside_the_summaries(api: APIClient, user: User) -> None:
    batch = Batch.objects.get(pk=create(api, files=[upload("table.csv", CSV)]).json()["id"])
    for item in batch.items.select_related("video"):
        summary = summary_of(user, item.video)
        summary.save()
        Item.objects.filter(pk=item.pk).update(status="completed", summary=summary)
    Batch.objects.filter(pk=batch.pk).update(completed_videos=2, rev=9)
    text = "".join(tables.summaries(Snapshot.of(batch)))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    own = [(row["row"], row["topic"], row["title (yours)"]) for row in rows]
    assert own == [("2", "bread", "Mine"), ("3", "'=tea", "")]


def failed_batch(user: User, code: str = "no_transcript") -> tuple[Batch, Item]:
    batch = make_batch(["completed", "failed"], user=user)
    item = batch.items.get(status="failed")
    Item.objects.filter(pk=item.pk).update(error_code=code)
    return batch, item


def test_captions_for_a_failed_video_are_taken_and_it_is_tried_again(api: APIClient, user: User) -> None:
    batch, item = failed_batch(user)
    address = f"/api/batch/{batch.pk}/items/{item.pk}/captions"
    assert api.post(address, {"file": upload("mine.srt", SRT)}, format="multipart").status_code == 200
    item.refresh_from_db()
    batch.refresh_from_db()
    assert (item.status, item.error_code, batch.status, batch.failed_videos) == ("pending", "", "pending", 0)
    assert item.transcript is not None
    assert (item.transcript.owner, item.transcript.kind, item.transcript.video) == (user, "uploaded", item.video)

    again = api.post(address, {"file": upload("mine.srt", SRT)}, format="multipart")
    assert again.status_code == 400
    assert "has failed" in again.content.decode()


def test_what_is_no_caption_file_changes_nothing(api: APIClient, user: User) -> None:
    batch, item = failed_batch(user)
    address = f"/api/batch/{batch.pk}/items/{item.pk}/captions"
    for body in ({"file": upload("a.srt", b"%PDF-1.7")}, {}):
        assert api.post(address, body, format="multipart").status_code == 400
    item.refresh_from_db()
    assert (item.status, Transcript.objects.filter(owner=user).count()) == ("failed", 0)


def test_strangers_cannot_add_captions(user: User) -> None:
    batch, item = failed_batch(make_user())
    stranger, page = APIClient(), Client()
    stranger.force_authenticate(user)
    page.force_login(user)
    body = {"file": upload("a.srt", SRT)}
    assert stranger.post(f"/api/batch/{batch.pk}/items/{item.pk}/captions", body, format="multipart").status_code == 404
    assert page.post(f"/batches/{batch.pk}/items/{item.pk}/captions", body).status_code == 404


def test_the_page_offers_an_upload_where_captions_help_and_takes_it(client: Client, user: User) -> None:
    client.force_login(user)
    batch, item = failed_batch(user)
    address = f"/batches/{batch.pk}/items/{item.pk}/captions"
    assert address in client.get(batch.get_absolute_url()).content.decode()
    assert client.get(address).status_code == 200
    refused = client.post(address, {"file": upload("a.srt", b"no captions")})
    assert refused.status_code == 400
    assert "a.srt" in refused.content.decode()
    assert client.post(address, {"file": upload("a.srt", SRT)}).status_code == 302
    item.refresh_from_db()
    assert item.status == "pending"
    other, gone = failed_batch(user, "video_unavailable")
    link = client.get(other.get_absolute_url()).content.decode().partition(f"{gone.pk}/captions")[2].partition(">")[0]
    assert link.endswith(" hidden"), "captions do not mend a video that does not exist"
