"""Downloads begin at once, hold a page at a time in memory, and carry a name that every client understands."""

from __future__ import annotations

import gc
import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Generator, Iterator
from typing import cast

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncRequestFactory, RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request

from batches.downloads import attachment, export_response, pulled
from batches.exports import FORMATS, export
from batches.models import Batch
from summarizer.errors import UnknownName
from tests.batches.builders import CONTENT, make_batch

# Like a detailed summary; different text in each sentence, so that compression is no way out.
LONG_CONTENT = CONTENT | {
    "points": [{"text": f"{number**7} " * 12, "seconds": [float(number)]} for number in range(10, 22)]
}


def long_batch(videos: int) -> Batch:
    return make_batch(["completed"] * videos, summary_fields={"content": LONG_CONTENT})


def peak_of_export(batch: Batch, format: str) -> int:
    gc.collect()  # else what others left decides when the collector comes by, and so how high the peak is
    tracemalloc.start()
    try:
        for _ in export(batch, format):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.thorough
@pytest.mark.django_db
@pytest.mark.parametrize(("format", "videos"), [("zip", 1000), ("markdown", 600), ("json", 600), ("csv", 600)])
def test_memory_does_not_grow_with_the_batch(format: str, videos: int) -> None:
    small, large = long_batch(200), long_batch(videos)
    for _ in export(small, format):
        pass  # what is imported and cached once is not counted

    assert peak_of_export(large, format) < 1.3 * peak_of_export(small, format)


@pytest.mark.django_db
@pytest.mark.parametrize("format", list(FORMATS))
def test_the_first_chunk_comes_before_the_last_summary_is_read(format: str) -> None:
    chunks = export(long_batch(500), format)

    with CaptureQueriesContext(
        connection,
    ) as at_first:
        next(chunks)
    with CaptureQueriesContext(connection) as afterwards:
        sizes = [len(chunk) for chunk in chunks]

    assert len(at_first) < 6 < len(afterwards)
    assert len(sizes) > 1
    assert max(sizes) < 256 * 1024


@pytest.mark.django_db
def test_a_plain_request_is_answered_with_the_chunks_themselves() -> None:
    batch = make_batch(["completed"], name="Bread")

    response = export_response(Request(RequestFactory().get("/")), batch)

    assert not response.is_async
    body = b"".join(cast("Iterator[bytes]", response.streaming_content))
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
    assert response["Content-Type"] == "application/zip"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db(transaction=True)
async def test_an_asgi_request_is_answered_chunk_by_chunk() -> None:
    batch = await sync_to_async(long_batch)(300)

    response = export_response(AsyncRequestFactory().get("/"), batch)

    assert response.is_async
    chunks = [chunk async for chunk in cast("AsyncIterator[bytes]", response.streaming_content)]
    assert len(chunks) > 3
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.testzip() is None
    assert len(archive.namelist()) == 304


@pytest.mark.django_db  # each piece ends with a look at the connection of the thread that made it
async def test_a_client_that_leaves_ends_the_export() -> None:
    ended = []

    def chunks() -> Generator[bytes, None, None]:
        try:
            yield from (b"one", b"two", b"three")
        finally:
            ended.append(True)

    stream = pulled(chunks())
    assert await anext(stream) == b"one"
    await stream.aclose()  # type: ignore[attr-defined]  # an async generator

    assert ended == [True]


@pytest.mark.django_db
def test_an_unknown_format_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UnknownName):
        export_response(RequestFactory().get("/"), make_batch(), "exe")


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("Bread.zip", "attachment; filename=\"Bread.zip\"; filename*=UTF-8''Bread.zip"),
        ("Brötchen.zip", "attachment; filename=\"Brotchen.zip\"; filename*=UTF-8''Br%C3%B6tchen.zip"),
        ("長い.md", "attachment; filename=\"export.md\"; filename*=UTF-8''%E9%95%B7%E3%81%84.md"),
    ],
)
def test_file_names_come_in_ascii_and_in_utf8(filename: str, expected: str) -> None:
    assert attachment(filename) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("name", ['a"; filename="evil.exe', "a\r\nSet-Cookie: x=1", "CON", "../up", "☕"])
def test_names_of_batches_cannot_break_the_header(name: str) -> None:
    response = export_response(RequestFactory().get("/"), make_batch(name=name))

    header = response["Content-Disposition"]
    assert header.count('"') == 2
    assert header.isascii()
    assert not set(header) & set("\r\n/\\")
    assert 'filename="CON.zip' not in header
