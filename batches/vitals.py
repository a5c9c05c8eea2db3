"""How the installation is: who works, what waits and why, what failed, how long things take, what was spent.

Asked by the operations page and by /metrics. Each answer is one query, or two, however much there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import quantiles

from django.db.models import Case, CharField, Count, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from batches import gates, tasks
from batches.ledger import Charge
from batches.models import Batch, Gate, Item, Worker

WORKER = "worker"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SHARES = (0.5, 0.95)
_COUNTED = ("processing", "completed", "failed", "cancelled")
_MEASURED = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many items that wait for one reason: an error's code, a gate's name, or `WORKER`.

    `until` is when the first of them may go on, if that is known; `since` when the oldest of their batches was made.
    """

    reason: str
    items: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Spent:
    """This month, for one model. `cost` in US dollars is that of the calls whose price is known."""

    engine: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: Decimal


def workers(now: datetime) -> QuerySet[Worker]:
    """Those that live, oldest first."""
    return Worker.objects.alive(now).order_by("started_at")


def queue_length() -> int | None:
    """Messages in the broker's queue; None while the broker is away."""
    try:
        return tasks.queued()
    except tasks.BROKER_AWAY:
        return None


def items_by_status() -> dict[str, int]:
    """From the batches' counters: reads no item."""
    sums = Batch.objects.aggregate(
        total=Coalesce(Sum("total_videos"), 0),
        **{status: Coalesce(Sum(f"{status}_videos"), 0) for status in _COUNTED},
    )
    counted = {status: int(sums[status]) for status in _COUNTED}
    return {"pending": int(sums["total"]) - sum(counted.values()), **counted}


def active_batches() -> int:
    return Batch.objects.active().count()


def waiting(now: datetime) -> list[Waiting]:
    """What waits and why, most first. An item that waits for several things counts under the first of them."""
    rows = (
        _waiting_items()
        .annotate(reason=_reason(now))
        .values("reason")
        .annotate(items=Count("pk"), since=Min("batch__created_at"), until=Min("not_before", filter=_told_to_wait(now)))
        .order_by("-items", "reason")
    )
    known = {gate.name: gate.blocked_until for gate in Gate.objects.filter(blocked_until__gt=now)}
    return [
        Waiting(row["reason"], row["items"], row["since"], row["until"] or known.get(row["reason"])) for row in rows
    ]


def oldest_waiting() -> Item | None:
    """The item whose turn was due first: of the batch that was made first, the first by position."""
    items = _waiting_items().select_related("batch", "video")
    return items.order_by("batch__created_at", "batch_id", "position").first()


def _waiting_items() -> QuerySet[Item]:
    return Item.objects.filter(status=Item.Status.PENDING, batch__status__in=Batch.ACTIVE)


def _told_to_wait(now: datetime) -> Q:
    return Q(not_before__gt=now)


def _reason(now: datetime) -> Case:
    leave = gates.leave(now)
    cases = [When(_told_to_wait(now), then="error_code")]
    if leave.paused:
        cases.insert(0, When(pk__isnull=False, then=Value(gates.ALL)))
    if leave.unaffordable:
        cases.append(When(leave.unaffordable, then=Value(gates.BUDGET)))
    for engine in sorted(leave.closed):
        of_engine = Q(batch__model=engine) | Q(batch__model__startswith=f"{engine}:")
        cases.append(When(of_engine, then=Value(engine)))
    if not leave.fetches:
        cases.append(When(transcript=None, then=Value(gates.YOUTUBE)))
    return Case(*cases, default=Value(WORKER), output_field=CharField())


def failures(since: datetime) -> dict[str, int]:
    """Error code -> items that failed with it since then and were not tried again, most first."""
    failed = Item.objects.filter(status=Item.Status.FAILED, finished_at__gte=since, batch__in=_at_work_since(since))
    rows = failed.values("error_code").annotate(n=Count("pk")).order_by("-n", "error_code")
    return {row["error_code"]: row["n"] for row in rows}


def _at_work_since(since: datetime) -> QuerySet[Batch]:
    """Whose items may have ended since then. Batches are few, and their items are found by an index."""
    return Batch.objects.filter(Q(completed_at=None) | Q(completed_at__gte=since)).order_by()


def stage_seconds(since: datetime) -> dict[str, dict[float, float]]:
    """Stage -> share -> seconds that this share of the items took at most; of the newest 2,000 completed since then.

    "transcript" is from the first claim to the saved captions, where they were fetched for the item; "summary" what
    came after; "whole" all of it. Waits between two attempts count in.
    """
    done = Item.objects.filter(status=Item.Status.COMPLETED, finished_at__gte=since, batch__in=_at_work_since(since))
    rows = done.order_by("-finished_at").values_list("started_at", "transcript__created_at", "finished_at")[:_MEASURED]
    found: dict[str, list[float]] = {"transcript": [], "summary": [], "whole": []}
    for started, fetched, finished in rows:
        if started is None or finished is None:
            continue
        found["whole"].append((finished - started).total_seconds())
        read = fetched if fetched and started <= fetched <= finished else started
        found["summary"].append((finished - read).total_seconds())
        if read != started:
            found["transcript"].append((read - started).total_seconds())
    return {stage: _shares(seconds) for stage, seconds in found.items() if seconds}


def _shares(seconds: list[float]) -> dict[float, float]:
    hundredths = quantiles(seconds * 2 if len(seconds) == 1 else seconds, n=100, method="inclusive")
    return {share: hundredths[round(share * 100) - 1] for share in SHARES}


def spent_this_month(now: datetime) -> list[Spent]:
    """By model, dearest first: what the ledger has since the first of the month, in UTC."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = Charge.objects.filter(created_at__gte=month).order_by().values_list("engine", "model")
    sums = [Sum("calls"), Sum("input_tokens"), Sum("output_tokens"), Sum("cached_tokens")]
    found = rows.annotate(*sums, dollars=Coalesce(Sum("cost"), Decimal(0))).order_by("-dollars", "engine", "model")
    return [Spent(*row) for row in found]


def gate_rows() -> Iterable[Gate]:
    """Every gate but the pause, which is no gate to people."""
    return Gate.objects.exclude(name=gates.ALL).order_by("name")
