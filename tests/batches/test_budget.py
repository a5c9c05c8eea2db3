"""Monthly budgets hold, across workers; what would exceed them waits, says why, and goes on when it may."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import uuid4

import pytest
from django.core.management.base import OutputWrapper
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from batches import budget, equipment, gates, money, operations, progress, tasks, work
from batches.leases import Holder
from batches.ledger import Hold, MonthlySpending
from batches.models import Batch, Gate, Item, Worker
from batches.terminal import Display
from summarizer.engines import prompts, select
from summarizer.errors import BudgetUsedUp
from summarizer.segments import particulars, segment
from summarizer.text import estimated_tokens
from tests.batches.builders import make_user
from tests.batches.paid import UNPRICED, lane, llm, paid_batch, run, server
from tests.fakes.llm import FakeLLM

__all__ = ["llm", "server"]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def has_spent(user: User, dollars: str, month: date | None = None) -> None:
    MonthlySpending.objects.create(user=user, month=month or money.month_of(), cost=Decimal(dollars), calls=1)


def most(batch: Batch) -> Decimal:
    """What the first call for a video of the batch may cost, up to the next millionth: the database keeps no less."""
    model = select.known(batch.model, equipment.engine_config())
    item = batch.items.earliest("position")
    assert model is not None
    assert item.transcript is not None
    segments = segment(item.transcript.as_record().cues)
    told = replace(batch.request, particulars=particulars(item.video.as_record(), segments))
    prompt = prompts.summarize(segments, told)
    amount = money.most_for_call(model, estimated_tokens(prompt.text), 12_000)
    assert amount is not None
    return amount.quantize(Decimal("0.000001"), ROUND_CEILING)


def reason(batch: Batch) -> str:
    """What the pages and the API say it waits for, with a worker alive."""
    Worker.objects.get_or_create(boot_id=uuid4(), name="w", host="h", pid=1, slots=4)
    waiting = progress.waiting(batch)
    assert waiting is not None
    return str(waiting["reason"])


def next_month() -> date:
    return money.next_month(money.month_of())


# -- one call


def test_what_an_answer_may_have_at_most_is_held(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch()
    has_spent(batch.user, str(5 - most(batch) + Decimal("0.001")))
    assert run(batch).completed_videos == 0
    MonthlySpending.objects.update(cost=5 - most(batch))
    Gate.objects.all().delete()
    Item.objects.update(not_before=None)
    assert run(batch).completed_videos == 1
    assert money.batch_usage(batch).cost < most(batch) / 2
    assert not Hold.objects.exists()


def test_without_a_budget_nothing_is_asked_of_the_database() -> None:
    user = make_user()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert budget.hold(user.pk, Decimal("1")) is None
    assert len(queries) == 0


def test_an_unknown_price_is_never_held_up(settings: Settings) -> None:
    settings.MONTHLY_BUDGET = settings.MONTHLY_BUDGET_USER = Decimal("0.01")
    user = make_user()
    has_spent(user, "1000")
    assert budget.hold(user.pk, None) is None


def test_a_paid_model_of_unknown_price_is_no_way_around_a_budget(settings: Settings) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "key", ""
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    equipment.engine_config.cache_clear()
    client = APIClient()
    client.force_authenticate(make_user())
    body = {"urls": ["https://youtu.be/dQw4w9WgXcQ"], "model": "openai:o3-pro"}
    try:
        answer = client.post("/api/batch/create", body, format="json")
    finally:
        equipment.engine_config.cache_clear()
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("What “o3-pro” costs is not known")
    assert not Batch.objects.exists()


def test_what_is_left_can_be_spent_to_the_cent(settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    user = make_user()
    has_spent(user, "4.50")
    assert budget.hold(user.pk, Decimal("0.50")) is not None
    with pytest.raises(BudgetUsedUp):
        budget.hold(user.pk, Decimal("0.01"))


def test_what_exceeds_what_is_left_waits_for_the_next_month_alone(settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    user = make_user()
    has_spent(user, "2.50", date(2026, 11, 1))
    with pytest.raises(BudgetUsedUp) as caught:
        budget.hold(user.pk, Decimal("3"), NOW)
    assert str(caught.value) == (
        "Waiting: up to $3.00 could exceed this month's budget of $5.00 ($2.50 left); it starts again on 1 December."
    )
    assert caught.value.retry_after == timedelta(days=8, hours=12).total_seconds()
    assert not Gate.objects.filter(blocked_until__gt=NOW).exists()
    assert budget.hold(user.pk, Decimal("0.10"), NOW)


def test_next_to_nothing_left_closes_the_gate_until_the_next_month(settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    user = make_user()
    has_spent(user, "4.98", date(2026, 11, 1))
    with pytest.raises(
        BudgetUsedUp, match=r"^Waiting: this month's budget of \$5\.00 is used up; it starts again on 1 "
    ):
        budget.hold(user.pk, Decimal("0.03"), NOW)
    gate = Gate.objects.get(name=gates.budget_gate(user.pk))
    assert gate.blocked_until == datetime(2026, 12, 1, tzinfo=UTC)


def test_the_installation_s_budget_counts_everybody(settings: Settings) -> None:
    settings.MONTHLY_BUDGET = Decimal("10")
    first, second = make_user(), make_user()
    has_spent(first, "9.99")
    with pytest.raises(BudgetUsedUp, match=r"budget of \$10\.00 for everybody is used up"):
        budget.hold(second.pk, Decimal("0.05"))


def test_a_new_month_begins_with_nothing_spent(settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    user = make_user()
    has_spent(user, "5", date(2026, 10, 1))
    assert budget.hold(user.pk, Decimal("5"), NOW)


def test_calls_under_way_count_until_they_have_ended(settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("1")
    user = make_user()
    under_way = budget.hold(user.pk, Decimal("0.60"), NOW)
    assert under_way is not None
    with pytest.raises(BudgetUsedUp, match="under way") as caught:
        budget.hold(user.pk, Decimal("0.60"), NOW)
    assert caught.value.retry_after == 10
    assert budget.hold(make_user().pk, Decimal("0.60"), NOW)
    long_after = NOW + timedelta(hours=2)
    assert budget.hold(user.pk, Decimal("0.60"), long_after), "a hold that nobody gave back ends by itself"


def test_a_video_that_costs_more_than_a_month_may_fails_clearly(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("0.001")
    batch = run(paid_batch())
    item = batch.items.get()
    assert (item.status, item.error_code) == ("failed", "budget_used_up")
    assert "more than this month's budget of $0.001" in item.error_message
    assert llm.stats()["calls"] == 0


# -- with claims


def test_when_the_budget_is_used_up_the_batch_waits_and_says_until_when(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(5)
    has_spent(batch.user, "4.999")

    run(batch)

    assert (batch.status, batch.pending_videos) == ("processing", 5)
    first = next_month()
    assert reason(batch) == (f"Waiting: this month's budget of $5.00 is used up; it starts again on 1 {first:%B}.")
    assert llm.stats()["calls"] == 0
    assert sum(batch.items.values_list("attempt", flat=True)) == 1, "one look tells everybody"
    assert set(batch.items.values_list("deferrals", flat=True)) == {0}
    assert not Hold.objects.exists()


def test_who_has_budget_left_and_what_costs_nothing_goes_on(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    poor = make_user()
    has_spent(poor, "5")
    waiting = run(paid_batch(user=poor))
    assert waiting.completed_videos == 0
    for batch in (paid_batch(user=poor, model="extractive"), paid_batch(user=poor, model=UNPRICED), paid_batch()):
        assert run(batch).completed_videos == 1, batch.model


def test_when_everybody_s_budget_is_used_up_extractive_goes_on(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET = Decimal("5")
    has_spent(make_user(), "5")
    first, second = run(paid_batch()), run(paid_batch())
    assert (first.completed_videos, second.completed_videos) == (0, 0)
    assert second.items.get().attempt == 0
    assert "for everybody" in reason(second)
    assert run(paid_batch(model="extractive")).completed_videos == 1
    assert run(paid_batch(model=UNPRICED)).completed_videos == 1


def test_what_waits_gets_no_lanes(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(3)
    has_spent(batch.user, "5")
    run(batch)
    assert [each for each, _, _ in tasks._unserved(timezone.now())] == []
    assert work.busy_batches(timezone.now()) == 0


def test_in_the_next_month_it_goes_on(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch()
    has_spent(batch.user, "5")
    run(batch)
    later = datetime.combine(next_month(), datetime.min.time(), UTC) + timedelta(seconds=1)
    assert Item.objects.claimable(later, gates.leave(later)).exists()
    assert not Item.objects.claimable(timezone.now(), gates.leave(timezone.now())).exists()


@pytest.mark.parametrize("left", ["0.01", "0.90"], ids=["gate", "item"])
def test_a_budget_that_was_raised_counts_from_the_worker_s_next_start(
    llm: FakeLLM, settings: Settings, left: str
) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(minutes=900)
    cost = money.estimate_batch(batch).cost
    assert cost is not None
    assert cost * Decimal("0.9") > Decimal("0.25")
    has_spent(batch.user, str(5 - cost * Decimal(left)))
    run(batch)
    assert batch.pending_videos == 1
    assert batch.items.get().error_code == "budget_used_up"

    settings.MONTHLY_BUDGET_USER = Decimal("50")
    work.look_at_budgets_anew()

    assert run(batch).completed_videos == 1


def test_a_budget_that_is_used_up_in_the_middle_keeps_what_is_done(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(40)
    has_spent(batch.user, "4.85")
    run(batch)
    assert 0 < batch.completed_videos < 40
    assert batch.completed_videos + batch.pending_videos == 40
    assert money.spent(batch.user).cost <= 5
    assert "is used up" in reason(batch)


@pytest.mark.parametrize("behaviour", ["no_json", "max_tokens"])
def test_no_budget_left_to_ask_again_waits_with_that_reason(llm: FakeLLM, settings: Settings, behaviour: str) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    llm.configure(behaviours=[{"name": behaviour, "times": 1}])
    batch = paid_batch()
    has_spent(batch.user, str(5 - most(batch) * Decimal("1.2")))
    run(batch)
    assert (batch.pending_videos, llm.stats()["calls"]) == (1, 1)
    assert "budget of $5.00" in batch.items.get().error_message
    assert money.batch_usage(batch).calls == 1, "the first answer is paid for, whatever it was"
    assert not Hold.objects.exists()
    assert money.spent(batch.user).cost <= 5


@pytest.mark.django_db(transaction=True)  # parts are read in threads
def test_parts_and_their_merge_are_held_one_by_one(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(model="openai:gpt-6-luna", minutes=240)
    settings.ENGINE_CONCURRENCY = {"openai": 1}  # then parts are read one after the other
    llm.configure(behaviours=[{"name": "too_long", "times": 1}])
    whole = most(batch)
    has_spent(batch.user, str(5 - whole * Decimal("0.9")))
    run(batch)
    assert batch.completed_videos == 0, "the whole video does not fit into what is left"
    MonthlySpending.objects.update(cost=5 - whole * 2)
    Gate.objects.all().delete()
    Item.objects.update(not_before=None)
    assert run(batch).completed_videos == 1
    assert llm.stats()["kinds"] == {"summarize": 3, "merge": 1}
    assert not Hold.objects.exists()


def test_no_budget_left_for_a_repair_keeps_what_holds(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    llm.configure(behaviours=[{"name": "invented_quotes"}])
    batch = paid_batch()
    has_spent(batch.user, str(5 - most(batch) * Decimal("1.01")))
    run(batch)
    assert batch.completed_videos == 1
    assert llm.stats()["kinds"] == {"summarize": 1}


@pytest.mark.django_db(transaction=True)
def test_many_workers_together_do_not_spend_what_is_left_twice(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = settings.MONTHLY_BUDGET = Decimal("1")
    user = make_user()
    batches = [paid_batch(6, user=user) for _ in range(4)]
    # For two at a time, whose titles may be longer, until one costs more than is left.
    has_spent(user, str(1 - most(batches[0]) * Decimal("2.02")))
    llm.configure(latency=0.3)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lane, batches * 2))
    llm.configure(latency=0)
    assert money.spent(user).cost <= 1
    assert 2 <= sum(Batch.objects.get(pk=batch.pk).completed_videos for batch in batches) < 24
    assert llm.stats()["peak"] >= 2
    assert not Hold.objects.exists()


def test_a_retry_does_not_pass_the_gate(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(2)
    has_spent(batch.user, "5")
    run(batch)
    operations.cancel_batch(batch)
    operations.retry_batch(batch)
    run(batch)
    assert llm.stats()["calls"] == 0
    assert "is used up" in reason(batch)


def test_a_worker_that_vanished_leaves_a_hold_that_ends(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("1")
    batch = paid_batch()
    Hold.objects.create(user=batch.user, amount=Decimal("1"), until=timezone.now() - timedelta(seconds=1))
    assert run(batch, Holder("test", 1)).completed_videos == 1
    tasks.sweep()
    assert not Hold.objects.exists()


def test_the_terminal_says_once_why_it_waits(llm: FakeLLM, settings: Settings) -> None:
    settings.MONTHLY_BUDGET_USER = Decimal("5")
    batch = paid_batch(2)
    has_spent(batch.user, "5")
    run(batch)
    reason(batch)  # a worker lives
    said = io.StringIO()
    display = Display(batch, OutputWrapper(io.StringIO()), OutputWrapper(said))
    display.update()
    display.update()
    assert said.getvalue().count("is used up; it starts again on 1 ") == 1
