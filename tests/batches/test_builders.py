from __future__ import annotations

import pytest

from tests.batches.builders import items_of, make_batch, make_transcript, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["pending", "pending"], "pending"),
        (["pending", "completed"], "processing"),
        (["processing", "pending"], "processing"),
        (["completed", "failed"], "completed"),
        (["completed", "cancelled"], "cancelled"),
    ],
)
def test_built_batches_satisfy_every_constraint(statuses: list[str], expected: str) -> None:
    batch = make_batch(statuses, rejected=[(3, "https://example.org", "Not a YouTube link.")])

    batch.refresh_from_db()
    assert batch.status == expected
    assert [item.status for item in items_of(batch)] == statuses
    assert batch.pending_videos == statuses.count("pending")
    for row in (batch, *items_of(batch)):
        row.validate_constraints()


def test_built_transcripts_belong_to_nobody_or_to_their_uploader() -> None:
    owner = make_user()
    assert make_transcript().owner is None
    assert make_transcript(make_video(owner=owner)).owner == owner
