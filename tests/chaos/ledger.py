"""The final accounting of a batch that was struck: the database, the stand-ins, the page, the API and the socket."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from tests.installation import PASSWORD

if TYPE_CHECKING:
    from tests.chaos.arena import Battle


@dataclass(frozen=True)
class Row:
    position: int
    status: str
    attempt: int
    losses: int
    deferrals: int
    retry_count: int
    lease_holder: Any
    summary_id: Any
    error_code: str
    rev: int


def settle(battle: Battle, expected: Mapping[str, int]) -> list[Row]:
    rows = _rows(battle)
    wrong = [row for row in rows if row.status not in expected]
    assert Counter(row.status for row in rows) == Counter(expected), wrong
    _each_ended_once(battle, rows)
    _counters_equal_the_items(battle, rows)
    _nothing_was_paid_twice(battle, rows)
    _all_surfaces_agree(battle, expected)
    return rows


def _rows(battle: Battle) -> list[Row]:
    columns = ", ".join(Row.__annotations__)
    found = battle.app.rows(f"SELECT {columns} FROM batches_item WHERE batch_id = %s ORDER BY position", battle.id)
    return [Row(*row) for row in found]


def _each_ended_once(battle: Battle, rows: list[Row]) -> None:
    assert [row.position for row in rows] == list(range(1, len(battle.ids) + 1))
    assert not [row for row in rows if row.lease_holder is not None], "a lease is left"
    ended = [row for row in rows if row.status == "completed"]
    query = (
        "SELECT COUNT(*) FROM batches_summary s JOIN batches_item i ON i.video_id = s.video_id WHERE i.batch_id = %s"
    )
    assert battle.app.rows(query, battle.id) == [(len(ended),)], "a summary too many: something was completed twice"
    assert len({row.summary_id for row in ended}) == len(ended)
    # Deaths, deploys and absences spend nothing of the user's patience.
    assert {row.retry_count for row in rows} == {0}
    held = sum(blow.fetching + blow.summarizing for blow in battle.blows if blow.sign != "SIGTERM")
    assert sum(row.losses for row in rows) <= held


def _counters_equal_the_items(battle: Battle, rows: list[Row]) -> None:
    names = ("processing", "completed", "failed", "cancelled")
    columns = ", ".join(f"{name}_videos" for name in names)
    ((total, rev, *counts),) = battle.app.rows(
        f"SELECT total_videos, rev, {columns} FROM batches_batch WHERE id = %s", battle.id
    )
    states = Counter(row.status for row in rows)
    assert total == len(rows)
    assert dict(zip(names, counts, strict=True)) == {name: states[name] for name in names}
    assert states["processing"] == 0
    assert max(row.rev for row in rows) <= rev


def _nothing_was_paid_twice(battle: Battle, rows: list[Row]) -> None:
    """What was in flight at a blow may be asked for once more, and what could not be stored; nothing else."""
    videos = battle.youtube.stats()["videos"]
    fetches = sum(videos.get(video_id, {}).get("watch", 0) for video_id in battle.ids)
    unstored = sum(row.deferrals for row in rows) if battle.storage_fails else 0
    assert unstored or not sum(row.deferrals for row in rows), "something waited, and nobody told it to"
    fetching = sum(blow.fetching for blow in battle.blows)
    # What is being fetched at a SIGTERM may be asked about within the grace, at whose end the blow falls.
    asked_later = sum(blow.fetching for blow in battle.blows if blow.sign == "SIGTERM")
    summarizing = asked_later + sum(blow.summarizing for blow in battle.blows)
    assert fetches <= len(battle.ids) + fetching + unstored, (fetches, fetching, unstored)
    if battle.model != "extractive":
        assert battle.calls() <= len(battle.ids) + summarizing + unstored, (battle.calls(), summarizing, unstored, rows)


def _all_surfaces_agree(battle: Battle, expected: Mapping[str, int]) -> None:
    shown = {name: expected.get(name, 0) for name in ("completed", "failed", "cancelled", "processing", "pending")}
    answer = battle.api.batch(str(battle.id))
    assert {name: answer["progress"][name] for name in shown} == shown
    by_api = {item["position"]: item["status"] for item in answer["items"]}
    with battle.app.socket(battle.api, str(battle.id)) as socket:
        data = json.loads(socket.recv(timeout=10))["data"]
    assert {name: data["progress"][name] for name in shown} == shown
    assert data["progress"]["percentage"] == answer["progress"]["percentage"]
    assert (data["status"], data["rev"]) == (answer["status"], answer["rev"])
    # A first message holds a hundred items and says that there are more.
    first = dict(sorted(by_api.items())[:100])
    assert {item["position"]: item["status"] for item in data["items"]} == first
    assert data["more"] == (len(by_api) > len(first))
    assert data["current_item"] is None
    page = _page(battle)
    assert f'data-rev="{answer["rev"]}"' in page
    assert f'data-shape="{answer["status"]}/{shown["failed"]}/{shown["cancelled"]}/' in page
    counts = dict(re.findall(r'data-count="(\w+)">([\d,]+)<', page))
    assert {name: int(counts[name].replace(",", "")) for name in shown} == shown


def _page(battle: Battle) -> str:
    """The batch's page, as its owner's browser gets it."""
    with httpx.Client(base_url=battle.app.base_url, timeout=30, follow_redirects=True) as browser:
        form = browser.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert token, form.text[:500]
        fields = {"login": "owner@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        browser.post("/accounts/login/", data=fields, headers={"Referer": battle.app.base_url})
        answer = browser.get(f"/batches/{battle.id}")
    assert answer.status_code == 200, answer.text[:500]
    assert 'id="live"' in answer.text
    return answer.text
