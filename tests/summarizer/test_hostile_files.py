"""Files and answers that were made to fill a memory: each ends in a sentence, within a bound that is measured."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from summarizer.errors import YouTubeFailed
from summarizer.records import ANY_CAPTIONS, no_progress
from summarizer.transcripts.youtube import YouTubeSource
from summarizer.transcripts.youtube_http import MOST_BYTES
from summarizer.transcripts.ytdlp import YtDlpSource
from tests.fakes.youtube import FakeYouTube

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES = 300  # more than what holds the file itself, which has up to 50
SECONDS = 60
READER = """
import gzip, io, json, resource, sys, zipfile
from summarizer.errors import TranscriptError
from summarizer.transcripts.uploads import read_captions

def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            archive.writestr(f"{number}.srt", bytes(50_000_000))
    return file.getvalue()

def laughs():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE t [<!ENTITY l0 "ha">{levels}]><transcript><text start="0">&l9;</text></transcript>'.encode()

def many():
    return "".join(f"{n}\\n00:00:01,000 --> 00:00:02,000\\nword {n}\\n\\n" for n in range(1_000_000)).encode()

def nested():
    return b'{"events": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"

FILES = {
    "bomb.zip.srt": zipped,
    "bomb.gz.vtt": lambda: gzip.compress(bytes(500_000_000), 1),
    "laughs.xml": laughs,
    "line.srt": lambda: b"a" * 10_000_000,
    "line.vtt": lambda: b"WEBVTT\\n\\n00:01.000 --> 00:02.000\\n" + b"<c>" * 3_300_000,
    "many.srt": many,
    "nested.json3": nested,
}
name = sys.argv[1]
data = FILES[name]()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    said = f"{len(read_captions(name, data).cues)} captions"
except TranscriptError as error:
    said = str(error)
print(json.dumps([said, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024]))
"""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bomb.zip.srt", "is not a text file"),
        ("bomb.gz.vtt", "is not a text file"),
        ("laughs.xml", "cannot be read"),
        ("line.srt", "No captions were found"),
        ("line.vtt", "contain no words"),
        ("many.srt", "more than 200,000 captions"),
        ("nested.json3", "is not valid JSON"),
    ],
)
def test_a_hostile_file_is_refused_in_little_memory(name: str, sentence: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", READER, name], cwd=ROOT, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    said, megabytes = json.loads(ended.stdout)
    assert sentence in said
    assert megabytes < MEGABYTES


@contextmanager
def _server(body: bytes) -> Iterator[str]:
    """Answers everything with `body`, which is gzip."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_captions_that_the_library_would_not_come_to_the_end_of_are_refused() -> None:
    began = time.process_time()
    with FakeYouTube() as youtube, pytest.raises(YouTubeFailed, match="too large"):
        YouTubeSource(timeout=10, base_url=youtube.base_url).fetch("tags0000001", ANY_CAPTIONS, no_progress)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("source", [YouTubeSource, YtDlpSource])
def test_an_answer_that_unpacks_into_too_much_is_refused(source: type[YouTubeSource | YtDlpSource]) -> None:
    bomb = gzip.compress(bytes(10 * MOST_BYTES), 9)
    assert len(bomb) < MOST_BYTES / 50
    with _server(bomb) as base_url, pytest.raises(YouTubeFailed):
        source(timeout=10, base_url=base_url).fetch("dQw4w9WgXcQ", ANY_CAPTIONS, no_progress)
