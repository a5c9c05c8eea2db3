"""The main job with real processes: links in, live progress, summaries and a ZIP out; and when it is disturbed."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.fakes.llm import FakeLLM
from tests.fakes.youtube import FakeYouTube
from tests.installation import Api, Installation, eventually


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@pytest.fixture(scope="module")
def llm() -> Iterator[FakeLLM]:
    with FakeLLM() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, youtube: FakeYouTube, llm: FakeLLM) -> Iterator[Installation]:
    env = {
        "YOUTUBE_BASE_URL": youtube.base_url,
        "YOUTUBE_PER_HOUR": "0",
        "ANTHROPIC_API_KEY": "test-key",
        "ANTHROPIC_BASE_URL": llm.anthropic_url,
        "OPENAI_API_KEY": "test-key",
        "OPENAI_BASE_URL": llm.openai_url,
        "SIGNUP": "open",
    }
    with Installation(tmp_path_factory.mktemp("app"), env) as installation:
        yield installation


@pytest.fixture(scope="module")
def api(app: Installation) -> Api:
    return app.sign_up()


def links(*ids: str) -> list[str]:
    return [f"https://www.youtube.com/watch?v={video_id}" for video_id in ids]


def synthetic(count: int, prefix: str = "vid") -> list[str]:
    return links(*(f"{prefix}{number:08d}" for number in range(count)))


def test_twelve_videos_become_twelve_summaries_in_a_zip(app: Installation, api: Api) -> None:
    batch = api.create(synthetic(12), name="Twelve", model="extractive")

    ended = api.wait(batch["id"])

    assert ended["progress"]["percentage"] == 100.0
    assert [item["status"] for item in ended["items"]] == ["completed"] * 12
    archive = zipfile.ZipFile(io.BytesIO(api.http.get(ended["export_url"]).content))
    assert archive.testzip() is None
    files = archive.namelist()
    assert sum(name.endswith(".md") and name != "index.md" for name in files) == 12
    assert len(json.loads(archive.read("summaries.json"))["summaries"]) == 12


@pytest.mark.parametrize("engine", ["anthropic", "openai:gpt-6-luna"])
def test_the_models_summaries_lead_to_seconds_that_exist(api: Api, engine: str) -> None:
    batch = api.create(synthetic(3, "mod"), model=engine)
    assert batch["model"].startswith(engine)

    ended = api.wait(batch["id"])

    for item in ended["items"]:
        assert item["status"] == "completed", item
        summary = api.http.get(f"/api/summaries/{item['summary_id']}").json()
        assert summary["content"]["points"]
        for point in summary["content"]["points"]:
            assert all(0 <= second < 600 for second in point["seconds"])
        assert summary["coverage"] == 1.0
        assert summary["input_tokens"] > 0


def test_failed_videos_say_why_and_stop_nobody(api: Api) -> None:
    ids = ["gone0000001", "vid00000001", "priv0000001", "nocap000001", "age_0000001", "vid00000002"]
    batch = api.create([*links(*ids), "https://youtube.com/watch?v=invalid"], model="extractive")

    ended = api.wait(batch["id"])

    assert [(item["status"], item["error_code"]) for item in ended["items"]] == [
        ("failed", "video_unavailable"),
        ("completed", None),
        ("failed", "video_private"),
        ("failed", "transcripts_disabled"),
        ("failed", "age_restricted"),
        ("completed", None),
    ]
    assert all(item["error_message"] for item in ended["items"] if item["status"] == "failed")
    assert ended["progress"]["percentage"] == 100.0
    archive = zipfile.ZipFile(io.BytesIO(api.http.get(ended["export_url"]).content))
    assert archive.read("failed.csv").decode("utf-8-sig").count("\n") >= 6


def test_the_socket_speaks_at_least_every_two_and_a_half_seconds(app: Installation, api: Api) -> None:
    batch = api.create(links("slow1_00001", "slow1_00002", "slow1_00003"), model="extractive")
    heard: list[float] = []
    percentages: list[float] = []
    with app.socket(api, batch["id"]) as socket:
        while True:
            message = json.loads(socket.recv(timeout=10))
            heard.append(time.monotonic())
            assert message["type"] == "batch_progress"
            data = message["data"]
            assert data["batch_job_id"] == batch["id"]
            assert data.keys() >= {"status", "progress", "current_item", "current_items", "rev", "items"}
            percentages.append(data["progress"]["percentage"])
            if data["status"] == "completed":
                break
    assert max(after - before for before, after in pairwise(heard)) <= 2.5
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100.0
    assert 100.0 not in percentages[:-1]


def test_a_socket_resumes_from_its_revision(app: Installation, api: Api) -> None:
    batch = api.create(synthetic(2), model="extractive")
    ended = api.wait(batch["id"])
    with app.socket(api, batch["id"], since=ended["rev"]) as socket:
        data = json.loads(socket.recv(timeout=10))["data"]
    assert data["items"] == []
    with app.socket(api, batch["id"]) as socket:
        data = json.loads(socket.recv(timeout=10))["data"]
    assert len(data["items"]) == 2


def close_code(app: Installation, api: Api, batch_id: str) -> int | None:
    with app.socket(api, batch_id) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    return closed.value.rcvd.code if closed.value.rcvd else None


def test_a_socket_refuses_strangers_and_the_unknown(app: Installation, api: Api) -> None:
    batch = api.create(synthetic(1), model="extractive")
    stranger = app.sign_up("stranger@example.org")
    nobody = Api(app.base_url, "ys_wrong")
    assert close_code(app, stranger, batch["id"]) == 4404
    assert close_code(app, nobody, batch["id"]) == 4401


def test_cancel_keeps_what_is_done_and_retry_completes_the_rest(api: Api, youtube: FakeYouTube) -> None:
    ids = [*(f"vid{number:08d}" for number in range(3)), *(f"slow1_{number:05d}" for number in range(12))]
    batch = api.create(links(*ids), model="extractive")
    eventually(lambda: api.batch(batch["id"])["completed_videos"] >= 3, what="three are done")

    answer = api.http.post(f"/api/batch/{batch['id']}/cancel")
    assert answer.json() == {"message": "Batch job cancelled"}

    cancelled = api.batch(batch["id"])
    assert cancelled["status"] == "cancelled"
    done = cancelled["completed_videos"]
    assert 3 <= done < 15
    assert cancelled["progress"]["cancelled"] == 15 - done
    assert api.http.get(cancelled["export_url"]).status_code == 200

    api.http.post(f"/api/batch/{batch['id']}/retry")
    ended = api.wait(batch["id"])
    assert ended["completed_videos"] == 15
    assert {item["retry_count"] for item in ended["items"]} == {0}


def test_a_refused_key_stops_the_batch_once_with_one_reason(app: Installation, api: Api) -> None:
    batch = api.create(synthetic(10), model="anthropic:claude-x+key_refused")

    ended = api.wait(batch["id"])

    assert ended["failed_videos"] == 10
    assert "ANTHROPIC_API_KEY" in ended["stop_message"]
    assert {item["error_code"] for item in ended["items"]} == {"key_refused"}


def test_a_rate_limit_is_waited_for_and_spends_no_retry(api: Api) -> None:
    batch = api.create(synthetic(2, "lim"), model="openai:gpt-x+rate_limited*1")
    ended = api.wait(batch["id"], 90)
    assert {(item["status"], item["retry_count"]) for item in ended["items"]} == {("completed", 0)}


def test_a_client_written_by_others_against_the_contract(app: Installation) -> None:
    """Log in, create, poll every two seconds printing status and progress."""
    account = {"email": "owner@example.org", "password": "correct horse battery staple"}
    login = httpx.post(f"{app.base_url}/api/auth/login", json=account).json()
    assert login["token_type"].lower() == "bearer"
    assert login["expires_in"] > 0
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    urls = [f"https://youtube.com/watch?v={video_id}" for video_id in ("dQw4w9WgXcQ", "invalid", "9bZkp7q19f0")]
    body: dict[str, Any] = {"urls": urls, "name": "Test Batch"}
    created = httpx.post(f"{app.base_url}/api/batch/create", json=body, headers=headers)
    assert created.status_code == 201
    assert created.json()["name"] == "Test Batch"
    seen: list[tuple[str, float]] = []

    def poll() -> bool:
        state = httpx.get(f"{app.base_url}/api/batch/{created.json()['id']}", headers=headers).json()
        seen.append((state["status"], state["progress"]["percentage"]))
        return state["status"] in ("completed", "cancelled")

    eventually(poll, 60)
    assert seen[-1] == ("completed", 100.0)
    assert created.json()["rejected"][0]["line"] == 2
