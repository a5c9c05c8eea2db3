"""What creating a large batch through the API costs, against inserting the same rows and nothing else."""

from __future__ import annotations

import argparse

from benchmarks.inside import set_up, timed

set_up()

from django.db import connection, transaction  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402
from batches.models import Batch, Item, Video  # noqa: E402
from benchmarks.harness import Row, Runs, keep, ratio  # noqa: E402
from benchmarks.stand import Videos, database  # noqa: E402

LIMIT = 2.5
ROWS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    user = User.objects.create_user("owner@example.org", "correct horse battery")
    api = APIClient(HTTP_HOST="127.0.0.1")
    api.force_authenticate(user)
    videos = Videos()
    _create(api, videos.links(ROWS))
    ours, theirs = Runs("ms"), Runs("ms")
    for _ in range(given.rounds):
        links = videos.links(given.videos)
        ids = [link.rpartition("=")[2] for link in videos.links(given.videos)]
        theirs.add(timed(lambda ids=ids: _insert(user, ids)))  # type: ignore[misc]
        ours.add(timed(lambda links=links: _create(api, links)))  # type: ignore[misc]
    small, large = (_queries(api, videos, count) for count in (2 * ROWS, given.videos))
    rows = [
        ratio(f"creating {given.videos:,} links through the API", ours, "bulk_create of the same rows", theirs, LIMIT),
        Row(
            f"queries per {ROWS} links, of {given.videos:,}",
            f"of {2 * ROWS:,}",
            large / small,
            1.0,
            shown=f"{large:g} against {small:g}",
        ),
    ]
    keep("create", rows, {"api": ours, "bulk_create": theirs}, vars(given) | {"database": database()})


def _create(api: APIClient, links: list[str]) -> None:
    answer = api.post("/api/batch/create", {"urls": links, "model": "extractive"}, format="json")
    assert answer.status_code == 201, answer.content[:500]
    Batch.objects.filter(pk=answer.data["id"]).update(status="cancelled", completed_at="2026-01-01T00:00:00Z")


def _insert(user: User, ids: list[str]) -> None:
    with transaction.atomic():
        batch = Batch.objects.create(user=user, name="Bare", model="extractive", total_videos=len(ids))
        for first in range(0, len(ids), ROWS):
            videos = [Video(youtube_id=youtube_id) for youtube_id in ids[first : first + ROWS]]
            Video.objects.bulk_create(videos)
            Item.objects.bulk_create(
                Item(batch=batch, position=first + place, video=video) for place, video in enumerate(videos, 1)
            )


def _queries(api: APIClient, videos: Videos, count: int) -> float:
    """Queries for each further ROWS links, beyond those for the first."""
    counts = []
    for links in (ROWS, count):
        with CaptureQueriesContext(connection) as queries:
            _create(api, videos.links(links))
        counts.append(len(queries))
    return (counts[1] - counts[0]) / (count / ROWS - 1)


if __name__ == "__main__":
    main()
