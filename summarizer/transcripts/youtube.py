"""Transcripts from YouTube through youtube-transcript-api, which is imported here and nowhere else."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from xml.etree.ElementTree import ParseError

import requests
import youtube_transcript_api as library
from urllib3.exceptions import HTTPError, ReadTimeoutError

from summarizer import errors, languages
from summarizer.marks import gettext_noop as _
from summarizer.records import CaptionChoice, CaptionKind, Cue, Fetched, Progress, Transcript, Video
from summarizer.transcripts.cleaning import clean
from summarizer.transcripts.reasons import refusal
from summarizer.transcripts.youtube_http import (
    PROXY_TROUBLE,
    AnswerTooLarge,
    YouTubeAdapter,
    child,
    youtube_session,
)

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_MOST_EMPTY = 3  # tracks without words, each of which costs a request, before a video counts as wordless

# What the library lets through on odd pages, besides its own errors: it indexes and parses without looking.
_EXPECTED = (
    library.YouTubeTranscriptApiException,
    requests.RequestException,
    HTTPError,
    ParseError,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    OSError,
    RecursionError,
)
_SAME: tuple[tuple[type[Exception], type[errors.TranscriptError]], ...] = (
    (library.PoTokenRequired, errors.PoTokenRequired),
    (library.AgeRestricted, errors.AgeRestricted),
    (library.TranscriptsDisabled, errors.TranscriptsDisabled),
    (library.NoTranscriptFound, errors.NoTranscript),
    (library.VideoUnavailable, errors.VideoUnavailable),
    (library.InvalidVideoId, errors.VideoUnavailable),
)
_UNREADABLE = (library.YouTubeDataUnparsable, ParseError, LookupError, AttributeError, TypeError, RecursionError)


class YouTubeSource:
    """The best caption track of a video in three requests. One session per thread; safe to share between threads.

    `timeout`: seconds YouTube may take for one answer, whole. `proxy_url` goes before the environment's proxies.
    `base_url` replaces https://www.youtube.com. `addresses`: see `YouTubeAdapter`.
    """

    name = "youtube"

    def __init__(self, timeout: float = 20, proxy_url: str = "", base_url: str = "", addresses: int = 1) -> None:
        self.timeout = timeout
        self._how = (timeout, proxy_url, base_url, addresses)
        self._local = threading.local()

    def fetch(self, video_id: str, wanted: CaptionChoice, progress: Progress) -> Fetched:
        """See `TranscriptSource`. `progress` is called before each request; what it raises comes through."""
        if not _ID.fullmatch(video_id):
            raise errors.VideoUnavailable()
        api, adapter = self._client()
        adapter.before_request = lambda: progress("transcript")
        try:
            with self._translating(adapter):
                tracks = list(api.list(video_id))
            ranked = _ranked(tracks, wanted.languages, adapter)
            if wanted.manual_only:
                ranked = [track for track in ranked if not track.is_generated]
                if not ranked:
                    raise errors.OnlyAutomatic
            transcript = self._first_with_words(ranked, adapter)
            return Fetched(adapter.video(video_id), transcript)
        except errors.TranscriptError as failure:
            failure.video, failure.step = adapter.video(video_id), adapter.step
            failure.title = failure.video.title
            raise
        finally:
            adapter.forget()
            adapter.before_request = lambda: None

    def describe(self, video_id: str, progress: Progress) -> Video:
        """See `TranscriptSource`. Two requests."""
        api, adapter = self._client()
        adapter.before_request = lambda: progress("transcript")
        try:
            with suppress(errors.TranscriptsDisabled), self._translating(adapter):
                api.list(video_id)
            return adapter.video(video_id)
        finally:
            adapter.forget()
            adapter.before_request = lambda: None

    def _first_with_words(self, tracks: Sequence[library.Transcript], adapter: YouTubeAdapter) -> Transcript:
        failure: errors.TranscriptError = errors.NoTranscript()
        empty = 0
        for track in tracks:
            try:
                with self._translating(adapter):
                    snippets = track.fetch().snippets
            except errors.PoTokenRequired as error:  # costs no request: the address of the track tells
                failure = error
                continue
            if cues := clean(map(_cue, snippets)):
                return Transcript(cues, track.language_code, _kind(track), self.name)
            failure = errors.EmptyTranscript()
            empty += 1
            if empty == _MOST_EMPTY:
                break
        raise failure

    @contextmanager
    def _translating(self, adapter: YouTubeAdapter) -> Iterator[None]:
        try:
            yield
        except _EXPECTED as error:
            failure = self._translated(error, adapter)
            if isinstance(failure, errors.YouTubeBlocked):
                self._start_afresh()
            raise failure from error

    def _client(self) -> tuple[library.YouTubeTranscriptApi, YouTubeAdapter]:
        if not hasattr(self._local, "client"):
            adapter = YouTubeAdapter(*self._how)
            self._local.session = youtube_session(adapter)
            self._local.client = library.YouTubeTranscriptApi(http_client=self._local.session), adapter
        client: tuple[library.YouTubeTranscriptApi, YouTubeAdapter] = self._local.client
        return client

    def _start_afresh(self) -> None:
        """A block sticks to cookies and, behind a rotating proxy, to the open connection: use neither again."""
        self._local.session.cookies.clear()
        self._local.session.close()

    def _translated(self, error: Exception, adapter: YouTubeAdapter) -> errors.TranscriptError:
        """`error` as one of ours: its class says whose trouble it is, its sentence what happened."""
        if isinstance(error, library.RequestBlocked):  # and IpBlocked, its subclass
            return errors.YouTubeBlocked(retry_after=adapter.asked_to_wait)
        if isinstance(error, library.VideoUnplayable):
            return _unplayable(error)
        for theirs, ours in _SAME:
            if isinstance(error, theirs):
                return ours()
        if isinstance(error, (*_UNREADABLE, ValueError)) and adapter.saw_captcha:
            return errors.YouTubeBlocked()
        # Captions that are empty instead of refused are what some clients get for want of a proof of origin.
        unreadable = _is_unreadable(error) and (not adapter.saw_nothing or adapter.step == "captions")
        failure = errors.YouTubeUnreadable if unreadable else errors.YouTubeFailed
        return failure(self._what_happened(error, adapter), retry_after=adapter.asked_to_wait)

    def _what_happened(self, error: Exception, adapter: YouTubeAdapter) -> str:
        if isinstance(error, library.YouTubeRequestFailed):
            status = adapter.last.status_code if adapter.last is not None else "unknown"
            return _("YouTube answered with an error (HTTP {status}). Try again.").format(status=status)
        if isinstance(error, library.FailedToCreateConsentCookie):
            return _("YouTube asked for consent to cookies and did not accept it. Try again.")
        if _timed_out(error):
            return _("YouTube did not answer within {seconds} seconds. Try again.").format(seconds=f"{self.timeout:g}")
        if isinstance(error, AnswerTooLarge):
            return _("YouTube's answer was too large to be a transcript. Try again.")
        if isinstance(error, requests.exceptions.SSLError):
            return _("The secure connection to YouTube was not trusted. Check the certificates of this server.")
        if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidSchema):
            return PROXY_TROUBLE
        if adapter.saw_nothing:
            return _("YouTube sent an empty answer. Try again.")
        if isinstance(error, (*_UNREADABLE, ValueError)):
            return _("YouTube's answer could not be read. Try again.")
        return _("The connection to YouTube broke. Try again.")


def _is_unreadable(error: Exception) -> bool:
    """YouTube answered, in a form that this library does not know; another may."""
    transport = isinstance(error, requests.RequestException | HTTPError | OSError)
    return isinstance(error, (*_UNREADABLE, ValueError)) and not transport


def _timed_out(error: Exception) -> bool:
    """requests wraps a time-out in the middle of an answer into a ConnectionError."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError)


