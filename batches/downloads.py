"""Exports as HTTP downloads."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Generator
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.request import Request

from accounts.models import User
from batches.exports import FORMATS, Format, Selection, export, export_selection
from batches.exports.everything import everything
from batches.exports.names import safe_name
from batches.models import Batch


def export_response(request: HttpRequest | Request, batch: Batch, format: str = "zip") -> StreamingHttpResponse:
    """The batch as a file that begins to arrive before its end is read. Raises `UnknownName` for the format."""
    return _download(request, export(batch, format), safe_name(batch.name, "Batch"), FORMATS.get(format))


def selection_response(request: HttpRequest, selection: Selection, format: str = "zip") -> StreamingHttpResponse:
    """The same of summaries from several batches."""
    name = safe_name(selection.batch.name, "Summaries")
    return _download(request, export_selection(selection, format), name, FORMATS.get(format))


def everything_response(request: HttpRequest, user: User) -> StreamingHttpResponse:
    """All that is the user's, as a ZIP."""
    return _download(request, (chunk for chunk in everything(user)), "All my data", FORMATS.get("zip"))


def _download(
    request: HttpRequest | Request, chunks: Generator[bytes, None, None], name: str, format: Format
) -> StreamingHttpResponse:
    plain = request._request if isinstance(request, Request) else request
    return StreamingHttpResponse(
        # Under ASGI, Django gathers a synchronous iterator in memory before it sends the first byte.
        pulled(chunks) if isinstance(plain, ASGIRequest) else chunks,
        content_type=format.content_type,
        headers={
            "Content-Disposition": attachment(f"{name}.{format.extension}"),
            "Cache-Control": "private, no-store",
        },
    )


def attachment(filename: str) -> str:
    """A Content-Disposition with the name in UTF-8, and in ASCII for clients that only know that. Source: RFC 6266."""
    ascii_name = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode().replace("\\", "")
    stem, dot, extension = ascii_name.replace('"', "'").rpartition(".")
    return f"attachment; filename=\"{stem.strip() or 'export'}{dot}{extension}\"; filename*=UTF-8''{quote(filename)}"


async def pulled(chunks: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """The chunks, each read in the request's own thread while the client takes the one before."""
    try:
        while chunk := await sync_to_async(_next)(chunks):
            yield chunk
    finally:
        await sync_to_async(chunks.close)()


def _next(chunks: Generator[bytes, None, None]) -> bytes:
    try:
        return next(chunks, b"")
    finally:
        if not connection.in_atomic_block:
            # A slow client must not keep a connection out of the pool for as long as it downloads.
            connection.close_if_unusable_or_obsolete()
