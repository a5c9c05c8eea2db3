"""Rows for tests, in states that the database's constraints allow. Nothing here calls the code under test."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from batches.models import Batch, Item, RejectedLine, Summary, Transcript, Video

_numbers = itertools.count(1)

CUES = [[0.0, 4.0, "Welcome to the kitchen."], [4.0, 5.0, "Bread needs time."], [65.0, 6.0, "Let it rest overnight."]]
CONTENT = {
    "overview": "How a baker makes bread with four ingredients.",
    "points": [
        {"text": "Bread needs time.", "seconds": [4.0]},
        {"text": "It rests overnight.", "seconds": [4.0, 65.0]},
    ],
    "chapters": [{"title": "Start", "start": 0.0, "gist": "A welcome."}],
    "quotes": [{"text": "Let it rest overnight.", "second": 65.0, "speaker": ""}],
    "topics": ["bread"],
    "action_items": ["Weigh the flour."],
    "mentions": [],
    "grounding": {"points": 2, "points_dropped": 0, "quotes": 1, "quotes_dropped": 0, "chapters_dropped": 0},
}
CREATED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def make_user(email: str = "", password: str = "correct horse battery", **fields: Any) -> User:
    """A user with a fresh e-mail address unless one is given."""
    return User.objects.create_user(email or f"user{next(_numbers)}@example.org", password, **fields)


def youtube_id(number: int) -> str:
    """Eleven characters that YouTube could have given."""
    return f"vid{number:08d}"


def make_video(**fields: Any) -> Video:
    """A YouTube video with a title; with `owner=` an uploaded caption file instead."""
    number = next(_numbers)
    defaults: dict[str, Any] = {"title": f"Video {number}", "channel": "The Channel", "duration": 120.0}
    if "owner" not in fields:
        defaults["youtube_id"] = youtube_id(number)
    return Video.objects.create(**(defaults | fields))


def make_transcript(video: Video | None = None, **fields: Any) -> Transcript:
    """Manual English captions of three cues; uploaded ones when the video has an owner."""
    video = video or make_video()
    kind = Transcript.Kind.UPLOADED if video.owner_id else Transcript.Kind.MANUAL
    defaults: dict[str, Any] = {
        "owner_id": video.owner_id,
        "language": "en",
        "kind": kind,
        "source": "upload" if video.owner_id else "youtube",
        "cues": CUES,
        "duration": 71.0,
    }
    return Transcript.objects.create(video=video, **(defaults | fields))


def summary_of(user: User, video: Video, **fields: Any) -> Summary:
    """An unsaved summary."""
    defaults: dict[str, Any] = {
        "headline": f"What {video.label} says",
        "content": CONTENT,
        "coverage": 1.0,
        "language": "en",
        "caption_kind": Transcript.Kind.MANUAL,
        "caption_language": "en",
        "caption_source": "youtube",
        "length": "standard",
        "engine": "extractive",
        "model": "extractive",
        "prompt_version": "1",
        "created_at": CREATED,
    }
    return Summary(user=user, video=video, **(defaults | fields))


def make_summary(user: User | None = None, video: Video | None = None, **fields: Any) -> Summary:
    summary = summary_of(user or make_user(), video or make_video(), **fields)
    summary.save()
    return summary


def _status_of_batch(statuses: Sequence[str]) -> str:
    count = Counter(statuses)
    if count["processing"] or (count["pending"] and count["completed"] + count["failed"]):
        return "processing"
    if count["pending"]:
        return "pending"
    return "cancelled" if count["cancelled"] else "completed"


def _item(batch: Batch, position: int, video: Video, status: str, summary: Summary | None, **fields: Any) -> Item:
    now = timezone.now()
    by_status: dict[str, dict[str, Any]] = {
        "pending": {},
        "processing": {
            "stage": Item.Stage.SUMMARIZING,
            "attempt": 1,
            "started_at": now,
            "lease_holder": uuid.uuid4(),
            "lease_expires_at": now + timedelta(seconds=30),
            "deadline_at": now + timedelta(minutes=30),
        },
        "completed": {"attempt": 1, "started_at": now, "finished_at": now},
        "failed": {
            "attempt": 1,
            "error_code": "no_transcript",
            "error_message": "This video has no captions.",
            "started_at": now,
            "finished_at": now,
        },
        "cancelled": {"finished_at": now},
    }
    values = by_status[status] | fields
    return Item(batch=batch, position=position, video=video, status=status, summary=summary, **values)


def make_batch(
    statuses: Sequence[str] = ("pending",),
    *,
    user: User | None = None,
    videos: Sequence[Video] = (),
    rejected: Sequence[tuple[int, str, str]] = (),
    item_fields: dict[str, Any] | None = None,
    summary_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Batch:
    """A batch with one item per status, in that order, and counters and a status that agree with them.

    `videos` are used in order; new ones are made for the rest. `item_fields` and `summary_fields` go to every item and
    summary, `fields` to the batch. Inserts in bulk, so thousands of items are cheap.
    """
    user = user or make_user()
    status = fields.pop("status", None) or _status_of_batch(statuses)
    count = Counter(statuses)
    now = timezone.now()
    defaults: dict[str, Any] = {
        "name": "Bread",
        "model": "extractive",
        "summary_length": "standard",
        "rev": 1,
        "started_at": None if status == "pending" else now,
        "completed_at": now if status in ("completed", "cancelled") else None,
    }
    counters = {f"{name}_videos": count[name] for name in ("processing", "completed", "failed", "cancelled")}
    batch = Batch.objects.create(
        user=user, status=status, total_videos=len(statuses), **counters, **(defaults | fields)
    )
    _fill(batch, statuses, videos, item_fields or {}, summary_fields or {})
    RejectedLine.objects.bulk_create(
        RejectedLine(batch=batch, line=line, text=text, reason=reason) for line, text, reason in rejected
    )
    return batch


def _fill(
    batch: Batch,
    statuses: Sequence[str],
    videos: Sequence[Video],
    item_fields: dict[str, Any],
    summary_fields: dict[str, Any],
) -> None:
    numbers = [next(_numbers) for _ in statuses[len(videos) :]]
    new = [Video(youtube_id=youtube_id(n), title=f"Video {n}", channel="The Channel", duration=120.0) for n in numbers]
    Video.objects.bulk_create(new, batch_size=500)
    used = [*videos, *new]
    summaries = [
        summary_of(batch.user, video, **summary_fields) if status == "completed" else None
        for status, video in zip(statuses, used, strict=True)
    ]
    Summary.objects.bulk_create([summary for summary in summaries if summary], batch_size=500)
    Item.objects.bulk_create(
        [
            _item(batch, position, video, status, summary, **item_fields)
            for position, (status, video, summary) in enumerate(zip(statuses, used, summaries, strict=True), 1)
        ],
        batch_size=500,
    )


def items_of(batch: Batch) -> list[Item]:
    return list(batch.items.select_related("video", "summary").order_by("position"))
