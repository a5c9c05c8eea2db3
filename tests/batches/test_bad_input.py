"""What cannot be done is answered with a sentence on the page and in the API alike, and nothing is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from accounts.models import User
from batches.models import Batch, RejectedLine, Video
from tests.batches.builders import make_batch, make_user
from tests.batches.surfaces import GOOD, SURFACES, Surface, logged_in, order, program_of, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture(params=SURFACES)
def surface(request: pytest.FixtureRequest) -> Surface:
    chosen: Surface = request.param
    return chosen


NOTHING: list[tuple[list[str], str]] = [
    ([], "There is no link to a video in this"),
    (["https://www.youtube.com/watch?v=invalid"], "None of these lines is a link"),
    (
        ["https://vimeo.com/12345", "https://www.youtube.com/playlist?list=WL"],
        "None of these lines is a link",
    ),
    (["https://www.youtube.com.evil.example/watch?v=dQw4w9WgXcQ"], "None of these lines is a link"),
    (["https://www.youtube.com/feed/subscriptions"], "None of these lines is a link"),
]
WISHES: list[tuple[dict[str, Any], str]] = [
    ({"model": "gpt5"}, "extractive"),
    ({"model": "extractive:large"}, "extractive"),
    ({"model": "anthropic"}, "ANTHROPIC_API_KEY"),
    ({"model": "openai:gpt-6-luna"}, "OPENAI_API_KEY"),
    ({"model": "x" * 100}, "anthropic"),
    ({"model": "\u202eabc"}, "extractive"),
    ({"summary_length": "endless"}, "endless"),
    ({"summary_length": "STANDARD"}, "STANDARD"),
    ({"name": "n" * 300}, "255"),
    ({"instructions": "i" * 2001}, "2000"),
    ({"language": "<script>"}, "language"),
]


@pytest.mark.parametrize(("lines", "sentence"), NOTHING)
def test_without_a_video_there_is_no_batch(user: User, surface: Surface, lines: list[str], sentence: str) -> None:
    said = order(surface, user, lines)
    assert said.status == 400
    assert sentence in said.words
    assert all(line in said.words for line in lines), "every rejected line is shown"
    assert not Batch.objects.exists()
    assert not RejectedLine.objects.exists()


@pytest.mark.parametrize(("wishes", "word"), WISHES)
def test_a_wish_that_cannot_be_met_makes_no_batch(
    user: User, surface: Surface, wishes: dict[str, Any], word: str
) -> None:
    said = order(surface, user, [GOOD], **wishes)
    assert said.status == 400
    assert word in said.words
    assert not Batch.objects.exists()
    assert not Video.objects.exists()


def test_one_link_more_than_the_limit_makes_no_batch(user: User, surface: Surface) -> None:
    said = order(surface, user, [f"https://youtu.be/{number:011d}" for number in range(10_001)])
    assert said.status == 400
    assert "10,001" in said.words
    assert "10,000" in said.words
    assert not Batch.objects.exists()


def test_duplicates_do_not_count_against_the_limit(user: User, surface: Surface) -> None:
    with override_settings(BATCH_MAX_VIDEOS=1):
        assert order(surface, user, [GOOD] * 10).status in (201, 302)
    assert Batch.objects.get().duplicates == 9


@pytest.mark.parametrize("field", ["name", "instructions"])
@pytest.mark.parametrize("text", ["a\x00b", "a\x07b\x1b[31m", "a\ufeffb\u202eb"])
def test_control_characters_are_refused_or_harmless(user: User, surface: Surface, field: str, text: str) -> None:
    said = order(surface, user, [GOOD], **{field: text})
    if said.status == 400:
        assert "haracter" in said.words
        return
    assert said.status in (201, 302)
    batch = Batch.objects.get()
    assert "\x00" not in batch.name + str(batch.options)
    assert logged_in(user).get(batch.get_absolute_url()).status_code == 200


BROKEN_JSON = [
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "name": "half \\ud83d pair"}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ", "https://youtu.be/\\ud83d"]}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"instructions": "half \\ud83d pair"}}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"instructions": "zero \\u0000 byte"}}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"\\ud83d": 1}}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"language": "\\ud83d"}}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"caption_languages": ["\\ud83d"]}}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "summary_length": "\\ud83d"}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ\\u0000"]}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "model": "openai:\\u0000"}',
]
NO_REQUESTS = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b'{"urls": null}',
    b'{"urls": {"a": 1}}',
    b'{"urls": [["https://youtu.be/dQw4w9WgXcQ"]]}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "name": ["list"]}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "model": null}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "summary_length": 7}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": []}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"caption_languages": 7}}',
    b'{"urls": ["https://youtu.be/dQw4w9WgXcQ"], "options": {"caption_languages": {"en": 1}}}',
    b"\xff\xfe{\x00}\x00",
]


@pytest.mark.parametrize("body", BROKEN_JSON)
def test_text_that_no_database_takes_is_refused_or_mended(user: User, body: bytes) -> None:
    answer = program_of(user).post("/api/batch/create", body, content_type="application/json")
    assert answer.status_code in (201, 400)
    assert answer.json()["detail" if answer.status_code == 400 else "id"]
    assert program_of(user).get("/api/batch").status_code == 200


@pytest.mark.parametrize("body", NO_REQUESTS)
def test_a_body_of_another_shape_is_answered_with_a_sentence(user: User, body: bytes) -> None:
    answer = program_of(user).post("/api/batch/create", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert not Batch.objects.exists()


@pytest.mark.parametrize("key", ["k" * 255, "ключ", "'; DROP TABLE--"])
def test_any_idempotency_key_gives_one_batch(user: User, key: str) -> None:
    headers = {"Idempotency-Key": key}
    for _ in range(2):
        answer = program_of(user).post("/api/batch/create", {"urls": [GOOD]}, format="json", headers=headers)
        assert answer.status_code == 201
    assert Batch.objects.count() == 1


def test_an_idempotency_key_that_is_too_long_is_refused_and_not_cut(user: User) -> None:
    headers = {"Idempotency-Key": "k" * 256}
    refused = program_of(user).post("/api/batch/create", {"urls": [GOOD]}, format="json", headers=headers)
    assert (refused.status_code, Batch.objects.count()) == (400, 0)
    assert "255 characters" in refused.json()["detail"]


def test_a_cancelled_batch_is_not_cancelled_again(user: User, surface: Surface) -> None:
    batch = make_batch(["completed", "pending"], user=user)
    if surface == "api":
        assert program_of(user).post(f"/api/batch/{batch.pk}/cancel").json() == {"message": "Batch job cancelled"}
        again: Any = program_of(user).post(f"/api/batch/{batch.pk}/cancel")
        assert (again.status_code, again.json()["detail"]) == (404, "Active batch job not found")
    else:
        client = logged_in(user)
        assert "What is done is kept" in words_of(client.post(f"/batches/{batch.pk}/cancel", follow=True))
        again = client.post(f"/batches/{batch.pk}/cancel", follow=True)
        assert "Active batch job not found" in words_of(again)
    before = batch.rev
    batch.refresh_from_db()
    assert (batch.status, batch.cancelled_videos, batch.rev) == ("cancelled", 1, before + 1)


@pytest.mark.parametrize(
    "query",
    ["?since=-1", "?since=9" + "9" * 30, "?since=²", "?items=everything", "/items?status=bogus", "/items?include=x"],
)
def test_odd_queries_are_refused_with_the_name_of_what_is_odd(user: User, query: str) -> None:
    batch = make_batch(["pending"], user=user)
    refused = program_of(user).get(f"/api/batch/{batch.pk}{query}")
    assert refused.status_code == 400
    assert query.partition("?")[2].partition("=")[0] in refused.json()["detail"]


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999999999999999", "page_size=-1", "page_size=0"])
def test_odd_pages_are_answered(user: User, query: str) -> None:
    batch = make_batch(["pending"], user=user)
    assert program_of(user).get(f"/api/batch/{batch.pk}/items?{query}").status_code in (200, 404)
    assert logged_in(user).get(f"{batch.get_absolute_url()}?{query}").status_code == 200
    assert logged_in(user).get(f"/batches?{query}").status_code == 200
