"""What an export format is, which there are, and the way to use them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from batches.exports.snapshot import Snapshot
from batches.models import Batch
from summarizer.marks import gettext_noop as _
from summarizer.registry import Registry

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """`write` yields the file in pieces and holds one page of the batch at a time, never the whole."""

    content_type: str
    extension: str
    write: Callable[[Snapshot], Iterator[bytes]]


FORMATS: Registry[Format] = Registry(
    _("export format"),
    zip="batches.exports.zip:ZIP",
    markdown="batches.exports.markdown:MARKDOWN",
    json="batches.exports.json:JSON",
    csv="batches.exports.tables:CSV",
)


def export(batch: Batch, format: str = "zip") -> Generator[bytes, None, None]:
    """The file, in non-empty chunks of about 64 kB, with what is completed when the first one is asked for.

    Reads page by page without a transaction, so a slow reader blocks nobody. Raises `UnknownName` at once, and
    `Batch.DoesNotExist` on the way if the batch is deleted meanwhile: a cut file must not look like a whole one.
    """
    return _written(lambda: Snapshot.of(batch), FORMATS.get(format))


def export_selection(selection: Snapshot, format: str = "zip") -> Generator[bytes, None, None]:
    """The same of summaries that belong to several batches."""
    return _written(lambda: selection, FORMATS.get(format))


def _written(snapshot: Callable[[], Snapshot], chosen: Format) -> Generator[bytes, None, None]:
    yield from filter(None, chosen.write(snapshot()))


def utf8(text: str) -> bytes:
    """UTF-8. A half of a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark."""
    return text.encode("utf-8", "replace")


def chunked(pieces: Iterable[str]) -> Iterator[bytes]:
    """Small pieces of text as UTF-8 chunks of `CHUNK_BYTES` or a little more."""
    buffer = bytearray()
    for piece in pieces:
        buffer += utf8(piece)
        if len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)
