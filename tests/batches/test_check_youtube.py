"""manage.py check_youtube: what works from here, in words."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.batches.fetching import forget_sources, reaching
from tests.fakes.replay import ReplayYouTube, free_port
from tests.fakes.youtube import FakeYouTube


@pytest.fixture
def _youtube(settings: Any) -> Iterator[None]:
    with FakeYouTube() as fake, reaching(settings, fake.base_url):
        yield


def check(video: str, **options: object) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("check_youtube", video, stdout=out, **options)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


@pytest.mark.usefixtures("_youtube")
@pytest.mark.parametrize("video", ["https://youtu.be/s0010dem001", "s0010dem001"])
def test_every_way_that_works_is_named(video: str) -> None:
    said, code = check(video)
    assert code == 0
    assert said.count("✓ the page of the video\n  ✓ the list of its captions\n  ✓ the captions themselves") == 2
    assert said.index("youtube-transcript-api") < said.index("yt-dlp")
    assert said.count("100 captions in de (manual)") == 2
    assert said.splitlines()[-1] == "This machine can fetch captions."


@pytest.mark.usefixtures("_youtube")
@pytest.mark.parametrize(
    ("video", "steps"),
    [
        ("fail0000001", ["✗ the page of the video: YouTube answered with an error (HTTP 503)"]),
        ("priv0000001", ["✓ the page of the video", "✗ the list of its captions: This video is private"]),
        ("junk0000001", ["✓ the list of its captions", "✗ the captions themselves: YouTube's answer could not be"]),
    ],
)
def test_it_says_how_far_each_way_came(video: str, steps: list[str]) -> None:
    said, code = check(video)
    assert code == 1
    assert all(said.count(step) == 2 for step in steps), said


@pytest.mark.usefixtures("_youtube")
def test_one_way_is_enough() -> None:
    said, code = check("pota0000001")
    assert code == 0
    assert "proof of origin" in said


@pytest.mark.usefixtures("_youtube")
def test_a_refused_address_is_told_with_what_to_do() -> None:
    said, code = check("blk00000001")
    assert code == 1
    assert "YOUTUBE_PROXY_URL" in said.splitlines()[-1]


@pytest.mark.usefixtures("_youtube")
def test_a_video_without_captions_is_not_the_machines_fault() -> None:
    said, code = check("nocap000001")
    assert code == 1
    assert said.splitlines()[-1].endswith("Try another video.")


@pytest.mark.usefixtures("_youtube")
@pytest.mark.parametrize(
    ("name", "expires", "sentence"),
    [
        ("LOGIN_INFO", "0", "✓ the cookies: 1 of youtube.com, 0 of them expired; those of an account"),
        ("LOGIN_INFO", "1000", "✗ the cookies: 1 of youtube.com, 1 of them expired; of no account"),
        ("YSC", "0", "✗ the cookies: 1 of youtube.com, 0 of them expired; of no account"),
    ],
)
def test_the_cookies_are_looked_at(settings: Any, tmp_path: Path, name: str, expires: str, sentence: str) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text(f"# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t{expires}\t{name}\tsecret\n")
    settings.YOUTUBE_COOKIES_FILE = file
    forget_sources()
    said, code = check("s0010dem001")
    assert code == 0
    assert sentence in said
    assert "secret" not in said


def test_a_proxy_is_named_without_its_password_and_compared_with_none(
    settings: Any, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ReplayYouTube(shared) as replay:
        for name, value in replay.proxy_env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")  # the way past the proxy of the settings
        proxy = replay.base_url.replace("//", "//somebody:secret@")
        with reaching(settings, "", YOUTUBE_PROXY_URL=proxy, YOUTUBE_TIMEOUT=5):
            said, code = check("s0010ena001", direct=True)
    assert code == 0
    assert f"through the proxy {replay.base_url}" in said
    assert "secret" not in said
    with_it, _, without_it = said.partition("Without the proxy:")
    assert with_it.count("✓ the captions themselves") == 2
    assert without_it.count("✗ the page of the video: The proxy on the way to YouTube did not work.") == 2


def test_what_is_no_video_is_refused() -> None:
    with pytest.raises(CommandError, match="is not a YouTube video"):
        check("https://example.org/")
