"""Two workers share a batch: on PostgreSQL and Redis those of two installations in two folders, on SQLite of one.

With a folder of its own a worker shares nothing with the other but the database and the broker, as on another host.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.youtube import FakeYouTube
from tests.installation import Installation, eventually

pytestmark = pytest.mark.thorough

VIDEOS = 48


def test_two_workers_share_a_batch_and_do_nothing_twice(tmp_path: Path) -> None:
    elsewhere = {"VAR_DIR": str(tmp_path / "second")} if os.environ.get("DATABASE_URL") else {}
    with FakeYouTube() as youtube:
        youtube.configure(latency_ms=300)
        env = {"YOUTUBE_BASE_URL": youtube.base_url, "YOUTUBE_PER_HOUR": "0", "SLOTS": "4"}
        with Installation(tmp_path / "first", env, roles=("worker", "beat", "web")) as app:
            app.start("worker2", env=elsewhere)
            eventually(lambda: app.hears("worker") and app.hears("worker2"), 60)
            assert len(app.rows("SELECT DISTINCT host FROM batches_worker")) == 1 + bool(elsewhere)
            api = app.sign_up()
            links = [f"https://youtu.be/vid{number:08d}" for number in range(VIDEOS)]
            batch = api.create(links, model="extractive")["id"]
            holders: set[tuple[str, ...]] = set()

            def both_were_seen() -> bool:
                running = "SELECT lease_holder FROM batches_item WHERE lease_holder IS NOT NULL"
                holders.update((str(holder),) for (holder,) in app.rows(running))
                return len(holders) == 2

            eventually(both_were_seen, 60, "both workers hold items of the batch")
            assert api.wait(batch, 120)["progress"]["completed"] == VIDEOS
            attempts = app.rows("SELECT attempt, losses, count(*) FROM batches_item GROUP BY attempt, losses")
            assert attempts == [(1, 0, VIDEOS)], "neither took from the other what it took for dead"
            assert len(app.rows("SELECT 1 FROM batches_summary")) == VIDEOS
