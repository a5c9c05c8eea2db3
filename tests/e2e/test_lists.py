"""Playlists and channels with real processes: links to lists in, videos found while others run, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import playlists
from tests.fakes.youtube import FakeYouTube
from tests.installation import Api, Installation, eventually


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, youtube: FakeYouTube) -> Iterator[Installation]:
    env = {"YOUTUBE_BASE_URL": youtube.base_url, "YOUTUBE_PER_HOUR": "0", "YOUTUBE_BACK_OFF": "0", "SIGNUP": "open"}
    with Installation(tmp_path_factory.mktemp("lists"), env) as installation:
        yield installation


@pytest.fixture(scope="module")
def api(app: Installation) -> Api:
    return app.sign_up()


def playlist(id: str) -> str:
    return f"https://www.youtube.com/playlist?list={id}"


def test_a_batch_of_only_a_playlist_becomes_its_videos(api: Api) -> None:
    batch = api.create([playlist("PLfake0130onePlaylist")], model="extractive")
    assert (batch["total_videos"], batch["progress"]["percentage"], batch["export_url"]) == (0, 0.0, None)

    ended = api.wait(batch["id"])

    assert [item["video_id"] for item in ended["items"]] == playlists.videos("PLfake0130onePlaylist")
    assert ended["completed_videos"] == ended["total_videos"] == 130
    assert ended["progress"]["percentage"] == 100.0
    assert ended["expansions"] == [
        {
            "line": 1,
            "text": playlist("PLfake0130onePlaylist"),
            "status": "completed",
            "found": 130,
            "duplicates": 0,
            "notice": None,
            "error": None,
        }
    ]


@pytest.mark.thorough
def test_lists_and_videos_share_a_batch_in_order_without_duplicates(api: Api) -> None:
    video = playlists.videos("PLfake0003twoPlaylist")[1]
    urls = [playlist("PLfake0003twoPlaylist"), f"https://youtu.be/{video}", "https://www.youtube.com/@fake0250chn"]
    ended = api.wait(api.create(urls, model="extractive", options={"newest": 40})["id"])

    expected = [video, *playlists.videos("PLfake0003twoPlaylist"), *playlists.videos("@fake0250chn")[:40]]
    assert [item["video_id"] for item in ended["items"]] == list(dict.fromkeys(expected))
    assert (ended["duplicates"], ended["status"]) == (1, "completed")
    assert [row["found"] for row in ended["expansions"]] == [3, 40]
    assert "first 40" in ended["expansions"][1]["notice"]


def test_a_list_that_cannot_be_read_is_a_reported_line_and_stops_nobody(api: Api) -> None:
    urls = [playlist("PLgone0003gonePlay"), playlist("PLnone0003nonePlay"), playlist("PLfake0002goodPlay")]
    ended = api.wait(api.create(urls, model="extractive")["id"])

    assert [row["status"] for row in ended["expansions"]] == ["failed", "failed", "completed"]
    assert [row["line"] for row in ended["rejected"]] == [1, 2]
    assert "does not exist" in ended["rejected"][0]["reason"]
    assert "no videos" in ended["rejected"][1]["reason"]
    assert ended["completed_videos"] == 2


def test_a_batch_whose_only_list_fails_ends_and_says_so(api: Api) -> None:
    ended = api.wait(api.create([playlist("PLpriv0003privPlay")], model="extractive")["id"])
    assert (ended["status"], ended["total_videos"], ended["export_url"]) == ("completed", 0, None)
    assert "private" in ended["rejected"][0]["reason"]

    again = api.http.post(f"/api/batch/{ended['id']}/retry")
    assert again.status_code == 200
    ended = api.wait(ended["id"])
    assert len(ended["rejected"]) == 1


def test_a_video_of_a_playlist_brings_the_playlist_when_asked(api: Api) -> None:
    ids = playlists.videos("PLfake0004whlPlaylist")
    url = f"https://www.youtube.com/watch?v={ids[2]}&list=PLfake0004whlPlaylist"
    only = api.wait(api.create([url], model="extractive")["id"])
    assert [item["video_id"] for item in only["items"]] == [ids[2]]
    whole = api.wait(api.create([url], model="extractive", options={"expand": "playlists"})["id"])
    assert [item["video_id"] for item in whole["items"]] == [ids[2], ids[0], ids[1], ids[3]]


@pytest.mark.thorough
def test_a_short_trouble_is_waited_for(api: Api) -> None:
    ended = api.wait(api.create([playlist("PLflak0002flkPlaylist")], model="extractive")["id"])
    assert ended["completed_videos"] == 2
    assert ended["rejected"] == []


@pytest.mark.chaos
def test_a_list_is_read_once_though_its_worker_is_killed_in_the_middle(app: Installation, api: Api) -> None:
    batch = api.create([playlist("PLslow0210sloPlaylist")], model="extractive")
    eventually(lambda: 100 <= api.batch(batch["id"], "?items=none")["total_videos"] < 210, what="a part is there")
    app.kill("worker")
    app.start("worker")

    ended = api.wait(batch["id"], 120)

    assert [item["video_id"] for item in ended["items"]] == playlists.videos("PLslow0210sloPlaylist")
    assert (ended["completed_videos"], ended["duplicates"]) == (210, 0)
    assert ended["expansions"][0]["found"] == 210


@pytest.mark.chaos
def test_cancel_stops_reading_and_retry_goes_on(api: Api) -> None:
    batch = api.create([playlist("PLslow0220cnlPlaylist")], model="extractive")
    eventually(lambda: api.batch(batch["id"], "?items=none")["total_videos"], what="a part is there")
    assert api.http.post(f"/api/batch/{batch['id']}/cancel").status_code == 200

    cancelled = api.batch(batch["id"], "?items=none")
    assert cancelled["status"] == "cancelled"
    assert cancelled["expansions"][0]["status"] == "cancelled"
    assert cancelled["total_videos"] < 220

    assert api.http.post(f"/api/batch/{batch['id']}/retry").status_code == 200
    ended = api.wait(batch["id"], 120)
    assert [item["video_id"] for item in ended["items"]] == playlists.videos("PLslow0220cnlPlaylist")
    assert ended["completed_videos"] == 220
