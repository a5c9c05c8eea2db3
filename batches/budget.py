"""Monthly budgets: MONTHLY_BUDGET for the installation, MONTHLY_BUDGET_USER for each user. Asked before each call.

What a call may cost at most is held until it has ended, so that many workers together do not spend what is left twice.
A call that could exceed a budget is not made, and its item waits. When next to nothing is left, a gate closes as well,
and claims take nothing more that has a price. docs/adr/0010.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from batches import gates, money
from batches.ledger import Hold, MonthlySpending
from batches.presentation import dollars
from summarizer.errors import BudgetUsedUp

# With less than this share left, a budget counts as used up for everything; above it, only what exceeds it waits.
_NEXT_TO_NOTHING = Decimal("0.05")
# When a call that does not fit beside those under way is tried again.
_SOON = 10.0


@dataclass(frozen=True, slots=True)
class _Budget:
    """One limit that concerns a call. `user_id` None: the installation's."""

    limit: Decimal
    user_id: UUID | None

    @property
    def words(self) -> str:
        own, everybodys = _("this month's budget of {limit}"), _("this month's budget of {limit} for everybody")
        return (own if self.user_id else everybodys).format(limit=dollars(self.limit))

    def spent(self, month: date) -> Decimal:
        rows = MonthlySpending.objects.filter(month=month, **self._whose)
        return rows.aggregate(sum=Sum("cost", default=Decimal(0)))["sum"]  # type: ignore[no-any-return]

    def held(self, now: datetime) -> Decimal:
        rows = Hold.objects.filter(until__gt=now, **self._whose)
        return rows.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]  # type: ignore[no-any-return]

    @property
    def _whose(self) -> dict[str, UUID]:
        return {"user_id": self.user_id} if self.user_id else {}


def hold(user_id: UUID, amount: Decimal | None, now: datetime | None = None) -> Hold | None:
    """Leave for a call that may cost `amount`; the answer goes to `money.record`, if it is not None.

    None, and no query, where no budget is set or the price is not known. Raises `BudgetUsedUp`, whose `retry_after` is
    None when the call costs more than a whole month's budget.
    """
    budgets = _budgets(user_id)
    if not amount or not budgets:
        return None
    now = now or timezone.now()
    with transaction.atomic():
        gates.lock(gates.BUDGET, now)
        refusal = next((each for budget in budgets if (each := _refusal(budget, amount, now))), None)
        if refusal is None:
            ends = now + timedelta(seconds=2 * settings.ENGINE_TIMEOUT + 60)
            return Hold.objects.create(user_id=user_id, amount=amount, until=ends)
    raise refusal


def _budgets(user_id: UUID) -> list[_Budget]:
    limits = (_Budget(settings.MONTHLY_BUDGET_USER, user_id), _Budget(settings.MONTHLY_BUDGET, None))
    return [budget for budget in limits if budget.limit]


def _refusal(budget: _Budget, amount: Decimal, now: datetime) -> BudgetUsedUp | None:
    left = budget.limit - budget.spent(money.month_of(now))
    if amount > budget.limit:
        sentence = _(
            "This video may cost up to {cost}, more than {budget_words}. "
            "Choose a cheaper model, or ask the host to raise the budget."
        )
        return BudgetUsedUp(sentence.format(cost=dollars(amount), budget_words=budget.words))
    if amount > left:
        return _wait_for_next_month(budget, amount, left, now)
    if amount > left - budget.held(now):
        sentence = _("Waiting: videos under way may use up {budget_words}. This one goes on if they do not.")
        return BudgetUsedUp(sentence.format(budget_words=budget.words), retry_after=_SOON)
    return None


def _wait_for_next_month(budget: _Budget, amount: Decimal, left: Decimal, now: datetime) -> BudgetUsedUp:
    first = money.next_month(money.month_of(now))
    begins = datetime.combine(first, time(), UTC)
    again = {"budget_words": budget.words, "day": first.day, "month_words": f"{first:%B}"}
    if left >= budget.limit * _NEXT_TO_NOTHING:
        sentence = _(
            "Waiting: up to {cost} could exceed {budget_words} ({left} left); it starts again on {day} {month_words}."
        ).format(cost=dollars(amount), left=dollars(left), **again)
        return BudgetUsedUp(sentence, retry_after=(begins - now).total_seconds())
    sentence = _("Waiting: {budget_words} is used up; it starts again on {day} {month_words}.").format(**again)
    gates.close_budget(budget.user_id, begins, sentence)
    return BudgetUsedUp(sentence, retry_after=0)
