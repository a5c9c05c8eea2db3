"""A batch's list searched and sorted, its exports in every format, and the same videos again with other settings."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from batches.models import Batch
from tests.batches.builders import items_of, make_batch, make_user, make_video

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def titles(batch: Batch, query: str) -> list[str]:
    html = client_of(batch.user).get(f"{batch.get_absolute_url()}?{query}").content.decode()
    return re.findall(r'<a class="title"[^>]*>([^<]+)</a>', html)


@pytest.fixture
def batch() -> Batch:
    rows = [("Bread", "Oven", 60.0), ("A roof", "Bridge", 600.0), ("Cheese and bread", "Dairy", None)]
    videos = [make_video(title=title, channel=channel, duration=duration) for title, channel, duration in rows]
    return make_batch(["completed", "failed", "completed"], videos=videos)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Bread", "A roof", "Cheese and bread"]),
        ("q=BREAD", ["Bread", "Cheese and bread"]),
        ("q=bridge", ["A roof"]),
        ("q=%25", []),
        ("q=bri%00dge", ["A roof"]),
        ("sort=title", ["A roof", "Bread", "Cheese and bread"]),
        ("sort=longest", ["A roof", "Bread", "Cheese and bread"]),
        ("sort=channel&show=completed", ["Cheese and bread", "Bread"]),
        ("sort=nonsense", ["Bread", "A roof", "Cheese and bread"]),
    ],
)
def test_the_list_is_searched_and_sorted(query: str, shown: list[str], batch: Batch) -> None:
    assert titles(batch, query) == shown


def test_a_search_among_thousands_loads_one_page() -> None:
    batch = make_batch(["pending"] * 3000)
    client = client_of(batch.user)
    client.get(batch.get_absolute_url())
    with CaptureQueriesContext(connection) as queries:
        html = client.get(f"{batch.get_absolute_url()}?q=video&sort=title&page=2").content.decode()
    assert len(re.findall(r'id="item-', html)) == 100
    assert len(queries) < 20
    assert "?q=video&amp;sort=title&amp;page=3" in html or "q=video&amp;sort=title" in html


@pytest.mark.parametrize(("name", "start"), [("markdown", "# Bread"), ("csv", "\ufeffposition"), ("json", '{"batch"')])
def test_the_export_comes_in_other_formats(name: str, start: str, batch: Batch) -> None:
    client = client_of(batch.user)
    assert f"/export?as={name}" in client.get(batch.get_absolute_url()).content.decode()
    answer = client.get(f"/api/batch/{batch.pk}/export?as={name}")
    assert b"".join(answer.streaming_content).decode().startswith(start)  # type: ignore[attr-defined]


def test_an_unknown_format_is_refused_with_those_there_are(batch: Batch) -> None:
    answer = client_of(batch.user).get(f"/api/batch/{batch.pk}/export?as=docx")
    assert answer.status_code == 400
    assert "markdown" in answer.json()["detail"]


def test_the_same_videos_are_summarized_again_otherwise(batch: Batch) -> None:
    client = client_of(batch.user)
    form = client.get(f"{batch.get_absolute_url()}/again").content.decode()
    assert 'value="standard" selected' in form
    wishes = {"model": "extractive", "summary_length": "brief", "language": "de", "instructions": "", "name": "Shorter"}
    answer = client.post(f"{batch.get_absolute_url()}/again", wishes)
    again = Batch.objects.exclude(pk=batch.pk).get()
    assert answer["Location"] == again.get_absolute_url()
    assert (again.name, again.summary_length, again.options["language"]) == ("Shorter", "brief", "de")
    assert [item.video_id for item in items_of(again)] == [item.video_id for item in items_of(batch)]


def test_what_cannot_be_taken_is_said_and_kept(batch: Batch) -> None:
    answer = client_of(batch.user).post(
        f"{batch.get_absolute_url()}/again", {"model": "abacus", "summary_length": "brief", "name": "Mine"}
    )
    assert answer.status_code == 400
    assert "abacus" in answer.content.decode()
    assert 'value="Mine"' in answer.content.decode()


def test_strangers_find_none_of_this(batch: Batch) -> None:
    stranger = client_of(make_user())
    assert stranger.get(f"{batch.get_absolute_url()}/again").status_code == 404
    assert stranger.post(f"{batch.get_absolute_url()}/again", {}).status_code == 404
    summary = items_of(batch)[0].summary
    assert summary
    assert stranger.get(f"{summary.get_absolute_url()}.md").status_code == 404


def test_a_summary_is_given_as_markdown(batch: Batch) -> None:
    summary = items_of(batch)[0].summary
    assert summary
    answer = client_of(batch.user).get(f"{summary.get_absolute_url()}.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    text = answer.content.decode()
    assert json.dumps(summary.video.title) in text
    assert f"# {summary.headline}" in text


def test_only_the_page_of_a_summary_may_show_the_player(batch: Batch) -> None:
    client = client_of(batch.user)
    summary = items_of(batch)[0].summary
    assert summary
    policy = client.get(summary.get_absolute_url()).headers["Content-Security-Policy"]
    assert "frame-src https://www.youtube-nocookie.com" in policy
    for address in ("/", "/library", batch.get_absolute_url()):
        assert "youtube" not in client.get(address).headers["Content-Security-Policy"]
