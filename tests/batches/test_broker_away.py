"""With Redis away nothing fails and nothing is lost: real processes, whose broker is killed under them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.fakes.youtube import FakeYouTube
from tests.installation import PASSWORD, Api, Installation, eventually

QUICKLY = 3.0  # seconds that a request may take, whatever is away


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, youtube: FakeYouTube) -> Iterator[Installation]:
    # A broker of its own, because it is to be killed.
    env = {"YOUTUBE_BASE_URL": youtube.base_url, "YOUTUBE_PER_HOUR": "0", "REDIS_URL": ""}
    with Installation(tmp_path_factory.mktemp("away"), env) as installation:
        yield installation


@pytest.fixture(scope="module")
def api(app: Installation) -> Api:
    return app.sign_up()


@contextmanager
def broker_away(app: Installation) -> Iterator[None]:
    app.kill("broker")
    try:
        yield
    finally:
        app.start("broker")


def links(count: int, prefix: str = "vid") -> list[str]:
    return [f"https://youtu.be/{prefix}{number:0{11 - len(prefix)}d}" for number in range(count)]


@contextmanager
def quickly() -> Iterator[None]:
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < QUICKLY


@contextmanager
def browser(app: Installation) -> Iterator[httpx.Client]:
    """The owner's, logged in. Its forms carry the token of the page that they stand on."""
    with httpx.Client(base_url=app.base_url, timeout=30, follow_redirects=True) as http:
        post(http, "/accounts/login/", {"login": "owner@example.org", "password": PASSWORD})
        yield http


def post(http: httpx.Client, address: str, fields: dict[str, str]) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', http.get(address).text)
    assert token
    return http.post(address, data={**fields, "csrfmiddlewaretoken": token[1]})


def test_a_batch_of_a_program_is_taken_at_once_and_starts_when_redis_is_back(app: Installation, api: Api) -> None:
    with broker_away(app):
        with quickly():
            batch = api.create(links(6, "api"), model="extractive")
        with quickly():
            assert api.batch(batch["id"])["status"] == "pending"
    assert api.wait(batch["id"], 30)["completed_videos"] == 6


def test_a_batch_of_a_browser_is_taken_at_once_and_starts_when_redis_is_back(app: Installation, api: Api) -> None:
    with broker_away(app), browser(app) as http:
        with quickly():
            page = post(http, "/", {"links": "\n".join(links(3, "web")), "summary_length": "standard"})
        assert page.status_code == 200
        batch_id = page.url.path.rpartition("/")[2]
        assert api.batch(batch_id)["total_videos"] == 3
    assert api.wait(batch_id, 30)["completed_videos"] == 3


@pytest.mark.chaos
def test_cancel_and_retry_are_done_at_once(app: Installation, api: Api) -> None:
    batch = api.create([*links(2, "cnc"), *links(20, "slow1_")], model="extractive")
    eventually(lambda: api.batch(batch["id"])["completed_videos"] >= 2)
    with broker_away(app):
        with quickly():
            assert api.http.post(f"/api/batch/{batch['id']}/cancel").json() == {"message": "Batch job cancelled"}
        with quickly():
            assert api.http.post(f"/api/batch/{batch['id']}/retry").status_code == 200
    ended = api.wait(batch["id"], 60)
    assert (ended["completed_videos"], ended["failed_videos"]) == (22, 0)


def test_work_at_hand_goes_on_and_is_saved(app: Installation, api: Api) -> None:
    batch = api.create(links(4, "slow1_9"), model="extractive")
    eventually(lambda: len(api.batch(batch["id"])["current_items"]) == 4)
    with broker_away(app):
        eventually(lambda: api.batch(batch["id"])["completed_videos"] == 4)
    assert api.wait(batch["id"])["status"] == "completed"


@pytest.mark.chaos
def test_a_broker_that_forgot_everything_costs_time_and_nothing_else(
    app: Installation, api: Api, youtube: FakeYouTube
) -> None:
    batch = api.create(links(12, "slow1_8"), model="extractive")
    eventually(lambda: api.batch(batch["id"])["current_items"])
    with app.redis() as client:
        client.flushall()
    assert api.wait(batch["id"], 60)["completed_videos"] == 12
    fetched = {video: seen for video, seen in youtube.stats()["videos"].items() if video.startswith("slow1_8")}
    assert {seen["watch"] for seen in fetched.values()} == {1}


def test_a_socket_opened_meanwhile_tells_the_state_every_two_and_a_half_seconds(app: Installation, api: Api) -> None:
    with broker_away(app):
        batch = api.create(links(2, "sck"), model="extractive")
        with app.socket(api, batch["id"]) as socket:
            first = json.loads(socket.recv(timeout=10))["data"]
            assert (first["status"], len(first["items"])) == ("pending", 2)
            begin = time.monotonic()
            socket.recv(timeout=10)
            assert time.monotonic() - begin <= 2.5
    assert api.wait(batch["id"], 30)["completed_videos"] == 2


@pytest.mark.chaos
@pytest.mark.parametrize("seconds", [0.2, 2])
def test_no_worker_ends_over_a_broker_that_goes_while_it_works(
    app: Installation, api: Api, youtube: FakeYouTube, seconds: float
) -> None:
    prefix = f"slow1_{int(seconds * 10):02d}"
    batch = api.create(links(16, prefix), model="extractive")
    eventually(lambda: len(api.batch(batch["id"])["current_items"]) == 8)
    with broker_away(app):
        back = time.monotonic() + seconds
        eventually(lambda: time.monotonic() > back)
    assert api.wait(batch["id"], 60)["completed_videos"] == 16
    assert app.processes["worker"].poll() is None
    fetched = [seen["watch"] for video, seen in youtube.stats()["videos"].items() if video.startswith(prefix)]
    assert fetched == [1] * 16, "nothing was begun twice"


def test_every_process_is_still_the_first_one(app: Installation) -> None:
    assert all(process.poll() is None for process in app.processes.values())
    eventually(lambda: httpx.get(f"{app.base_url}/readyz", timeout=10).status_code == 200)
