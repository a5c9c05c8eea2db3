"""What is prepared does as Django's own queries do, on either database, and is written once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from batches.ledger import MonthlySpending
from batches.models import Batch, Item, Transcript, Video
from summarizer import prepared
from tests.batches.builders import make_batch, make_transcript, make_user
from tests.statements import counting_what_is_written

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 6, 7, 8, 9, 123456, UTC)


def statement(captured: CaptureQueriesContext) -> str:
    return "".join(query["sql"] for query in captured.captured_queries).replace("(", "").replace(")", "")


# -- updates


def test_an_update_executes_what_djangos_own_does() -> None:
    batch = make_batch(["pending"] * 3)
    guard = Q(status__in=Batch.ACTIVE) & Q(total_videos__gt=F("completed_videos"))
    more, first = F("rev") + 1, Coalesce("started_at", prepared.Parameter("served_at", DateTimeField()))
    with CaptureQueriesContext(connection) as own:
        rows = Batch.objects.filter(guard, pk=batch.pk, processing_videos__lt=2)
        assert rows.update(rev=F("rev") + 1, started_at=Coalesce("started_at", NOW), served_at=NOW, stop_code="x") == 1
    with CaptureQueriesContext(connection) as ours:
        changes = {"rev": more, "started_at": first, "served_at": NOW, "stop_code": "x"}
        rows_changed = prepared.update(Batch, guard, {"pk": batch.pk, "processing_videos__lt": 2}, changes=changes)
    assert rows_changed == 1
    assert sorted(statement(ours).split()) == sorted(statement(own).split())
    found = Batch.objects.get(pk=batch.pk)
    assert (found.rev, found.started_at, found.served_at, found.stop_code) == (batch.rev + 2, NOW, NOW, "x")


def test_the_next_values_are_those_of_the_next_call() -> None:
    items = list(make_batch(["pending"] * 3).items.order_by("position"))
    for number, item in enumerate(items):
        later = NOW + timedelta(days=number)
        assert prepared.update(Item, {"pk": item.pk}, changes={"note": {"n": number}, "not_before": later}) == 1
    found = list(Item.objects.order_by("position").values_list("note", "not_before"))
    assert found == [({"n": number}, NOW + timedelta(days=number)) for number in range(3)]


def test_a_row_that_does_not_meet_a_condition_is_left_alone() -> None:
    batch = make_batch(["pending", "pending"])
    first = batch.items.get(position=1)
    for conditions in (
        [{"pk": first.pk, "attempt": 7}],
        [{"pk": first.pk}, {"attempt": 7}],
        [Q(status="failed"), {"pk": first.pk}],
        [{"pk": uuid4()}],
        [{"batch": uuid4()}],
    ):
        assert prepared.update(Item, *conditions, changes={"deferrals": 5}) == 0
    assert (
        prepared.update(Item, Q(status="pending"), {"batch": batch.pk, "position__lt": 2}, changes={"losses": 4}) == 1
    )
    assert list(batch.items.order_by("position").values_list("deferrals", "losses")) == [(0, 4), (0, 0)]


def test_a_change_may_be_none_or_another_row_or_json() -> None:
    item = make_batch(["pending"]).items.get()
    transcript = make_transcript(item.video)
    prepared.update(Item, {"pk": item.pk}, changes={"transcript": transcript, "note": {"a": ["ü", None]}})
    item.refresh_from_db()
    assert (item.transcript, item.note) == (transcript, {"a": ["ü", None]})
    prepared.update(Item, {"pk": item.pk}, changes={"transcript": None, "not_before": None, "note": {}})
    item.refresh_from_db()
    assert (item.transcript, item.note) == (None, {})
    prepared.update(Video, {"pk": item.video.pk}, changes={"published": date(2026, 1, 2), "duration": None})
    item.video.refresh_from_db()
    assert (item.video.published, item.video.duration) == (date(2026, 1, 2), None)


def test_a_row_that_was_never_saved_is_refused_as_django_does() -> None:
    item = make_batch(["pending"]).items.get()
    unsaved = Transcript(pk=None, video=item.video)
    with pytest.raises(ValueError, match="Unsaved"):
        prepared.update(Item, {"pk": item.pk}, changes={"transcript": unsaved})


def test_an_expression_takes_its_values_from_the_call() -> None:
    user = make_user()
    MonthlySpending.objects.create(user=user, month=NOW.date())
    names = ("calls", "input_tokens", "cost")
    more = {name: F(name) + prepared.Parameter(name, MonthlySpending._meta.get_field(name)) for name in names}
    row = {"user": user, "month": NOW.date()}
    for cost in ("0.000001", "1.5"):
        assert prepared.update(MonthlySpending, row, changes=more, calls=1, input_tokens=2**33, cost=Decimal(cost)) == 1
    found = MonthlySpending.objects.get(user=user)
    assert (found.calls, found.input_tokens, found.cost) == (2, 2**34, Decimal("1.500001"))


def test_a_subquery_may_be_a_change() -> None:
    batch = make_batch(["pending"])
    Batch.objects.update(rev=41)
    rev = Subquery(Batch.objects.filter(pk=OuterRef("batch_id")).order_by().values("rev"))
    assert prepared.update(Item, {"batch": batch.pk}, changes={"rev": rev}) == 1
    assert batch.items.get().rev == 41


def test_none_is_no_lookup() -> None:
    with pytest.raises(ValueError, match="not_before__isnull=True"):
        prepared.update(Item, {"not_before": None}, changes={"deferrals": 1})


def test_what_no_row_can_meet_changes_none() -> None:
    make_batch(["pending"])
    assert prepared.update(Item, Q(pk__in=[]), {"attempt": 0}, changes={"deferrals": 1}) == 0
    assert prepared.Select(Item.objects.none)() == []
    assert prepared.Select(Item.objects.none).first() is None


def test_an_update_is_written_once_whatever_its_values() -> None:
    item = make_batch(["pending"]).items.get()

    def defer(number: int) -> None:
        prepared.update(
            Item, {"pk": item.pk, "attempt": 0}, changes={"deferrals": number, "not_before": NOW, "error_code": "x"}
        )

    defer(1)
    with counting_what_is_written() as built:
        for number in range(5):
            defer(number)
        assert built == []
        prepared.update(Item, {"pk": item.pk, "losses": 0}, changes={"deferrals": 1, "not_before": NOW})
        assert len(built) == 1


def test_who_catches_an_error_finds_the_transaction_spoilt_as_after_djangos_own() -> None:
    item = make_batch(["pending"]).items.get()
    with pytest.raises(TransactionManagementError), transaction.atomic():  # noqa: PT012
        with pytest.raises(IntegrityError):
            prepared.update(Item, {"pk": item.pk}, changes={"status": "failed"})  # which must say why
        Item.objects.get(pk=item.pk)


# -- selections


def built(now: Any, batch: Any) -> QuerySet[Item]:
    items = Item.objects.claimable(now).filter(batch=batch).order_by("position")
    return items.select_related("batch", "video", "transcript")[:2]


def everything(item: Item) -> list[dict[str, Any]]:
    rows = [item, item.batch, item.video, *([item.transcript] if item.transcript else [])]
    return [{name: value for name, value in vars(row).items() if name != "_state"} for row in rows]


def test_a_selection_gives_the_models_that_the_queryset_gives() -> None:
    batch = make_batch(["completed", "pending", "pending", "pending"])
    make_batch(["pending"])
    second = batch.items.get(position=2)
    Item.objects.filter(pk=second.pk).update(transcript=make_transcript(second.video), not_before=NOW)
    select = prepared.Select(built, now=DateTimeField(), batch=UUIDField())
    for now in (NOW, NOW - timedelta(seconds=1)):
        with CaptureQueriesContext(connection) as ours:
            found = select(now=now, batch=batch.pk)
            shown = [everything(item) for item in found]
        expected = list(built(now, batch.pk))
        assert shown == [everything(item) for item in expected]
        assert [item.position for item in found] == ([2, 3] if now == NOW else [3, 4])
        assert len(ours.captured_queries) == 1
        assert found[0]._state.adding is False
        assert found[0]._state.db == "default"
    first = select.first(now=NOW, batch=batch.pk)
    assert first is not None
    assert first.position == 2
    assert select.first(now=NOW, batch=uuid4()) is None


def test_a_selection_is_written_once_and_asks_each_time() -> None:
    batch = make_batch(["pending"])
    select = prepared.Select(built, now=DateTimeField(), batch=UUIDField())
    assert len(select(now=NOW, batch=batch.pk)) == 1
    batch.items.update(status="cancelled")
    with counting_what_is_written() as written, CaptureQueriesContext(connection) as asked:
        assert select(now=NOW, batch=batch.pk) == []
        assert select(now=NOW, batch=batch.pk) == []
    assert written == []
    assert len(asked.captured_queries) == 2


@pytest.mark.django_db(transaction=True)
def test_threads_share_a_selection_and_not_a_connection() -> None:
    batches = [make_batch(["pending"] * 2) for _ in range(4)]
    select = prepared.Select(built, now=DateTimeField(), batch=UUIDField())

    def ask(number: int) -> tuple[int, set[Any]]:
        try:
            return id(connection.connection), {
                item.batch.pk for _ in range(20) for item in select(now=NOW, batch=batches[number].pk)
            }
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert [batches_found for _, batches_found in found] == [{batch.pk} for batch in batches]
