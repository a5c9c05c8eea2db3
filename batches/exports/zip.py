"""A ZIP of everything, written while it is read: no temporary file, and one page of the batch in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import IO, cast
from urllib.parse import quote

from batches.exports import json, markdown, tables
from batches.exports.base import CHUNK_BYTES, Format, utf8
from batches.exports.names import summary_name
from batches.exports.snapshot import Snapshot, reason

# Above this many videos a table could pass 2 GiB. Below it the plain format is kept: every program opens that.
_ZIP64_VIDEOS = 20_000


class _Sink:
    """A file that cannot seek, and gives away what was written to it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        self._buffer += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self, at_least: int = CHUNK_BYTES) -> Iterator[bytes]:
        """What has gathered, if it is enough for a chunk."""
        if len(self._buffer) >= at_least:
            chunk = bytes(self._buffer)
            self._buffer.clear()
            yield chunk


class Archive:
    """Streams named texts into a ZIP. Dates are given, so the same content makes the same bytes."""

    def __init__(self, *, large: bool) -> None:
        self.sink = _Sink()
        self.file = zipfile.ZipFile(cast("IO[bytes]", self.sink), "w", zipfile.ZIP_DEFLATED)
        self.large = large

    def add(self, name: str, pieces: Iterable[str], moment: datetime) -> Iterator[bytes]:
        with self.file.open(self._entry(name, moment), "w", force_zip64=self.large) as entry:
            for piece in pieces:
                entry.write(utf8(piece))
                yield from self.sink.take()

    def names(self) -> Iterator[str]:
        """Those of the entries so far, in order."""
        return (entry.filename for entry in islice(self.file.filelist, len(self.file.filelist)))

    def close(self) -> Iterator[bytes]:
        self.file.close()
        yield from self.sink.take(at_least=1)

    def _entry(self, name: str, moment: datetime) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, moment.astimezone(UTC).timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = 0o100644 << 16
        return entry


def _write(snapshot: Snapshot) -> Iterator[bytes]:
    archive = Archive(large=snapshot.batch.total_videos > _ZIP64_VIDEOS)
    batch = snapshot.batch
    for item, summary in snapshot.completed():
        name = summary_name(item.position, batch.total_videos, item.video.label, item.video.youtube_id or "")
        text = (markdown.front_matter(item, summary), "\n", markdown.body(item, summary))
        yield from archive.add(name, text, summary.created_at)
    moment = batch.completed_at or batch.created_at
    yield from archive.add("index.md", _index(snapshot, archive.names()), moment)
    yield from archive.add("summaries.json", json.document(snapshot), moment)
    yield from archive.add("summaries.csv", tables.summaries(snapshot), moment)
    yield from archive.add("failed.csv", tables.missing(snapshot), moment)
    yield from archive.close()


def _index(snapshot: Snapshot, names: Iterator[str]) -> Iterator[str]:
    """index.md. Links use the `names` that were written, by position: a title that changed meanwhile breaks none."""
    yield markdown.batch_heading(snapshot.batch)
    yield markdown.spending(snapshot.batch)
    yield "\n| # | Video | Summary |\n| ---: | --- | --- |\n"
    for item in snapshot.items():
        title = markdown.escape(item.video.label)
        if snapshot.has_summary(item):
            yield f"| {item.position} | [{title}]({quote(next(names))}) | done |\n"
        else:
            status, sentence = reason(snapshot, item)
            linked = f"[{title}]({item.video.url})" if item.video.url else title
            yield f"| {item.position} | {linked} | {status}: {markdown.escape(sentence)} |\n"
    yield from markdown.rejected_lines(snapshot)


ZIP = Format("application/zip", "zip", _write)
