"""The whole app on real input: recorded YouTube through the usual proxy variables, every engine over real HTTP.

Nothing of the app knows that it is tested: YouTube is reached through HTTPS_PROXY, the providers through their base
URLs. What it claims is held against YouTube's own captions, fetched here by another way.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.fakes.llm import FakeLLM
from tests.fakes.replay import ReplayYouTube
from tests.installation import Api, Installation, eventually

EIGHT_HOURS = "s0480deb000"
# The two that are refused come first: while they wait, the gate must open for all the others.
BLOCKED = ("botblocked_", "ipblocked__")
RECORDED_DIALOGS = ("GJLlxj_dtq8", "F1xioXWb8CY", "F75k4Oc6g9Q", "Md90cwnmGc8", "9LfmrkyP81M")
REAL_TRANSCRIPTS = (
    *("zd2b5a7839c", "00GKzGyWFEs", "BqqfQnyjmgg", "tiZFewofSLM", "z834420a441", "z97c8492171", "zd8ea876768"),
    *("z2ef9d509bd", "z2f763bda36", "1eC56s6-XKE", "tfqnqnValqk", "N9kO52itd0Q", "rnGMDz-2YVE", "z6aba67f533"),
)
# A track that wants a proof of origin beside one that does not, a cookie to consent to, a page that fails once.
DETOURS = ("potokenreq_", "consentpage", "Fw50301xxxx")
REFUSED = {
    "Njp5uhTorCo": "age_restricted",
    "8VajtrESJzA": "video_private",
    "ayI2iBwGdxw": "members_only",
    "sMJ8bRN2dak": "premium_only",
    "_PL2HJKxnOM": "geo_blocked",
    "dsMFmonKDD4": "transcripts_disabled",
    "Fjg5lYqvzUs": "transcripts_disabled",
    "unavailable": "video_unavailable",
    "nothing_her": "video_unavailable",
    "unplayable_": "unplayable",
}
SUMMARIZED = (*RECORDED_DIALOGS, *REAL_TRANSCRIPTS, EIGHT_HOURS, "s0012ara001", *DETOURS)
VIDEOS = (*BLOCKED, *SUMMARIZED, *REFUSED)
# A model of a local server has a small window: the eight hours go to it in many parts.
MODELS = {"extractive": "extractive", "anthropic": "anthropic", "openai": "openai:local-model"}
# Which captions a batch asks for, and what it must get: twelve languages in all.
CAPTIONS: dict[str, tuple[list[str], set[str]]] = {
    "extractive": (["ko", "hi", "fr", "es"], {"hi", "fr", "es", "ko", "ja", "ru", "en", "de", "ar"}),
    "anthropic": (["cs", "pt", "zh-CN", "de"], {"cs", "pt", "zh-CN", "de", "ja", "ru", "en", "ar"}),
    "openai": ([], {"en", "es", "ja", "ru", "de", "ar"}),
}


@pytest.fixture(scope="module")
def youtube(shared: Path) -> Iterator[ReplayYouTube]:
    with ReplayYouTube(shared, "--html", "small") as replay:
        yield replay


@pytest.fixture(scope="module")
def llm() -> Iterator[FakeLLM]:
    with FakeLLM() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, youtube: ReplayYouTube, llm: FakeLLM) -> Iterator[Installation]:
    env = youtube.proxy_env | {
        "YOUTUBE_PER_HOUR": "0",
        "YOUTUBE_BACK_OFF": "0.005",
        "ANTHROPIC_API_KEY": "test-key",
        "ANTHROPIC_BASE_URL": llm.anthropic_url,
        "OPENAI_API_KEY": "test-key",
        "OPENAI_BASE_URL": llm.openai_url,
    }
    with Installation(tmp_path_factory.mktemp("real"), env) as installation:
        yield installation


@pytest.fixture(scope="module")
def api(app: Installation) -> Api:
    return app.sign_up()


class Done:
    """A batch that has ended, its summaries by video id, and its ZIP."""

    def __init__(self, api: Api, batch: dict[str, Any]) -> None:
        self.batch = batch
        self.items: dict[str, dict[str, Any]] = {item["video_id"]: item for item in batch["items"]}
        page = api.http.get(f"/api/batch/{batch['id']}/items?include=summary&page_size=500").json()
        self.summaries = {row["video_id"]: row["summary"] for row in page["results"] if row["summary"]}
        self.zip = zipfile.ZipFile(io.BytesIO(api.http.get(batch["export_url"]).content))


@pytest.fixture(scope="module", params=CAPTIONS)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def done(api: Api, llm: FakeLLM, engine: str) -> Done:
    llm.reset()
    links = [f"https://www.youtube.com/watch?v={video_id}" for video_id in VIDEOS]
    batch = api.create(
        links, name=f"Real input, {engine}", model=MODELS[engine], options={"caption_languages": CAPTIONS[engine][0]}
    )
    assert batch["total_videos"] == len(VIDEOS) >= 25
    return Done(api, api.wait(batch["id"], 240))


@cache
def letters_of_captions(address: str, video_id: str, language: str, kind: str) -> str:
    """All letters of a caption track, in their order, as YouTube serves it."""
    query = {"v": video_id, "lang": language, "kind": "asr" if kind == "generated" else ""}
    answer = httpx.get(f"{address}/api/timedtext", params=query, headers={"Host": "www.youtube.com"}, trust_env=False)
    texts = [html.unescape(element.text or "") for element in ElementTree.fromstring(answer.text).iter("text")]
    return letters(" ".join(texts))


def letters(text: str) -> str:
    """Letters and digits only. Tags and sounds in brackets are no words."""
    return "".join(re.findall(r"\w", re.sub(r"<[^>]*>|\[[^\]]*\]|\([^)]*\)", " ", text))).casefold()


def test_each_video_ends_as_a_person_would_expect(done: Done) -> None:
    expected = (
        dict.fromkeys(BLOCKED, ("failed", "youtube_blocked"))
        | dict.fromkeys(SUMMARIZED, ("completed", None))
        | {video_id: ("failed", code) for video_id, code in REFUSED.items()}
    )
    assert {key: (item["status"], item["error_code"]) for key, item in done.items.items()} == expected
    assert done.batch["progress"]["percentage"] == 100.0
    assert done.batch["stop_message"] == ""
    assert {item["retry_count"] for item in done.items.values()} == {0}
    sentences = {item["error_message"] for item in done.items.values() if item["status"] == "failed"}
    assert None not in sentences
    assert len(sentences) >= len(set(REFUSED.values())) + 1


def test_videos_have_their_titles_also_where_they_are_refused(done: Done) -> None:
    assert done.items["F75k4Oc6g9Q"]["video_title"].startswith("Yaroslav Shmarov - Hotwire Cookbook")
    assert done.items["ayI2iBwGdxw"]["video_title"].startswith("Behind the Scenes at EGX 2019")
    assert done.items["unavailable"]["video_title"] == "unavailable"


def test_captions_come_in_the_languages_asked_for_else_as_spoken(done: Done, engine: str) -> None:
    assert {summary["caption_language"] for summary in done.summaries.values()} == CAPTIONS[engine][1]


def test_every_point_and_chapter_leads_to_a_second_of_its_video(done: Done, engine: str) -> None:
    assert set(done.summaries) == set(SUMMARIZED)
    for video_id, summary in done.summaries.items():
        content, duration = summary["content"], summary["duration"]
        assert summary["headline"], video_id
        assert content["overview"], video_id
        assert content["points"], video_id
        seconds = [second for point in content["points"] for second in point["seconds"]]
        seconds += [chapter["start"] for chapter in content["chapters"]]
        seconds += [quote["second"] for quote in content["quotes"]]
        assert all(point["seconds"] for point in content["points"]), video_id
        assert all(0 <= second <= duration for second in seconds), video_id
        assert summary["coverage"] == 1.0, video_id
        assert summary["engine"] == engine, video_id
        assert (summary["input_tokens"] > 0) == (engine != "extractive"), video_id


def test_quotes_are_word_for_word_what_youtube_has(done: Done, youtube: ReplayYouTube) -> None:
    quotes = 0
    own = {key: summary for key, summary in done.summaries.items() if key not in DETOURS}  # they lead to other tracks
    for video_id, summary in own.items():
        captions = letters_of_captions(youtube.base_url, video_id, summary["caption_language"], summary["caption_kind"])
        for quote in summary["content"]["quotes"]:
            assert letters(quote["text"]) in captions, (video_id, quote)
            quotes += 1
    assert quotes >= len(own)


def test_every_minute_of_eight_hours_reaches_one_call_and_no_other(
    done: Done, engine: str, llm: FakeLLM, youtube: ReplayYouTube
) -> None:
    if engine == "extractive":
        spread = [point["seconds"][0] // 3600 for point in done.summaries[EIGHT_HOURS]["content"]["points"]]
        assert max(spread) - min(spread) >= 4, "points from all over the video"
        return
    stats = llm.stats()
    words = youtube.marker_words(EIGHT_HOURS)
    assert len(words) == 480
    assert {stats["markers"]["summarize"].get(word, 0) for word in words} == {1}
    assert stats["kinds"]["merge"] >= 1, "the eight hours were read in parts"
    assert stats["kinds"].get("repair", 0) == 0


def test_the_zip_holds_every_summary_and_every_reason(done: Done) -> None:
    assert done.zip.testzip() is None
    names = done.zip.namelist()
    for video_id in SUMMARIZED:
        [name] = [name for name in names if name.endswith(f"[{video_id}].md")]
        text = done.zip.read(name).decode()
        assert f"{video_id}&t=" in text, "links to the moment"
    exported = json.loads(done.zip.read("summaries.json"))["summaries"]
    assert {row["video_id"] for row in exported} == set(SUMMARIZED)
    table = list(csv.DictReader(io.StringIO(done.zip.read("summaries.csv").decode("utf-8-sig"))))
    assert len(table) == len(SUMMARIZED)
    failed = done.zip.read("failed.csv").decode("utf-8-sig")
    for video_id, code in [*REFUSED.items(), *((video_id, "youtube_blocked") for video_id in BLOCKED)]:
        assert any(video_id in line and code in line for line in failed.splitlines()), video_id


def test_nothing_but_youtube_was_asked_for_through_the_proxy(done: Done, youtube: ReplayYouTube) -> None:
    assert youtube.stats()["refused"] == {}
    assert youtube.stats()["requests"].keys() <= {"watch", "player", "timedtext"}


def test_fetching_keeps_to_youtubes_pace_and_says_so(tmp_path: Path, shared: Path) -> None:
    with ReplayYouTube(shared, "--html", "small") as youtube:
        env = youtube.proxy_env | {"YOUTUBE_PER_HOUR": "3600", "YOUTUBE_BURST": "3"}
        with Installation(tmp_path, env) as app:
            api = app.sign_up()
            begin = time.monotonic()
            batch = api.create([f"https://youtu.be/s0003ena{number:03d}" for number in range(9)], model="extractive")
            reasons: list[str] = []

            def ended() -> bool:
                fetched = youtube.stats()["requests"].get("watch", 0)
                assert fetched <= 3 + (time.monotonic() - begin) + 1
                state = api.batch(batch["id"], "?items=none")
                reasons.append((state["waiting"] or {}).get("reason", ""))
                return bool(state["status"] == "completed")

            eventually(ended, 60)
            assert time.monotonic() - begin >= 9 - 3 - 1
            assert any("3600 an hour" in reason for reason in reasons), set(reasons)
            assert api.batch(batch["id"])["completed_videos"] == 9
