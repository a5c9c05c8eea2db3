"""`python manage.py summarize` as a process of its own: no server, no broker, a database in a folder."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.operations import command_line_user, register, signup_is_open
from batches.management.commands.summarize import Command
from batches.models import Batch
from summarizer.errors import InvalidInput
from tests.batches.builders import make_batch, make_user
from tests.fakes.youtube import FakeYouTube

ROOT = Path(__file__).resolve().parents[2]
TALK = "1\n00:00:01,000 --> 00:00:05,000\nBread needs time.\n\n2\n00:01:05,000 --> 00:01:09,000\nLet it rest.\n"


@pytest.fixture(scope="module")
def youtube() -> Iterator[FakeYouTube]:
    with FakeYouTube() as fake:
        yield fake


class Terminal:
    """A folder with a migrated SQLite database, and ways to run the command on it."""

    def __init__(self, folder: Path, youtube: FakeYouTube) -> None:
        self.folder = folder
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self.env = kept | {
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "YOUTUBE_BASE_URL": youtube.base_url,
            "YOUTUBE_PER_HOUR": "0",
            "HEARTBEAT_SECONDS": "0.3",
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *arguments]

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command("summarize", *arguments),
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command("summarize", *arguments), env=self.env, cwd=self.folder, stdout=-1, stderr=-1, text=True
        )

    def row(self, query: str) -> tuple[Any, ...]:
        """The first row that the database answers."""
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return tuple(database.execute(query).fetchone())


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, youtube: FakeYouTube) -> Terminal:
    terminal = Terminal(tmp_path_factory.mktemp("terminal"), youtube)
    subprocess.run(terminal.command("migrate", "--verbosity=0"), env=terminal.env, check=True)
    return terminal


def test_links_ids_and_files_become_summaries_and_a_zip(terminal: Terminal) -> None:
    (terminal.folder / "links.txt").write_text("https://youtu.be/vid00000003\nhttps://youtu.be/vid00000001\n")
    (terminal.folder / "talk.srt").write_text(TALK)
    (terminal.folder / "evil\x1b[2J.srt").write_text(TALK.replace("Bread", "Beer"))

    done = terminal.run(
        *("https://www.youtube.com/watch?v=vid00000001", "vid00000002", "talk.srt", "evil\x1b[2J.srt"),
        *("--file", "links.txt", "--name", "From the shell", "--length", "brief", "--zip", "out.zip"),
    )

    lines = done.stdout.splitlines()
    assert lines[0] == "From the shell: 5 videos, 1 duplicate merged, extractive"
    assert re.fullmatch(r"5 of 5 videos summarized\. http://127\.0\.0\.1:8000/batches/[0-9a-f-]{36}", lines[-2])
    assert lines[-1] == "Wrote out.zip."
    assert sum(line.startswith("    http://127.0.0.1:8000/summaries/") for line in lines) == 5
    assert done.stderr == ""
    assert "\x1b" not in done.stdout  # neither a bar nor what a title brings along
    assert terminal.row("SELECT email, is_active FROM accounts_user") == ("local@localhost", 0)
    with zipfile.ZipFile(terminal.folder / "out.zip") as archive:
        assert archive.testzip() is None
        assert sum(name.endswith(".md") for name in archive.namelist()) == 5 + 1
    assert not list(terminal.folder.glob(".summaries-*"))


def test_what_was_not_summarized_is_said_in_sentences_and_makes_exit_code_1(terminal: Terminal) -> None:
    done = terminal.run("vid00000001", "https://youtu.be/nocap000001", "https://youtu.be/too-short", code=1)

    assert "1 of 2 videos summarized, 1 not." in done.stdout
    assert "2/2 " in done.stderr
    assert "This video has no captions" in done.stderr
    assert "Line 3 was not taken: https://youtu.be/too-short — " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "There is no link to a video in this."),
        (["nothing.txt"], "“nothing.txt” is neither a link, nor the id of a video, nor a file that exists."),
        (["--file", "nothing.txt"], "There is no file “nothing.txt”."),
        (["https://vimeo.com/1"], "None of these lines is a link to a YouTube video."),
        (["vid00000001", "--model", "clippy"], "clippy"),
        (["vid00000001", "--model", "anthropic"], "ANTHROPIC_API_KEY"),
        (["vid00000001", "--length", "epic"], "brief, standard, detailed"),
        (["vid00000001", "--language", "not a tag"], "is not a language tag"),
        (["@fake0001abc", "--newest", "0"], "newest is a number of videos"),
        (["@fake0001abc", "--since", "soon"], "“soon” is not a date"),
        (["vid00000001", "--user", "nobody@example.org"], "There is no account “nobody@example.org”."),
        (["vid00000001", "--zip", "nowhere/out.zip"], "There is no folder"),
        (["--resume", "00000000-0000-0000-0000-000000000000"], "There is no batch"),
        (["https://youtu.be/" + "x" * 5000], "Line 1: "),
    ],
)
@pytest.mark.django_db
def test_wrong_use_is_explained_with_exit_code_2_and_makes_no_batch(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out, err = io.StringIO(), io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("summarize", *arguments, stdout=out, stderr=err)

    assert ended.value.code == 2
    assert sentence in err.getvalue()
    assert out.getvalue() == ""
    assert not Batch.objects.exists()


def test_a_database_without_tables_is_explained(tmp_path: Path, youtube: FakeYouTube) -> None:
    assert "python manage.py migrate" in Terminal(tmp_path, youtube).run("vid00000001", code=2).stderr


@pytest.mark.django_db
def test_before_anybody_signed_up_sign_up_stays_open_and_takes_over() -> None:
    batch = make_batch(user=command_line_user())
    assert not batch.user.has_usable_password()
    assert signup_is_open()

    administrator = register("me@example.org", "a long pass phrase")

    batch.refresh_from_db()
    assert batch.user == administrator == command_line_user()
    assert (batch.user.email, batch.user.is_superuser, batch.user.is_active) == ("me@example.org", True, True)
    assert batch.user.check_password("a long pass phrase")
    assert not signup_is_open()


@pytest.mark.django_db
def test_batches_belong_to_the_only_person_else_to_the_first_administrator() -> None:
    person = make_user()
    assert command_line_user() == person
    make_user()
    with pytest.raises(InvalidInput, match="--user"):
        command_line_user()
    administrator = make_user(is_superuser=True)
    make_user(is_superuser=True)
    assert command_line_user() == administrator


def test_ctrl_c_keeps_what_is_done_and_the_rest_can_be_resumed(terminal: Terminal) -> None:
    process = terminal.start("vid00000011", *(f"slow2_{n:05d}" for n in range(20)), "--name", "Cut", "--zip", "cut.zip")
    state = "SELECT status, completed_videos, processing_videos FROM batches_batch WHERE name = 'Cut'"
    assert process.stdout
    while "summaries/" not in (line := process.stdout.readline()):
        assert line, process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    found = re.search(r"Go on with: python manage\.py summarize --resume ([0-9a-f-]{36})", err)
    assert found, out + err
    status, done, running = terminal.row(state)
    assert (status, running) == ("cancelled", 0)
    assert 1 <= done < 21
    assert terminal.row("SELECT COUNT(*) FROM batches_worker") == (0,)
    with zipfile.ZipFile(terminal.folder / "cut.zip") as archive:
        assert sum(name.endswith("].md") for name in archive.namelist()) == done

    resumed = terminal.run("--resume", found[1])

    assert "21 of 21 videos summarized." in resumed.stdout
    assert resumed.stdout.count("/summaries/") == 21 - done
    assert terminal.row(state) == ("completed", 21, 0)


def test_somebody_who_watches_sees_a_bar_that_is_cleared(terminal: Terminal) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        terminal.command("summarize", "vid00000001", "slow1_00001"),
        env=terminal.env | {"COLUMNS": "80"},
        cwd=terminal.folder,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    assert process.wait(30) == 0

    text = shown.decode()
    assert re.search(r"\r\x1b\[2K\[#*\.+\] [\d.]+%  \d/2, \d running", text)
    assert re.search(r"\r\x1b\[2K2 of 2 videos summarized\.", text)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""  # Linux says so when the other end is closed


def test_help_names_the_exit_codes() -> None:
    assert "Exit code: 0" in " ".join(Command().create_parser("manage.py", "summarize").format_help().split())
