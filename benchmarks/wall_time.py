"""How long a batch takes, with one worker and with two, against an asyncio script with the same SDK and no database."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime

import anthropic

from benchmarks.bare import summarize_all
from benchmarks.harness import Runs, keep, ratio
from benchmarks.stand import Stand, Videos, database, stand

LIMIT = 1.15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--llm", type=float, default=0.5, help="seconds for an answer of the model")
    parser.add_argument("--youtube", type=float, default=0.05, help="seconds for an answer of YouTube")
    given = parser.parse_args()
    lanes = {"BATCH_LANES_MAX": str(given.at_once)}
    one, two, theirs = Runs("s"), Runs("s"), Runs("s")
    videos = Videos()
    with (
        stand(lanes | {"SLOTS": str(given.at_once)}) as it,
        stand(lanes | {"SLOTS": str(given.at_once // 2)}, ("worker", "worker2", "beat", "web")) as pair,
    ):
        for each in (it, pair):
            each.fakes.configure(given.youtube, given.llm)
            _batch(each, videos.links(2 * given.at_once))  # the workers are warm after that
        asyncio.run(_script(it, videos.links(given.at_once), given.at_once))
        for _ in range(given.rounds):
            theirs.add(asyncio.run(_script(it, videos.links(given.videos), given.at_once)))
            one.add(_batch(it, videos.links(given.videos)))
            two.add(_batch(pair, videos.links(given.videos)))
            print(*(f"{side.values[-1]:.2f} s" for side in (theirs, one, two)), flush=True)
    rows = [
        ratio(f"wall time of {given.videos} videos", one, "bare asyncio script", theirs, LIMIT),
        ratio("the same with two workers of half the slots", two, "bare asyncio script", theirs, None),
    ]
    runs = {"one worker": one, "two workers": two, "script": theirs}
    keep("wall_time", rows, runs, vars(given) | {"database": database()})


def _batch(it: Stand, links: list[str]) -> float:
    """From the moment the batch exists to its end, by its own clock: the order's POST is another benchmark."""
    batch = it.run(links)
    created, ended = (datetime.fromisoformat(batch[name]) for name in ("created_at", "completed_at"))
    return (ended - created).total_seconds()


async def _script(it: Stand, links: list[str], at_once: int) -> float:
    async with anthropic.AsyncAnthropic(api_key="benchmark", base_url=it.fakes.anthropic, max_retries=0) as claude:
        return await summarize_all(links, it.fakes.youtube, claude, at_once)


if __name__ == "__main__":
    main()
