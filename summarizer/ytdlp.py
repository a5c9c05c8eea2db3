"""yt-dlp reads YouTube's pages; our own session carries its requests. Imported by who uses it, and nowhere else.

yt-dlp has a time-out for each read and none for an answer, and no address but YouTube's. Through `YouTubeAdapter` its
requests get one deadline each, a limit in bytes, the proxy and the base address that all other requests have. Its
plugins, configuration files and download code are not loaded.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from yt_dlp import YoutubeDL
from yt_dlp.cookies import CookieLoadError
from yt_dlp.extractor.youtube import YoutubeIE, YoutubePlaylistIE, YoutubeTabIE
from yt_dlp.networking import Request, Response
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import ExtractorError, YoutubeDLError

from summarizer.errors import SummarizerError, YouTubeBlocked, YouTubeFailed, YouTubeUnreadable
from summarizer.marks import gettext_noop as _
from summarizer.transcripts.youtube_http import PROXY_TROUBLE, YouTubeAdapter, youtube_session

logger = logging.getLogger(__name__)
_BOT_CHECK = re.compile(r"not a bot|unusual traffic|captcha|too many requests|likely being blocked|rate.limited", re.I)
_HTTP_ERROR = _("YouTube answered with an error (HTTP {status}). Try again.")
_NO_TAB = re.compile(r"This channel does not have an? \w+ tab")
_PREFIX = re.compile(r"^\[[\w:]+\] (?:[\w-]{11}: )?")

# What yt-dlp lets through on odd pages, besides its own errors.
_EXPECTED = (YoutubeDLError, LookupError, AttributeError, TypeError, ValueError, OSError, RecursionError)


class _Log:
    """yt-dlp's messages are for who looks for a fault; its warnings may say why a video cannot be had."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        logger.debug("%s", message)

    info = error = debug

    def warning(self, message: str) -> None:
        self.warnings.append(message)
        logger.debug("%s", message)


class TabMissing(ExtractorError):  # type: ignore[misc]  # as below
    """The channel has no such tab."""


class Client(YoutubeDL):  # type: ignore[misc]  # yt-dlp ships no types
    """One use of yt-dlp, by one thread. `before_request` is called before each request, and may raise to stop.

    `cookies_file` is in Netscape's format, and is only read.
    """

    def __init__(self, adapter: YouTubeAdapter, before_request: Callable[[], None], cookies_file: str = "") -> None:
        self._log = _Log()
        params = {
            "logger": self._log,
            "quiet": True,
            "noprogress": True,
            "skip_download": True,
            "ignore_no_formats_error": True,
            "extract_flat": True,
            "cachedir": False,
            "compat_opts": {"no-youtube-unavailable-videos"},  # they are hidden, and cannot be fetched
            "js_runtimes": {},  # programs that would run YouTube's script; see player_skip
            "extractor_retries": 0,  # trying again is the business of who asked
            "cookiefile": cookies_file or None,
            "extractor_args": {
                # What the pages say is "3 weeks ago".
                "youtubetab": {"approximate_date": [""]},
                "youtube": {
                    # Half a list must not pass for a whole one.
                    "raise_incomplete_data": [""],
                    # What only films need: manifests, and a script of YouTube's that some JavaScript engine would run.
                    "player_skip": ["js", "initial_data"],
                    "skip": ["hls", "dash", "translated_subs"],
                },
            },
        }
        super().__init__(params, auto_init=False)
        for extractor in (YoutubeIE, YoutubeTabIE, YoutubePlaylistIE):
            self.add_info_extractor(extractor())
        self._adapter = adapter
        adapter.before_request = before_request
        self._session = youtube_session(adapter)
        try:
            self._session.cookies = self.cookiejar
        except CookieLoadError as error:
            raise YouTubeFailed(_("The cookies file cannot be read. Check YOUTUBE_COOKIES_FILE.")) from error

    def urlopen(self, req: Request | str) -> Response:
        """What yt-dlp calls for each request. Trouble of the whole address is raised past yt-dlp, which would go on."""
        asked = Request(req) if isinstance(req, str) else req
        headers = {**self.params["http_headers"], **asked.headers}
        try:
            answer = self._session.request(asked.method, asked.url, data=asked.data, headers=headers)
        except requests.Timeout as error:
            raise YouTubeFailed(_("YouTube did not answer in time. Try again.")) from error
        except requests.exceptions.ProxyError as error:
            raise YouTubeFailed(PROXY_TROUBLE) from error
        except requests.RequestException as error:
            raise YouTubeFailed(_("The connection to YouTube broke. Try again.")) from error
        if answer.status_code == 429 or self._adapter.saw_captcha:
            raise YouTubeBlocked(retry_after=self._adapter.asked_to_wait)
        if answer.status_code >= 500 or (not answer.ok and asked.url.partition("?")[0].endswith("/browse")):
            raise YouTubeFailed(_HTTP_ERROR.format(status=answer.status_code))
        kind = {"Content-Type": answer.headers.get("Content-Type", "text/html")}
        response = Response(io.BytesIO(answer.content), answer.url, kind, answer.status_code, answer.reason)
        if not answer.ok:
            raise HTTPError(response)
        return response

    def write_debug(self, message: str, *args: Any, **kwargs: Any) -> None:
        """Only here does yt-dlp say that it left out captions for want of a proof of origin."""
        if "PO Token" in message:
            self._log.warning(message)

    def read(self, url: str, extractor: str) -> dict[str, Any]:
        """What `extractor` ("YoutubeTab", "Youtube") says of the page; its `entries` are read as they are asked for."""
        try:
            info: dict[str, Any] | None = self.extract_info(url, download=False, ie_key=extractor, process=False)
        except YoutubeDLError as error:
            if found := _NO_TAB.search(str(error)):
                raise TabMissing(found[0], expected=True) from error
            raise
        if not info:
            raise YouTubeFailed
        return info

    def bytes(self, url: str) -> bytes:
        """What is at `url`. That it cannot be had says nothing of the video: the address may be for another client."""
        try:
            content: bytes = self.urlopen(url).read()
        except HTTPError as error:
            raise YouTubeFailed(_HTTP_ERROR.format(status=error.status)) from error
        return content

    @property
    def warnings(self) -> list[str]:
        """What yt-dlp found odd, without its own name for the video."""
        return [_PREFIX.sub("", warning) for warning in self._log.warnings]

    @contextmanager
    def translating(self, unavailable: Callable[[str], SummarizerError]) -> Iterator[None]:
        """Errors inside become ours. `unavailable` makes one of the sentence with which YouTube says no."""
        try:
            yield
        except _EXPECTED as error:
            raise _translated(error, unavailable) from error
        finally:
            self._adapter.before_request = lambda: None


def _translated(error: Exception, unavailable: Callable[[str], SummarizerError]) -> SummarizerError:
    """`error` as one of ours: yt-dlp found a page that says no, or one that it could not read."""
    wrapped = None if isinstance(error, ExtractorError) else getattr(error, "exc_info", None)
    inner = (wrapped and wrapped[1]) or error  # what comes while a list is read is not wrapped
    said = str(getattr(inner, "orig_msg", inner)).removeprefix("YouTube said: ").strip()[:300]
    if _BOT_CHECK.search(said):
        return YouTubeBlocked()
    if isinstance(inner, HTTPError) or isinstance(getattr(inner, "cause", None), HTTPError):
        return unavailable("")
    return unavailable(said) if getattr(inner, "expected", False) else YouTubeUnreadable()
