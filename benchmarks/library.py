"""What a page of a large library costs, against one of a small library: newest first, found by a word, narrowed."""

from __future__ import annotations

import argparse
import gc
from functools import partial

from benchmarks.inside import set_up, timed

set_up()

from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import User  # noqa: E402
from batches import search  # noqa: E402
from batches.models import Summary  # noqa: E402
from benchmarks.harness import Row, Runs, keep, ratio  # noqa: E402
from benchmarks.stand import database  # noqa: E402
from tests.batches.builders import make_user, make_video, summary_of  # noqa: E402

LIMIT = 1.5
CHUNK = 500
PAGES = {
    "library, newest": "",
    "library, a word that all have": "?q=bread",
    "library, a word that few have": "?q=sourdough",
    "library, a channel": "?channel=The+Channel",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summaries", type=int, default=100_000)
    parser.add_argument("--against", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    small, large = _library(given.against), _library(given.summaries)
    gc.collect()
    rows: list[Row] = []
    runs: dict[str, Runs] = {}
    for name, query in PAGES.items():
        ours, theirs = Runs("ms"), Runs("ms")
        for _ in range(given.rounds):
            theirs.add(timed(partial(_get, small, f"/library{query}")))
            ours.add(timed(partial(_get, large, f"/library{query}")))
        runs |= {f"{name}, {given.summaries:,}": ours, f"{name}, {given.against}": theirs}
        rows.append(ratio(f"{name}, of {given.summaries:,} summaries", ours, f"of {given.against}", theirs, LIMIT))
    keep("library", rows, runs, vars(given) | {"database": database()})


def _library(count: int) -> Client:
    """The browser of a user who has `count` summaries; 30 of them, evenly spread, have a word that no other has."""
    user, video = make_user(), make_video()
    words = search.document(summary_of(user, video), None)
    for first in range(0, count, CHUNK):
        _fill(user, [summary_of(user, video) for _ in range(min(CHUNK, count - first))], words, first, count // 30)
    browser = Client(HTTP_HOST="127.0.0.1")
    browser.force_login(user)
    return browser


def _fill(user: User, summaries: list[Summary], words: set[str], first: int, every: int) -> None:
    with transaction.atomic():
        Summary.objects.bulk_create(summaries)
        for place, summary in enumerate(summaries, first):
            search.add(summary, words | {"sourdough"} if place % every == 0 else words)


def _get(browser: Client, address: str) -> None:
    assert browser.get(address).status_code == 200


if __name__ == "__main__":
    main()
