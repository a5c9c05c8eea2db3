"""The page of one batch: who sees it, what it tells, and what can be done there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from batches import gates
from batches.models import Batch, Gate, Item, Worker
from tests.batches.builders import items_of, make_batch, make_user, make_video

pytestmark = pytest.mark.django_db

Logged = Callable[[User], Client]


@pytest.fixture
def logged() -> Logged:
    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in


def page_of(client: Client, batch: Batch, query: str = "") -> str:
    answer = client.get(batch.get_absolute_url() + query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def words(html: str) -> str:
    """What a reader sees, without tags and runs of space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


GETS = ("batch", "batch_delete")
POSTS = ("batch_rename", "batch_cancel", "batch_retry", "batch_delete")


@pytest.mark.parametrize("name", GETS)
def test_a_stranger_cannot_tell_another_ones_batch_from_none(name: str, logged: Logged) -> None:
    batch = make_batch()
    assert logged(make_user()).get(reverse(name, args=[batch.pk])).status_code == 404
    assert logged(batch.user).get(reverse(name, args=[batch.pk])).status_code == 200


@pytest.mark.parametrize("name", POSTS)
def test_a_stranger_changes_nothing(name: str, logged: Logged) -> None:
    batch = make_batch(["failed", "pending"])
    answer = logged(make_user()).post(reverse(name, args=[batch.pk]), {"name": "Mine now"})
    assert answer.status_code == 404
    before = (batch.name, batch.status, batch.rev)
    batch.refresh_from_db()
    assert (batch.name, batch.status, batch.rev) == before


def test_a_stranger_retries_no_item(logged: Logged) -> None:
    batch = make_batch(["failed"])
    address = reverse("item_retry", args=[batch.pk, items_of(batch)[0].pk])
    assert logged(make_user()).post(address).status_code == 404


def test_an_item_of_another_batch_is_not_found(logged: Logged) -> None:
    mine, other = make_batch(["failed"]), make_batch(["failed"])
    address = reverse("item_retry", args=[mine.pk, items_of(other)[0].pk])
    assert logged(mine.user).post(address).status_code == 404


