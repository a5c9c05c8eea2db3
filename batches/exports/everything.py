"""All that is one user's, as a ZIP that is written while it is read: to take along, or to look at what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.models import User
from batches import money
from batches.exports import json as batch_json
from batches.exports import markdown
from batches.exports.names import summary_name
from batches.exports.selection import Selection
from batches.exports.snapshot import Snapshot
from batches.exports.zip import Archive
from batches.models import Batch, Transcript

README = (
    "account.json: who you are here, what you spent, your browsers, and the names of your API tokens.\n"
    "batches/: everything of each batch, with its summaries and what failed.\n"
    "summaries/: each summary to read.\n"
    "captions/: the caption files you uploaded, as [[start second, duration, text], …].\n"
)


def everything(user: User) -> Iterator[bytes]:
    """The ZIP in pieces. One batch's page is in memory at a time."""
    archive = Archive(large=True)
    now = timezone.now()
    yield from archive.add("README.txt", [README], now)
    yield from archive.add("account.json", [_text(_account(user))], now)
    batches = list(Batch.objects.visible_to(user).order_by("created_at").values_list("pk", flat=True))
    for number, pk in enumerate(batches, 1):
        batch = Batch.objects.filter(pk=pk).first()
        if batch is not None:
            name = summary_name(number, len(batches), batch.name, "").removesuffix(".md")
            yield from archive.add(f"batches/{name}.json", batch_json.document(Snapshot(batch)), batch.created_at)
    keys = list(user.summaries.order_by("created_at").values_list("pk", flat=True))
    for item, summary in Selection.of_user(user, keys, "Everything").completed():
        name = summary_name(item.position, len(keys), item.video.label, item.video.youtube_id or "")
        text = (markdown.front_matter(item, summary), "\n", markdown.body(item, summary))
        yield from archive.add(f"summaries/{name}", text, summary.created_at)
    uploads = Transcript.objects.filter(owner=user).select_related("video").order_by("created_at")
    for number, upload in enumerate(uploads.iterator(chunk_size=20), 1):
        name = summary_name(number, 1000, upload.video.label, "").removesuffix(".md")
        yield from archive.add(f"captions/{name}.json", [_text(upload.cues)], upload.created_at)
    yield from archive.close()


def _account(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "joined": user.date_joined.isoformat(),
        "defaults": {"model": user.model, "summary_length": user.summary_length, "language": user.language},
        "spending": [
            {"month": f"{month:%Y-%m}", **money.spent(user, month).as_json()}
            for month in user.spending.order_by("month").values_list("month", flat=True)
        ],
        "tokens": [
            {"name": token.name, "created": token.created_at.isoformat(), "expires": token.expires_at.isoformat()}
            for token in user.api_tokens.all()
        ],
        "browsers": [
            {
                "browser": session.user_agent,
                "address": session.ip,
                "logged_in": session.created_at.isoformat(),
                "last_seen": session.last_seen_at.isoformat(),
            }
            for session in UserSession.objects.filter(user=user).order_by("created_at")
        ],
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
