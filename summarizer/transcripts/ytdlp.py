"""Transcripts through yt-dlp, which asks as other clients, and as an account when a cookies file is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from summarizer import languages
from summarizer.errors import (
    InvalidCaptionFile,
    NoTranscript,
    OnlyAutomatic,
    PoTokenRequired,
    SummarizerError,
    TranscriptError,
    VideoUnavailable,
    YouTubeUnreadable,
)
from summarizer.records import CaptionChoice, CaptionKind, Fetched, Progress, Transcript, Video
from summarizer.text import tidy
from summarizer.transcripts import chapters
from summarizer.transcripts.reasons import known_reason, refusal
from summarizer.transcripts.uploads import read_captions
from summarizer.transcripts.youtube_http import YouTubeAdapter
from summarizer.ytdlp import Client

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_CAPTIONS = "https://www.youtube.com/api/timedtext?"
_FORMATS = ("json3", "srv1", "vtt")


class YtDlpSource:
    """See `TranscriptSource`. The settings are those of `YouTubeSource`; `cookies_file` is in Netscape's format."""

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

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        """See `TranscriptSource`. Captions that YouTube would translate are left alone."""
        if not _ID.fullmatch(video_id):
            raise VideoUnavailable
        adapter = YouTubeAdapter(*self._how)
        title = ""
        try:
            client = Client(adapter, lambda: progress("transcript"), self._cookies_file)
            with client.translating(_says_no):
                info = client.read(f"https://www.youtube.com/watch?v={video_id}", "Youtube")
                video = _video(video_id, info)
                title = video.title
                return Fetched(video, self._best(client, info, wanted))
        except TranscriptError as failure:
            failure.title, failure.step = title, adapter.step
            raise

    def describe(self, video_id: str, progress: Progress) -> Video:
        """See `TranscriptSource`."""
        client = Client(YouTubeAdapter(*self._how), lambda: progress("transcript"), self._cookies_file)
        with client.translating(_says_no):
            return _video(video_id, client.read(f"https://www.youtube.com/watch?v={video_id}", "Youtube"))

    def _best(self, client: Client, info: Mapping[str, Any], wanted: CaptionChoice) -> Transcript:
        tracks = _tracks(info, wanted.languages)
        for language, kind, url in tracks:
            if kind == "manual" or not wanted.manual_only:
                return self._captions(client.bytes(url), language, kind)
        raise OnlyAutomatic if tracks else _why_none(info, client.warnings)

    def _captions(self, data: bytes, language: str, kind: CaptionKind) -> Transcript:
        try:
            read = read_captions("captions.json3" if data.lstrip()[:1] == b"{" else "captions", data)
        except InvalidCaptionFile as error:
            raise YouTubeUnreadable from error
        return replace(read, language=language, kind=kind, source=self.name)


def _video(video_id: str, info: Mapping[str, Any]) -> Video:
    duration, picture = info.get("duration"), str(info.get("thumbnail") or "")
    seconds = float(duration) if isinstance(duration, int | float) else None
    return Video(
        id=video_id,
        title=tidy(str(info.get("title") or ""))[:500],
        channel=tidy(str(info.get("channel") or info.get("uploader") or ""))[:500],
        duration=seconds,
        published=_published(info),
        thumbnail_url=picture if picture.startswith("https://i.ytimg.com/") else "",
        chapters=chapters.from_description(str(info.get("description") or ""), seconds),
    )


def _published(info: Mapping[str, Any]) -> date | None:
    timestamp = info.get("timestamp")
    return datetime.fromtimestamp(timestamp, UTC).date() if isinstance(timestamp, int | float) else None


def _tracks(info: Mapping[str, Any], wishes: Sequence[str]) -> list[tuple[str, CaptionKind, str]]:
    """(language, kind, address), the best first: as wished, then as spoken, then any; manual before generated."""
    tracks: list[tuple[str, CaptionKind, str]] = []
    kinds: tuple[tuple[str, CaptionKind], ...] = (("subtitles", "manual"), ("automatic_captions", "generated"))
    for key, kind in kinds:
        for name, formats in (info.get(key) or {}).items():
            if url := _address(formats):
                tracks.append((languages.plain_tag(name), kind, url))
    heard = [language for language, kind, _ in tracks if kind == "generated"]
    wanted = [*wishes, str(info.get("language") or ""), *heard[:1]]
    return sorted(tracks, key=lambda track: languages.rank(track[0], track[1] == "generated", wanted))


def _address(formats: Sequence[Mapping[str, Any]]) -> str:
    """The track in a form that we read, unless YouTube would have to translate it, or it is elsewhere."""
    by_form = {str(each.get("ext")): str(each.get("url")) for each in formats}
    found = next((by_form[form] for form in _FORMATS if form in by_form), "")
    return found if found.startswith(_CAPTIONS) and "tlang=" not in found else ""


def _why_none(info: Mapping[str, Any], warnings: Sequence[str]) -> TranscriptError:
    if said := next((warning for warning in warnings if known_reason(warning)), ""):
        return refusal(said.split(" Use --cookies")[0])
    if any("subtitles require a PO Token" in warning for warning in warnings):
        return PoTokenRequired()
    return NoTranscript() if info.get("duration") else YouTubeUnreadable()


def _says_no(said: str) -> SummarizerError:
    return refusal(said) if said else VideoUnavailable()
