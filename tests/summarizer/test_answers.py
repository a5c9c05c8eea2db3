from __future__ import annotations

import json
from typing import Any

import pytest

from summarizer.engines.answers import read_draft, schema
from summarizer.grounding import ground
from summarizer.records import Grounding, Segment

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
    [
        ("[1]", [1]),
        (3, [3]),
        ("1, 2 and 5", [1, 2, 5]),
        ([4.0, "[7]"], [4, 7]),
        ([1.5, None, True], []),
        ("00:01:20", []),
        (["0:45", 3], [3]),
        (None, []),
    ],
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
        json.dumps({**DRAFT, "key_points": ["They dance.", "They fly."]}),
        json.dumps({**DRAFT, "key_points": [{"text": 5, "segments": [1]}, 7]}),
        json.dumps({**DRAFT, "key_points": [{"point": "They dance.", "ids": [1]}]}),
        "{" * 100_000,
    ],
)
def test_what_is_no_draft_is_not_guessed_at(answer: str) -> None:
    assert read_draft(answer) is None


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("chapters", [{"title": "Start", "segment": 1}], [{"title": "Start", "segment": 1, "gist": ""}]),
        ("chapters", [{"title": "Start"}, "End"], [{"segment": 0}, {"title": "End", "segment": 0}]),
        ("chapters", [{"title": "Start", "segment": "01:20"}], [{"segment": 0}]),
        ("quotes", [{"text": "a dance"}, 5], [{"text": "a dance", "segment": 0, "speaker": ""}]),
        ("key_points", [DRAFT["key_points"][0], "They fly."], [{}, {"text": "They fly.", "segments": []}]),
        ("key_points", [DRAFT["key_points"][0], {"segments": [1]}], [{}, {"text": "", "segments": [1]}]),
        ("topics", ["bees", {"name": "hives"}, 3], ["bees"]),
    ],
)
def test_one_item_in_another_form_is_no_reason_to_throw_the_rest_away(
    field: str, written: list[Any], read: list[Any]
) -> None:
    draft = read_draft(json.dumps({**DRAFT, field: written}))
    assert draft is not None
    assert draft.headline == "Bees dance"
    found = draft.model_dump()[field]
    assert len(found) == len(read)
    for item, expected in zip(found, read, strict=True):
        assert item == expected if isinstance(item, str) else expected.items() <= item.items()


def test_an_item_in_another_form_is_counted_and_not_lost() -> None:
    points = [{"text": "They dance.", "segments": [1]}, "They fly.", {"text": "They sing.", "segments": "00:01:20"}]
    changes = {"key_points": points, "chapters": [{"title": "Start"}], "quotes": [{"text": "a dance in the dark"}]}
    draft = read_draft(json.dumps({**DRAFT, **changes}))
    assert draft is not None
    found = ground(draft, [Segment(1, 0.0, 45.0, "It is a dance in the dark.")])
    assert found.grounding == Grounding(points=1, points_dropped=2, quotes=1, quotes_dropped=0, chapters_dropped=1)
    assert len(found.problems) == 3


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
