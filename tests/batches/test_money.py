"""What was paid for is written down, whatever became of it, and can be asked for per item, batch, user and month."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.operations import delete_account
from batches import lifecycle, money, operations, work
from batches.leases import Holder
from batches.ledger import Charge, MonthlySpending
from batches.models import Batch, Item, Summary, SummaryPart
from tests.batches.builders import make_user
from tests.batches.paid import PRICED, UNPRICED, llm, paid_batch, run, server
from tests.fakes.llm import FakeLLM

__all__ = ["llm", "server"]
pytestmark = pytest.mark.django_db


def test_an_answer_is_charged_to_item_batch_user_and_month(llm: FakeLLM) -> None:
    batch = run(paid_batch(2))

    assert batch.status == "completed"
    charges = list(Charge.objects.order_by("item__position"))
    summaries = list(Summary.objects.order_by("item__position"))
    assert [(c.input_tokens, c.output_tokens, c.cost) for c in charges] == [
        (s.input_tokens, s.output_tokens, s.cost) for s in summaries
    ]
    assert {(c.user, c.batch, c.engine, c.model) for c in charges} == {
        (batch.user, batch, "anthropic", "claude-sonnet-5-5")
    }
    total = sum((charge.cost or Decimal(0) for charge in charges), Decimal(0))
    assert total > 0
    assert money.batch_usage(batch).cost == money.spent(batch.user).cost == money.spent().cost == total
    per_item = money.items_usage([charge.item_id for charge in charges if charge.item_id])
    assert {usage.calls for usage in per_item.values()} == {1}


def test_extractive_is_free_and_keeps_no_ledger() -> None:
    batch = run(paid_batch(model="extractive"))
    assert batch.completed_videos == 1
    assert not Charge.objects.exists()
    assert money.batch_usage(batch).as_json() == {
        "input_tokens": 0, "output_tokens": 0, "cached_tokens": 0, "cost": "0.000000",
    }  # fmt: skip


def test_a_model_without_a_price_is_counted_in_tokens_and_its_cost_is_unknown(llm: FakeLLM) -> None:
    batch = run(paid_batch(model=UNPRICED))
    usage = money.batch_usage(batch)
    assert usage.input_tokens > 0
    assert (usage.unpriced_calls, usage.whole_cost) == (1, None)
    assert usage.as_json()["cost"] is None
    assert money.spent(batch.user).unpriced_calls == 1


@pytest.mark.parametrize(
    ("behaviour", "calls", "code"),
    [("no_json", 2, "output_invalid"), ("refusal", 1, "refused"), ("unknown_citations", 2, "not_grounded")],
)
def test_what_a_failed_video_has_cost_is_charged(llm: FakeLLM, behaviour: str, calls: int, code: str) -> None:
    llm.configure(behaviours=[{"name": behaviour}])
    batch = run(paid_batch())
    assert batch.items.get().error_code == code
    usage = money.batch_usage(batch)
    assert (usage.calls, usage.cost > 0) == (calls, True)


def test_a_retry_of_what_could_not_be_found_asks_anew(llm: FakeLLM) -> None:
    llm.configure(behaviours=[{"name": "unknown_citations", "times": 2}])
    batch = run(paid_batch())
    assert batch.items.get().error_code == "not_grounded"
    operations.retry_batch(batch)
    assert run(batch).completed_videos == 1
    assert llm.stats()["kinds"] == {"summarize": 2, "repair": 1}
    assert money.batch_usage(batch).calls == 3


def test_an_answer_that_comes_after_the_lease_is_charged_all_the_same(llm: FakeLLM) -> None:
    batch = paid_batch()
    holder = Holder("test", 1)
    with holder.holding(lifecycle_claim(batch, holder)) as progress:
        item = batch.items.get()
        lifecycle.cancel(batch.pk)
        with pytest.raises(lifecycle.LostLease):
            work._carry_out(item, progress)
    assert not Summary.objects.exists()
    assert money.batch_usage(batch).cost > 0


def lifecycle_claim(batch: Batch, holder: Holder) -> Item:
    item = lifecycle.claim(batch.pk, holder.boot_id, 1)
    assert item is not None
    return item


@pytest.mark.django_db(transaction=True)  # parts are read in threads
def test_a_long_video_is_charged_once_for_each_part_and_merge(llm: FakeLLM) -> None:
    batch = run(paid_batch(model=UNPRICED, minutes=300))
    kinds = llm.stats()["kinds"]
    assert kinds["summarize"] >= 2
    usage, summary = money.batch_usage(batch), Summary.objects.get()
    assert usage.calls == sum(kinds.values())
    assert (usage.input_tokens, usage.output_tokens) == (summary.input_tokens, summary.output_tokens)


@pytest.mark.django_db(transaction=True)
def test_saved_parts_are_part_of_the_summary_s_cost_and_charged_once(llm: FakeLLM, settings: Settings) -> None:
    settings.ENGINE_CONCURRENCY = {"openai": 8}  # then parts are read one after the other
    llm.configure(behaviours=[{"name": "overloaded", "after": 1, "times": 1}])
    batch = paid_batch(model=UNPRICED, minutes=300)
    run(batch)
    assert SummaryPart.objects.count() >= 1
    Item.objects.update(not_before=None)
    run(batch)
    summary = Summary.objects.get()
    assert money.batch_usage(batch).input_tokens == summary.input_tokens
    assert not SummaryPart.objects.exists()


def test_spending_outlives_the_batch(llm: FakeLLM) -> None:
    batch = run(paid_batch())
    before = money.spent(batch.user)
    operations.delete_batch(batch)
    assert money.spent(batch.user) == before
    charge = Charge.objects.get()
    assert (charge.batch, charge.item, charge.user) == (None, None, batch.user)


def test_what_everybody_spent_outlives_the_account(llm: FakeLLM) -> None:
    first, second = run(paid_batch()), run(paid_batch())
    before = money.spent()
    for batch in (first, second):
        delete_account(batch.user)
    assert money.spent() == before
    assert Charge.objects.filter(user=None).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gone", ["batch", "account"])
def test_an_answer_for_what_is_deleted_meanwhile_is_charged(llm: FakeLLM, gone: str) -> None:
    batch = paid_batch()
    holder, began = Holder("test", 1), Event()
    item = lifecycle_claim(batch, holder)
    llm.configure(latency=0.5)
    with ThreadPoolExecutor(1) as pool:

        def watch() -> None:
            while not llm.stats()["in_flight"]:
                began.wait(0.01)
            try:
                operations.delete_batch(batch) if gone == "batch" else delete_account(batch.user)
            finally:
                connection.close()

        deleting = pool.submit(watch)
        with holder.holding(item) as progress, pytest.raises(lifecycle.LostLease):
            work._carry_out(item, progress)
        deleting.result()
    llm.configure(latency=0)
    charge = Charge.objects.get()
    assert charge.batch is None
    assert charge.cost
    assert money.spent().cost == charge.cost


def test_months_are_apart() -> None:
    user = make_user()
    assert money.month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == date(2026, 11, 1)
    assert money.next_month(date(2026, 11, 1)) == date(2026, 12, 1)
    assert money.next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    MonthlySpending.objects.create(user=user, month=date(2026, 10, 1), cost=3, calls=2)
    assert money.spent(user, date(2026, 10, 1)).cost == 3
    assert money.spent(user, date(2026, 9, 1)) == money.Spending()
    assert money.month_of() == timezone.now().date().replace(day=1)


# -- before


def test_the_month_is_to_the_last_digit_the_sum_of_what_was_written_down(llm: FakeLLM) -> None:
    for spare in range(4):  # of the counts of four prompts one and more is odd, and costs half a millionth
        run(paid_batch(options={"instructions": "flowers".ljust(8 + 4 * spare, "!")}))
    counts = Charge.objects.values_list("input_tokens", flat=True)
    assert any(tokens % 2 for tokens in counts)
    assert money.spent().cost == sum(charge.cost or 0 for charge in Charge.objects.all())
    assert money.spent().cost == sum(summary.cost or 0 for summary in Summary.objects.all())


def test_an_estimate_comes_close_to_what_it_costs_in_the_end(llm: FakeLLM) -> None:
    batch = paid_batch(3, minutes=60)
    before = money.estimate_batch(batch)
    assert (before.videos, before.measured) == (3, 3)
    assert before.cost
    after = money.batch_usage(run(batch))
    assert after.cost <= before.cost
    assert after.input_tokens * 0.8 < before.input_tokens < after.input_tokens * 2


def test_an_estimate_goes_by_transcript_then_duration_then_says_the_price_of_an_hour() -> None:
    batch = paid_batch(2, minutes=60)
    first, second = (item.video.youtube_id or "" for item in batch.items.all())
    batch.items.filter(position=2).update(transcript=None)
    batch.items.get(position=2).video.transcripts.all().delete()

    found = money.estimate_videos(batch.user, [first, second, "unknown0001"], PRICED)

    assert (found.videos, found.measured) == (3, 2)
    assert found.hour_cost == Decimal("0.049")
    assert found.cost is not None
    assert Decimal("0.07") < found.cost < Decimal("0.2")


def test_an_estimate_leaves_other_people_s_uploads_out_of_it() -> None:
    owner, stranger = make_user(), make_user()
    batch = paid_batch(minutes=60, user=owner)
    item = batch.items.get()
    item.video.transcripts.update(owner=owner, kind="uploaded")
    video_ids = [item.video.youtube_id or ""]
    mine, theirs = (money.estimate_videos(user, video_ids, PRICED) for user in (owner, stranger))
    assert theirs.input_tokens == 17_000 + 2_000
    assert mine.input_tokens != theirs.input_tokens


def test_an_estimate_knows_parts_lengths_and_prices() -> None:
    cheap = "anthropic:claude-haiku-5-5"
    once, parts = money.estimate(cheap, [90_000]), money.estimate(cheap, [270_000])
    assert once.cost is not None
    assert parts.cost is not None
    assert 2.5 * float(once.cost) < float(parts.cost) < 4 * float(once.cost)
    assert money.estimate(PRICED, [5_000], "detailed").output_tokens > money.estimate(PRICED, [5_000]).output_tokens
    assert money.estimate(UNPRICED, [5_000]).cost is None
    assert money.estimate("extractive", [5_000, None]).cost == 0
