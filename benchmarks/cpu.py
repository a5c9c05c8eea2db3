"""What a video costs the worker process in CPU time, against a bare Celery task with one UPDATE; stand-ins are instant.

The four requests of a video (three to YouTube, one stream from the model) are the SDKs' work. They are measured too,
as a Celery task that makes them and keeps nothing, so that the table can tell the product's own part.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.harness import ROOT, Runs, cpu_seconds, keep, ratio
from benchmarks.stand import Stand, Videos, database, stand

LIMIT = 3.0
QUEUE = "bare"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=300)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    video, touch, requests = Runs("ms"), Runs("ms"), Runs("ms")
    videos = Videos()
    with stand() as it, _bare_worker(it) as bare:
        batch = it.run(videos.links(64))
        _tasks(it, bare, "requests", videos.links(64), batch)
        for _ in range(given.rounds):
            touch.add(_tasks(it, bare, "touch", [""] * given.tasks, batch))
            video.add(_videos(it, videos.links(given.videos)))
            requests.add(_tasks(it, bare, "requests", videos.links(given.videos), batch))
            print(*(f"{side.values[-1]:.1f} ms" for side in (touch, video, requests)), flush=True)
    own = Runs("ms", [all_of_it - theirs for all_of_it, theirs in zip(video.values, requests.values, strict=True)])
    rows = [
        ratio("CPU per video", video, "bare Celery task with one UPDATE", touch, LIMIT),
        ratio("CPU per video without its four requests", own, "bare Celery task with one UPDATE", touch, LIMIT),
        ratio("CPU per video", video, "bare Celery task with the same four requests", requests, None),
    ]
    keep("cpu", rows, {"video": video, "touch": touch, "requests": requests}, vars(given) | {"database": database()})


def _videos(it: Stand, links: list[str]) -> float:
    before = cpu_seconds(it.pid("worker"))
    it.run(links)
    return 1000 * (cpu_seconds(it.pid("worker")) - before) / len(links)


def _tasks(it: Stand, pid: int, kind: str, links: list[str], batch: dict[str, Any]) -> float:
    """CPU milliseconds of the bare worker per task. Who sends them is another process, as it is for the product."""
    ids = "\n".join(link.rpartition("=")[2] for link in links)
    command = [sys.executable, "-m", "benchmarks.bare_tasks", kind, batch["id"], batch["model"]]
    already, before = _done(it, batch), cpu_seconds(pid)
    subprocess.run(command, cwd=ROOT, env=it.app.env, input=ids, text=True, check=True)
    done = _settled(it, batch, already + len(links)) - already
    return 1000 * (cpu_seconds(pid) - before) / done


def _settled(it: Stand, batch: dict[str, Any], expected: int) -> int:
    """The count when it is reached, or has not moved for five seconds: Celery loses a message now and then."""
    count, moved = -1, time.monotonic()
    while count < expected and time.monotonic() - moved < 5:
        time.sleep(0.25)
        if (now := _done(it, batch)) != count:
            count, moved = now, time.monotonic()
    return count


def _done(it: Stand, batch: dict[str, Any]) -> int:
    return int(it.api.batch(batch["id"], "?items=none")["duplicates"])


@contextmanager
def _bare_worker(it: Stand) -> Iterator[int]:
    """Its process id. The same pool and the same slots as the product's worker."""
    celery = [sys.executable, "-m", "celery", "-A", "benchmarks.bare_tasks", "worker", "-P", "threads"]
    options = ["-c", it.app.env["SLOTS"], "-Q", QUEUE, "-n", "bare@%h", "--without-mingle", "--without-gossip"]
    with (
        it.app.log.open("ab") as log,
        subprocess.Popen(
            [*celery, *options, "-l", "warning"], env=it.app.env, cwd=ROOT, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            process.kill()


if __name__ == "__main__":
    main()
