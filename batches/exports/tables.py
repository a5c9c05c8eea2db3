"""Summaries, and what has none, as CSV that spreadsheets open without running it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from batches.exports.base import Format, chunked
from batches.exports.markdown import captions, model_name
from batches.exports.snapshot import Snapshot, reason
from batches.models import Item, Summary
from batches.presentation import clock

BOM = "\ufeff"  # without it Excel reads UTF-8 as the local 8-bit encoding

# A cell that begins so is a formula for Excel, LibreOffice or Google Sheets (the full-width signs for Japanese Excel).
# Leading spaces and quotes are passed over, because programs that clean up cells drop them.
_FORMULA = re.compile(r"""^(?:["'\s]*[=+\-@＝＋－＠]|[\t\r\n])""")

SUMMARY_COLUMNS = [
    "position",
    "title",
    "url",
    "video_id",
    "channel",
    "duration",
    "headline",
    "overview",
    "key_points",
    "chapters",
    "quotes",
    "topics",
    "action_items",
    "mentions",
    "language",
    "captions",
    "model",
    "prompt_version",
    "length",
    "coverage",
    "date",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_usd",
]
MISSING_COLUMNS = ["kind", "number", "status", "title", "url", "video_id", "text", "code", "reason", "retries"]


class _Echo:
    """Hands csv.writer's lines back. Source: Django's documentation on streaming large CSV files."""

    def write(self, line: str) -> str:
        return line


def cell(value: object) -> str:
    """Text of a cell. What a spreadsheet would take for a formula gets an apostrophe in front. Source: OWASP."""
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) else text


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Lines of a CSV file (RFC 4180) that begins with a byte order mark."""
    writer = csv.writer(_Echo())
    yield BOM
    yield _line(writer, columns)
    for row in rows:
        yield _line(writer, [cell(value) for value in row])


def _line(writer: Any, cells: Iterable[str]) -> str:
    line: str = writer.writerow(cells)
    return line


def _summary_row(item: Item, summary: Summary) -> list[object]:
    video, content = item.video, summary.content
    points = [f"{point['text']} [{_times(point['seconds'])}]" for point in content.get("points", [])]
    chapters = [f"{clock(chapter['start'])} {chapter['title']}" for chapter in content.get("chapters", [])]
    quotes = [_quote(quote) for quote in content.get("quotes", [])]
    return [
        item.position,
        video.label,
        video.url,
        video.youtube_id,
        video.channel,
        clock(video.duration),
        summary.headline,
        content.get("overview", ""),
        "\n".join(points),
        "\n".join(chapters),
        "\n".join(quotes),
        ", ".join(content.get("topics", [])),
        "\n".join(content.get("action_items", [])),
        ", ".join(content.get("mentions", [])),
        summary.language,
        captions(summary),
        model_name(summary),
        summary.prompt_version,
        summary.length,
        f"{summary.coverage:g}",
        f"{summary.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        summary.input_tokens,
        summary.output_tokens,
        summary.cached_tokens,
        None if summary.cost is None else f"{summary.cost:f}",
    ]


def _quote(quote: dict[str, Any]) -> str:
    speaker = f" {quote['speaker']}" if quote.get("speaker") else ""
    return f"“{quote['text']}”{speaker} [{clock(quote['second'])}]"


def _times(seconds: Iterable[float]) -> str:
    return ", ".join(clock(second) for second in seconds)


def summaries(snapshot: Snapshot) -> Iterator[str]:
    """summaries.csv: one line per summary, with what the user's own table had beside the link."""
    own = _own_columns(snapshot)
    headings = [f"{name} (yours)" if name in SUMMARY_COLUMNS else name for name in own]
    rows = (
        [*_summary_row(item, summary), *(item.note.get(name, "") for name in own)]
        for item, summary in snapshot.completed()
    )
    return table([*SUMMARY_COLUMNS, *map(cell, headings)], rows)


def _own_columns(snapshot: Snapshot) -> list[str]:
    """The columns of the tables that the links came from, in order of first appearance."""
    notes = snapshot.batch.items.exclude(note={}).order_by("position").values_list("note", flat=True)
    return list(dict.fromkeys(name for note in notes.iterator() for name in note))


def missing(snapshot: Snapshot) -> Iterator[str]:
    """failed.csv: every video that has no summary and every line that was not taken, with the reason."""
    return table(MISSING_COLUMNS, _missing_rows(snapshot))


def _missing_rows(snapshot: Snapshot) -> Iterator[list[object]]:
    for item in snapshot.without_summary():
        status, sentence = reason(snapshot, item)
        video = item.video
        found = [video.label, video.url, video.youtube_id, "", item.error_code, sentence, item.retry_count]
        yield ["video", item.position, status, *found]
    for line in snapshot.rejected():
        yield ["line", line.line, "rejected", "", "", "", line.text, "", line.reason, ""]


def _write(snapshot: Snapshot) -> Iterator[bytes]:
    return chunked(summaries(snapshot))


CSV = Format("text/csv; charset=utf-8", "csv", _write)
