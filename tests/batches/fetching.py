"""Items that are really fetched: workers of tests, and the sources that the settings of the moment describe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from batches import equipment, work
from batches.leases import Holder
from batches.models import Batch, Item, Video
from tests.batches.builders import make_batch


@contextmanager
def reaching(settings: Any, base_url: str, **others: object) -> Iterator[None]:
    """While inside, YouTube is at `base_url`, without a pace, and the settings `others` hold."""
    settings.YOUTUBE_BASE_URL, settings.YOUTUBE_PER_HOUR = base_url, 0
    for name, value in others.items():
        setattr(settings, name, value)
    forget_sources()
    yield
    forget_sources()


def forget_sources() -> None:
    """They are made of the settings once per process."""
    for made in (equipment.transcript_source, equipment._source):
        made.cache_clear()


def batch_of(video_ids: list[str], **options: object) -> Batch:
    """A batch of these videos, with these options, and no transcript yet."""
    videos = [Video.objects.get_or_create(youtube_id=video_id)[0] for video_id in video_ids]
    return make_batch(["pending"] * len(videos), videos=videos, options=options)


def work_on(batch: Batch, times: int = 1) -> None:
    """Takes the batch's next item, as often as that, or until there is none to take."""
    holder = Holder("test", 1)
    for _ in range(times):
        if not work.do_next(batch.pk, holder):
            return


def fetched_item(video_id: str, **options: object) -> Item:
    """The item of a batch of this one video after a worker has tried it once."""
    batch = batch_of([video_id], **options)
    work_on(batch)
    return item_of(batch.pk)


def item_of(batch_id: UUID) -> Item:
    return Item.objects.select_related("transcript", "video", "batch", "summary").get(batch=batch_id)
