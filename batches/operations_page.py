"""What the operations page shows, to staff. Every number is of this moment; the page asks again by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from batches import gates, vitals
from batches.models import Gate, Item, Worker
from batches.presentation import cause, clock, until
from batches.sentences import translated


@dataclass(frozen=True, slots=True)
class Reason:
    """So many videos that wait for the same thing, and when that ends: "in 3 min", "" if nobody knows."""

    title: str
    count: int
    until: str


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate: whether it is open, and until when it is not."""

    name: str
    title: str
    shut: bool
    until: str
    tokens: int | None
    blocks: int
    reason: str


class OperationsPage:
    """The questions of the template, each asked at most once."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or timezone.now()

    @cached_property
    def paused_since(self) -> datetime | None:
        return gates.paused_since()

    @cached_property
    def workers(self) -> list[Worker]:
        return list(vitals.workers(self.now))

    @property
    def slots(self) -> int:
        return sum(worker.slots for worker in self.workers)

    @cached_property
    def last_heard(self) -> datetime | None:
        return None if self.workers else Worker.objects.last_heard()

    @cached_property
    def items(self) -> dict[str, int]:
        return vitals.items_by_status()

    @cached_property
    def active_batches(self) -> int:
        return vitals.active_batches()

    @cached_property
    def queue(self) -> int | None:
        return vitals.queue_length()

    @cached_property
    def gates(self) -> list[GateRow]:
        rows = list(vitals.gate_rows())
        emails = _emails(rows)
        return [self._gate(gate, emails) for gate in rows]

    def _gate(self, gate: Gate, emails: dict[str, str]) -> GateRow:
        shut = bool(gate.blocked_until and gate.blocked_until > self.now)
        return GateRow(
            name=gate.name,
            title=_gate_title(gate.name, emails),
            shut=shut,
            until=until(gate.blocked_until, self.now),
            tokens=gates.tokens(gate, self.now) if gate.name == gates.YOUTUBE else None,
            blocks=gate.blocks,
            reason=translated(gate.reason) if shut or gate.blocks else "",
        )

    @cached_property
    def waiting(self) -> list[Reason]:
        return [
            Reason(_reason_title(row.reason), row.items, until(row.until, self.now)) for row in vitals.waiting(self.now)
        ]

    @cached_property
    def oldest(self) -> Item | None:
        return vitals.oldest_waiting()

    @property
    def oldest_age(self) -> str:
        return clock((self.now - self.oldest.batch.created_at).total_seconds()) if self.oldest else ""

    @cached_property
    def failures(self) -> list[tuple[str, str, int]]:
        """(code, title, how many) of the last 24 hours."""
        return [(code, cause(code), count) for code, count in vitals.failures(self.now - vitals.DAY).items()]

    @cached_property
    def spent(self) -> list[vitals.Spent]:
        return vitals.spent_this_month(self.now)


def _emails(rows: list[Gate]) -> dict[str, str]:
    """Name of a user's budget gate -> whose it is."""
    keys = [UUID(row.name.partition(":")[2]) for row in rows if row.name.startswith(f"{gates.BUDGET}:")]
    return {gates.budget_gate(pk): email for pk, email in User.objects.filter(pk__in=keys).values_list("pk", "email")}


def _gate_title(name: str, emails: dict[str, str]) -> str:
    if name.startswith(f"{gates.BUDGET}:"):
        return _("Budget of {email}").format(email=emails.get(name, _("a deleted account")))
    titles = {gates.YOUTUBE: _("Fetching from YouTube"), gates.BUDGET: _("The installation's budget")}
    return titles.get(name) or _("Calls to {name}").format(name=name)


def _reason_title(reason: str) -> str:
    titles = {
        vitals.WORKER: _("For a free worker"),
        gates.ALL: translated(gates.PAUSED),
        gates.YOUTUBE: _("For YouTube's pace"),
        gates.BUDGET: _("For the next month's budget"),
    }
    engines = {"anthropic": _("For Anthropic"), "openai": _("For OpenAI")}
    return titles.get(reason) or engines.get(reason) or cause(reason)
