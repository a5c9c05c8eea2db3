"""Reading, cancelling, retrying and deleting batches through the API; and that strangers see nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from batches import gates, progress
from batches.models import Batch, Summary, Worker
from tests.batches.builders import make_batch, make_user

pytestmark = pytest.mark.django_db


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def batch() -> Batch:
    return make_batch(
        ["completed", "failed", "processing", "pending"], rejected=[(3, "https://vimeo.com/1", "Not YouTube.")]
    )


@pytest.fixture
def api(batch: Batch) -> APIClient:
    return client_of(batch.user)


def test_a_batch_answers_with_the_contract_s_fields(api: APIClient, batch: Batch) -> None:
    body = api.get(f"/api/batch/{batch.pk}").json()

    assert body["progress"].items() >= {"total": 4, "completed": 1, "failed": 1, "percentage": 50.0}.items()
    assert (body["total_videos"], body["completed_videos"], body["failed_videos"]) == (4, 1, 1)
    assert body["current_item"].keys() == {"position", "url", "video_title", "stage"}
    assert body["current_item"]["position"] == 3
    assert body["rejected"] == [{"line": 3, "text": "https://vimeo.com/1", "reason": "Not YouTube."}]
    assert body["export_url"] == f"/api/batch/{batch.pk}/export"
    assert [item["status"] for item in body["items"]] == ["completed", "failed", "processing", "pending"]
    assert body["items"][0].keys() >= {
        "id", "position", "url", "video_id", "video_title", "status", "stage", "summary_id",
        "error_code", "error_message", "retry_count",
    }  # fmt: skip
    contract = {"id", "name", "status", "model", "summary_length", "options", "duplicates", "rev", "created_at"}
    assert body.keys() >= contract | {"started_at", "completed_at"}


def test_it_says_of_what_goes_on_all_that_the_socket_says(api: APIClient, batch: Batch) -> None:
    now = timezone.now()
    Worker.objects.create(name="w", host="h", pid=1, slots=1)
    gates.block_youtube("YouTube refuses this server.", now, now)
    told = progress.changes(batch.pk)
    assert told is not None
    assert told["slowed"]["reason"] == "YouTube refuses this server."
    body = api.get(f"/api/batch/{batch.pk}").json()
    only_there = {"batch_job_id", "more"}  # its name for the id, and a note that the message was cut
    assert {key: body[key] for key in told.keys() - only_there} == {key: told[key] for key in told.keys() - only_there}


def test_items_can_be_left_out_or_narrowed(api: APIClient, batch: Batch) -> None:
    assert "items" not in api.get(f"/api/batch/{batch.pk}?items=none").json()
    failed = api.get(f"/api/batch/{batch.pk}?items=failed").json()["items"]
    assert [item["position"] for item in failed] == [2]


def test_since_gives_only_what_changed(api: APIClient, batch: Batch) -> None:
    before = api.get(f"/api/batch/{batch.pk}").json()["rev"]
    api.post(f"/api/batch/{batch.pk}/retry", {}, format="json")

    body = api.get(f"/api/batch/{batch.pk}?since={before}").json()
    assert [(item["position"], item["status"]) for item in body["items"]] == [(2, "pending")]
    assert body["rev"] > before
    assert api.get(f"/api/batch/{batch.pk}?since={body['rev']}").json()["items"] == []


def test_cancel_answers_to_the_letter_and_a_second_time_is_404(api: APIClient, batch: Batch) -> None:
    first = api.post(f"/api/batch/{batch.pk}/cancel")
    assert (first.status_code, first.json()) == (200, {"message": "Batch job cancelled"})

    second = api.post(f"/api/batch/{batch.pk}/cancel")
    assert second.status_code == 404
    assert second.json()["detail"] == "Active batch job not found"
    body = api.get(f"/api/batch/{batch.pk}").json()
    assert body["status"] == "cancelled"
    assert [item["status"] for item in body["items"]] == ["completed", "failed", "cancelled", "cancelled"]


def test_retry_of_named_items_and_of_nothing(api: APIClient, batch: Batch) -> None:
    item = batch.items.get(position=2)
    assert api.post(f"/api/batch/{batch.pk}/retry", {"items": [str(item.pk)]}, format="json").status_code == 200
    nothing = api.post(f"/api/batch/{batch.pk}/retry", {}, format="json")
    assert nothing.status_code == 400
    assert "nothing to try again" in nothing.json()["detail"]


def test_items_are_paged_and_carry_summaries_when_asked(api: APIClient, batch: Batch) -> None:
    page = api.get(f"/api/batch/{batch.pk}/items?page_size=2").json()
    assert (page["count"], len(page["results"])) == (4, 2)
    assert "summary" not in page["results"][0]

    page = api.get(f"/api/batch/{batch.pk}/items?include=summary&status=completed").json()
    assert page["results"][0]["summary"]["content"]["overview"]


def test_deleting_takes_the_summaries_along(api: APIClient, batch: Batch) -> None:
    assert api.delete(f"/api/batch/{batch.pk}").status_code == 204
    assert not Batch.objects.filter(pk=batch.pk).exists()
    assert not Summary.objects.exists()


def test_the_list_holds_ones_own_batches_newest_first(api: APIClient, batch: Batch) -> None:
    make_batch()
    newer = make_batch(user=batch.user, name="newer")
    Batch.objects.filter(pk=newer.pk).update(created_at="2030-01-01T00:00:00Z")

    body = api.get("/api/batch").json()

    assert [row["name"] for row in body["results"]] == ["newer", batch.name]
    assert "items" not in body["results"][0]


def test_listing_costs_the_same_queries_for_many(
    api: APIClient, batch: Batch, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        make_batch(["completed"], user=batch.user)
    with django_assert_max_num_queries(4):
        api.get("/api/batch")


def test_a_summary_can_be_read(api: APIClient, batch: Batch) -> None:
    summary = Summary.objects.get()
    body = api.get(f"/api/summaries/{summary.pk}").json()
    assert body["headline"] == summary.headline
    assert body["content"]["points"]


CALLS: list[Callable[[APIClient, Batch], Any]] = [
    lambda api, batch: api.get(f"/api/batch/{batch.pk}"),
    lambda api, batch: api.get(f"/api/batch/{batch.pk}/items"),
    lambda api, batch: api.get(f"/api/batch/{batch.pk}/export"),
    lambda api, batch: api.post(f"/api/batch/{batch.pk}/cancel"),
    lambda api, batch: api.post(f"/api/batch/{batch.pk}/retry"),
    lambda api, batch: api.delete(f"/api/batch/{batch.pk}"),
    lambda api, batch: api.get(f"/api/summaries/{Summary.objects.get().pk}"),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_stranger_gets_404_as_if_it_were_not_there(batch: Batch, call: Callable[[APIClient, Batch], Any]) -> None:
    answer = call(client_of(make_user()), batch)
    assert answer.status_code == 404
    assert Batch.objects.get(pk=batch.pk).status == "processing"


@pytest.mark.parametrize("call", CALLS)
def test_nobody_in_particular_gets_401(batch: Batch, call: Callable[[APIClient, Batch], Any]) -> None:
    assert call(APIClient(), batch).status_code == 401


def test_what_never_was_looks_like_what_is_not_yours(api: APIClient) -> None:
    assert api.get(f"/api/batch/{uuid4()}").status_code == 404
    assert api.get("/api/batch/not-a-uuid").status_code == 404


@pytest.mark.parametrize("accept", ["application/zip", "text/markdown", "text/html", "*/*", "nonsense"])
def test_a_file_is_sent_whatever_the_client_says_it_accepts(api: APIClient, batch: Batch, accept: str) -> None:
    answer = api.get(f"/api/batch/{batch.pk}/export", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    refused = api.get(f"/api/batch/{uuid4()}/export", HTTP_ACCEPT=accept)
    assert (refused.status_code, refused["Content-Type"]) == (404, "application/problem+json")


def test_one_read_of_the_batch_answers_all_of_its_state(api: APIClient, batch: Batch) -> None:
    with CaptureQueriesContext(connection) as queries:
        api.get(f"/api/batch/{batch.pk}")
    reads = [query for query in queries if 'FROM "batches_batch" WHERE' in query["sql"]]
    assert len(reads) == 1, "two reads may tell of two moments"
