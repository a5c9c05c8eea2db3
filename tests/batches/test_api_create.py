"""POST /api/batch/create: what it takes, what it answers, what it refuses, and that nothing is lost silently."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from batches.models import Batch, Item, Video
from tests.batches.builders import make_user

pytestmark = pytest.mark.django_db

LINKS = ["https://youtube.com/watch?v=dQw4w9WgXcQ", "https://youtube.com/watch?v=9bZkp7q19f0"]


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user())
    return client


def create(api: APIClient, urls: Any, **body: Any) -> Any:
    return api.post("/api/batch/create", {"urls": urls, **body}, format="json")


def test_a_batch_is_made_of_links_and_says_what_it_will_do(api: APIClient) -> None:
    answer = create(api, LINKS, name="Test Batch")

    assert answer.status_code == 201
    body = answer.json()
    assert body["name"] == "Test Batch"
    assert (body["status"], body["total_videos"], body["model"]) == ("pending", 2, "extractive")
    assert (body["rejected"], body["duplicates"], body["export_url"]) == ([], 0, None)
    assert {"id", "created_at"} <= body.keys()
    items = Item.objects.filter(batch=body["id"]).order_by("position")
    assert [item.video.youtube_id for item in items] == ["dQw4w9WgXcQ", "9bZkp7q19f0"]


def test_the_short_address_does_the_same(api: APIClient) -> None:
    assert api.post("/api/batch", {"urls": LINKS}, format="json").status_code == 201


def test_duplicates_are_merged_in_order_of_first_appearance_and_counted(api: APIClient) -> None:
    body = create(api, [LINKS[1], LINKS[0], "https://youtu.be/9bZkp7q19f0?t=3", "9bZkp7q19f0"]).json()

    assert (body["total_videos"], body["duplicates"]) == (2, 2)
    items = Item.objects.filter(batch=body["id"]).order_by("position")
    assert [item.video.youtube_id for item in items] == ["9bZkp7q19f0", "dQw4w9WgXcQ"]


def test_rejected_lines_are_kept_with_their_number_and_reason(api: APIClient) -> None:
    urls = [LINKS[0], "https://youtube.com/watch?v=invalid", "https://vimeo.com/1", "hello", "", "a\nb"]
    body = create(api, urls).json()

    assert body["total_videos"] == 1
    assert [row["line"] for row in body["rejected"]] == [2, 3, 4, 5, 6]
    assert all(row["reason"] for row in body["rejected"])
    again = api.get(f"/api/batch/{body['id']}").json()
    assert again["rejected"] == body["rejected"]


def test_only_invalid_links_are_refused_with_the_list(api: APIClient) -> None:
    answer = create(api, ["https://youtube.com/watch?v=invalid", "https://vimeo.com/1"])

    assert answer.status_code == 400
    body = answer.json()
    assert [row["line"] for row in body["rejected"]] == [1, 2]
    assert body["detail"]
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"urls": []}, "link"),
        ({}, "urls"),
        ({"urls": "not a list"}, "list"),
        ({"urls": LINKS, "model": "gpt5"}, "extractive"),
        ({"urls": LINKS, "model": "anthropic"}, "ANTHROPIC_API_KEY"),
        ({"urls": LINKS, "summary_length": "endless"}, "brief, standard, detailed"),
        ({"urls": LINKS, "name": "x" * 300}, "255"),
        ({"urls": LINKS, "options": {"colour": "red"}}, "colour"),
        ({"urls": LINKS, "options": {"language": "<script>"}}, "language tag"),
        ({"urls": LINKS, "options": {"instructions": "x" * 3000}}, "2000"),
    ],
)
def test_bad_input_gets_a_sentence_and_makes_nothing(api: APIClient, body: dict[str, Any], word: str) -> None:
    answer = api.post("/api/batch/create", body, format="json")

    assert answer.status_code == 400
    assert word in str(answer.json())
    assert answer.json()["detail"]
    assert not Batch.objects.exists()
    assert not Video.objects.exists()


def test_more_than_the_limit_is_refused_with_both_numbers(api: APIClient) -> None:
    answer = create(api, [f"https://youtu.be/{number:011d}" for number in range(10_001)])

    assert answer.status_code == 400
    assert "10,001" in answer.json()["detail"]
    assert "10,000" in answer.json()["detail"]


@pytest.mark.thorough
def test_the_limit_itself_is_accepted_with_queries_that_grow_by_the_500_only(
    api: APIClient, django_assert_max_num_queries: Any
) -> None:
    # SQLite takes 999 parameters per statement: 500 videos are 7 inserts there, 500 items 12; and two look-ups.
    # The rest is the batch itself, and the limits of its user, looked at again with the row of the user locked.
    with django_assert_max_num_queries(21 * 20 + 10):
        answer = create(api, [f"https://youtu.be/{number:011d}" for number in range(10_000)])

    assert answer.status_code == 201
    assert Item.objects.filter(batch=answer.json()["id"]).count() == 10_000


def test_the_default_name_says_when(api: APIClient) -> None:
    import re

    assert re.fullmatch(r"Batch \d{4}-\d\d-\d\d \d\d:\d\d", create(api, LINKS).json()["name"])


def test_the_same_idempotency_key_and_request_give_the_same_batch(api: APIClient) -> None:
    def send(urls: list[str], key: str = "k1") -> Any:
        return api.post("/api/batch/create", {"urls": urls}, format="json", headers={"Idempotency-Key": key})

    first, second = send(LINKS), send(LINKS)
    assert first.json()["id"] == second.json()["id"]
    assert Batch.objects.count() == 1
    assert send(LINKS, "k2").json()["id"] != first.json()["id"]

    other = send(LINKS[:1])
    assert other.status_code == 409
    assert "Idempotency-Key" in other.json()["detail"]


def test_an_idempotency_key_belongs_to_its_user(api: APIClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    mine = api.post("/api/batch/create", {"urls": LINKS}, format="json", headers=headers).json()
    stranger = APIClient()
    stranger.force_authenticate(make_user())
    theirs = stranger.post("/api/batch/create", {"urls": LINKS}, format="json", headers=headers).json()
    assert mine["id"] != theirs["id"]


def test_nobody_in_particular_gets_401(client: Any) -> None:
    assert APIClient().post("/api/batch/create", {"urls": LINKS}, format="json").status_code == 401


def test_html_and_formulas_in_a_name_are_kept_as_text(api: APIClient) -> None:
    name = '=cmd|" /C calc"!A0 <script>alert(1)</script>'
    assert create(api, LINKS, name=name).json()["name"] == name
