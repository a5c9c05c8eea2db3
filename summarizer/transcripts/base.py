"""What a transcript source is. Each source is one file in this package and one line in `SOURCES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from summarizer.marks import gettext_noop as _
from summarizer.records import CaptionChoice, Fetched, Progress, Video
from summarizer.registry import Registry


class TranscriptSource(Protocol):
    """Gives the transcript of a video. Safe to share between threads."""

    name: str

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        """The best caption track of `video_id`.

        Manual captions come before automatic ones of the same language. Raises `TranscriptError`, `OnlyAutomatic` when
        there is a track but none of the kind that is wanted; returns at least one cue.
        """
        ...

    def describe(self, video_id: str, progress: Progress) -> Video:
        """What there is to know about `video_id` without its captions. Raises `TranscriptError`."""
        ...


# Asked in this order. Saved transcripts and uploads go before all of them: see `batches.shelf`. Speech to text would be
# one more line here.
SOURCES: Registry[Callable[..., TranscriptSource]] = Registry(
    _("transcript source"),
    youtube="summarizer.transcripts.youtube:YouTubeSource",
    ytdlp="summarizer.transcripts.ytdlp:YtDlpSource",
)
TITLES = {"youtube": "youtube-transcript-api", "ytdlp": "yt-dlp", "upload": "uploaded file"}


def source_title(name: str) -> str:
    """What people call the source of that name."""
    return TITLES.get(name, name)
