"""python -m tools.demo_data EMAIL NEWCOMER: starts the samples, writes batches in every state, prints the samples' id.

NEWCOMER gets an account in which nothing is.
"""

from __future__ import annotations

import os
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "summarizer.settings")
django.setup()

# Models can be imported only once Django is set up.
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from batches import gates, operations, search  # noqa: E402
from batches.models import Gate, Item, Summary, Video, Worker  # noqa: E402
from summarizer.errors import NoTranscript, PoTokenRequired  # noqa: E402
from tests.batches.builders import items_of, make_batch, make_user  # noqa: E402
from tests.installation import PASSWORD  # noqa: E402

REFUSED = "YouTube refuses this server for now. Everything waits and goes on by itself."
NOT_YOUTUBE = "“vimeo.com” is not YouTube. Paste the link that the video has on YouTube."
TALKS = tomllib.loads(Path(__file__).with_name("demo.toml").read_text())["talk"]


def batch_at_work(user: User) -> None:
    now = timezone.now()
    videos = [
        Video.objects.create(
            youtube_id=f"demo{at:07d}", title=talk["title"], channel=talk["channel"], duration=float(talk["seconds"])
        )
        for at, talk in enumerate(TALKS)
    ]
    batch = make_batch(
        ["completed"] * 12 + ["failed"] * 2 + ["processing"] * 5 + ["pending"] * (len(TALKS) - 19),
        user=user,
        videos=videos,
        name="Watch later, November",
        duplicates=2,
        rejected=[(9, "https://vimeo.com/76979871", NOT_YOUTUBE)],
        summary_fields={"created_at": now},
        created_at=now - timedelta(minutes=3),
    )
    lease = now + timedelta(days=1)
    batch.items.filter(status=Item.Status.PROCESSING).update(lease_expires_at=lease, deadline_at=lease)
    Worker.objects.create(name="demo", host="demo", pid=1, slots=8, heard_at=lease)
    for item, talk in zip(items_of(batch), TALKS, strict=True):
        if item.summary:
            points = [{"text": f"{talk['headline']}.", "seconds": [4.0, 65.0]}]
            item.summary.headline = talk["headline"]
            item.summary.language = item.summary.caption_language = talk.get("language", "en")
            item.summary.content = {"overview": talk["about"], "points": points}
            item.summary.save()
            search.add(item.summary, search.document(item.summary, None))
    first_in_vain = {"source": "youtube", "code": PoTokenRequired.code, "reason": PoTokenRequired.sentence}
    second_source = {"caption_source": "ytdlp", "caption_tried": [first_in_vain]}
    Summary.objects.filter(item__batch=batch, item__position=2).update(**second_source)


def batch_that_waits(user: User) -> None:
    """For YouTube, which refuses this server."""
    now = timezone.now()
    Gate.objects.update_or_create(
        name=gates.YOUTUBE,
        defaults={"blocked_until": now + timedelta(minutes=20), "blocked_since": now, "blocks": 3, "reason": REFUSED},
    )
    talks = [Video.objects.create(youtube_id=f"wait{at:07d}", title=talk["title"]) for at, talk in enumerate(TALKS[:6])]
    make_batch(["pending"] * 6, user=user, videos=talks, name="Conference talks", created_at=now - timedelta(minutes=9))


def batch_given_up(user: User) -> None:
    now = timezone.now()
    statuses = ["completed"] * 3 + ["failed"] + ["cancelled"] * 8
    videos = [
        Video.objects.create(
            youtube_id=f"past{at:07d}",
            title=talk["title"],
            channel=talk["channel"],
            duration=float(talk["seconds"]) if at < 3 else None,  # what was never fetched has no length
        )
        for at, talk in enumerate(TALKS[: len(statuses)])
    ]
    make_batch(statuses, user=user, videos=videos, name="Lectures of last year", created_at=now - timedelta(days=2))


if __name__ == "__main__":
    person = User.objects.get(email=sys.argv[1])
    samples = operations.create_sample_batch(person)
    batch_given_up(person)
    batch_that_waits(person)
    batch_at_work(person)
    Item.objects.filter(status=Item.Status.FAILED).update(error_message=NoTranscript.sentence)
    make_user(sys.argv[2], PASSWORD)
    sys.stdout.write(f"{samples.pk}\n")
