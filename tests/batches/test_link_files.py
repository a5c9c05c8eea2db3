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


@pytest.mark.parametrize(
    "text",
    [
        f"position,channelId,channelTitle,videoId\n1,UC{'a1B' * 7}x,Ann,{ONE}\n2,UC{'b2C' * 7}y,Bob,{TWO}\n",
        f"Channel URL,Video URL\nhttps://youtube.com/@ann,https://youtu.be/{ONE}\nhttps://youtube.com/@b,youtu.be/{TWO}",
        f"handle;video\n@ann12;{ONE}\n@bob12;{TWO}\n",
        f"playlist,video\nPL{'a1' * 10},{ONE}\nPL{'a1' * 10},{TWO}\n",
    ],
)
def test_a_column_of_channels_or_playlists_gives_way_to_the_videos(text: str) -> None:
    assert found("a.csv", text) == [(2, "video", ONE), (3, "video", TWO)]


def test_channels_are_taken_from_a_table_without_videos() -> None:
    assert [row[1] for row in found("a.csv", "name,channel\nAnn,youtube.com/@ann\n")] == ["channel"]


def test_a_row_whose_video_is_missing_does_not_stand_for_its_channel() -> None:
    text = f"channel,url\nyoutube.com/@ann,{ONE}\nyoutube.com/@bob,\n"
    assert [row[1] for row in found("a.csv", text)] == ["video", "rejected"]


def test_two_columns_of_videos_are_taken_and_those_in_words_reported_once() -> None:
    text = f"a,b,words\nyoutu.be/{ONE},https://youtu.be/{TWO},see youtu.be/aaaaaaaaaa0\n"
    text += f"youtu.be/{ONE},,see youtu.be/aaaaaaaaaa1 and youtu.be/{TWO}\n"
    assert [row[1:] for row in found("a.csv", text)] == [
        *(("video", ONE), ("video", TWO), ("video", ONE)),
        ("rejected", ""),
    ]
    assert links("a.csv", text)[-1].reason.startswith("2 videos named within the words of other columns")


def test_a_quote_that_nobody_closed_costs_no_row() -> None:
    ids = [ONE, TWO, "aaaaaaaaaa0", "aaaaaaaaaa1"]
    text = f'who,url\n"Bar,https://youtu.be/{ids[0]}\nBaz,https://youtu.be/{ids[1]}\n'
    text += f'Foo,https://youtu.be/{ids[2]}\n"Qux",https://youtu.be/{ids[3]}\n'
    assert [row[2] for row in found("a.csv", text)] == ids
    assert notes("a.csv", text)[0] == {"row": "2", "who": "Bar"}


def test_a_description_of_several_lines_stays_one_cell() -> None:
    text = f'url,about\n{ONE},"First line, and\nmore: https://youtu.be/{TWO}, I say"\n'
    assert [row[:2] for row in found("a.csv", text)] == [(2, "video"), (2, "rejected")]
    assert notes("a.csv", text)[0]["about"].startswith("First line")


def test_columns_of_the_same_name_and_one_called_row_are_all_kept() -> None:
    assert notes("a.csv", f"row,url,Mark,Mark\nx,{ONE},1,2\n") == [
        {"row": "2", "row 2": "x", "Mark": "1", "Mark 2": "2"}
    ]


def test_links_that_begin_late_or_far_to_the_right_keep_their_columns() -> None:
    text = "who,url\n" + "Ann,\n" * 300 + f"Bob,{ONE}\n"
    assert {"row": "302", "who": "Bob"} in notes("a.csv", text)
    wide = "who" + "," * 50 + f"url\nAnn{',' * 50}{ONE}\n"
    assert notes("a.csv", wide) == [{"row": "2", "who": "Ann"}]


def test_what_excel_and_people_put_above_the_heading_is_no_heading() -> None:
    assert notes("a.csv", f"sep=;\nwho;url\nAnn;{ONE}\n") == [{"row": "2", "who": "Ann"}]
    assert notes("a.csv", f"My videos,\n,\nwho,url\nAnn,{ONE}\n") == [{"row": "4", "who": "Ann"}]


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


def test_in_json_and_html_of_videos_their_channels_and_lists_are_reported_once() -> None:
    data = {
        "id": f"PL{'a1' * 10}",
        "entries": [
            {"id": ONE, "channel_url": "https://www.youtube.com/channel/UC" + "a1B" * 7 + "x"},
            {"id": TWO, "uploader_url": "https://www.youtube.com/@ann"},
        ],
    }
    assert [row[1] for row in found("list.json", json.dumps(data))] == ["video", "video", "rejected"]
    assert links("list.json", json.dumps(data))[-1].reason.startswith("3 channels and playlists were left out")
    page = f'<a href="https://youtu.be/{ONE}">One</a> by <a href="https://www.youtube.com/@ann">Ann</a>'
    assert [row[1] for row in found("watch-history.html", page)] == ["video", "rejected"]


def test_a_plain_list_in_json_and_a_page_of_channels_are_taken_as_they_are() -> None:
    listed = json.dumps([ONE, "https://www.youtube.com/@ann"])
    assert [row[1] for row in found("a.json", listed)] == ["video", "channel"]
    assert [row[1] for row in found("a.html", '<a href="https://www.youtube.com/@ann">Ann</a>')] == ["channel"]


STAMPED = "".join(f"0:{second:02} Sentence number {second}.\n" for second in range(56))
SRT = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\nWords {n}.\n\n" for n in range(5))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("talk.txt", STAMPED + "0:57 Find me at youtube.com/@foo\n"),
        ("talk.txt", STAMPED + f"0:57 As in https://youtu.be/{ONE} of last week.\n"),
        ("talk.txt", SRT.replace("Words 3.", "Find me at youtube.com/@foo")),
        ("talk.json", json.dumps({"text": "…", "segments": [{"start": 0, "end": 2, "text": "At youtube.com/@foo"}]})),
        ("talk.json", json.dumps([{"start": 0, "duration": 2, "text": f"See https://youtu.be/{ONE}"}])),
    ],
)
def test_captions_in_which_somebody_names_a_link_stay_captions(name: str, text: str) -> None:
    taken = read_upload(name, text.encode())
    assert isinstance(taken, CaptionFile)
    assert taken.video_id == ""
    assert any("youtu" in cue.text for cue in taken.transcript.cues)


@pytest.mark.parametrize("said", [STAMPED, SRT])
def test_a_link_above_captions_tells_their_video(said: str) -> None:
    taken = read_upload("t.txt", f"# tactiq.io\n# A talk\n# https://www.youtube.com/watch/{ONE}\n\n{said}".encode())
    assert isinstance(taken, CaptionFile)
    assert taken.video_id == ONE
    assert taken.transcript.cues[0].text in ("Sentence number 0.", "Words 0.")


@pytest.mark.parametrize(
    "text",
    [
        f"https://youtu.be/{ONE}\n0:00 Intro\n2:00 The middle\n5:00 The end\n",
        f"0:15 https://youtu.be/{ONE}\n0:30 https://youtu.be/{TWO}\n" + "0:45 https://youtu.be/aaaaaaaaaa0\n",
    ],
)
def test_links_with_times_or_chapters_stay_links(text: str) -> None:
    assert found("a.txt", text)[0][2] == ONE


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
