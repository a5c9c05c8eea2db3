"""The host's view: everything can be found, nothing of the life cycle can be edited, actions go through operations."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from batches.models import Batch, Gate, Item, Summary, Video, Worker
from tests.accounts.test_pages_under_the_csp import Inline
from tests.batches.builders import items_of, make_batch, make_transcript, make_user, make_video

pytestmark = pytest.mark.django_db
ADMIN = "/admin/batches/"


@pytest.fixture
def office() -> Client:
    """An administrator's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin@example.org", "correct horse battery"))
    return client


def act(office: Client, model: str, action: str, *rows: Any) -> list[str]:
    """Runs an action on rows; answers what the page then says."""
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    response = office.post(f"{ADMIN}{model}/", body, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def found(office: Client, model: str, query: str) -> list[Any]:
    return list(office.get(f"{ADMIN}{model}/", {"q": query}).context["cl"].result_list)


def everything() -> dict[str, Any]:
    """One row of each model, by its name in addresses."""
    video = make_video(title="<b>Bread</b>", youtube_id="dQw4w9WgXcQ")
    batch = make_batch(["completed", "failed"], videos=[video], name="<i>Loaf</i>", rejected=[(3, "<u>x</u>", "No.")])
    item = items_of(batch)[0]
    return {
        "batch": batch,
        "item": item,
        "video": video,
        "transcript": make_transcript(video),
        "summary": item.summary,
        "gate": Gate.objects.create(name="youtube", reason="Blocked.", blocks=2),
        "worker": Worker.objects.create(name="w1", host="h", pid=1, slots=4),
    }


@pytest.mark.parametrize("model", ["batch", "item", "video", "transcript", "summary", "gate", "worker"])
def test_every_list_and_page_opens_under_the_strict_policy(office: Client, model: str) -> None:
    row = everything()[model]

    for path in (f"{ADMIN}{model}/", f"{ADMIN}{model}/{row.pk}/change/"):
        response = office.get(path)
        assert response.status_code == 200
        assert "script-src 'self'" in response["Content-Security-Policy"]
        content = response.content.decode()
        assert "<b>Bread" not in content
        assert "<i>Loaf" not in content
        assert "<u>x" not in content
        assert Inline(content).found == []
    assert office.get(f"{ADMIN}{model}/add/").status_code == 403


@pytest.mark.parametrize("model", ["batch", "item", "video", "transcript", "summary"])
def test_lists_take_the_same_number_of_queries_however_long_they_are(
    office: Client, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        batch = make_batch(["completed"] * 10, user=make_user())
        make_transcript(items_of(batch)[0].video)

    office.get("/account")  # a browser's first visit is noted
    with django_assert_max_num_queries(8):
        office.get(f"{ADMIN}{model}/")


def test_lists_do_not_read_the_bulk_of_summaries_and_transcripts(office: Client) -> None:
    everything()

    for model, column in (("summary", "content"), ("transcript", "cues")):
        rows = office.get(f"{ADMIN}{model}/").context["cl"].result_list
        assert column in rows[0].get_deferred_fields()


@pytest.mark.parametrize("query", ["Sourdough", "baker@example.org", "dQw4w9WgXcQ"])
def test_a_batch_is_found_by_name_owner_and_video(office: Client, query: str) -> None:
    user = make_user("baker@example.org")
    video = make_video(youtube_id="dQw4w9WgXcQ")
    wanted = make_batch(["pending", "pending"], user=user, name="Sourdough", videos=[video])
    make_batch(["pending"])

    assert found(office, "batch", query) == [wanted]


def test_a_batch_is_found_by_its_id(office: Client) -> None:
    wanted, _ = make_batch(), make_batch()

    assert found(office, "batch", str(wanted.pk)) == [wanted]


def test_items_are_found_by_error_code_and_by_batch(office: Client) -> None:
    batch = make_batch(["failed", "completed"])
    make_batch(["completed"])
    failed, completed = items_of(batch)

    assert found(office, "item", "no_transcript") == [failed]
    link = f"{ADMIN}item/?batch__id__exact={batch.pk}"
    assert link in office.get(f"{ADMIN}batch/{batch.pk}/change/").content.decode()
    assert list(office.get(link).context["cl"].result_list) == [failed, completed]


def test_posting_the_form_changes_the_name_and_nothing_else(office: Client) -> None:
    batch = make_batch(["pending", "completed"])
    path = f"{ADMIN}batch/{batch.pk}/change/"
    page = office.get(path)
    assert list(page.context["adminform"].form.fields) == ["name"]
    Batch.objects.filter(pk=batch.pk).update(rev=7)

    office.post(path, {"name": "Rye", "status": "cancelled", "rev": "0", "completed_videos": "0"})

    batch.refresh_from_db()
    assert (batch.name, batch.status, batch.rev, batch.completed_videos) == ("Rye", "processing", 7, 1)


@pytest.mark.parametrize("model", ["item", "video", "transcript", "summary", "worker"])
def test_rows_of_the_program_can_be_neither_changed_nor_deleted(office: Client, model: str) -> None:
    row = everything()[model]

    assert office.post(f"{ADMIN}{model}/{row.pk}/change/", {"status": "pending"}).status_code == 403
    assert office.post(f"{ADMIN}{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_cancelling_says_how_many_and_leaves_what_is_done(office: Client) -> None:
    running, ended = make_batch(["completed", "processing", "pending"]), make_batch(["completed"])

    said = act(office, "batch", "cancel", running, ended)

    assert said == ["Cancelled 2 videos in 1 batch.", "1 batch had ended already."]
    running.refresh_from_db()
    assert running.status == "cancelled"
    assert [item.status for item in items_of(running)] == ["completed", "cancelled", "cancelled"]


@pytest.mark.django_db(transaction=True)
def test_retrying_says_how_many(office: Client) -> None:
    failed, fine = make_batch(["completed", "failed", "failed"]), make_batch(["completed"])

    said = act(office, "batch", "retry_failed", failed, fine)

    assert said == ["Trying 2 videos again in 1 batch.", "1 batch had nothing to retry."]
    assert [item.status for item in items_of(failed)] == ["completed", "pending", "pending"]


def test_who_may_only_look_gets_no_actions() -> None:
    batch = make_batch(["pending"])
    viewer = make_user("viewer@example.org", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_batch"))
    client = Client()
    client.force_login(viewer)

    assert client.get(f"{ADMIN}batch/").status_code == 200
    client.post(f"{ADMIN}batch/", {"action": "cancel", "_selected_action": [str(batch.pk)]})
    batch.refresh_from_db()
    assert batch.status == "pending"
    assert client.post(f"{ADMIN}batch/{batch.pk}/delete/", {"post": "yes"}).status_code == 403


def test_people_without_staff_rights_see_nothing() -> None:
    client = Client()
    client.force_login(make_user())

    assert client.get(f"{ADMIN}batch/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_deleting_a_batch_takes_its_summaries_and_names_what_goes(office: Client) -> None:
    batch = make_batch(["completed"] * 3 + ["failed"], name="Loaf")
    path = f"{ADMIN}batch/{batch.pk}/delete/"

    page = office.get(path).content.decode()
    assert "Loaf (4 videos, 3 summaries)" in page
    assert str(items_of(batch)[0].video) not in page
    office.post(path, {"post": "yes"})

    assert (Batch.objects.count(), Item.objects.count(), Summary.objects.count(), Video.objects.count()) == (0, 0, 0, 4)


@pytest.mark.django_db(transaction=True)
def test_several_batches_are_deleted_at_once(office: Client) -> None:
    batches = [make_batch(["completed"]), make_batch(["pending"])]

    body = {"action": "delete_selected", "_selected_action": [str(batch.pk) for batch in batches], "post": "yes"}
    office.post(f"{ADMIN}batch/", body)

    assert not Batch.objects.exists()
    assert not Summary.objects.exists()


def test_a_gate_is_reset(office: Client) -> None:
    gate = everything()["gate"]

    assert act(office, "gate", "reset", gate) == ["Reset 1 gate."]
    gate.refresh_from_db()
    assert (gate.blocks, gate.reason, gate.blocked_until) == (0, "", None)


def test_long_transcripts_and_many_rejected_lines_are_cut_with_a_count(office: Client) -> None:
    transcript = make_transcript(cues=[[float(n), 1.0, f"word {n}"] for n in range(500)])
    batch = make_batch(rejected=[(n, f"line {n}", "No.") for n in range(60)])

    assert "… and 300 more" in office.get(f"{ADMIN}transcript/{transcript.pk}/change/").content.decode()
    assert "and 10 more" in office.get(f"{ADMIN}batch/{batch.pk}/change/").content.decode()
