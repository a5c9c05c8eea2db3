"""The HTTP side of YouTube: every answer within one deadline and one size, and what the last answers were.

youtube-transcript-api sets no time-out at all, and requests' own starts anew with each byte that arrives.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from summarizer.marks import gettext_noop as _
from summarizer.records import Video
from summarizer.text import tidy
from summarizer.transcripts import chapters

MOST_BYTES = 20 * 2**20
LONGEST_CONNECT = 10.0  # seconds, for each address of the name
PROXY_TROUBLE = _("The proxy on the way to YouTube did not work. Check YOUTUBE_PROXY_URL and HTTPS_PROXY.")
_CHUNK = 65_536
_CAPTION = re.compile(rb"<(?:text|p)\b")
_MOST_ENTITIES = 500  # in one caption
_YOUTUBE = "https://www.youtube.com"
_PLAYER = "/youtubei/v1/player"
_PUBLISHED = re.compile(rb'"(?:publishDate|datePublished)"(?:\s*:\s*|\s+content=)"(\d{4}-\d{2}-\d{2})')
_CAPTCHA = re.compile(rb"g-recaptcha|unusual traffic", re.I)
_BOT_CHECK = re.compile(rb"confirm you.{1,30}not a bot", re.I)
_STEPS = {"/watch": "page", _PLAYER: "list", "/api/timedtext": "captions"}


class AnswerTooLarge(RequestException):
    """More than `MOST_BYTES`, unpacked."""


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until one deadline for everything, instead of one time-out for each read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        limit = sock.gettimeout()
        self._deadline = None if limit is None else time.monotonic() + limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer took too long")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock))


@cache
def _with_deadline(connection_class: type) -> type:
    if issubclass(getattr(connection_class, "response_class", object), _DeadlineResponse):
        return connection_class
    return type(connection_class.__name__, (connection_class,), {"response_class": _DeadlineResponse})


class YouTubeAdapter(HTTPAdapter):
    """Carries one thread's requests to YouTube. Reads each answer whole before anybody sees it.

    `before_request` is called before each request, and may raise to stop. `proxy_url` goes before the proxies of the
    environment. `base_url` replaces https://www.youtube.com, for tests and reverse proxies. `timeout` is in seconds,
    for the connection, and again for the whole answer. `addresses` is how many of a rotating proxy's may refuse a
    request before that counts: each new connection has another one.
    """

    def __init__(self, timeout: float, proxy_url: str = "", base_url: str = "", addresses: int = 1) -> None:
        super().__init__()
        self.before_request: Callable[[], None] = lambda: None
        self._timeout = (min(timeout, LONGEST_CONNECT), timeout)
        self._proxies = {"http": proxy_url, "https": proxy_url} if proxy_url else None
        self._base_url = base_url.rstrip("/")
        self._addresses = addresses
        self.forget()

    def forget(self) -> None:
        """Drop what was seen: another video begins, behind a rotating proxy from another address."""
        if self._addresses > 1:
            self.close()
        self.step = ""
        self.watch_page = b""
        self.player = b""
        self.last: Response | None = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _with_deadline(pool.ConnectionCls)
        return pool

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        proxies = self._proxies or proxies
        if self._base_url and (request.url or "").startswith(_YOUTUBE + "/"):
            request = request.copy()
            request.url = self._base_url + (request.url or "").removeprefix(_YOUTUBE)
            proxies = {}
        path = urlsplit(request.url or "").path
        self.step = next((step for end, step in _STEPS.items() if path.endswith(end)), self.step)
        for others in reversed(range(self._addresses)):
            self.before_request()
            self.last = None
            response = super().send(request, True, self._timeout, verify, cert, proxies)
            _read_whole(response)
            if path.endswith("/api/timedtext") and _is_overgrown(response.content):
                _refuse(response)
            self._remember(path, response)
            if not others or not self.saw_refusal:
                break
            self.close()  # and with it the connection that holds the refused address
        return response

    def _remember(self, path: str, response: Response) -> None:
        self.last = response
        if path.endswith("/watch"):
            self.watch_page = response.content
        elif path.endswith(_PLAYER):
            self.player = response.content

    @property
    def asked_to_wait(self) -> float | None:
        """Seconds of the last answer's Retry-After, if it had one in seconds."""
        value = self.last.headers.get("Retry-After", "") if self.last is not None else ""
        return float(value) if value.isascii() and value.isdigit() else None

    @property
    def saw_captcha(self) -> bool:
        return self.last is not None and bool(_CAPTCHA.search(self.last.content))

    @property
    def saw_refusal(self) -> bool:
        """YouTube refused the address that the last request came from."""
        if self.last is None:
            return False
        return self.last.status_code == 429 or self.saw_captcha or bool(_BOT_CHECK.search(self.last.content))

    @property
    def saw_nothing(self) -> bool:
        return self.last is not None and not self.last.content.strip()

    def player_data(self) -> Mapping[str, Any]:
        """YouTube's player JSON of this video; empty when there was none, or none that can be read."""
        try:
            data = json.loads(self.player)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def video(self, video_id: str) -> Video:
        """What the answers so far tell about the video. Unknown fields stay empty."""
        details = child(self.player_data(), "videoDetails")
        length = details.get("lengthSeconds")
        thumbnails = child(details, "thumbnail").get("thumbnails")
        picture = thumbnails[-1].get("url") if isinstance(thumbnails, list) and thumbnails else ""
        duration = float(length) if isinstance(length, str) and length.isascii() and length.isdigit() else None
        description = details.get("shortDescription")
        return Video(
            id=video_id,
            title=_line(details.get("title")),
            channel=_line(details.get("author")),
            duration=duration,
            published=_published(self.player) or _published(self.watch_page),
            thumbnail_url=picture if isinstance(picture, str) and picture.startswith("https://i.ytimg.com/") else "",
            chapters=chapters.from_description(description, duration) if isinstance(description, str) else (),
        )


def youtube_session(adapter: YouTubeAdapter) -> Session:
    """A session whose every request goes through `adapter`; it honours HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE."""
    session = Session()
    session.max_redirects = 5
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def child(data: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The object at `path` of a JSON object; empty where there is none."""
    for key in path:
        found = data.get(key)
        data = found if isinstance(found, dict) else {}
    return data


def _read_whole(response: Response) -> None:
    chunks, size = [], 0
    for chunk in response.iter_content(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            _refuse(response)
    response._content = b"".join(chunks)  # what requests does itself when it is not asked to stream
    if "charset" not in response.headers.get("Content-Type", "").lower():
        response.encoding = "utf-8"  # requests would take any text for Latin-1


def _is_overgrown(captions: bytes) -> bool:
    """XML with a caption of so many “<” that the library, which looks for a “>” from each, would not come to an end."""
    if not captions.lstrip().startswith(b"<"):
        return False
    return any(each.count(b"lt;") + each.count(b"#") > _MOST_ENTITIES for each in _CAPTION.split(captions))


def _refuse(response: Response) -> NoReturn:
    response.close()
    raise AnswerTooLarge("more bytes than any page of YouTube has", response=response)


def _line(value: object) -> str:
    return tidy(value)[:500] if isinstance(value, str) else ""


def _published(page: bytes) -> date | None:
    found = _PUBLISHED.search(page)
    try:
        return date.fromisoformat(found[1].decode()) if found else None
    except ValueError:
        return None
