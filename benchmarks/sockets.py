"""How long a change in a worker takes to reach 200 open sockets; also with sockets among them that never read."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import django
from django.apps import apps
from websockets.asyncio.client import connect

from benchmarks.harness import Row, Runs, keep, memory_mb
from benchmarks.stand import Stand, Videos, database, stand

LIMIT = 500
_SMALLEST_BUFFER = 4096
_OPENING = 20.0  # seconds that the first calls take, so that nothing ends before all sockets are open


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--slow", type=int, default=20, help="sockets that never read, in every second run")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument(
        "--llm", type=float, default=1.0, help="seconds for an answer: four lanes, so 4 changes a second"
    )
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    alone, beside = Runs("ms, p99"), Runs("ms, p99")
    typical, growth = Runs("ms, p50"), Runs("MB")
    videos = Videos()
    with stand({"BATCH_LANES_MAX": "4"}) as it:
        it.run(videos.links(8))
        _use(it)
        for _ in range(given.rounds):
            for side, slow in ((alone, 0), (beside, given.slow)):
                before = memory_mb(it.pid("web"))
                found = asyncio.run(_watch(it, videos.links(given.videos), given.sockets, slow, given.llm))
                side.add(quantiles(found, n=100)[98])
                if slow:
                    growth.add(memory_mb(it.pid("web")) - before)
                else:
                    typical.add(median(found))
                print(f"{slow} slow: p50 {median(found):.0f} p99 {side.values[-1]:.0f} ms", flush=True)
    what = f"change in a worker → message on {given.sockets} sockets, p99"
    rows = [
        Row(what, "", alone.median, LIMIT, " ms", f"p50 {typical.median:.0f} ms"),
        Row(f"the same beside {given.slow} sockets that never read", "", beside.median, LIMIT, " ms"),
        Row(f"memory of web for {given.slow} sockets that never read", "", growth.values[-1], None, " MB"),
    ]
    runs = {"alone": alone, "beside slow ones": beside, "p50": typical, "growth of web": growth}
    keep("sockets", rows, runs, vars(given) | {"database": database()})


def _use(it: Stand) -> None:
    """Django in this process, on the installation's database: to read when each change was made."""
    os.environ |= {name: value for name, value in it.app.env.items() if name not in os.environ}
    os.environ |= {"VAR_DIR": it.app.env["VAR_DIR"], "DJANGO_SETTINGS_MODULE": "summarizer.settings"}
    django.setup()


async def _watch(it: Stand, links: list[str], sockets: int, slow: int, llm: float) -> list[float]:
    """Milliseconds from `finished_at` of each item to its message, on every socket that reads."""
    it.fakes.configure(0, _OPENING)
    batch_id = (await asyncio.to_thread(it.api.create, links, model="anthropic"))["id"]
    with _slow_sockets(it, batch_id, slow):
        listening = [asyncio.create_task(_listen(it, batch_id)) for _ in range(sockets)]
        await asyncio.sleep(1)  # the first four calls are under way
        it.fakes.configure(0, llm)
        seen = await asyncio.gather(*listening)
    finished = await asyncio.to_thread(_finished, batch_id)
    opened = max(found["opened"] for found in seen)
    return [
        1000 * (found[item] - moment)
        for found in seen
        for item, moment in finished.items()
        if moment > opened  # what ended before is part of a first snapshot
    ]


async def _listen(it: Stand, batch_id: str) -> dict[str, float]:
    """When this socket was told of each item's end, and when it was open."""
    url = f"ws://127.0.0.1:{it.app.port}/ws/batch/{batch_id}"
    seen: dict[str, float] = {}
    headers = {"Authorization": f"Bearer {it.api.token}"}
    async with connect(url, additional_headers=headers, open_timeout=60, compression=None) as connection:
        async for message in connection:
            now = time.time()
            seen.setdefault("opened", now)
            data: dict[str, Any] = json.loads(message)["data"]
            for item in data["items"]:
                if item["status"] == "completed":
                    seen.setdefault(item["id"], now)
            if data["status"] == "completed":
                return seen
    raise AssertionError("closed before the batch had ended")


@contextmanager
def _slow_sockets(it: Stand, batch_id: str, count: int) -> Iterator[None]:
    """Sockets that shake hands and then read nothing, with the smallest buffer that the kernel allows."""
    opened = [_slow_socket(it, batch_id) for _ in range(count)]
    yield
    for each in opened:
        each.close()


def _slow_socket(it: Stand, batch_id: str) -> socket.socket:
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST_BUFFER)
    slow.connect(("127.0.0.1", it.app.port))
    lines = [
        f"GET /ws/batch/{batch_id} HTTP/1.1",
        f"Host: 127.0.0.1:{it.app.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {it.api.token}",
    ]
    slow.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return slow


def _finished(batch_id: str) -> dict[str, float]:
    items = apps.get_model("batches", "Item").objects.filter(batch=UUID(batch_id))
    return {str(item.pk): item.finished_at.timestamp() for item in items if item.finished_at}


if __name__ == "__main__":
    main()
