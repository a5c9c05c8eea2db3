"""Where the CPU of a video goes: the thread's own time in each step of a worker, one video after the other.

For docs/performance.md; no row of its table. Steps that others call are counted there, and not twice.
"""

from __future__ import annotations

import argparse
import atexit
import os
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks.inside import set_up
from benchmarks.stand import Videos, stand_ins

_running = ExitStack()
atexit.register(_running.close)
_fakes = _running.enter_context(stand_ins())
os.environ |= {
    "YOUTUBE_BASE_URL": _fakes.youtube,
    "YOUTUBE_PER_HOUR": "0",
    "ANTHROPIC_API_KEY": "benchmark",
    "ANTHROPIC_BASE_URL": _fakes.anthropic,
}
set_up()

from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402
from batches import gates, lifecycle, money, search, shelf, work  # noqa: E402
from batches.leases import Holder  # noqa: E402
from batches.models import Batch  # noqa: E402
from summarizer.engines.anthropic import AnthropicEngine  # noqa: E402
from summarizer.pipeline import Pipeline  # noqa: E402

_STEPS: list[tuple[str, Any, str]] = [
    ("three requests to YouTube, captions read and cleaned", Pipeline, "fetch"),
    ("one streamed call of the model", AnthropicEngine, "_send"),
    ("segments, prompt, the answer held against the captions", Pipeline, "summarize"),
    ("claim", lifecycle, "claim"),
    ("look for a saved transcript", shelf, "saved_transcript"),
    ("tell YouTube's gate", gates, "pass_youtube"),
    ("save the transcript, note it on the item", lifecycle, "attach_fetched"),
    ("write down what was paid", money, "record"),
    ("find the words of the summary", search, "document"),
    ("complete", lifecycle, "complete"),
    ("all of it", work, "do_next"),
]


class _Clock:
    """Adds up what each step takes, without the steps inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside = [0.0]

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            self._inside.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                took = time.thread_time() - began
                self.seconds[name] += took - self._inside.pop()
                self._inside[-1] += took

        return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=300)
    given = parser.parse_args()
    api, holder = APIClient(HTTP_HOST="127.0.0.1"), Holder("benchmark", 1)
    api.force_authenticate(User.objects.create_user("owner@example.org", "correct horse battery"))
    videos = Videos()
    _summarize(api, holder, videos.links(30))
    clock = _Clock()
    for name, home, function in _STEPS:
        setattr(home, function, clock.timed(name, getattr(home, function)))
    _summarize(api, holder, videos.links(given.videos))
    for name, seconds in clock.seconds.items():
        print(f"{1000 * seconds / given.videos:6.2f} ms  {name if name != 'all of it' else 'the rest'}")
    print(f"{1000 * sum(clock.seconds.values()) / given.videos:6.2f} ms  all of it")


def _summarize(api: APIClient, holder: Holder, links: list[str]) -> None:
    answer = api.post("/api/batch/create", {"urls": links, "model": "anthropic"}, format="json")
    batch = Batch.objects.get(pk=answer.data["id"])
    while work.do_next(batch.pk, holder):
        pass
    batch.refresh_from_db()
    assert batch.completed_videos == len(links), batch


if __name__ == "__main__":
    main()
