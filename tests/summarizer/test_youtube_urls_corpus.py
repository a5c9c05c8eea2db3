"""Against what other projects' own tests expect of 595 inputs. `docs/links.md` argues where we differ."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.summarizer.test_youtube_urls import named

DOCS = Path(__file__).resolve().parents[2] / "docs" / "links.md"

# Rows of level "peer" that come out differently, each argued in docs/links.md.
DEVIATIONS = {
    "https://www.youtube.com/c/%EB%85%B8%EB%A7%88%EB%93%9C%EC%BD%94%EB%8D%94NomadCoders": (
        ("channel", "c/노마드코더NomadCoders"),
        "another peer row of the same form expects the decoded name",
    ),
    "http://www.youtube.com/embed/_xDOZElKyNU?list=PLsyOSbh5bs16vubvKePAQ1x3PhKavfBIl": (
        ("video", "_xDOZElKyNU"),
        "a link that names a video is that video; eight peer rows of the same form expect it",
    ),
}

# Disputed rows that come out otherwise than the corpus says: a pattern, what we answer, and why. Groups of the docs.
DECISIONS = {
    "private lists without a link": (r"WL|LL|RDMM", None),
    "ids that are too long": (r".*(-cdveCh1kQk-|-cdveCh1kQkwhatever|OGS7c0-CmRswhatever\))", "rejected"),
    "other sites that show YouTube videos": (
        r"(https?://)?(hooktube\.com|invidious\.fdn\.fr|zwearz\.com|www\.cleanvideosearch\.com)/.*",
        "rejected",
    ),
    "old vanity addresses": (
        r"https?://(www\.)?youtube\.com/"
        r"(DIMENSI0N|watchismo|course|zsecurity|NASAgovVideo|TheYoungTurks|news|AsapSCIENCE|embedded)(/\w+)?",
        "rejected",
    ),
    "list ids that are too short": (r".*list=1337", "rejected"),
    "the data API of 2008": (r"https://gdata\.youtube\.com/.*", "rejected"),
}


def rows(shared: Path, level: str) -> list[dict[str, Any]]:
    every = json.loads((shared / "corpus" / "youtube_urls.json").read_text())
    return [row for row in every if row["level"] == level]


def agrees(row: dict[str, Any]) -> bool:
    found = named(row["input"])
    if row["expected_kind"] == "invalid":
        return all(kind == "rejected" for kind, _ in found)
    return found == [(row["expected_kind"], row["expected_id"])]


def test_peers_agree_except_where_the_docs_argue(shared: Path) -> None:
    differing = {row["input"] for row in rows(shared, "peer") if not agrees(row)}
    assert differing == set(DEVIATIONS)
    for text, (answer, why) in DEVIATIONS.items():
        assert named(text) == [answer]
        assert why
        assert text in DOCS.read_text()


def test_disputed_rows_are_decided_by_group(shared: Path) -> None:
    undecided, used = [], set()
    for row in rows(shared, "disputed"):
        group = next((name for name, (form, _) in DECISIONS.items() if re.fullmatch(form, row["input"])), "")
        if not group:
            undecided += [] if agrees(row) else [row["input"]]
            continue
        used.add(group)
        answer = DECISIONS[group][1]
        assert [kind for kind, _ in named(row["input"])] == ([answer] if answer else [])
    assert undecided == []
    assert used == set(DECISIONS)
    assert all(name.lower() in DOCS.read_text().lower() for name in DECISIONS)
