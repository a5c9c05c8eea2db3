"""What an expander is: who turns a playlist or a channel into its videos. Each is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from summarizer.marks import gettext_noop as _
from summarizer.records import Progress, Video
from summarizer.registry import Registry

PAGE = 100  # videos; what YouTube's own pages hold


@dataclass(frozen=True, slots=True)
class Listing:
    """A playlist or channel as `youtube_urls.Link` names it. `tab` is one of a channel's, "" for its videos."""

    kind: str
    id: str
    tab: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Up to `PAGE` videos in the list's order. `more` says that the list goes on behind what was asked for."""

    videos: Sequence[Video]
    more: bool = False


class Expander(Protocol):
    """Reads lists. Safe to share between threads."""

    name: str

    def expand(self, listing: Listing, newest: int, since: date | None, progress: Progress) -> Iterator[Page]:
        """The first `newest` videos of the list, page by page; only those published on `since` or later, if given.

        Dates in lists are rough (“3 weeks ago”), so videos near `since` may be in or out; what has no date is in.
        Channels list their newest videos first. `progress` is called before each request, and may raise to stop.
        Raises `ListUnavailable`, `YouTubeBlocked` or `YouTubeFailed`, also between two pages.
        """
        ...


EXPANDERS: Registry[Callable[..., Expander]] = Registry(_("expander"), ytdlp="summarizer.expanders.ytdlp:YtDlpExpander")
