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
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import islice
from typing import Any

from summarizer.errors import InvalidCaptionFile
from summarizer.marks import gettext_noop as _
from summarizer.text import tidy
from summarizer.youtube_urls import Link, parse

_SAMPLE = 200  # rows, the first with a link among them, that tell the column of links
_MOST_COLUMNS = 40
_LONGEST_VALUE = 500
_DELIMITERS = (",", ";", "\t", "|")
_TOLD_DELIMITER = re.compile(r"sep=([,;|\t])\r?\n", re.I)  # for Excel, which does not count the line
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]{1,8192})"|'([^']{1,8192})'|([^\s"'>]{1,8192}))""", re.I)
_OURS = re.compile(r"youtu", re.I)
_ELSEWHERE = _(
    "{number} videos named within the words of other columns were left out. Paste their links if you want them, too."
)
_LISTS = _(
    "{number} channels and playlists were left out, because this file names videos. "
    "Paste their links if you want all of their videos, too."
)


def read_table(text: str) -> list[Link]:
    """The links of a .csv or .tsv, each with the other cells of its row as its `note`.

    The column with the most videos is the one that is read, or that with the most links where no video is; a row that
    has none there is searched, and reported when it has none anywhere. Links to videos that are alone in a cell of
    another column are taken, too; those within the words of one are reported, once. What is no table is read as text.
    """
    text = text.removeprefix("\ufeff")
    told = _TOLD_DELIMITER.match(text)
    text = text[told.end() :] if told else text
    delimiter = told[1] if told else _delimiter(text)
    try:
        rows = _rows(text, delimiter)
    except csv.Error:
        return parse(text)
    column = _link_column(rows)
    if column is None:
        return parse(text)
    first = _heading(rows, column)
    has_heading = not _found(_cell(rows[first], column))
    names = _unique(rows[first] if has_heading else [])
    links: list[Link] = []
    passed_over: list[Link] = []
    for number, row in enumerate(rows[first + has_heading :], first + has_heading + 1):
        links += _links_of_row(number, row, column, names)
        passed_over += [replace(link, line=number) for link in _in_words(row, column)]
    return links + _reported(passed_over, {link.id for link in links}, _ELSEWHERE)


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


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """Without regard to quotes where one that nobody closed would make a cell of several rows with links."""

    def read(**how: Any) -> list[list[str]]:
        return [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **how)]

    try:
        return read(strict=True)
    except csv.Error:
        rows = read()
    if any("\n" in cell and _OURS.search(cell) for row in rows for cell in row):
        return [[cell.strip('" ') for cell in row] for row in read(quoting=csv.QUOTE_NONE)]
    return rows


def _link_column(rows: Sequence[Sequence[str]]) -> int | None:
    for start in range(0, len(rows), _SAMPLE):
        videos: Counter[int] = Counter()
        lists: Counter[int] = Counter()
        for row in rows[start : start + _SAMPLE]:
            for column, cell in enumerate(row):
                if found := _found(cell):
                    (videos if any(link.kind == "video" for link in found) else lists)[column] += 1
        if hits := videos or lists:
            # Of two columns with as many links the first.
            return max(sorted(hits), key=hits.__getitem__)
    return None


def _found(cell: str) -> list[Link]:
    return [link for link in parse(_one_line(cell)) if link.kind != "rejected"] if cell else []


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _heading(rows: Sequence[Sequence[str]], column: int) -> int:
    """The first row that is more than the title of the table, or a blank line."""

    def is_title(row: Sequence[str]) -> bool:
        return sum(bool(cell.strip()) for cell in row) < min(2, widest) and not _found(_cell(row, column))

    widest = max(len(row) for row in rows)
    return next((at for at, row in enumerate(rows) if not is_title(row)), 0)


def _unique(heading: Sequence[str]) -> list[str]:
    """Names for the columns: none twice, and none that is ours."""
    names: list[str] = []
    seen = Counter(["row"])
    for name in (tidy(name)[:60] for name in heading):
        seen[name] += 1
        names.append(f"{name} {seen[name]}" if name and seen[name] > 1 else name)
    return names


