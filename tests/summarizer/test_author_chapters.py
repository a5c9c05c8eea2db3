"""Chapters in descriptions: found where YouTube finds them, and nowhere else."""

from __future__ import annotations

import pytest

from summarizer.records import AuthorChapter
from summarizer.transcripts.chapters import MOST, from_description

FOUND = [(0.0, "Start"), (65.0, "The dough"), (3605.0, "Baking")]


@pytest.mark.parametrize(
    "text",
    [
        "0:00 Start\n1:05 The dough\n1:00:05 Baking",
        "About bread.\n\n00:00 - Start\n01:05 – The dough\n01:00:05: Baking\n\nFollow me!",
        "Start 0:00\nThe dough (1:05)\nBaking [1:00:05]",
        "* 0:00 | Start\r\n* 1:05 | The dough\r\n* 1:00:05 | Baking",
        "Out at 12:30 every day\n0:00 Start\n1:05 The dough\nsee also 0:30 above\n1:00:05 Baking",
    ],
)
def test_lists_of_times_are_found_as_authors_write_them(text: str) -> None:
    assert [(chapter.start, chapter.title) for chapter in from_description(text)] == FOUND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0:00 Start\n1:05 Only two",
        "0:10 Start\n1:05 The dough\n2:00 Baking",
        "0:00 Start\n0:00 Start\n0:00 Start",
        "0:00\n1:00\n2:00",
        "0:00 One\n0:03 Two\n0:05 Three",
        "Version 1:2:3:4 of 0:00:00:00",
    ],
)
def test_what_is_no_list_is_none(text: str) -> None:
    assert from_description(text) == ()


def test_what_begins_behind_the_end_is_left_out() -> None:
    found = from_description("0:00 One\n1:00 Two\n2:00 Three\n9:00 Nine", duration=300)
    assert found[-1] == AuthorChapter("Three", 120.0)


def test_long_and_hostile_descriptions_stay_small() -> None:
    lines = "\n".join(f"{minute // 60}:{minute % 60:02}:00 {'x' * 5}" for minute in range(5000))
    assert len(from_description(lines)) == MOST
    assert len(from_description("0:00 " + "y" * 9000 + "\n1:00 b\n2:00 c")[0].title) == 200
    assert from_description("9:" * 5000) == ()
