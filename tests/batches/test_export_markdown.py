"""Text from titles and models stays text; and the formats other than ZIP."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from batches.exports import export
from batches.exports.markdown import escape, front_matter, paragraphs
from batches.exports.names import LONGEST_BYTES, safe_name, shorten, summary_name
from batches.exports.tables import cell
from tests.batches.builders import CONTENT, CREATED, items_of, make_batch, make_video

HOSTILE = [
    "# heading",
    "## x",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "> quote",
    "---",
    "===",
    "***",
    "```js",
    "~~~",
    "    indented",
    "| a | b |",
    "[link](https://evil.example)",
    "![pixel](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<!-- hidden -->",
    "&lt;b&gt; &amp; &copy;",
    "*bold* _it_ __x__ `code` ~~gone~~",
    "back\\slash \\*",
    "ends with \\",
    "[ref]: https://evil.example",
    "two\n\n# lines",
    "$x$ and 100%",
    "plain text, as it is!",
]


def plain(source: str) -> str:
    """What a reader sees of one paragraph; fails if it is anything but one paragraph of text."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(source)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], source
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}, source
    return "".join(child.content for child in children)


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_is_shown_letter_by_letter(text: str) -> None:
    assert plain(escape(text)) == " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_anywhere_in_a_summary_breaks_no_structure(text: str, db: None) -> None:
    content: dict[str, Any] = {
        "overview": text,
        "points": [{"text": text, "seconds": [1.0]}],
        "chapters": [{"title": text, "start": 0.0, "gist": text}],
        "quotes": [{"text": text, "second": 2.0, "speaker": text}],
        "topics": [text],
        "action_items": [text],
        "mentions": [text],
    }
    video = make_video(title=text, channel=text)
    batch = make_batch(
        ["completed", "failed"],
        videos=[video],
        name=text,
        rejected=[(1, text, text)],
        summary_fields={"headline": text, "content": content},
        item_fields={},
    )

    source = b"".join(export(batch, "markdown")).decode()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(source)

    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings == ["h1", "h2", *["h3"] * 6, "h2", "h2"]
    assert not {token.type for token in tokens} & {"html_block", "fence", "code_block", "hr", "table_open"}
    children = [child for token in tokens for child in token.children or []]
    assert {child.attrs["href"] for child in children if child.type == "link_open"} == {
        video.url,
        *(video.moment_url(second) for second in (0, 1, 2)),
    }
    assert not {child.type for child in children} & {"html_inline", "image", "code_inline", "s_open"}


def test_paragraphs_of_an_overview_are_kept() -> None:
    assert paragraphs("One\nline.\n\n \nTwo.") == "One line.\n\nTwo."


@pytest.mark.parametrize(
    "text", ['say "hi": now', "a: b # c", "- x", "{a: 1}", "yes", "null", "12:30", "\u0085\u2028", "'"]
)
def test_front_matter_survives_what_yaml_would_take_for_something_else(text: str, db: None) -> None:
    (item,) = items_of(make_batch(["completed"], videos=[make_video(title=f"x {text}", channel=text)]))
    assert item.summary

    matter = yaml.safe_load(front_matter(item, item.summary).strip("-\n"))

    assert matter["channel"] == " ".join(text.replace("\x85", " ").split())
    assert matter["title"] == f"x {matter['channel']}".strip()
    assert (matter["duration"], matter["coverage"], matter["date"]) == ("2:00", 1, CREATED)


def test_the_single_document_holds_every_summary_and_what_is_missing(db: None) -> None:
    batch = make_batch(["completed", "failed", "completed"], rejected=[(7, "https://vimeo.com/1", "Not YouTube.")])

    document = b"".join(export(batch, "markdown")).decode()

    assert document.startswith("# Bread\n\n3 videos · 2 summarized · 1 failed · extractive · standard · ")
    assert document.count("\n## What Video") == 2
    assert "failed. This video has no captions." in document
    assert "- Line 7: https://vimeo.com/1 — Not YouTube.\n" in document


def test_dropped_claims_are_counted_for_the_reader(db: None) -> None:
    grounding = {"points": 1, "points_dropped": 2, "quotes": 0, "quotes_dropped": 1, "chapters_dropped": 0}
    batch = make_batch(["completed"], summary_fields={"coverage": 0.999, "content": CONTENT | {"grounding": grounding}})

    document = b"".join(export(batch, "markdown")).decode()

    assert "read 99% of the captions" in document
    assert "Left out, because the video does not say it: 3." in document


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        '"=1+1"',
        "  =1",
        "＝1",
        "-abcdefghij",
    ],
)
def test_cells_that_a_spreadsheet_would_run_are_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["a=b", "1-2", "mail@example.org", "", "x\ty", 12, 0.5])
def test_other_cells_stay_as_they_are(text: object) -> None:
    assert cell(text) == str(text)


def test_csv_for_excel_has_a_byte_order_mark_and_no_formulas(db: None) -> None:
    title = '=HYPERLINK("https://evil.example","click, me")'
    content = CONTENT | {"overview": '-2+3, "quoted"\nsecond line', "action_items": ["@now"], "topics": ["+1", "b"]}
    batch = make_batch(["completed"], videos=[make_video(title=title)], summary_fields={"content": content})

    raw = b"".join(export(batch, "csv"))

    assert raw.startswith(b"\xef\xbb\xbfposition,title,")
    (row,) = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert row["title"] == f"'{title}"
    assert row["overview"] == '\'-2+3, "quoted"\nsecond line'
    assert row["action_items"] == "'@now"
    assert row["topics"] == "'+1, b"
    assert row["key_points"] == "Bread needs time. [0:04]\nIt rests overnight. [0:04, 1:05]"


@pytest.mark.parametrize("name", ["CON", "nul", "Com1", "LPT9.backup", "aux.", "PRN.tar.gz"])
def test_reserved_names_of_windows_are_avoided(name: str) -> None:
    assert safe_name(name, "x").startswith("_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Batch 2026-03-04 05:06", "Batch 2026-03-04 05-06"),
        ("a/b\\c|d", "a-b-c-d"),
        ('what? "this" <is> *it*', "what 'this' is it"),
        ("...hidden", "hidden"),
        ("trailing. . .", "trailing"),
        ("\u202etxt.exe", "txt.exe"),
        ("\x00\x1f", "fallback"),
        ("???", "fallback"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_names_keep_what_can_be_kept(text: str, expected: str) -> None:
    assert safe_name(text, "fallback") == expected


@pytest.mark.parametrize("unit", ["x", "é", "e\u0301", "長", "👍🏽", "👩‍👩‍👧‍👦"])
def test_long_names_are_cut_between_characters(unit: str) -> None:
    for longest in range(len(unit.encode()) + 3, 70):
        cut = shorten(unit * 100, longest)

        assert len(cut.encode()) <= longest
        assert cut == unit * cut.count(unit) + "…"


def test_the_position_of_a_name_grows_with_the_batch() -> None:
    assert summary_name(7, 12, "T", "dQw4w9WgXcQ") == "007 - T [dQw4w9WgXcQ].md"
    assert summary_name(7, 10_000, "T", "") == "00007 - T.md"
    assert len(summary_name(7, 10_000, "長" * 200, "dQw4w9WgXcQ").encode()) <= LONGEST_BYTES
