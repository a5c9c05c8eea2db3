"""Files of links as people have them: tables of any spreadsheet, JSON of any program, bookmarks of any browser."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest

from batches.intake import CaptionFile, LinkFile, read_upload
from summarizer.errors import InvalidCaptionFile, InvalidInput
from summarizer.youtube_urls import Link

ONE, TWO = "dQw4w9WgXcQ", "9bZkp7q19f0"


def links(name: str, text: str | bytes) -> tuple[Link, ...]:
    taken = read_upload(name, text if isinstance(text, bytes) else text.encode())
    assert isinstance(taken, LinkFile)
    return taken.links


def found(name: str, text: str | bytes) -> list[tuple[int, str, str]]:
    return [(link.line, link.kind, link.id) for link in links(name, text)]


def notes(name: str, text: str) -> list[dict[str, str]]:
    return [dict(link.note) for link in links(name, text)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_column_of_links_is_found_and_the_others_come_along(delimiter: str, start: str) -> None:
    rows = [["Topic", "Video", "Mark"], ["bread, rye", f"https://youtu.be/{ONE}", "1"], ["tea", TWO, ""]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert found("a.csv", start + text) == [(2, "video", ONE), (3, "video", TWO)]
    assert notes("a.csv", start + text) == [
        {"row": "2", "Topic": "bread, rye", "Mark": "1"},
        {"row": "3", "Topic": "tea"},
    ]


def test_a_table_without_a_heading_numbers_its_columns() -> None:
    assert notes("a.tsv", f"{ONE}\tfirst\n{TWO}\tsecond\n") == [
        {"row": "1", "column 2": "first"},
        {"row": "2", "column 2": "second"},
    ]


def test_rows_without_a_link_are_reported_and_blank_ones_are_not() -> None:
    text = f"url,who\n{ONE},Ann\n,\n,Bob\nnothing,Cy\n"
    assert found("a.csv", text) == [(2, "video", ONE), (4, "rejected", ""), (5, "rejected", "")]
    assert "holds no link" in links("a.csv", text)[1].reason


def test_a_link_in_another_column_is_found() -> None:
    text = f"url,other\n{ONE},\n{TWO},\n,https://youtu.be/aaaaaaaaaa0\n"
    assert [row[2] for row in found("a.csv", text)] == [ONE, TWO, "aaaaaaaaaa0"]


def test_authors_and_channels_beside_the_videos_are_not_taken() -> None:
    text = f"url,channel\nhttps://youtu.be/{ONE},https://www.youtube.com/@a\nhttps://youtu.be/{TWO},@b\n"
    assert [row[1] for row in found("a.csv", text)] == ["video", "video"]


def test_cells_with_line_breaks_and_quotes_are_one_row() -> None:
    text = f'note,url\n"two\nlines, ""quoted""",{ONE}\n'
    assert found("a.csv", text) == [(2, "video", ONE)]
    assert notes("a.csv", text)[0]["note"] == 'two\nlines, "quoted"'


def test_a_plain_list_in_a_csv_is_a_table_of_one_column() -> None:
    assert found("a.csv", f"{ONE}\n{TWO}\n") == [(1, "video", ONE), (2, "video", TWO)]


def test_a_file_without_links_is_refused() -> None:
    with pytest.raises(InvalidInput, match="holds no link"):
        read_upload("a.csv", b"name,age\nann,7\n")


@pytest.mark.parametrize(
    "data",
    [
        [f"https://youtu.be/{ONE}", TWO],
        {"videos": [{"url": f"https://youtu.be/{ONE}", "title": "Programming"}, {"id": TWO, "n": 3}], "v": None},
    ],
)
def test_links_in_json_are_found_wherever_they_are(data: object) -> None:
    assert [row[1:] for row in found("a.json", json.dumps(data))] == [("video", ONE), ("video", TWO)]


def test_json_captions_stay_captions() -> None:
    taken = read_upload("a.json", b'[{"start": 0, "duration": 2, "text": "Hello there."}]')
    assert isinstance(taken, CaptionFile)


def test_json_that_is_neither_is_refused() -> None:
    for text in (b'{"a": 1}', b"{broken", b"[" * 100_000):
        with pytest.raises(InvalidCaptionFile):
            read_upload("a.json", text)


def test_bookmarks_give_their_links_to_youtube_only() -> None:
    text = (
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n"
        f'<DT><A HREF="https://www.youtube.com/watch?v={ONE}&amp;t=3s" ADD_DATE="1">One</A>\n'
        "<DT><A HREF='https://example.org/'>Elsewhere</A>\n"
        f"<DT><a href=https://youtu.be/{TWO}>Two</a>\n"
        '<DT><A HREF="https://www.youtube.com/watch?v=short">Broken</A>\n'
    )
    assert found("bookmarks.html", text) == [(3, "video", ONE), (5, "video", TWO), (6, "rejected", "")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"a" * 3_000_000),
        ("a.csv", b'"' * 1_000_001),
        ("a.csv", b",;" * 500_000),
        ("a.csv", (f"{ONE}," + "x," * 100 + "\n").encode() * 5_000),
        ("a.html", b"<a href=" * 300_000),
        ("a.html", b"href='" * 300_000),
        ("a.json", b'["' + b"x" * 3_000_000 + b'"]'),
    ],
)
def test_hostile_files_end_in_time(name: str, data: bytes) -> None:
    began = time.process_time()
    with suppress(InvalidInput, InvalidCaptionFile):
        read_upload(name, data)
    assert time.process_time() - began < 15
