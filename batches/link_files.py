"""Files of links: tables whose other columns come back in the export, JSON, and bookmarks. Pure, in linear time.

A table's line is its row as spreadsheets count, with the heading as row 1. In JSON and HTML only what has to do with
YouTube is looked at: a file of bookmarks is full of other addresses, which nobody meant to have summarized.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from summarizer.errors import InvalidCaptionFile
from summarizer.marks import gettext_noop as _
from summarizer.text import tidy
from summarizer.youtube_urls import Link, parse

_SAMPLE = 200  # rows in which the column of links must show
_MOST_COLUMNS = 40
_LONGEST_VALUE = 500
_DELIMITERS = (",", ";", "\t", "|")
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]{1,8192})"|'([^']{1,8192})'|([^\s"'>]{1,8192}))""", re.I)
_OURS = re.compile(r"youtu", re.I)


def read_table(text: str) -> list[Link]:
    """The links of a .csv or .tsv, each with the other cells of its row as its `note`.

    The column with the most links is the one that is read; a row that has none there is searched, and reported when it
    has none anywhere. What is no table is read as text.
    """
    text = text.removeprefix("\ufeff")
    delimiter = _delimiter(text)
    try:
        rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error:
        return parse(text)
    column = _link_column(rows)
    if column is None:
        return parse(text)
    heading = rows[0] if not _finds(_cell(rows[0], column)) else []
    names = [tidy(name)[:60] for name in heading]
    links: list[Link] = []
    for number, row in enumerate(rows[1:] if heading else rows, 2 if heading else 1):
        links += _links_of_row(number, row, column, names)
    return links


def _delimiter(text: str) -> str:
    """The one that cuts most of the first rows into the same number of cells, more than one."""

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            rows = [*islice(csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter), 50)]
        except csv.Error:
            return 0, 0
        widths = Counter(len(row) for row in rows if len(row) > 1)
        return (widths.most_common(1)[0][1], widths.most_common(1)[0][0]) if widths else (0, 0)

    return max(_DELIMITERS, key=agreement)


def _link_column(rows: Sequence[Sequence[str]]) -> int | None:
    hits = Counter(column for row in rows[:_SAMPLE] for column, cell in enumerate(row[:_MOST_COLUMNS]) if _finds(cell))
    # Of two columns with as many links, such as the video's and its channel's, the first.
    return max(sorted(hits), key=hits.__getitem__) if hits else None


def _finds(cell: str) -> bool:
    return any(link.kind != "rejected" for link in parse(cell))


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _links_of_row(number: int, row: Sequence[str], column: int, names: Sequence[str]) -> Iterator[Link]:
    if not any(cell.strip() for cell in row):
        return
    found = parse(_one_line(_cell(row, column))) or [link for cell in row for link in parse(_one_line(cell))]
    shown = " ".join(cell.strip() for cell in row if cell.strip())[:200]
    note = _note(number, row, column, names)
    for link in found or [Link(number, shown, "rejected", "", _("This row holds no link to a video."))]:
        yield replace(link, line=number, note=note)


def _note(number: int, row: Sequence[str], column: int, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    others = [(at, cell) for at, cell in enumerate(row[:_MOST_COLUMNS]) if at != column and cell.strip()]
    named = [((_cell(names, at) or f"column {at + 1}"), cell.strip()[:_LONGEST_VALUE]) for at, cell in others]
    return (("row", str(number)), *named)


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def read_json(text: str, name: str) -> list[Link]:
    """The links in the strings of a JSON file, keys left aside; the line is the string's number.

    Raises `InvalidCaptionFile`, since JSON without links is taken for captions.
    """
    try:
        left = [json.loads(text)]
    except (ValueError, RecursionError) as error:
        raise InvalidCaptionFile(_("{name} is not valid JSON.").format(name=name)) from error
    links: list[Link] = []
    strings = 0
    while left:
        value = left.pop()
        if isinstance(value, str):
            strings += 1
            links += [replace(link, line=strings) for link in parse(_one_line(value)) if _is_ours(link)]
        elif isinstance(value, dict | list):
            left += reversed([*value.values()] if isinstance(value, dict) else value)
    return links


def read_html(text: str) -> list[Link]:
    """The links that a page, such as a browser's bookmarks, leads to at YouTube."""
    links: list[Link] = []
    line, at = 1, 0
    for match in _HREF.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        target = next(filter(None, match.groups()), "")
        links += [replace(link, line=line) for link in parse(_one_line(target)) if _is_ours(link)]
    return links


def _is_ours(link: Link) -> bool:
    return link.kind != "rejected" or bool(_OURS.search(link.text))
