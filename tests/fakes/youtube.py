"""A stand-in for YouTube on loopback: watch page, player JSON and captions for any video id. Standard library only.

    with FakeYouTube() as youtube: YouTubeSource(base_url=youtube.base_url)
    python -m tests.fakes.youtube --port 0          prints its address; Ctrl-C ends it

Any id of eleven characters is a ten-minute English video with generated captions, always the same for the same id.
`s0042dem001` is one of 42 minutes in German (the code; the words stay English), m: manual, a: generated, b: both,
n: no captions. `minute_words` tells the word that each minute holds. Other beginnings of an id:

    gone  unavailable      priv  private        memb  members only     age_  age restricted    geo_  not in this country
    soon  not broadcast    nocap no captions    mute  captions without a word      rate  the hourly limit of a guest
    oops  an error of the player    tags  a caption of 200,000 “<”
    blk   HTTP 429         fail  HTTP 503       flak  HTTP 503 for the first fetch, then works
    capN  captions that answer with HTTP status N, of three digits
    junk  captions that are not XML             slowN seconds of delay for each request, N one or two digits

What one client gets and another does not: youtube-transcript-api asks as ANDROID, yt-dlp as others.

    pota  a proof of origin is asked of ANDROID pot_  of every client
    odda  an answer ANDROID cannot read         odd_  no client can        appa  not shown to ANDROID
    bota  ANDROID is taken for a robot          bot_  everybody is who has no account's cookie (LOGIN_INFO)
    adul  age restricted for who has no account's cookie

Every description holds a list of chapters, one for each three minutes.

Playlists and channels: see tests/fakes/playlists.py.

GET /_stats -> {"requests": {stage: n}, "videos": {id: {stage: n}}, "peak": most at once}
POST /_config {"latency_ms": 20, "blocked": true}    blocked: every request gets a 429, as for a refused address
              {"refused_addresses": 2}    the next two connections get a 429 for all they ask: a rotating proxy
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import threading
from collections import Counter, defaultdict
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from tests.fakes import playlists

_SYNTHETIC = re.compile(r"s(\d{4})([a-z]{2})([ambn])[\w-]{3}")
_SLOW = re.compile(r"slow(\d{1,2})")
_CAPTIONS_STATUS = re.compile(r"cap(\d{3})")
_UNPLAYABLE = {
    "gone": ("ERROR", "This video is unavailable"),
    "priv": ("LOGIN_REQUIRED", "This video is private"),
    "memb": ("UNPLAYABLE", "This video is available to this channel's members on level: Friends."),
    "age_": ("LOGIN_REQUIRED", "This video may be inappropriate for some users."),
    "geo_": ("UNPLAYABLE", "The uploader has not made this video available in your country"),
    "soon": ("LIVE_STREAM_OFFLINE", "This live event will begin in 3 hours."),
    "rate": ("UNPLAYABLE", "Video unavailable. This content isn’t available, try again later."),
    "oops": ("ERROR", "An error occurred. Please try again later."),
}
_TITLES = ("How rivers carve a valley", "The engine under the city", "A garden without water", "What bees know of maps")
_SUBJECTS = (
    "the river",
    "a careful gardener",
    "our small team",
    "the old engine",
    "every new student",
    "the city council",
)
_VERBS = ("measures", "explains", "repairs", "compares", "protects", "forgets", "describes", "improves")
_OBJECTS = (
    "the water level",
    "its oldest bridge",
    "a simple method",
    "the price of bread",
    "three kinds of soil",
    "a map",
)
_ENDS = (
    "before winter comes",
    "because nobody else does",
    "with very little money",
    "while others wait",
    "for good reasons",
)


_INITIAL = '<script>var ytInitialData = {"contents": {"twoColumnWatchNextResults": {}}};</script>'


def _refused(status: str, reason: str) -> dict[str, Any]:
    return {"playabilityStatus": {"status": status, "reason": reason}}


class Video:
    """What there is to know about the video of one id; a pure function of the id."""

    def __init__(self, video_id: str) -> None:
        self.id = video_id
        synthetic = _SYNTHETIC.fullmatch(video_id)
        self.minutes = max(1, int(synthetic[1])) if synthetic else 10
        self.language = synthetic[2] if synthetic else "en"
        kinds = synthetic[3] if synthetic else "n" if video_id.startswith("nocap") else "a"
        self.kinds = {"a": ["asr"], "m": [""], "b": ["", "asr"], "n": []}[kinds]
        self.title = f"{_TITLES[self._seed() % len(_TITLES)]} ({video_id})"

    def _seed(self, salt: object = "") -> int:
        return int(hashlib.sha256(f"{self.id}:{salt}".encode()).hexdigest()[:12], 16)

    def minute_words(self) -> list[str]:
        return [f"marker{self._seed(minute):x}"[:12] for minute in range(self.minutes)]

    def cues(self) -> list[tuple[float, float, str]]:
        """start, duration, text: ten captions a minute, each one sentence."""
        if self.id.startswith("mute"):
            return [(0.0, 4.0, "[Music]"), (5.0, 4.0, "[Applause]")]
        if self.id.startswith("tags"):
            return [(0.0, 4.0, "<" * 200_000)]
        words = random.Random(self._seed())
        cues = []
        for minute, marker in enumerate(self.minute_words()):
            for place in range(10):
                parts = [words.choice(choices) for choices in (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)]
                sentence = " ".join(parts) + (f" at the place called {marker}" if place == 4 else "")
                cues.append((minute * 60 + place * 6.0, 5.8, sentence[0].upper() + sentence[1:] + "."))
        return cues

    def timedtext(self) -> str:
        lines = (
            f'<text start="{start:g}" dur="{duration:g}">{escape(escape(text), quote=False)}</text>'
            for start, duration, text in self.cues()
        )
        return '<?xml version="1.0" encoding="utf-8" ?><transcript>' + "".join(lines) + "</transcript>"

    def player(self, client: str = "", account: bool = False) -> dict[str, Any]:
        """For a request of the innertube client of that name, with or without the cookie of an account."""
        beginning, android = self.id[:4], client == "ANDROID"
        if beginning == "odd_" or (beginning == "odda" and android):
            return {"responseContext": {}}
        if beginning == "appa" and android:
            return _refused("ERROR", "The following content is not available on this app. Watch on the latest version.")
        if (beginning == "bota" and android) or (beginning == "bot_" and not account):
            return _refused("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot")
        if beginning == "adul" and not account:
            return _refused(*_UNPLAYABLE["age_"])
        for beginning, (status, reason) in _UNPLAYABLE.items():
            if self.id.startswith(beginning):
                return _refused(status, reason)
        data: dict[str, Any] = {"playabilityStatus": {"status": "OK"}, "videoDetails": self._details()}
        proof = "&exp=xpe" if self.id[:4] == "pot_" or (self.id[:4] == "pota" and android) else ""
        if tracks := [self._track(kind, proof) for kind in self.kinds]:
            data["captions"] = {"playerCaptionsTracklistRenderer": {"captionTracks": tracks}}
        return data

    def _details(self) -> dict[str, Any]:
        picture = {"url": f"https://i.ytimg.com/vi/{self.id}/hqdefault.jpg", "width": 480, "height": 360}
        return {
            "videoId": self.id,
            "title": self.title,
            "author": "Fake Channel",
            "lengthSeconds": str(self.minutes * 60),
            "thumbnail": {"thumbnails": [picture]},
            "shortDescription": "What it is about.\n\n" + "\n".join(self.chapter_lines()),
        }

    def chapter_lines(self) -> list[str]:
        return [f"{minute // 60}:{minute % 60:02}:00 Part {minute // 3 + 1}" for minute in range(0, self.minutes, 3)]

    def _track(self, kind: str, proof: str) -> dict[str, Any]:
        address = f"https://www.youtube.com/api/timedtext?v={self.id}&lang={self.language}&kind={kind}&fmt=srv3{proof}"
        name = self.language + (" (auto-generated)" if kind else "")
        track = {"baseUrl": address, "name": {"runs": [{"text": name}]}, "languageCode": self.language}
        # A track that has a name of its own is called by it, too.
        track["vssId"] = f"a.{self.language}" if kind else f".{self.language}.nP7-2PuUl7o"
        return track | ({"kind": kind} if kind else {})

    def watch_page(self) -> str:
        data = '{"INNERTUBE_API_KEY":"fake-key","publishDate":"2026-01-26T07:00:00-08:00",'
        data += '"INNERTUBE_CONTEXT":{"client":{"clientName":"WEB_EMBEDDED_PLAYER","clientVersion":"1"}}}'
        head = f"<head><title>{escape(self.title)} - YouTube</title></head>"
        return f"<!DOCTYPE html><html>{head}<body><script>ytcfg.set({data});</script>{_INITIAL}</body></html>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.config: dict[str, Any] = {"latency_ms": 0, "blocked": False, "refused_addresses": 0}
        self.requests: Counter[str] = Counter()
        self.videos: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.now = self.peak = 0

    def count(self, stage: str, video_id: str) -> int:
        """How many requests of this stage there have been for this video, this one included."""
        with self.lock:
            self.requests[stage] += 1
            self.videos[video_id][stage] += 1
            self.now += 1
            self.peak = max(self.peak, self.now)
            return self.videos[video_id][stage]

    def refuses_the_next_address(self) -> bool:
        with self.lock:
            self.config["refused_addresses"] -= 1
            return bool(self.config["refused_addresses"] >= 0)

    def done(self) -> None:
        with self.lock:
            self.now -= 1

    def stats(self) -> dict[str, Any]:
        with self.lock:
            videos = {video: dict(stages) for video, stages in self.videos.items()}
            return {"requests": dict(self.requests), "videos": videos, "peak": self.peak}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    _client = ""  # of the last request for a player
    disable_nagle_algorithm = True  # else an answer may wait 40 ms for an acknowledgement

    @property
    def fake(self) -> _Server:
        return cast(_Server, self.server)

    def setup(self) -> None:
        super().setup()
        self.refused = self.fake.refuses_the_next_address()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the tests read /_stats."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        video_id = parse_qs(address.query).get("v", [""])[0]
        if address.path == "/_stats":
            self._json(self.fake.stats())
        elif address.path == "/watch":
            self._serve("watch", Video(video_id))
        elif address.path.startswith("/embed/"):
            self._serve("embed", Video(address.path.removeprefix("/embed/")))
        elif address.path == "/api/timedtext":
            self._serve("timedtext", Video(video_id))
        elif list_id := playlists.list_of(self.path, {}):
            self._serve_list(list_id, {})
        else:
            self._send(404, "not here")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        if self.path == "/_config":
            self.fake.config.update(body)
            self._json(self.fake.config)
        elif urlsplit(self.path).path == "/youtubei/v1/player":
            self._client = str(body.get("context", {}).get("client", {}).get("clientName"))
            self._serve("player", Video(str(body.get("videoId"))))
        elif list_id := playlists.list_of(self.path, body):
            self._serve_list(list_id, body)
        else:
            self._send(404, "not here")

    def _serve_list(self, list_id: str, body: dict[str, Any]) -> None:
        tries = self.fake.count("list", list_id)
        try:
            self.fake.stopping.wait(self.fake.config["latency_ms"] / 1000 + list_id.startswith("PLslow"))
            status = 429 if self.fake.config["blocked"] else playlists.refusal(list_id, tries, body)
            if status:
                self._send(status, "<html>refused</html>")
            elif body:
                self._json(playlists.more(str(body["continuation"])))
            else:
                self._send(200, playlists.page(list_id))
        finally:
            self.fake.done()

    def _serve(self, stage: str, video: Video) -> None:
        tries = self.fake.count(stage, video.id)
        try:
            slow = _SLOW.match(video.id)
            self.fake.stopping.wait(self.fake.config["latency_ms"] / 1000 + (int(slow[1]) if slow else 0))
            status = self._refusal(video.id, stage, tries)
            if status:
                self._send(status, "<html>refused</html>")
            elif stage in ("watch", "embed"):
                self._send(200, video.watch_page())
            elif stage == "player":
                account = "LOGIN_INFO=" in (self.headers.get("Cookie") or "")
                self._json(video.player(self._client, account))
            else:
                self._send(200, "not XML" if video.id.startswith("junk") else video.timedtext(), "text/xml")
        finally:
            self.fake.done()

    def _refusal(self, video_id: str, stage: str, tries: int) -> int:
        if self.fake.config["blocked"] or self.refused or video_id.startswith("blk"):
            return 429
        if stage == "timedtext" and (told := _CAPTIONS_STATUS.match(video_id)):
            return int(told[1])
        flaky = video_id.startswith("flak") and stage == "watch" and tries == 1
        return 503 if flaky or video_id.startswith("fail") else 0

    def _json(self, data: object) -> None:
        self._send(200, json.dumps(data), "application/json")

    def _send(self, status: int, text: str, kind: str = "text/html") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class FakeYouTube:
    """The stand-in in this process, on a free port of loopback, while the `with` block runs."""

    def __init__(self, port: int = 0) -> None:
        self._server = _Server(port)
        self.port: int = self._server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def stats(self) -> dict[str, Any]:
        return self._server.stats()

    def configure(self, **settings: object) -> None:
        self._server.config.update(settings)

    def __enter__(self) -> FakeYouTube:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    server = _Server(parser.parse_args().port)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.stopping.set()


if __name__ == "__main__":
    main()
