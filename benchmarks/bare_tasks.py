"""Celery tasks that do a part of what the product does, in the product's own app: same settings, same pool.

celery -A benchmarks.bare_tasks worker -Q bare
python -m benchmarks.bare_tasks touch|requests BATCH MODEL < video ids, one a line       sends one task for each
"""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "summarizer.settings")
django.setup()  # before anything that imports models

from django.db.models import F  # noqa: E402

from batches.equipment import engine_for, transcript_source  # noqa: E402
from batches.models import Batch  # noqa: E402
from summarizer.celery import app  # noqa: E402
from summarizer.records import ANY_CAPTIONS, SummaryRequest, no_progress  # noqa: E402
from summarizer.segments import segment  # noqa: E402

QUEUE = "bare"


@app.task(name="benchmarks.touch")  # type: ignore[untyped-decorator]
def touch(batch_id: str, model: str, video_id: str) -> None:
    """One UPDATE, which counts the tasks that are done."""
    Batch.objects.filter(pk=batch_id).update(duplicates=F("duplicates") + 1)


@app.task(name="benchmarks.requests")  # type: ignore[untyped-decorator]
def requests(batch_id: str, model: str, video_id: str) -> None:
    """A video's four requests with the product's own clients, and one UPDATE. Nothing is kept."""
    transcript = transcript_source().fetch(video_id, ANY_CAPTIONS, no_progress).transcript
    engine_for(model).summarize(segment(transcript.cues), SummaryRequest(), no_progress)
    Batch.objects.filter(pk=batch_id).update(duplicates=F("duplicates") + 1)


def main() -> None:
    task = {"touch": touch, "requests": requests}[sys.argv[1]]
    for line in sys.stdin:
        task.apply_async((sys.argv[2], sys.argv[3], line.strip()), queue=QUEUE)


if __name__ == "__main__":
    main()
