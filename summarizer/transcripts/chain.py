"""One source after the other, until one has the transcript or the answer is final."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace

from summarizer.errors import (
    AgeRestricted,
    PoTokenRequired,
    TranscriptError,
    VideoRestricted,
    YouTubeBlocked,
    YouTubeUnreadable,
)
from summarizer.marks import gettext_noop as _
from summarizer.records import CaptionChoice, Fetched, Progress, Tried, Video
from summarizer.transcripts.base import TranscriptSource, source_title

# What another client may get past; and what an account's cookies may.
_CLIENT = (PoTokenRequired, YouTubeUnreadable)
_ACCOUNT = (AgeRestricted, VideoRestricted, YouTubeBlocked)


class Chain:
    """A `TranscriptSource` made of others, which are built when they are first needed.

    `account`: the later ones have the cookies of an account. A transcript names the source that gave it, and comes with
    what was tried before; an error that several led to says what was tried and why each failed.
    """

    name = "chain"

    def __init__(self, sources: Mapping[str, Callable[[], TranscriptSource]], account: bool = False) -> None:
        self._sources = sources
        self._mendable = (*_CLIENT, *_ACCOUNT) if account else _CLIENT

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        """See `TranscriptSource`."""
        tried: list[tuple[str, TranscriptError]] = []
        for name, source in self._sources.items():
            try:
                fetched = source().fetch(video_id, wanted, progress)
            except TranscriptError as error:
                tried.append((name, error))
                if not isinstance(error, self._mendable):
                    break
            else:
                return replace(
                    fetched,
                    video=_completed(fetched.video, [error.video for _, error in tried]),
                    tried=tuple(Tried(other, error.code, str(error)) for other, error in tried),
                )
        raise _told(tried)

    def describe(self, video_id: str, progress: Progress) -> Video:
        """See `TranscriptSource`. Asks the first: it is not worth more requests."""
        first, *_ = self._sources.values()
        return first().describe(video_id, progress)


def _completed(video: Video, others: Iterable[Video | None]) -> Video:
    """`video`, with what it lacks taken from what those who had no transcript learned."""
    for other in filter(None, others):
        lacking = [field.name for field in fields(Video) if not getattr(video, field.name)]
        video = replace(video, **{name: getattr(other, name) for name in lacking})
    return video


def _told(tried: Sequence[tuple[str, TranscriptError]]) -> TranscriptError:
    """The error that says most: one that is final before a block, and that before what may be gone in a moment.

    With the others in its words, and worth a retry if one of them is.
    """
    name, error = min(tried, key=lambda each: (each[1].retryable, not isinstance(each[1], YouTubeBlocked)))
    others = [(source_title(other), failure) for other, failure in tried if other != name]
    if others:
        own = told = str(error)
        for other, failure in sorted(others, key=lambda each: str(each[1]) != own):
            same, another = _("{words} {source} was told the same."), _("{words} Also tried {source}: {other_words}")
            told = (same if str(failure) == own else another).format(words=told, source=other, other_words=failure)
        error.args = (told,)
        error.retryable = any(failure.retryable for _, failure in tried)  # type: ignore[misc]  # of this one alone
    error.title = error.title or next((failure.title for _, failure in others if failure.title), "")
    return error
