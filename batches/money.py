"""What was spent, and what something will cost. Dollars are US dollars; months are calendar months in UTC.

Models without a price in the catalog cost an unknown amount: their tokens are counted, their dollars are not. With a
budget they are refused (`select.resolve`), but on servers of one's own. docs/models.md says how to add a price.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q, QuerySet, Sum
from django.utils import timezone

from batches.equipment import engine_config
from batches.ledger import Charge, Hold, MonthlySpending
from batches.models import Batch, Item, Summary, Video
from summarizer import prepared
from summarizer.engines import select
from summarizer.engines.catalog import Model
from summarizer.records import Usage

if TYPE_CHECKING:
    from accounts.models import User

# Around the transcript: what the model is told, what the video's page says, and the form of the answer.
_PROMPT_TOKENS = 2_000
_ANSWER_TOKENS: dict[str, int] = {"brief": 800, "standard": 1_500, "detailed": 3_500}
_TOKENS_PER_SECOND = select.HOUR_OF_VIDEO.input_tokens / 3600
_CHUNK = 500
_SUMS = ("calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens", "cost")
_MORE = {name: F(name) + prepared.Parameter(name, MonthlySpending._meta.get_field(name)) for name in _SUMS}


@dataclass(frozen=True, slots=True)
class Spending:
    """What some answers cost. `cost` is that of the calls whose price is known; `unpriced_calls` counts the others."""

    calls: int = 0
    unpriced_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: Decimal = Decimal(0)

    @property
    def whole_cost(self) -> Decimal | None:
        """US dollars; None when a part of it is not known."""
        return None if self.unpriced_calls else self.cost

    def as_json(self) -> dict[str, Any]:
        """As the API and the exports show it; `cost` is a decimal string or null."""
        tokens = {name: getattr(self, name) for name in ("input_tokens", "output_tokens", "cached_tokens")}
        return tokens | {"cost": None if self.whole_cost is None else f"{self.whole_cost:.6f}"}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What `videos` videos will take. Tokens and `cost` are those of the `measured` ones, whose length is known.

    `cost` and `hour_cost` (of an hour of video) are None when the model's price is not known.
    """

    model: str
    videos: int
    measured: int
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    hour_cost: Decimal | None


# -- before


