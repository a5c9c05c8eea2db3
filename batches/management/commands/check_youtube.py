"""python manage.py check_youtube VIDEO: what works from this machine, in plain words."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from batches.equipment import sources
from summarizer.errors import InvalidInput, PoTokenRequired, SummarizerError, TranscriptError, YouTubeBlocked
from summarizer.records import CaptionChoice, no_progress
from summarizer.transcripts import cookies
from summarizer.transcripts.base import TranscriptSource, source_title
from summarizer.youtube_urls import parse

# What people call the steps of `TranscriptError.STEPS`.
_STEPS = {"page": "the page of the video", "list": "the list of its captions", "captions": "the captions themselves"}


class Command(BaseCommand):
    help = "Fetches one video's captions in every way there is, and says what works. Exit code 1: none does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("video", help="a link, or the eleven characters of an id")
        parser.add_argument("--direct", action="store_true", help="also try without YOUTUBE_PROXY_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        videos = [link.id for link in parse(options["video"]) if link.kind == "video"]
        if not videos and len(options["video"]) != 11:
            raise CommandError(f"“{options['video']}” is not a YouTube video. Give a link, or the id of a video.")
        video_id = videos[0] if videos else options["video"]
        self.stdout.write(f"Asking {_youtube()} for the captions of {video_id}, {_way()}.")
        self._tell_cookies()
        outcomes = [self._try(name, source, video_id) for name, source in sources().items()]
        if options["direct"] and settings.YOUTUBE_PROXY_URL:
            self.stdout.write("\nWithout the proxy:")
            for name, source in sources(direct=True).items():
                self._try(name, source, video_id)
        self.stdout.write("")
        failures = [outcome for outcome in outcomes if outcome]
        if len(failures) == len(outcomes):
            self.stdout.write(_advice(failures))
            sys.exit(1)
        self.stdout.write("This machine can fetch captions.")

    def _tell_cookies(self) -> None:
        if not settings.YOUTUBE_COOKIES_FILE:
            self.stdout.write("No cookies: YOUTUBE_COOKIES_FILE is not set, so YouTube takes us for a stranger.")
            return
        try:
            found = cookies.read(settings.YOUTUBE_COOKIES_FILE)
        except InvalidInput as error:
            self.stdout.write(f"✗ the cookies: {error}")
            return
        number = f"{found.total} of youtube.com, {found.expired} of them expired"
        whose = "those of an account" if found.signed_in else "of no account: export them while you are logged in"
        self.stdout.write(f"{'✓' if found.signed_in else '✗'} the cookies: {number}; {whose}")

    def _try(self, name: str, source: Callable[[], TranscriptSource], video_id: str) -> SummarizerError | None:
        self.stdout.write(f"\n{source_title(name)}")
        began = monotonic()
        try:
            fetched = source().fetch(video_id, CaptionChoice(tuple(settings.CAPTION_LANGUAGES)), no_progress)
        except TranscriptError as error:
            self._tell_steps(error.step)
            self.stdout.write(f"  ✗ {_STEPS.get(error.step, 'the first request')}: {error}")
            return error
        self._tell_steps("")
        track = fetched.transcript
        words = f"{len(track.cues):,} captions in {track.language or 'an unknown language'} ({track.kind})"
        self.stdout.write(f"  “{fetched.video.title}”: {words} in {monotonic() - began:.1f} s")
        return None

    def _tell_steps(self, failed: str) -> None:
        """A line for each step that went well."""
        for step, title in _STEPS.items():
            if step == failed:
                return
            self.stdout.write(f"  ✓ {title}")


def _youtube() -> str:
    return settings.YOUTUBE_BASE_URL or "YouTube"


def _way() -> str:
    """How it is reached; without the proxy's password."""
    if not settings.YOUTUBE_PROXY_URL:
        return "directly or through the proxies of the environment"
    proxy = urlsplit(settings.YOUTUBE_PROXY_URL)
    rotating = settings.YOUTUBE_PROXY_ADDRESSES
    tries = f", {rotating} of its addresses at most" if rotating > 1 else ""
    return f"through the proxy {proxy.scheme}://{proxy.hostname}:{proxy.port or 80}{tries}"


def _advice(errors: list[SummarizerError]) -> str:
    if any(isinstance(error, YouTubeBlocked) for error in errors):
        return (
            "YouTube refuses this machine's address. Wait some hours, set YOUTUBE_PROXY_URL, or set "
            "YOUTUBE_COOKIES_FILE to the cookies of an account."
        )
    if all(isinstance(error, PoTokenRequired) for error in errors):
        return "YouTube answers, but wants a proof of origin for this video's captions. Try another video."
    if all(error.retryable for error in errors):
        return "Nothing got through. Check the network, the proxy and the certificates, and try again."
    return "YouTube answers, but not with captions of this video. Try another video."
