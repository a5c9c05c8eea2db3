"""What is in the ZIP: opened with zipfile, as anybody's program would."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
import zipfile
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import yaml
from markdown_it import MarkdownIt

from batches.exports import FORMATS, export
from batches.models import Batch, Item
from summarizer.errors import UnknownName
from tests.batches.builders import CONTENT, CREATED, items_of, make_batch, make_user, make_video

pytestmark = pytest.mark.django_db

NASTY_TITLES = [
    '<script>alert(1)</script> & "quotes" | pipes',
    '=HYPERLINK("https://evil.example","click")',
    "CON",
    "../../etc/passwd",
    "C:\\temp\\a:b*c?",
    "Cooking 🍳 with 👩‍👩‍👧‍👦 and 👍🏽",
    "مرحبا بالعالم \u202egpj.exe",
    "ends with dots... ",
    "new\nline\ttab\x07bell\u2028separator",
    "x" * 300,
    "長" * 300,
    "# heading [link](https://evil.example) ![img](x) `code`",
    "",
    "Cafe\u0301",
]


def opened(batch: Batch) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export(batch))))
    assert archive.testzip() is None
    return archive


def text(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode("utf-8")


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    raw = text(archive, name)
    assert raw.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(raw[1:], newline="")))


def summaries_in(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.endswith(".md") and name != "index.md"]


def test_a_finished_batch_has_one_markdown_file_per_summary_and_the_tables() -> None:
    video = make_video(title="How bread is made", youtube_id="dQw4w9WgXcQ", channel="Bakers", duration=3725.0)
    batch = make_batch(["completed", "failed"], videos=[video], rejected=[(4, "https://example.org/x", "Not YouTube.")])

    archive = opened(batch)

    name = "001 - How bread is made [dQw4w9WgXcQ].md"
    assert archive.namelist() == [name, "index.md", "summaries.json", "summaries.csv", "failed.csv"]
    assert text(archive, name) == (
        "---\n"
        'title: "How bread is made"\n'
        'url: "https://www.youtube.com/watch?v=dQw4w9WgXcQ"\n'
        'video_id: "dQw4w9WgXcQ"\n'
        'channel: "Bakers"\n'
        'duration: "1:02:05"\n'
        'language: "en"\n'
        'captions: "written captions, en"\n'
        'model: "extractive"\n'
        'length: "standard"\n'
        "date: 2026-03-04T05:06:07Z\n"
        "coverage: 1\n"
        "---\n"
        "\n"
        "# What How bread is made says\n"
        "\n"
        "[How bread is made](https://www.youtube.com/watch?v=dQw4w9WgXcQ) · Bakers · 1:02:05\n"
        "\n"
        "How a baker makes bread with four ingredients.\n"
        "\n"
        "## Key points\n"
        "\n"
        "- Bread needs time. ([0:04](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=4s))\n"
        "- It rests overnight. ([0:04](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=4s), "
        "[1:05](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s))\n"
        "\n"
        "## Chapters\n"
        "\n"
        "- [0:00](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=0s) **Start**: A welcome.\n"
        "\n"
        "## Quotes\n"
        "\n"
        "> Let it rest overnight.\n"
        ">\n"
        "> — [1:05](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s)\n"
        "\n"
        "## Topics\n"
        "\n"
        "bread\n"
        "\n"
        "## Action items\n"
        "\n"
        "- Weigh the flour.\n"
        "\n"
        "*extractive read 100% of the captions (written captions, en).*\n"
    )


def test_what_has_no_summary_is_listed_with_the_reason() -> None:
    batch = make_batch(
        ["completed", "failed", "cancelled", "pending"],
        status="processing",
        rejected=[(3, "https://vimeo.com/1", "This is not a YouTube link."), (9, "youtu.be/short", "The id is cut.")],
    )

    missing = rows(opened(batch), "failed.csv")

    assert [(row["kind"], row["number"], row["status"], row["code"]) for row in missing] == [
        ("video", "2", "failed", "no_transcript"),
        ("video", "3", "cancelled", ""),
        ("video", "4", "pending", ""),
        ("line", "3", "rejected", ""),
        ("line", "9", "rejected", ""),
    ]
    assert missing[0]["reason"] == "This video has no captions."
    assert all(row["reason"] for row in missing)
    assert (missing[3]["text"], missing[3]["reason"]) == ("https://vimeo.com/1", "This is not a YouTube link.")


def test_the_index_links_every_file_and_says_why_others_have_none() -> None:
    bread = make_video(title="Bread | [salt] & 100%")
    batch = make_batch(["completed", "failed"], videos=[bread], rejected=[(5, "https://a|b", "No <b>link</b>.")])

    archive = opened(batch)
    tokens = MarkdownIt("commonmark").enable("table").parse(text(archive, "index.md"))

    hrefs = [child.attrs["href"] for token in tokens for child in token.children or [] if child.type == "link_open"]
    assert hrefs == [quote(summaries_in(archive)[0]), items_of(batch)[1].video.url]
    assert sum(token.type == "tr_open" for token in tokens) == 3
    assert "failed: This video has no captions." in text(archive, "index.md")
    assert "Line 5: https://a\\|b — No \\<b\\>link\\</b\\>." in text(archive, "index.md")


def test_the_json_holds_full_records() -> None:
    batch = make_batch(["completed", "failed", "completed"], rejected=[(2, "x", "y")])

    document = json.loads(text(opened(batch), "summaries.json"))

    assert document["batch"]["id"] == str(batch.pk)
    assert [record["position"] for record in document["summaries"]] == [1, 3]
    first = document["summaries"][0]
    assert first["points"][1] == {"text": "It rests overnight.", "seconds": [4.0, 65.0]}
    assert first["captions"] == {"kind": "manual", "language": "en", "source": "youtube", "tried": []}
    assert [record["error_code"] for record in document["without_summary"]] == ["no_transcript"]
    assert document["rejected"] == [{"line": 2, "text": "x", "reason": "y"}]


@pytest.mark.parametrize("statuses", [["pending"], ["cancelled", "cancelled"]])
def test_a_batch_without_a_summary_still_gives_whole_files(statuses: list[str]) -> None:
    archive = opened(make_batch(statuses))

    assert archive.namelist() == ["index.md", "summaries.json", "summaries.csv", "failed.csv"]
    assert json.loads(text(archive, "summaries.json"))["summaries"] == []
    assert rows(archive, "summaries.csv") == []
    assert len(rows(archive, "failed.csv")) == len(statuses)


@pytest.mark.parametrize("title", NASTY_TITLES)
def test_names_are_safe_everywhere_and_contents_keep_the_title(title: str) -> None:
    batch = make_batch(["completed"], videos=[make_video(title=title)])

    archive = opened(batch)

    (name,) = summaries_in(archive)
    assert name == unicodedata.normalize("NFC", name)
    assert len(name.encode()) <= 120
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char) == "Cc" or char == "\u202e" for char in name)
    stem = name.removesuffix(".md")
    assert stem == stem.rstrip(". ")
    assert stem.startswith("001 - ")
    assert stem.endswith(f" [{items_of(batch)[0].video.youtube_id}]")
    matter = yaml.safe_load(text(archive, name).split("---\n")[1])
    expected = " ".join(title.replace("\x07", " ").replace("\u2028", " ").split())
    assert matter["title"] == (expected or matter["video_id"])
    assert matter["date"] == CREATED


def test_equal_titles_make_different_files_in_order() -> None:
    batch = make_batch(["completed"] * 3, videos=[make_video(title="Same") for _ in range(3)])

    names = summaries_in(opened(batch))

    assert [name[:10] for name in names] == ["001 - Same", "002 - Same", "003 - Same"]
    assert names == sorted(names)


def test_positions_have_enough_digits_for_the_batch() -> None:
    names = summaries_in(opened(make_batch(["completed"] + ["failed"] * 999 + ["completed"])))

    assert [name[:7] for name in names] == ["0001 - ", "1001 - "]


def test_an_uploaded_file_has_times_without_links() -> None:
    user = make_user()
    video = make_video(owner=user, title="lecture", duration=71.0)
    batch = make_batch(["completed"], user=user, videos=[video], summary_fields={"caption_kind": "uploaded"})

    archive = opened(batch)

    assert summaries_in(archive) == ["001 - lecture.md"]
    assert "- Bread needs time. (0:04)" in text(archive, "001 - lecture.md")
    assert "youtube.com" not in text(archive, "001 - lecture.md") + text(archive, "index.md")


def test_names_outside_ascii_carry_the_utf8_flag() -> None:
    archive = opened(make_batch(["completed"], videos=[make_video(title="Brötchen 🥖")]))

    assert all(entry.flag_bits & 0x800 for entry in archive.infolist() if not entry.filename.isascii())
    assert summaries_in(archive)[0].startswith("001 - Brötchen 🥖 [")


def test_files_are_dated_by_their_summary_and_two_exports_are_equal() -> None:
    batch = make_batch(["completed"], summary_fields={"created_at": datetime(2025, 12, 31, 23, 59, 58, tzinfo=UTC)})

    assert opened(batch).infolist()[0].date_time == (2025, 12, 31, 23, 59, 58)
    assert b"".join(export(batch)) == b"".join(export(batch))


@pytest.mark.sqlite_only  # PostgreSQL does not take such text in
def test_half_a_surrogate_pair_from_a_model_does_not_break_the_export() -> None:
    batch = make_batch(["completed"], summary_fields={"content": CONTENT | {"overview": "broken \ud83d emoji"}})

    archive = opened(batch)

    assert "broken" in text(archive, summaries_in(archive)[0])
    assert json.loads(text(archive, "summaries.json"))["summaries"][0]["overview"] == "broken ? emoji"


def test_what_completes_during_the_download_is_in_no_part_of_it() -> None:
    batch = make_batch(["completed", "processing"] + ["completed"] * 250)
    late = items_of(batch)[1]
    chunks = export(batch)
    first = next(chunks)
    spare = make_batch(["completed"], user=batch.user)
    summary = items_of(spare)[0].summary
    spare.items.all().delete()
    Batch.objects.filter(pk=batch.pk).update(rev=2, processing_videos=0, completed_videos=252)
    Item.objects.filter(pk=late.pk).update(
        rev=2, status="completed", summary=summary, lease_holder=None, lease_expires_at=None
    )

    archive = zipfile.ZipFile(io.BytesIO(first + b"".join(chunks)))

    assert not any(name.startswith("002 - ") for name in archive.namelist())
    assert len(json.loads(text(archive, "summaries.json"))["summaries"]) == 251
    assert len(rows(archive, "summaries.csv")) == 251
    (missing,) = rows(archive, "failed.csv")
    assert "Export again" in missing["reason"]
    assert "Export again" in text(archive, "index.md")


def test_a_batch_deleted_during_the_download_breaks_it_off() -> None:
    batch = make_batch(["completed"] * 250)
    chunks = export(batch)
    next(chunks)
    batch.delete()

    with pytest.raises(Batch.DoesNotExist):
        b"".join(chunks)


def test_an_unknown_format_says_which_there_are() -> None:
    with pytest.raises(UnknownName, match="Choose one of: zip, markdown, json, csv"):
        export(make_batch(), "rar")


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_of_the_table_exports_an_empty_batch(name: str) -> None:
    assert all(chunk for chunk in export(make_batch(["failed"]), name))
    assert FORMATS.get(name).extension
