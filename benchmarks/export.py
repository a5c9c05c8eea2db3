"""What the ZIP of a large batch takes in memory, and until its first byte, against that of a small one."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from multiprocessing.connection import Connection

from benchmarks.inside import set_up

if __name__ == "__main__":
    set_up()
else:
    import django

    django.setup()

from django.db import connections

from accounts.models import User
from batches.exports import export
from batches.models import Batch
from benchmarks.harness import Runs, keep, own_memory_mb, ratio
from benchmarks.stand import database
from tests.batches.builders import make_batch

LIMIT = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--against", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    user = User.objects.create_user("owner@example.org", "correct horse battery")
    batches = {count: make_batch(["completed"] * count, user=user) for count in (given.against, given.items)}
    memory = {count: Runs("MB") for count in batches}
    first = {count: Runs("ms") for count in batches}
    for _ in range(given.rounds):
        for count, batch in batches.items():
            peak, until_first = _exported(batch)
            memory[count].add(peak)
            first[count].add(until_first)
    large, small = given.items, given.against
    rows = [
        ratio(f"peak memory of a process zipping {large:,} summaries", memory[large], f"{small}", memory[small], LIMIT),
        ratio(f"first byte of the ZIP of {large:,}", first[large], f"of {small}", first[small], LIMIT),
    ]
    runs = {f"memory, {count:,}": memory[count] for count in batches}
    runs |= {f"first byte, {count:,}": first[count] for count in batches}
    keep("export", rows, runs, vars(given) | {"database": database()})


def _exported(batch: Batch) -> tuple[float, float]:
    """(peak memory in MB, CPU ms until the first byte) of a new process that writes the ZIP to nowhere."""
    connections.close_all()
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_export, args=(there, str(batch.pk)))
    process.start()
    there.close()
    answer: tuple[float, float] = here.recv()
    process.join()
    return answer


def _export(parent: Connection, batch_id: str) -> None:
    batch = Batch.objects.get(pk=batch_id)
    began = time.thread_time()
    chunks = export(batch)
    next(chunks)
    until_first = 1000 * (time.thread_time() - began)
    peak = max((own_memory_mb(os.getpid()) for _ in chunks), default=own_memory_mb(os.getpid()))
    parent.send((peak, until_first))


if __name__ == "__main__":
    main()