def estimate(model: str, sizes: Iterable[int | None], length: str = "standard") -> Estimate:
    """`model` as a batch has it; per video the tokens of its transcript, None where nobody knows its length yet."""
    known = select.known(model, engine_config())
    every = list(sizes)
    found = [size for size in every if size is not None]
    if known is None:
        return Estimate(model, len(every), len(found), 0, 0, Decimal(0), Decimal(0))
    calls = [call for size in found for call in _expected_calls(known, size, length)]
    hour = known.cost(select.HOUR_OF_VIDEO)
    return Estimate(
        model=model,
        videos=len(every),
        measured=len(found),
        input_tokens=sum(call.input_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        cost=None if hour is None else sum((_first_cost(known, call) for call in calls), Decimal(0)),
        hour_cost=hour,
    )


def estimate_videos(user: User, video_ids: Collection[str], model: str, length: str = "standard") -> Estimate:
    """For YouTube ids: from the transcript if one is saved that the user may use, else from the video's duration."""
    return estimate(model, _sizes(user, video_ids), length)


def estimate_batch(batch: Batch, model: str = "", length: str = "") -> Estimate:
    """For all videos of `batch`; with another model or length than its own, for running it again."""
    sizes = batch.items.order_by().values_list("transcript__tokens", "video__duration")
    return estimate(model or batch.model, (_size(*row) for row in sizes), length or batch.summary_length)


def most_for_call(model: Model, prompt_tokens: int, limit: int) -> Decimal | None:
    """What one call may cost at most: the whole prompt put into the cache, and an answer as long as it may be.

    None when the price is not known.
    """
    return model.cost(Usage(input_tokens=prompt_tokens, output_tokens=limit, calls=1), cache_writes=prompt_tokens)


def _expected_calls(model: Model, tokens: int, length: str) -> list[Usage]:
    """The calls for one video: one, or its parts and their merge."""
    room = (model.cheap_prompt or model.window * 3 // 4) - _PROMPT_TOKENS
    parts = max(1, math.ceil(tokens / max(room, 1)))
    calls = [_expected_call(math.ceil(tokens / parts), length)] * parts
    return [*calls, _expected_call(parts * _ANSWER_TOKENS[length], length)] if parts > 1 else calls


def _first_cost(model: Model, call: Usage) -> Decimal:
    """Of a prompt that no cache knows yet, but keeps: providers charge for that, too. Errs high for later parts."""
    return model.cost(call, cache_writes=call.input_tokens) or Decimal(0)


def _expected_call(tokens: int, length: str) -> Usage:
    return Usage(input_tokens=tokens + _PROMPT_TOKENS, output_tokens=_ANSWER_TOKENS[length], calls=1)


def _sizes(user: User, video_ids: Collection[str]) -> list[int | None]:
    wanted = list(video_ids)
    usable = Q(transcripts__owner=None) | Q(transcripts__owner=user)
    found: dict[str, int | None] = {}
    for start in range(0, len(wanted), _CHUNK):
        videos = Video.objects.filter(youtube_id__in=wanted[start : start + _CHUNK])
        rows = videos.annotate(tokens=Max("transcripts__tokens", filter=usable))
        for video_id, tokens, duration in rows.values_list("youtube_id", "tokens", "duration"):
            found[video_id or ""] = _size(tokens, duration)
    return [found.get(video_id) for video_id in wanted]


def _size(tokens: int | None, duration: float | None) -> int | None:
    if tokens:
        return tokens
    return None if duration is None else round(duration * _TOKENS_PER_SECOND)


# -- what was paid for


def record(charge: UUID, item: Item, model: str, usage: Usage, holds: Collection[Hold] = ()) -> None:
    """Writes down what an answer for `item` has cost, once for each id `charge`, and gives back what was held for it.

    Whoever deletes the batch or the account meanwhile does not undo it.
    """
    held = Hold.objects.filter(pk__in=[hold.pk for hold in holds])
    if not usage.calls:
        if holds:
            held.delete()
        return
    owner = {"user_id": item.batch.user_id}
    for named in (owner | {"batch_id": item.batch_id, "item_id": item.pk}, owner, {}):
        try:
            with transaction.atomic():
                _write(named | {"pk": charge}, item.batch.engine, model, usage)
                if holds:
                    held.delete()
        except IntegrityError:
            continue  # the batch, or the account, is gone; or all this was written before
        return


def _write(named: Mapping[str, UUID], engine: str, model: str, usage: Usage) -> None:
    now = timezone.now()
    counted = {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
    }
    Charge.objects.create(**named, engine=engine, model=model[:100], cost=usage.cost, created_at=now, **counted)
    _sum_up(
        named.get("user_id"),
        month_of(now),
        **counted,
        unpriced_calls=usage.calls if usage.cost is None else 0,
        cost=usage.cost or Decimal(0),
    )


def _sum_up(user_id: UUID | None, month: date, **amounts: int | Decimal) -> None:
    if user_id is None:  # an account that is gone may have several rows
        MonthlySpending.objects.create(month=month, **amounts)
        return
    row = {"user": user_id, "month": month}
    if not prepared.update(MonthlySpending, row, changes=_MORE, **amounts):
        # The first of the month; of two, the second finds the first one's row.
        MonthlySpending.objects.get_or_create(user_id=user_id, month=month)
        prepared.update(MonthlySpending, row, changes=_MORE, **amounts)


# -- after


def month_of(now: datetime | None = None) -> date:
    """The first day of the month."""
    return (now or timezone.now()).date().replace(day=1)


def next_month(month: date) -> date:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def spent(user: User | None = None, month: date | None = None) -> Spending:
    """What the user, or everybody, has spent in that month (its first day), by default this one. One row, or few."""
    rows = MonthlySpending.objects.filter(month=month or month_of())
    if user is not None:
        rows = rows.filter(user=user)
    sums = rows.aggregate(**{f"{name}_sum": Sum(name) for name in _SUMS})
    return Spending(**{name: sums[f"{name}_sum"] for name in _SUMS if sums[f"{name}_sum"] is not None})


def batch_usage(batch: Batch) -> Spending:
    """All answers for this batch, also those for videos that failed."""
    return batches_usage([batch.pk]).get(batch.pk, Spending())


def batches_usage(batch_ids: Collection[UUID]) -> dict[UUID, Spending]:
    """Per batch, in one query; a batch without charges is left out."""
    return _by(Charge.objects.filter(batch__in=batch_ids), "batch")


def items_usage(item_ids: Collection[UUID]) -> dict[UUID, Spending]:
    """Per item, in one query; an item without charges is left out."""
    return _by(Charge.objects.filter(item__in=item_ids), "item")


def of_summary(summary: Summary) -> Spending:
    """What the answers took that this summary was made of. Extractive takes none."""
    if summary.engine == select.EXTRACTIVE:
        return Spending()
    unpriced = int(summary.cost is None)
    tokens = (summary.input_tokens, summary.output_tokens, summary.cached_tokens)
    return Spending(1, unpriced, *tokens, summary.cost or Decimal(0))


def _by(charges: QuerySet[Charge], key: str) -> dict[UUID, Spending]:
    sums = (
        charges.order_by()
        .values(key)
        .annotate(
            n=Sum("calls"),
            unpriced=Sum("calls", filter=Q(cost=None), default=0),
            tokens_in=Sum("input_tokens"),
            tokens_out=Sum("output_tokens"),
            tokens_cached=Sum("cached_tokens"),
            dollars=Sum("cost", default=Decimal(0)),
        )
    )
    return {
        row[key]: Spending(
            row["n"], row["unpriced"], row["tokens_in"], row["tokens_out"], row["tokens_cached"], row["dollars"]
        )
        for row in sums
    }
