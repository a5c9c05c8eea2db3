from __future__ import annotations

import json
from typing import Any

import pytest

from summarizer.engines.answers import read_draft, schema

DRAFT: dict[str, Any] = {
    "headline": "Bees dance",
    "overview": "They do.",
    "key_points": [{"text": "They dance in the dark.", "segments": [1, 2]}],
    "chapters": [{"title": "Start", "segment": 1, "gist": "It starts."}],
    "quotes": [{"text": "a dance in the dark", "segment": 2, "speaker": ""}],
    "topics": ["bees"],
    "action_items": [],
    "mentions": [],
}
TEXT = json.dumps(DRAFT)


@pytest.mark.parametrize(
    "answer",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"Here is {{your}} summary:\n{TEXT}\nAnything else?",
        f"<think>maybe {TEXT[:40]}</think>{TEXT}",
        json.dumps({"summary": DRAFT}),
        TEXT + TEXT,
        TEXT.replace("They do.", "They\ndo."),
    ],
)
def test_a_draft_is_found_in_its_wrapping(answer: str) -> None:
    draft = read_draft(answer)
    assert draft is not None
    assert draft.headline == "Bees dance"
    assert draft.key_points[0].segments == [1, 2]


@pytest.mark.parametrize(
    ("written", "read"),
    [("[1]", [1]), (3, [3]), ("1, 2 and 5", [1, 2, 5]), ([4.0, "[7]"], [4, 7]), ([1.5, None, True], []), (None, [])],
)
def test_ids_are_read_however_they_are_written(written: object, read: list[int]) -> None:
    answer = {**DRAFT, "key_points": [{"text": "x", "segments": written if written is not None else []}]}
    draft = read_draft(json.dumps(answer))
    assert draft is not None
    assert draft.key_points[0].segments == read


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot do that.",
        TEXT[: len(TEXT) // 2],
        "{}",
        json.dumps([DRAFT]) and "[1, 2, 3]",
        json.dumps({**DRAFT, "key_points": "none"}),
        json.dumps({**DRAFT, "quotes": [{"text": "no segment"}]}),
        "{" * 100_000,
    ],
)
def test_what_is_no_draft_is_not_guessed_at(answer: str) -> None:
    assert read_draft(answer) is None


def test_nulls_mean_nothing() -> None:
    draft = read_draft(json.dumps({**DRAFT, "action_items": None, "quotes": [None], "topics": [None, "bees"]}))
    assert draft is not None
    assert draft.action_items == []
    assert draft.quotes == []
    assert draft.topics == ["bees"]


def test_the_schema_is_strict_all_the_way_down() -> None:
    nodes = [schema(), *schema()["$defs"].values()]
    for node in nodes:
        assert node["additionalProperties"] is False
        assert sorted(node["required"]) == sorted(node["properties"])
    assert "default" not in json.dumps(nodes)
    assert "title" in schema()["$defs"]["DraftChapter"]["properties"]


def test_what_no_database_takes_is_left_out_of_every_text() -> None:
    text = json.dumps(DRAFT | {"headline": "zero\x00 half\ud83d", "topics": ["a\x00"], "overview": "one\ntwo"})
    draft = read_draft(text)
    assert draft is not None
    assert (draft.headline, draft.topics, draft.overview) == ("zero half", ["a"], "one\ntwo")
