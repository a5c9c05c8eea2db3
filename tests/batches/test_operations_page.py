"""The operations page and /metrics: who may look, what they say of each state, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches import gates, metrics
from batches.ledger import Charge
from batches.models import Gate, Item, Worker
from batches.operations_page import OperationsPage
from tests.accounts.test_pages_under_the_csp import assert_clean
from tests.batches.builders import items_of, make_batch, make_transcript, make_user

pytestmark = pytest.mark.django_db
BUTTONS = ("/operations/pause", "/operations/resume", "/operations/gates/youtube/open")


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


def words(client: Client) -> str:
    answer = client.get("/operations")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def make_worker(**fields: Any) -> Worker:
    return Worker.objects.create(**({"name": "w1", "host": "h", "pid": 1, "slots": 4} | fields))


def sample(name: str) -> float:
    """The value of one metric, by its name with labels."""
    lines = dict(line.rsplit(" ", 1) for line in metrics.exposition(timezone.now()).splitlines() if line[0] != "#")
    return float(lines[f"summarizer_{name}"])


# -- who


@pytest.mark.parametrize("person", [None, "member"])
def test_for_everybody_but_staff_it_does_not_exist(person: str | None) -> None:
    client = Client()
    if person:
        client.force_login(make_user())
    assert client.get("/operations").status_code == 404
    assert [client.post(button).status_code for button in BUTTONS] == [404] * len(BUTTONS)
    assert gates.paused_since() is None
    assert "Operations" not in client.get("/").content.decode()


def test_staff_find_it_in_the_footer_and_under_the_strict_policy(staff: Client) -> None:
    make_worker()
    batch = make_batch(["pending", "failed", "processing", "completed"])
    Gate.objects.create(name=gates.YOUTUBE, blocks=1, blocked_until=timezone.now() + timedelta(minutes=5), reason="No.")
    assert 'href="/operations"' in staff.get("/").content.decode()
    assert_clean(staff, "/operations")
    assert f"/admin/batches/batch/{batch.pk}/change/" in staff.get("/operations").content.decode()


def test_looking_changes_nothing(staff: Client) -> None:
    assert [staff.get(button).status_code for button in BUTTONS] == [405] * len(BUTTONS)


# -- what it says


def test_who_works_and_how_much(staff: Client) -> None:
    make_worker(name="alpha", slots=4)
    make_worker(name="beta", slots=8)
    make_worker(name="gone", slots=99, heard_at=timezone.now() - timedelta(hours=1))
    make_batch(["processing", "pending", "pending", "completed"])
    said = words(staff)
    assert "1 running on 12 slots" in said
    assert "2 waiting · 1 active batch" in said
    assert "alpha" in said
    assert "beta" in said
    assert "gone" not in said
    assert (sample("workers"), sample("slots"), sample("active_batches")) == (2, 12, 1)
    assert (sample('items{status="pending"}'), sample('items{status="completed"}')) == (2, 1)


def test_without_a_worker_it_says_since_when(staff: Client) -> None:
    make_worker(heard_at=timezone.now() - timedelta(hours=1))
    assert "No worker is alive. Start one. The last one was heard" in words(staff)


def test_pause_and_resume(staff: Client) -> None:
    make_batch(["pending"])
    assert staff.post("/operations/pause").status_code == 302
    said = words(staff)
    assert "Paused by the administrator since" in said
    assert sample("paused") == 1
    assert sample('waiting_items{reason="all"}') == 1
    staff.post("/operations/resume")
    assert "Paused" not in words(staff)
    assert sample("paused") == 0


def test_a_shut_gate_says_until_when_and_why_and_is_opened_by_hand(staff: Client) -> None:
    make_batch(["pending", "pending"])
    gates.block_youtube("YouTube refused this address.", timezone.now(), timezone.now())
    assert sample('gate_open{gate="youtube"}') == 0
    said = words(staff)
    assert "Fetching from YouTube Shut, opens in 60 s" in said
    assert "YouTube refused this address. Refused 1 time in a row." in said
    assert "For YouTube's pace 2 in 60 s" in said
    staff.post("/operations/gates/youtube/open")
    assert sample('gate_open{gate="youtube"}') == 1
    assert "Shut" not in words(staff)


def test_whose_budget_is_used_up_is_for_staff_and_not_for_a_metric(staff: Client) -> None:
    user = make_user("spender@example.org")
    gates.close_budget(user.pk, timezone.now() + timedelta(days=3), "Your budget is used up.")
    assert "Budget of spender@example.org" in words(staff)
    text = metrics.exposition(timezone.now())
    assert user.pk.hex not in text
    assert "@" not in text
    assert sample("user_budgets_used_up") == 1


def _deferred(item: Item) -> None:
    later = timezone.now() + timedelta(minutes=3)
    Item.objects.filter(pk=item.pk).update(not_before=later, error_code="rate_limited", error_message="Slow down.")


@pytest.mark.parametrize(
    ("arrange", "model", "reason"),
    [
        (lambda item: None, "extractive", "worker"),
        (_deferred, "extractive", "rate_limited"),
        (lambda item: Gate.objects.create(name=gates.YOUTUBE, tokens=0), "extractive", "youtube"),
        (lambda item: gates.pause_engine("openai", timezone.now() + timedelta(1), "Full."), "openai:x", "openai"),
        (
            lambda item: gates.close_budget(None, timezone.now() + timedelta(1), "Spent."),
            "anthropic:claude-sonnet-5-5",
            "budget",
        ),
        (lambda item: gates.pause_all(timezone.now()), "extractive", "all"),
    ],
    ids=["worker", "deferred", "pace", "engine", "budget", "paused"],
)
def test_every_wait_has_its_reason(arrange: Callable[[Item], object], model: str, reason: str) -> None:
    batch = make_batch(["pending"], model=model)
    make_batch(["cancelled"])
    [item] = items_of(batch)
    arrange(item)
    assert sample(f'waiting_items{{reason="{reason}"}}') == 1
    assert sum(row.count for row in OperationsPage().waiting) == 1


def test_the_oldest_waiting_item_is_of_the_oldest_batch(staff: Client) -> None:
    old = timezone.now() - timedelta(hours=2)
    make_batch(["pending"])
    oldest = make_batch(["completed", "pending"], created_at=old, name="The old one")
    make_batch(["completed"], created_at=old - timedelta(days=9))
    page = OperationsPage()
    assert page.oldest == items_of(oldest)[1]
    assert page.oldest_age.startswith("2:00:")
    assert "The old one" in words(staff)
    assert sample("oldest_waiting_seconds") == pytest.approx(7200, abs=60)


def test_failures_of_the_last_day_by_cause(staff: Client) -> None:
    now = timezone.now()
    make_batch(["failed"] * 3)
    make_batch(["failed"], item_fields={"error_code": "youtube_blocked"})
    long_ago = now - timedelta(days=2)
    make_batch(["failed"], item_fields={"error_code": "internal", "finished_at": long_ago}, completed_at=long_ago)
    page = OperationsPage()
    assert [(code, count) for code, _, count in page.failures] == [("no_transcript", 3), ("youtube_blocked", 1)]
    assert sample('failed_items_last_day{code="no_transcript"}') == 3


def test_stages_are_measured_from_the_first_claim_to_the_captions_to_the_end() -> None:
    now = timezone.now()
    batch = make_batch(["completed"] * 3)
    for item, (fetch, read) in zip(items_of(batch), [(1, 2), (3, 6), (5, 10)], strict=True):
        began = now - timedelta(minutes=10)
        transcript = make_transcript(item.video, created_at=began + timedelta(seconds=fetch))
        ended = began + timedelta(seconds=fetch + read)
        Item.objects.filter(pk=item.pk).update(started_at=began, finished_at=ended, transcript=transcript)
    make_batch(["completed"], item_fields={"finished_at": now - timedelta(hours=3)})
    assert sample('stage_seconds{stage="transcript",quantile="0.5"}') == pytest.approx(3)
    assert sample('stage_seconds{stage="summary",quantile="0.5"}') == pytest.approx(6)
    assert sample('stage_seconds{stage="whole",quantile="0.95"}') == pytest.approx(14.4, abs=0.5)


def test_money_is_counted_by_model_since_the_first_of_the_month(staff: Client) -> None:
    user = make_user()
    for month_ago in (0, 0, 40):
        Charge.objects.create(
            user=user,
            engine="openai",
            model='gpt "x"',
            input_tokens=1_000_000,
            output_tokens=5,
            cost=Decimal("0.25"),
            created_at=timezone.now() - timedelta(days=month_ago),
        )
    labels = r'engine="openai",model="gpt \"x\""'
    assert sample(f'model_tokens_total{{{labels},kind="input"}}') == 2_000_000
    assert sample(f"model_cost_dollars_total{{{labels}}}") == 0.5
    assert sample(f"model_calls_total{{{labels}}}") == 2
    assert 'openai:gpt "x" 2 2,000,000 0 0.50'.replace(" 0 0", " 10 0") in words(staff)


def test_more_rows_cost_no_more_queries(staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(12):
        make_worker(name=f"w{number}")
        make_batch(["pending", "failed", "processing", "completed"] * 5)
        gates.close_budget(make_user().pk, timezone.now() + timedelta(days=1), "Spent.")
    with django_assert_max_num_queries(19):
        metrics.exposition(timezone.now())
    with django_assert_max_num_queries(24):
        staff.get("/operations")


# -- /metrics over HTTP


def test_metrics_do_not_exist_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_metrics_are_for_who_has_the_token(settings: Any) -> None:
    settings.METRICS_TOKEN = "let-me-in"
    client = Client(headers={"host": "10.0.0.7"})  # a scraper asks by address
    for wrong in ("", "Bearer", "Bearer other", "Bearer é", "let-me-in"):
        answer = client.get("/metrics", headers={"authorization": wrong} if wrong else {})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert b"summarizer_" not in answer.content
    answer = client.get("/metrics", headers={"authorization": "Bearer let-me-in"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.content.decode().splitlines()
    name = r"summarizer_[a-z_]+"
    shape = re.compile(rf'# (HELP|TYPE) {name} .+|{name}(\{{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\}})? [0-9.e+-]+')
    assert [line for line in lines if not shape.fullmatch(line)] == []
