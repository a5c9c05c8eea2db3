"""Playlists and channels through yt-dlp: one request for each hundred videos of a playlist, thirty of a channel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from summarizer.errors import ListUnavailable, SummarizerError
from summarizer.expanders.base import PAGE, Listing, Page
from summarizer.records import Progress, Video
from summarizer.text import tidy
from summarizer.transcripts.reasons import quoting
from summarizer.transcripts.youtube_http import YouTubeAdapter
from summarizer.ytdlp import Client, TabMissing

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_TABS = ("videos", "streams", "shorts")
_DEEPEST = 2  # a channel's tab of playlists lists playlists, which list videos


class YtDlpExpander:
    """See `Expander`. The settings are those of `summarizer.transcripts.ytdlp.YtDlpSource`."""

    name = "ytdlp"

    def __init__(
        self,
        timeout: float = 20,
        proxy_url: str = "",
        base_url: str = "",
        addresses: int = 1,
        cookies_file: str = "",
    ) -> None:
        self._how = (timeout, proxy_url, base_url, addresses)
        self._cookies_file = cookies_file

    def expand(self, listing: Listing, newest: int, since: date | None, progress: Progress) -> Iterator[Page]:
        """See `Expander`."""
        client = Client(YouTubeAdapter(*self._how), lambda: progress("transcript"), self._cookies_file)
        videos: list[Video] = []
        read = 0
        with client.translating(_unavailable):
            for video in _of_first_tab(client, listing, since):
                if read == newest:
                    yield Page(videos, more=True)
                    return
                videos.append(video)
                read += 1
                if len(videos) == PAGE:
                    yield Page(videos)
                    videos = []
            yield Page(videos)


def address(listing: Listing) -> str:
    """The list's page on YouTube."""
    if listing.kind == "playlist":
        return f"https://www.youtube.com/playlist?list={quote(listing.id)}"
    name = f"channel/{listing.id}" if listing.id.startswith(("UC", "HC")) else quote(listing.id, safe="@/")
    return f"https://www.youtube.com/{name}/{listing.tab or 'videos'}"


def _of_first_tab(client: Client, listing: Listing, since: date | None) -> Iterator[Video]:
    """A channel may have broadcasts or Shorts only; a topic's has no tabs at all, and yt-dlp finds its list."""
    if listing.kind == "playlist" or listing.tab:
        yield from _videos(client, address(listing), since, stop_at_older=listing.kind == "channel")
        return
    for tab in _TABS:
        try:
            yield from _videos(client, address(replace(listing, tab=tab)), since, stop_at_older=True)
            return
        except TabMissing:
            continue
    yield from _videos(client, address(listing).removesuffix("/videos"), since, stop_at_older=False)


def _videos(client: Client, url: str, since: date | None, stop_at_older: bool, depth: int = 0) -> Iterator[Video]:
    info = client.read(url, "YoutubeTab")
    if info.get("_type") == "url" and depth <= _DEEPEST:  # YouTube sends channels on to their new names
        yield from _videos(client, info["url"], since, stop_at_older, depth + 1)
        return
    for entry in info.get("entries") or ():
        if _ID.fullmatch(str(entry.get("id"))):
            published = _published(entry)
            if since is None or published is None or published >= since:
                yield _video(entry, published, str(info.get("channel") or ""))
            elif stop_at_older:
                return
        elif "playlist?list=" in str(entry.get("url")) and depth < _DEEPEST:
            yield from _videos(client, entry["url"], since, False, depth + 1)


def _video(entry: Mapping[str, Any], published: date | None, channel: str) -> Video:
    duration = entry.get("duration")
    return Video(
        id=entry["id"],
        title=tidy(str(entry.get("title") or ""))[:500],
        channel=tidy(str(entry.get("channel") or channel))[:200],
        duration=float(duration) if isinstance(duration, int | float) else None,
    )


def _published(entry: Mapping[str, Any]) -> date | None:
    timestamp = entry.get("timestamp")
    return datetime.fromtimestamp(timestamp, UTC).date() if isinstance(timestamp, int | float) else None


def _unavailable(said: str) -> SummarizerError:
    return ListUnavailable(quoting(ListUnavailable.sentence, said))
