"""The installation's state for Prometheus, in its text format, version 0.0.4. Read from the database at every scrape.

So every web process says the same, and none keeps counts that a restart would lose. What is counted since the first of
the month begins anew each month, which Prometheus takes for a restart of the counter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from batches import gates, vitals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[Mapping[str, str], float | Decimal]


def exposition(now: datetime) -> str:
    """All metrics, in a number of queries that depends on nothing."""
    return "".join(line for family in (_work(now), _gates(now), _money(now)) for line in family)


def _work(now: datetime) -> Iterator[str]:
    workers = list(vitals.workers(now))
    busy = vitals.items_by_status()
    oldest = vitals.oldest_waiting()
    age = (now - oldest.batch.created_at).total_seconds() if oldest else 0
    yield from _family("items", "gauge", "Videos in the batches that are kept.", _by("status", busy))
    yield from _family("active_batches", "gauge", "Batches that have not ended.", _one(vitals.active_batches()))
    yield from _family("workers", "gauge", "Worker processes that live.", _one(len(workers)))
    yield from _family("slots", "gauge", "Videos they work on at once.", _one(sum(worker.slots for worker in workers)))
    queue = vitals.queue_length()
    yield from _family("queue_messages", "gauge", "Absent while the broker is.", [] if queue is None else _one(queue))
    waits = {row.reason: row.items for row in vitals.waiting(now)}
    yield from _family("waiting_items", "gauge", "Videos that wait, by what for.", _by("reason", waits))
    yield from _family("oldest_waiting_seconds", "gauge", "Since its batch was made.", _one(age))
    failures = vitals.failures(now - vitals.DAY)
    yield from _family("failed_items_last_day", "gauge", "Videos failed in 24 hours.", _by("code", failures))
    stages: list[Sample] = [
        ({"stage": stage, "quantile": f"{share:g}"}, seconds)
        for stage, shares in vitals.stage_seconds(now - vitals.HOUR).items()
        for share, seconds in shares.items()
    ]
    yield from _family("stage_seconds", "gauge", "How long videos took that ended in the last hour.", stages)


def _gates(now: datetime) -> Iterator[str]:
    rows = list(vitals.gate_rows())
    shut = {gate.name for gate in rows if gate.blocked_until and gate.blocked_until > now}
    # Not each user's: who has used a budget up is nothing for a metric's label.
    everybodys = [gate for gate in rows if not gate.name.startswith(f"{gates.BUDGET}:")]
    states = {gate.name: float(gate.name not in shut) for gate in everybodys}
    yield from _family("gate_open", "gauge", "0 while nobody may pass.", _by("gate", states))
    users = len(shut) - sum(gate.name in shut for gate in everybodys)
    yield from _family("user_budgets_used_up", "gauge", "Users whose budget is used up.", _one(users))
    tokens = [gates.tokens(gate, now) for gate in rows if gate.name == gates.YOUTUBE]
    left = [count for count in tokens if count is not None]
    yield from _family("youtube_tokens", "gauge", "Fetches that may begin at once.", [({}, count) for count in left])
    yield from _family("paused", "gauge", "1 while paused.", _one(gates.paused_since() is not None))


def _money(now: datetime) -> Iterator[str]:
    calls: list[Sample] = []
    tokens: list[Sample] = []
    dollars: list[Sample] = []
    for row in vitals.spent_this_month(now):
        labels = {"engine": row.engine, "model": row.model}
        calls.append((labels, row.calls))
        tokens.append(({**labels, "kind": "input"}, row.input_tokens))
        tokens.append(({**labels, "kind": "cached"}, row.cached_tokens))
        tokens.append(({**labels, "kind": "output"}, row.output_tokens))
        dollars.append((labels, row.cost))
    yield from _family("model_calls_total", "counter", "This month.", calls)
    yield from _family("model_tokens_total", "counter", "This month; cached ones are input, too.", tokens)
    yield from _family("model_cost_dollars_total", "counter", "This month, where the price is known.", dollars)


def _one(value: float) -> list[Sample]:
    return [({}, value)]


def _by(label: str, values: Mapping[str, float]) -> list[Sample]:
    return [({label: key}, value) for key, value in values.items()]


def _family(name: str, kind: str, help: str, samples: Iterable[Sample]) -> Iterator[str]:
    full = f"summarizer_{name}"
    yield f"# HELP {full} {help}\n# TYPE {full} {kind}\n"
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{full}{{{inside}}} {_number(value)}\n" if inside else f"{full} {_number(value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float | Decimal) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else f"{float(value):g}" if value < 1e6 else f"{float(value):.0f}"
