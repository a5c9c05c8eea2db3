"""What YouTube says about a video, read again when it is old: a saved transcript stays true, a title may not."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from batches import gates, shelf
from batches.equipment import transcript_source
from batches.models import Video
from summarizer.errors import TranscriptError, YouTubeBlocked, YouTubeFailed
from summarizer.records import Progress

logger = logging.getLogger(__name__)
_LASTS = timedelta(days=7)


def refresh(video: Video, progress: Progress) -> None:
    """Reads them anew if YouTube told them more than a week ago and has requests to spare; else they stay as they are.

    Nothing that goes wrong here is the summary's trouble: it has its transcript. Raises `Stopped` only.
    """
    now = timezone.now()
    told = video.described_at  # never, of captions that somebody uploaded: those may be read where there is no network
    if not video.youtube_id or told is None or told > now - _LASTS or not gates.take_spare(now):
        return
    try:
        shelf.save_particulars(video, transcript_source().describe(video.youtube_id, progress))
    except YouTubeBlocked as error:
        gates.block_youtube(str(error), now, timezone.now())
    except YouTubeFailed as error:
        logger.info("what YouTube says about %s could not be read again: %s", video.youtube_id, error)
    except TranscriptError:
        shelf.save_as_described(video)  # it is gone, say, and has been since: no need to ask for each of its items
