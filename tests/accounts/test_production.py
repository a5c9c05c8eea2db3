"""How the installation starts in production, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "DEBUG": "0",
    "SECRET_KEY": "a-very-long-and-random-looking-value-0123456789-abcdefghijk",
    "ALLOWED_HOSTS": "example.org",
}


def manage(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_deployment_check_has_nothing_to_say(tmp_path: Path) -> None:
    run = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert (run.returncode, run.stderr) == (0, "")
    assert "no issues" in run.stdout


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set. In production (DEBUG=0) write a long random value."),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set. In production (DEBUG=0) write the host names to serve."),
        ({"DEBUG": "maybe"}, "DEBUG is “maybe”. Write 1 or 0."),
        ({"SIGNUP": "closed"}, "SIGNUP is “closed”. Write one of: first, open."),
        ({"API_TOKEN_DAYS": "0"}, "API_TOKEN_DAYS is “0”. Write a whole number from 1 to 3650."),
    ],
)
@pytest.mark.parametrize("command", ["check", "migrate", "changepassword"])
def test_a_bad_setting_stops_the_start_with_one_sentence(
    tmp_path: Path, spoil: dict[str, str], sentence: str, command: str
) -> None:
    run = manage(tmp_path, command, **(GOOD | spoil))
    assert run.returncode == 1
    assert run.stderr.strip() == sentence
    assert run.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_production_writes_no_secret_key_of_its_own(tmp_path: Path) -> None:
    manage(tmp_path, "check", **GOOD)
    assert not (tmp_path / "secret_key").exists()


def test_a_local_installation_makes_its_own_key_for_its_owner_only(tmp_path: Path) -> None:
    assert manage(tmp_path, "check").returncode == 0
    key = tmp_path / "secret_key"
    assert len(key.read_text()) >= 50
    assert key.stat().st_mode & 0o777 == 0o600
