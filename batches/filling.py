"""Videos become items of a batch, in a number of queries that does not depend on how many they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from batches import shelf
from batches.intake import CaptionFile
from batches.models import Batch, DeletedBatch, Expansion, Item, Transcript, Video
from summarizer import records

if TYPE_CHECKING:
    from accounts.models import User

T = TypeVar("T")
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One video that is to be an item: a YouTube id, or captions, or both.

    `listed` is what a list told of it, `note` what the user's table had beside it.
    """

    video_id: str
    captions: CaptionFile | None = None
    listed: records.Video | None = None
    note: tuple[tuple[str, str], ...] = ()


def chunks(rows: Iterable[T]) -> Iterable[list[T]]:
    """`rows` in lists of at most `CHUNK`, which is what one query may take."""
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def write_items(
    batch: Batch, entries: Sequence[Entry], first_position: int, *, expansion: Expansion | None = None
) -> None:
    """Items at the batch's revision for up to `CHUNK` entries, no two of one video; inside a transaction.

    `make_videos` has been called for them. A saved transcript that the batch would take is theirs at once.
    """
    ids = [entry.video_id for entry in entries if entry.video_id]
    videos = {video.youtube_id or "": video for video in Video.objects.filter(youtube_id__in=ids)}
    saved = saved_transcripts(batch, ids)
    own_videos: list[Video] = []
    uploads: list[Transcript] = []
    items: list[Item] = []
    for position, entry in enumerate(entries, first_position):
        video = videos.get(entry.video_id)
        if video is None:
            video = Video(owner=batch.user, title=entry.captions.title[:500] if entry.captions else "")
            own_videos.append(video)
        transcript = saved.get(entry.video_id)
        if entry.captions:
            transcript = uploaded(batch.user, video, entry.captions)
            uploads.append(transcript)
        items.append(
            Item(
                batch=batch,
                position=position,
                video=video,
                transcript=transcript,
                expansion=expansion,
                note=dict(entry.note),
                rev=batch.rev,
            )
        )
    for video in own_videos:
        video.duration = next(t.duration for t in uploads if t.video is video)
    Video.objects.bulk_create(own_videos)
    Transcript.objects.bulk_create(uploads)
    Item.objects.bulk_create(items)


def make_videos(entries: Sequence[Entry]) -> None:
    """Rows for those YouTube ids that have none, and names for those that a list names and nobody knew yet.

    In the order of the ids, so that two who make the same at once never wait for each other.
    """
    linked = sorted((entry for entry in entries if entry.video_id), key=lambda entry: entry.video_id)
    for some in chunks(linked):
        Video.objects.bulk_create((_new_video(entry) for entry in some), ignore_conflicts=True)
    for some in chunks(entry for entry in linked if entry.listed and entry.listed.title):
        _name_videos({entry.video_id: _new_video(entry) for entry in some})


def _name_videos(named: dict[str, Video]) -> None:
    with transaction.atomic():
        unnamed = Video.objects.filter(youtube_id__in=named, title="").order_by("youtube_id").select_for_update()
        videos = list(unnamed)
        for video in videos:
            listed = named[video.youtube_id or ""]
            video.title, video.channel, video.duration = listed.title, listed.channel, listed.duration
        Video.objects.bulk_update(videos, ["title", "channel", "duration"])


def _new_video(entry: Entry) -> Video:
    listed = entry.listed or records.Video(entry.video_id)
    return Video(
        youtube_id=entry.video_id, title=listed.title[:500], channel=listed.channel[:200], duration=listed.duration
    )


def saved_transcripts(batch: Batch, video_ids: Collection[str]) -> dict[str, Transcript]:
    """Per YouTube id the saved transcript that the batch would take, without its cues."""
    usable = Transcript.objects.usable_by(batch.user).filter(video__youtube_id__in=video_ids)
    by_video: dict[str, list[Transcript]] = {}
    for transcript in usable.select_related("video").defer("cues"):
        by_video.setdefault(transcript.video.youtube_id or "", []).append(transcript)
    best = {video_id: shelf.best_transcript(found, batch) for video_id, found in by_video.items()}
    return {video_id: transcript for video_id, transcript in best.items() if transcript}


def uploaded(user: User, video: Video, captions: CaptionFile) -> Transcript:
    """The uploader's own transcript of the video; not saved yet."""
    record = captions.transcript
    return Transcript(
        video=video,
        owner=user,
        language=record.language[:35],
        kind=Transcript.Kind.UPLOADED,
        source=record.source,
        cues=[[cue.start, cue.duration, cue.text] for cue in record.cues],
        duration=record.duration,
        tokens=shelf.tokens_of(record),
    )


def videos_left_today(user: User) -> int | None:
    """How many videos the user may still add within USER_DAILY_VIDEOS; None for any number."""
    if user.is_superuser or not settings.USER_DAILY_VIDEOS:
        return None
    since = timezone.now() - timedelta(days=1)
    today = (each.filter(user=user, created_at__gt=since) for each in (Batch.objects.all(), DeletedBatch.objects.all()))
    used = sum(batches.aggregate(n=Sum("total_videos"))["n"] or 0 for batches in today)
    return max(0, settings.USER_DAILY_VIDEOS - used)


def room(batch: Batch) -> int:
    """How many more videos the batch may take, by its own limit and by its user's."""
    here = max(0, settings.BATCH_MAX_VIDEOS - batch.total_videos)
    today = videos_left_today(batch.user)
    return here if today is None else min(here, today)
