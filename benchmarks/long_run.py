"""What a batch of 10,000 costs a worker per video, against batches of 100; its memory on the way; its connections."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

from benchmarks.harness import Row, Runs, cpu_seconds, keep, memory_mb, open_files, own_memory_mb, ratio
from benchmarks.stand import Stand, Videos, database, stand

CPU_LIMIT, BYTES_LIMIT, MEMORY_LIMIT = 1.1, 1.1, 1.1
SMALL = 100
SLOTS = 16
# A worker has one connection per slot, one for its heartbeat, one for its main thread.
CONNECTIONS_LIMIT = SLOTS + 2


@dataclass
class Sides:
    """Per video, in batches of one size."""

    cpu: Runs = field(default_factory=lambda: Runs("ms"))
    broker: Runs = field(default_factory=lambda: Runs("bytes"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--small-batches", type=int, default=5, help="before and again after the large one")
    given = parser.parse_args()
    small, large = Sides(), Sides()
    memory, resident, connections = Runs("MB"), Runs("MB"), Runs("open")
    videos = Videos()
    with stand({"SLOTS": str(SLOTS)}) as it:
        it.run(videos.links(SMALL))
        warm, warm_resident = own_memory_mb(it.pid("worker")), memory_mb(it.pid("worker"))
        for _ in range(given.small_batches):
            _measure(it, videos.links(SMALL), small)
        _large(it, videos.links(given.videos), large, (memory, resident, connections))
        for _ in range(given.small_batches):
            _measure(it, videos.links(SMALL), small)
    many = f"{given.videos:,}"
    rows = [
        ratio(f"CPU per video at {many} in a batch", large.cpu, f"at {SMALL}", small.cpu, CPU_LIMIT),
        ratio(f"bytes to Redis per video at {many}", large.broker, f"at {SMALL}", small.broker, BYTES_LIMIT),
        _growth(f"the worker's own memory at the {many}th video", memory.values[-1], warm, MEMORY_LIMIT),
        _growth("the same with the pages of the database that it has mapped", resident.values[-1], warm_resident, None),
        Row("database connections of the worker, most", "", max(connections.values), CONNECTIONS_LIMIT, ""),
    ]
    runs = {
        "CPU, large": large.cpu,
        "CPU, small": small.cpu,
        "bytes, large": large.broker,
        "bytes, small": small.broker,
    }
    keep(
        "long_run",
        rows,
        runs | {"memory": memory, "resident": resident, "connections": connections},
        vars(given) | {"database": database()},
    )


def _measure(it: Stand, links: list[str], side: Sides) -> None:
    cpu, sent = cpu_seconds(it.pid("worker")), it.bytes_to_broker()
    it.run(links)
    side.cpu.add(1000 * (cpu_seconds(it.pid("worker")) - cpu) / len(links))
    side.broker.add((it.bytes_to_broker() - sent) / len(links))
    print(f"{len(links)}: {side.cpu.values[-1]:.1f} ms, {side.broker.values[-1]:.0f} bytes", flush=True)


def _large(it: Stand, links: list[str], side: Sides, samples: tuple[Runs, Runs, Runs]) -> None:
    """The whole batch in one sample; memory and connections every ten seconds."""
    pid = it.pid("worker")
    cpu, sent = cpu_seconds(pid), it.bytes_to_broker()
    batch_id = it.api.create(links, model="anthropic")["id"]
    while (batch := it.api.batch(batch_id, "?items=none"))["status"] != "completed":
        _sample(pid, samples)
        print(f"{batch['completed_videos']} done, {samples[0].values[-1]:.1f} MB", flush=True)
        time.sleep(10)
    assert batch["failed_videos"] == 0
    _sample(pid, samples)
    side.cpu.add(1000 * (cpu_seconds(pid) - cpu) / len(links))
    side.broker.add((it.bytes_to_broker() - sent) / len(links))


def _sample(pid: int, samples: tuple[Runs, Runs, Runs]) -> None:
    for runs, value in zip(samples, (own_memory_mb(pid), memory_mb(pid), _connections(pid)), strict=True):
        runs.add(value)


def _growth(what: str, now: float, warm: float, limit: float | None) -> Row:
    return Row(what, f"at the {SMALL}th", now / warm, limit, shown=f"{now:.1f} MB against {warm:.1f} MB")


def _connections(pid: int) -> int:
    """Of the worker, to SQLite: each holds the file open once. (On PostgreSQL the pool's size is the bound.)"""
    return open_files(pid, "db.sqlite3") - open_files(pid, "db.sqlite3-")


if __name__ == "__main__":
    main()