@pytest.mark.parametrize("name", sorted({*GETS, *POSTS}))
def test_the_anonymous_are_sent_to_log_in(name: str) -> None:
    address = reverse(name, args=[make_batch().pk])
    answer = Client().get(address) if name in GETS else Client().post(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_actions_refuse_links(logged: Logged) -> None:
    batch = make_batch()
    for name in ("batch_cancel", "batch_retry", "batch_rename"):
        assert logged(batch.user).get(reverse(name, args=[batch.pk])).status_code == 405


def test_the_counts_are_told_in_words(logged: Logged) -> None:
    batch = make_batch(["completed"] * 26 + ["failed"] * 2 + ["processing"] * 8 + ["pending"] * 4)
    html = page_of(logged(batch.user), batch)
    shown = re.sub(r"<span[^>]* hidden><span.*?</span>.*?</span>", "", html)
    said = " ".join(unescape(re.sub(r"<[^>]+>", "", shown)).split())
    assert "28 of 40 finished 2 of them failed 8 running 4 waiting" in said
    assert 'aria-valuenow="70"' in html


@pytest.mark.parametrize(
    ("statuses", "refreshes"), [(["pending"], True), (["processing"], True), (["completed"], False)]
)
def test_without_scripts_it_refreshes_itself_only_while_active(
    statuses: list[str], refreshes: bool, logged: Logged
) -> None:
    batch = make_batch(statuses)
    html = page_of(logged(batch.user), batch)
    assert ('<noscript><meta http-equiv="refresh" content="5"></noscript>' in html) is refreshes


def test_what_a_title_contains_is_text(logged: Logged) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    batch = make_batch(["completed"], videos=[make_video(title=evil, channel=evil)], name=evil)
    Item.objects.filter(batch=batch).update(error_message=evil)
    raw = logged(batch.user).get(batch.get_absolute_url()).content.decode()
    assert "<script>alert" not in raw
    assert "<img" not in raw
    assert raw.count("&lt;script&gt;alert(1)") >= 3


@pytest.mark.parametrize("count", [1, 100, 250])
def test_the_number_of_queries_does_not_depend_on_the_number_of_videos(
    count: int, logged: Logged, django_assert_num_queries: Any
) -> None:
    statuses = ["completed", "failed", "pending", "processing"]
    small = make_batch(statuses, rejected=[(1, "x", "y")])
    large = make_batch(statuses * count, user=small.user, rejected=[(1, "x", "y")] * count)
    client = logged(small.user)
    page_of(client, small)
    with CaptureQueriesContext(connection) as expected:
        page_of(client, small)
    with django_assert_num_queries(len(expected)):
        page_of(client, large)
    assert len(expected) <= 17


def test_long_lists_come_in_pages_of_a_hundred(logged: Logged) -> None:
    batch = make_batch(["pending"] * 250)
    client = logged(batch.user)
    assert page_of(client, batch).count('class="row ') == 100
    last = page_of(client, batch, "?page=3")
    assert last.count('class="row ') == 50
    assert "Page 3 of 3" in words(last)
    assert page_of(client, batch, "?page=nonsense").count('class="row ') == 100


def test_the_list_is_filtered_by_state_and_keeps_it_while_paging(logged: Logged) -> None:
    batch = make_batch(["failed"] * 120 + ["completed"] * 3)
    html = page_of(logged(batch.user), batch, "?show=failed")
    assert html.count('class="row failed"') == 100
    assert "?show=failed&page=2" in html
    assert page_of(logged(batch.user), batch, "?show=rubbish").count('class="row ') == 100


def test_failures_are_grouped_by_cause_with_one_action_each(logged: Logged) -> None:
    batch = make_batch(["failed"] * 5 + ["completed"])
    blocked = items_of(batch)[:2]
    Item.objects.filter(pk__in=[item.pk for item in blocked]).update(
        error_code="youtube_blocked", error_retryable=True, error_message="YouTube is refusing."
    )
    shown = words(page_of(logged(batch.user), batch))
    assert "Why 5 videos failed" in shown
    assert "The video has no captions · 3" in shown
    assert "YouTube refuses this server for now · 2" in shown
    assert shown.count("Upload captions") == 1


def test_retrying_a_cause_retries_only_its_videos(logged: Logged) -> None:
    batch = make_batch(["failed", "failed", "completed"])
    first, second, _ = items_of(batch)
    Item.objects.filter(pk=first.pk).update(error_code="youtube_blocked")
    answer = logged(batch.user).post(reverse("batch_retry", args=[batch.pk]), {"code": "youtube_blocked"})
    assert answer["Location"] == batch.get_absolute_url()
    assert Item.objects.get(pk=first.pk).status == "pending"
    assert Item.objects.get(pk=second.pk).status == "failed"


def test_one_video_is_retried_alone(logged: Logged) -> None:
    batch = make_batch(["failed", "failed"])
    first, second = items_of(batch)
    logged(batch.user).post(reverse("item_retry", args=[batch.pk, second.pk]))
    assert list(batch.items.values_list("status", flat=True).order_by("position")) == ["failed", "pending"]
    assert first.status == "failed"


def test_cancelling_keeps_what_is_done_and_says_so(logged: Logged) -> None:
    batch = make_batch(["completed", "processing", "pending"])
    client = logged(batch.user)
    answer = client.post(reverse("batch_cancel", args=[batch.pk]), follow=True)
    assert "Cancelled. What is done is kept." in words(answer.content.decode())
    assert list(batch.items.values_list("status", flat=True).order_by("position")) == [
        "completed",
        "cancelled",
        "cancelled",
    ]


def test_cancelling_twice_is_answered_with_a_sentence(logged: Logged) -> None:
    batch = make_batch(["cancelled"])
    answer = logged(batch.user).post(reverse("batch_cancel", args=[batch.pk]), follow=True)
    assert 'class="note warning"' in answer.content.decode()


def test_a_stopped_batch_says_why_once_and_offers_to_go_on(logged: Logged) -> None:
    reason = "Anthropic refused the key. Check it, then go on."
    batch = make_batch(["completed", "failed"], stop_code="key_refused", stop_message=reason)
    Item.objects.filter(batch=batch, status="failed").update(error_code="key_refused", error_message=reason)
    html = page_of(logged(batch.user), batch)
    assert "The batch was stopped." in html
    assert ">Go on</button>" in html
    assert "Why 1 video failed" not in words(html)
    assert 'class="state stopped"' in html


def test_a_renamed_batch_has_its_new_name_and_refuses_none(logged: Logged) -> None:
    batch = make_batch()
    client = logged(batch.user)
    client.post(reverse("batch_rename", args=[batch.pk]), {"name": "  Better   name "})
    batch.refresh_from_db()
    assert batch.name == "Better name"
    answer = client.post(reverse("batch_rename", args=[batch.pk]), {"name": ""}, follow=True)
    assert 'class="note warning"' in answer.content.decode()
    batch.refresh_from_db()
    assert batch.name == "Better name"


def test_deleting_asks_first_and_then_forgets(logged: Logged) -> None:
    batch = make_batch(["completed", "completed"])
    client = logged(batch.user)
    assert "Its 2 summaries will be gone for good." in words(
        client.get(reverse("batch_delete", args=[batch.pk])).content.decode()
    )
    answer = client.post(reverse("batch_delete", args=[batch.pk]))
    assert answer["Location"] == reverse("batches")
    assert not Batch.objects.filter(pk=batch.pk).exists()


def test_the_zip_is_offered_as_soon_as_something_is_done(logged: Logged) -> None:
    nothing, something = make_batch(["processing"]), make_batch(["completed", "pending"])
    assert "ZIP" not in page_of(logged(nothing.user), nothing)
    html = page_of(logged(something.user), something)
    assert f'href="/api/batch/{something.pk}/export"' in html
    assert "ZIP of what is done" in html


def test_a_deferred_video_says_why_it_waits_and_until_when(logged: Logged) -> None:
    batch = make_batch(["pending", "processing"])
    Item.objects.filter(batch=batch, status="pending").update(
        not_before=timezone.now() + timedelta(minutes=4), error_message="The provider asks us to slow down."
    )
    assert "The provider asks us to slow down. Again in 4 min." in page_of(logged(batch.user), batch)


def test_a_batch_without_workers_says_so(logged: Logged) -> None:
    batch = make_batch(["pending"])
    assert "Waiting for a worker" in page_of(logged(batch.user), batch)


def test_rejected_lines_and_duplicates_are_shown(logged: Logged) -> None:
    rejected = [(line, f"line {line}", "Not a link.") for line in range(1, 61)]
    batch = make_batch(["pending"], duplicates=2, rejected=rejected)
    shown = words(page_of(logged(batch.user), batch))
    assert "2 duplicates merged" in shown
    assert "60 lines could not be taken" in shown
    assert "line 50" in shown
    assert "10 more are in failed.csv" in shown


def test_a_retry_leads_back_to_where_it_was_asked_for(logged: Logged) -> None:
    batch = make_batch(["failed", "failed"])
    client, address = logged(batch.user), batch.get_absolute_url()
    html = client.get(f"{address}?show=failed&page=1").content.decode()
    assert f'name="next" value="{address}?show=failed&amp;page=1"' in html
    item = items_of(batch)[0].pk
    retry = reverse("item_retry", args=[batch.pk, item])
    there = client.post(retry, {"next": f"{address}?show=failed&page=1"})["Location"]
    assert there == f"{address}?show=failed&page=1#item-{item}"
    assert client.post(reverse("batch_retry", args=[batch.pk]), {"next": address})["Location"] == f"{address}#list"
    for elsewhere in ("https://evil.example/", "//evil.example/", f"//evil.example{address}", ""):
        assert client.post(retry, {"next": elsewhere})["Location"] == address


def test_refreshing_can_be_stopped(logged: Logged) -> None:
    batch = make_batch(["pending", "failed"])
    client = logged(batch.user)
    html = page_of(client, batch, "?show=failed")
    assert 'href="?show=failed&page=1&still=1"' in html
    still = page_of(client, batch, "?show=failed&page=1&still=1")
    assert 'http-equiv="refresh"' not in still
    assert "Go on refreshing" in still


def test_why_nothing_more_begins_is_told_while_some_of_it_runs(logged: Logged) -> None:
    batch = make_batch(["processing", "pending"])
    now = timezone.now()
    Worker.objects.create(name="one", host="here", pid=1, slots=8, heard_at=now)
    Gate.objects.create(name=gates.YOUTUBE, blocked_until=now + timedelta(minutes=9), reason="YouTube says no.")
    shown = words(page_of(logged(batch.user), batch))
    assert "Now: Summarizing … Video" in shown
    assert "YouTube says no. Again in 9 min." in shown


def test_how_long_it_takes_is_guessed_from_youtubes_pace(logged: Logged, settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR, settings.YOUTUBE_BURST = 60, 1
    batch = make_batch(["processing"] + ["pending"] * 31)
    Worker.objects.create(name="one", host="here", pid=1, slots=8, heard_at=timezone.now())
    html = page_of(logged(batch.user), batch)
    assert "about 30 minutes left" in words(html)
    assert 'data-guess="18' in html


def test_how_long_it_takes_is_guessed_from_what_such_videos_took(logged: Logged, settings: Any) -> None:
    settings.YOUTUBE_PER_HOUR, settings.BATCH_LANES_MAX, settings.SLOTS = 0, 2, 2
    batch = make_batch(["completed"] * 2 + ["processing"] * 2 + ["pending"] * 8)
    now = timezone.now()
    Worker.objects.create(name="one", host="here", pid=1, slots=8, heard_at=now)
    done = Item.objects.filter(batch=batch, status="completed")
    done.update(started_at=now - timedelta(minutes=4), finished_at=now)
    assert "about 20 minutes left" in words(page_of(logged(batch.user), batch))


def test_what_is_done_can_be_read_and_how_it_was_made_is_said_plainly(logged: Logged) -> None:
    batch = make_batch(["failed", "completed", "completed"], model="extractive")
    html = page_of(logged(batch.user), batch)
    assert f'href="/summaries/{items_of(batch)[1].summary_id}">Read the first</a>' in html
    assert "Extracted sentences, no AI" in html
    other = make_batch(["completed"], model="anthropic:claude-x")
    assert "<span>claude-x</span>" in page_of(logged(other.user), other)


def test_captions_can_be_uploaded_for_what_lacks_them_only(logged: Logged) -> None:
    batch = make_batch(["failed", "pending"])
    html = page_of(logged(batch.user), batch)
    assert re.search(r'aria-label="Upload captions for video 1">', html)
    assert re.search(r'aria-label="Upload captions for video 2" hidden>', html)
