"""What looking at a large batch costs, against a small one: the page, polling with `?since=`, the socket's snapshot."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from functools import partial

from benchmarks.inside import set_up, timed

set_up()

from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402
from batches import progress  # noqa: E402
from batches.models import Batch  # noqa: E402
from benchmarks.harness import Row, Runs, keep, ratio  # noqa: E402
from benchmarks.stand import database  # noqa: E402
from tests.batches.builders import make_batch  # noqa: E402

LIMIT = 1.5
CHANGED = 20
RUNNING = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--against", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    user = User.objects.create_user("owner@example.org", "correct horse battery")
    large, small = (_looks(user, count) for count in (given.items, given.against))
    rows: list[Row] = []
    runs: dict[str, Runs] = {}
    for name in large:
        ours, theirs = Runs("ms"), Runs("ms")
        for _ in range(given.rounds):
            theirs.add(timed(small[name]))
            ours.add(timed(large[name]))
        runs |= {f"{name}, {given.items:,} items": ours, f"{name}, {given.against} items": theirs}
        rows.append(ratio(f"{name} with {given.items:,} items", ours, f"with {given.against}", theirs, LIMIT))
        queries, fewer = _queries(large[name]), _queries(small[name])
        rows.append(Row(f"queries of the {name}", "", queries / fewer, 1.0, shown=f"{queries} against {fewer}"))
    keep("read", rows, runs, vars(given) | {"database": database(), "changed": CHANGED})


def _looks(user: User, count: int) -> dict[str, Callable[[], object]]:
    """The three ways to look at a batch of `count` items, half of it done, CHANGED of them since the last look."""
    statuses = ["completed"] * (count // 2) + ["failed"] * (count // 20) + ["processing"] * RUNNING
    batch = make_batch([*statuses, *["pending"] * (count - len(statuses))], user=user)
    batch.items.update(rev=F("position"))
    Batch.objects.filter(pk=batch.pk).update(rev=count)
    browser = Client(HTTP_HOST="127.0.0.1")
    browser.force_login(user)
    api = APIClient(HTTP_HOST="127.0.0.1")
    api.force_authenticate(user)
    gc.collect()
    return {
        "batch page": partial(_get, browser, batch.get_absolute_url()),
        "?since=": partial(_get, api, f"/api/batch/{batch.pk}?since={count - CHANGED}"),
        "socket snapshot": partial(progress.changes, batch.pk),
    }


def _get(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


def _queries(look: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        look()
    return len(queries)


if __name__ == "__main__":
    main()