def _links_of_row(number: int, row: Sequence[str], column: int, names: Sequence[str]) -> Iterator[Link]:
    if not any(cell.strip() for cell in row):
        return
    found = parse(_one_line(_cell(row, column)))
    if not any(link.kind != "rejected" for link in found):
        found = [link for cell in row for link in _found(cell) if link.kind == "video"] or found
    known = {link.id for link in found}
    for cell in _others(row, column):
        if len(cell.split()) == 1:
            found += [link for link in _found(cell) if link.kind == "video" and link.id not in known]
    shown = " ".join(cell.strip() for cell in row if cell.strip())[:200]
    note = _note(number, row, column, names)
    for link in found or [Link(number, shown, "rejected", "", _("This row holds no link to a video."))]:
        yield replace(link, line=number, note=note)


def _others(row: Sequence[str], column: int) -> Iterator[str]:
    """The cells beside the one with the link that have links, too."""
    return (cell for at, cell in enumerate(row) if at != column and _OURS.search(cell))


def _in_words(row: Sequence[str], column: int) -> list[Link]:
    return [
        link for cell in _others(row, column) if len(cell.split()) > 1 for link in _found(cell) if link.kind == "video"
    ]


def _note(number: int, row: Sequence[str], column: int, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    others = [(at, cell) for at, cell in enumerate(row[:_MOST_COLUMNS]) if at != column and cell.strip()]
    named = [((_cell(names, at) or f"column {at + 1}"), cell.strip()[:_LONGEST_VALUE]) for at, cell in others]
    return (("row", str(number)), *named)


def _reported(links: Iterable[Link], taken: AbstractSet[str], sentence: str) -> list[Link]:
    """One line about all `links` that are not `taken`."""
    left = {link.id: link for link in reversed([*links]) if link.id not in taken}
    if not left:
        return []
    *_others, first = left.values()
    return [replace(first, kind="rejected", id="", reason=sentence.format(number=len(left)), note=())]


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def read_json(text: str, name: str) -> list[Link]:
    """The links in the strings of a JSON file, keys left aside; the line is the string's number.

    Programs write channels and playlists beside each video: those are left out where there are videos, and reported
    once. A plain list of strings is taken as it is.

    Raises `InvalidCaptionFile`, since JSON without links is taken for captions.
    """
    try:
        left = [json.loads(text)]
    except (ValueError, RecursionError) as error:
        raise InvalidCaptionFile(_("{name} is not valid JSON.").format(name=name)) from error
    is_plain = isinstance(left[0], list) and all(isinstance(each, str) for each in left[0])
    links: list[Link] = []
    strings = 0
    while left:
        value = left.pop()
        if isinstance(value, str):
            strings += 1
            links += [replace(link, line=strings) for link in parse(_one_line(value)) if _is_ours(link)]
        elif isinstance(value, dict | list):
            left += reversed([*value.values()] if isinstance(value, dict) else value)
    return links if is_plain else _videos_first(links)


def read_html(text: str) -> list[Link]:
    """The links that a page, such as a browser's bookmarks, leads to at YouTube; channels and playlists as in JSON."""
    links: list[Link] = []
    line, at = 1, 0
    for match in _HREF.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        target = next(filter(None, match.groups()), "")
        links += [replace(link, line=line) for link in parse(_one_line(target)) if _is_ours(link)]
    return _videos_first(links)


def _videos_first(links: Sequence[Link]) -> list[Link]:
    if not any(link.kind == "video" for link in links):
        return [*links]
    lists = [link for link in links if link.kind in ("playlist", "channel")]
    return [link for link in links if link.kind not in ("playlist", "channel")] + _reported(lists, set(), _LISTS)


def _is_ours(link: Link) -> bool:
    return link.kind != "rejected" or bool(_OURS.search(link.text))
