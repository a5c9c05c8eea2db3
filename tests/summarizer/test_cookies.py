"""The cookies file: what it holds, and the sentence for each file that is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from summarizer.errors import InvalidInput
from summarizer.transcripts import cookies

HEAD = "# Netscape HTTP Cookie File\n"
ROOT = Path(__file__).resolve().parents[2]


def line(name: str, expires: int, domain: str = ".youtube.com") -> str:
    return f"{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\tvalue\n"


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "cookies.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([line("LOGIN_INFO", 2000), line("YSC", 500)], cookies.Cookies(2, 1, signed_in=True)),
        ([line("LOGIN_INFO", 500), line("YSC", 0)], cookies.Cookies(2, 1, signed_in=False)),
        ([line("SAPISID", 2000, ".google.com"), line("YSC", 2000)], cookies.Cookies(1, 0, signed_in=False)),
        (["#HttpOnly_" + line("__Secure-3PAPISID", 2000)], cookies.Cookies(1, 0, signed_in=True)),
    ],
)
def test_what_a_file_holds_for_youtube(tmp_path: Path, lines: list[str], found: cookies.Cookies) -> None:
    assert cookies.read(file(tmp_path, HEAD + "".join(lines)), now=1000) == found


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is not a file of cookies"),
        ('[{"name": "LOGIN_INFO"}]', "Netscape's format"),
        (HEAD + "a line with spaces instead of tabs\n", "is not a file of cookies"),
        (HEAD + line("SID", 2000, ".google.com"), "has no cookies of youtube.com"),
        (b"\xff\xfe\x00\x01", "cannot be read|is not a file of cookies"),
    ],
)
def test_what_is_no_file_of_cookies_is_told_in_a_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        cookies.read(file(tmp_path, content))


@pytest.mark.parametrize("name", ["missing.txt", ""])
def test_a_file_that_is_not_there_or_a_folder_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"There is no file|cannot be read"):
        cookies.read(tmp_path / name)


def test_a_wrong_file_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    env = {"VAR_DIR": str(tmp_path), "ENV_FILE": "/dev/null", "YOUTUBE_COOKIES_FILE": str(tmp_path / "missing.txt")}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert started.returncode != 0
    assert f"YOUTUBE_COOKIES_FILE: There is no file {tmp_path / 'missing.txt'}." in started.stderr