def _unplayable(error: library.VideoUnplayable) -> errors.TranscriptError:
    """By YouTube's own words, which the sentence keeps."""
    said = ". ".join(filter(None, [(error.reason or "").rstrip("."), "".join(error.sub_reasons).strip()]))
    return refusal(said)


# -- which track


def _ranked(
    tracks: Sequence[library.Transcript], wishes: Iterable[str], adapter: YouTubeAdapter
) -> list[library.Transcript]:
    """`tracks`, the best first: preferred languages, then the language that is spoken, then any.

    Manual goes before generated within a language. Captions in the spoken language, even generated, go before a
    translation into a language that nobody asked for.
    """
    wanted = [*wishes, _spoken_language(tracks, adapter)]
    return sorted(tracks, key=lambda track: languages.rank(track.language_code, track.is_generated, wanted))


def _spoken_language(tracks: Sequence[library.Transcript], adapter: YouTubeAdapter) -> str:
    """YouTube generates captions in the language it hears; else that of the default track, else ""."""
    heard = [track.language_code for track in tracks if track.is_generated]
    captions = child(adapter.player_data(), "captions", "playerCaptionsTracklistRenderer")
    try:
        audio = captions["audioTracks"][captions.get("defaultAudioTrackIndex", 0)]
        default = str(captions["captionTracks"][audio["defaultCaptionTrackIndex"]]["languageCode"])
    except (LookupError, TypeError):
        default = ""
    if heard and default not in heard:
        return heard[0]
    return default


def _kind(track: library.Transcript) -> CaptionKind:
    return "generated" if track.is_generated else "manual"


def _cue(snippet: library.FetchedTranscriptSnippet) -> Cue:
    """The times come from float(), which reads “nan” and “inf” too."""
    times = (snippet.start, snippet.duration)
    start, duration = (max(0.0, value) if math.isfinite(value) else 0.0 for value in times)
    return Cue(start, duration, snippet.text)
