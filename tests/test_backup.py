"""`manage.py backup` and `restore`, as commands, on the database of this run: SQLite or PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import ROOT, Installation, eventually

pytestmark = pytest.mark.thorough

SECRET = "SECRET_KEY"
NO_VIDEO = "https://www.youtube.com/watch?v=short"
TABLES = ("accounts_user", "batches_batch", "batches_item", "batches_summary", "batches_transcript", "batches_video")
CAPTIONS = """1
00:00:00,000 --> 00:00:05,000
Bread number {n} needs flour, water, salt and a lot of time.

2
00:00:05,000 --> 00:00:12,000
Let the dough of bread {n} rest overnight, and bake it hot.
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """With one account, whose batch of two caption files is done; and one line that could not be taken."""
    with Installation(tmp_path_factory.mktemp("app"), roles=()) as installation:
        files = captions(installation.folder, 2)
        installation.manage("summarize", *files, NO_VIDEO, check=False)
        yield installation


@pytest.fixture(scope="module")
def archive(app: Installation) -> Path:
    path = app.folder / "backup.tar.gz"
    app.manage("backup", str(path))
    return path


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path / "other", roles=()) as installation:
        yield installation


def captions(folder: Path, count: int) -> list[str]:
    names = []
    for n in range(count):
        path = folder / f"bread-{n}.srt"
        path.write_text(CAPTIONS.format(n=n))
        names.append(str(path))
    return names


def everything(app: Installation) -> dict[str, list[Any]]:
    return {table: sorted(map(repr, app.rows(f"SELECT * FROM {table}"))) for table in TABLES}


def refusal(app: Installation, *command: str) -> str:
    done = app.manage(*command, check=False)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr.strip().removeprefix("CommandError: ")


def manifest_of(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("manifest.json")
        assert member is not None
        found: dict[str, Any] = json.load(member)
    return found


def forged(archive: Path, target: Path, damaged: str = "", **changes: Any) -> Path:
    """The same backup with another manifest, or with a member that is `damaged`."""
    manifest, garbage = target.with_suffix(".json"), target.with_suffix(".garbage")
    manifest.write_text(json.dumps({**manifest_of(archive), **changes}))
    garbage.write_bytes(b"no such thing\n" * 100)
    with tarfile.open(archive) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            if member.name == "manifest.json":
                new.add(manifest, "manifest.json")
            elif damaged and member.name.endswith(damaged):
                new.add(garbage, member.name)
            else:
                new.addfile(member, old.extractfile(member))
    return target


# -- there and back


def test_what_is_restored_elsewhere_is_the_same_and_goes_on(
    app: Installation, archive: Path, other: Installation
) -> None:
    done = other.manage("restore", str(archive))
    assert done.stdout.startswith(f"Restored what {archive} was at 2")
    assert everything(other) == everything(app)
    assert len(app.rows("SELECT 1 FROM batches_summary")) == 2
    assert (other.folder / "secret_key").read_text() == (app.folder / "secret_key").read_text()
    assert (other.folder / "secret_key").stat().st_mode & 0o077 == 0
    other.manage("summarize", *captions(other.folder, 1), NO_VIDEO, check=False)
    assert len(other.rows("SELECT 1 FROM batches_rejectedline")) == 2, "numbers go on after those that were restored"
    assert len(other.rows("SELECT 1 FROM batches_summary")) == 3
    assert other.manage("makemigrations", "--check", "--dry-run").returncode == 0


def test_a_backup_is_for_its_owner_and_says_what_it_is(archive: Path) -> None:
    assert archive.stat().st_mode & 0o077 == 0
    manifest = manifest_of(archive)
    assert manifest["database"] == ("postgresql" if os.environ.get("DATABASE_URL") else "sqlite")
    assert "0001_initial" in manifest["migrations"]["batches"]
    assert manifest["version"]


def test_a_key_of_the_environment_stays_there(app: Installation, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.gz"
    app.env[SECRET] = "x" * 50
    try:
        said = app.manage("backup", str(path)).stdout
    finally:
        del app.env[SECRET]
    assert "keep a copy of your environment" in said
    with tarfile.open(path) as tar:
        assert "secret_key" not in tar.getnames()


def test_a_backup_of_a_running_batch_is_of_one_moment(other: Installation, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "summarize", *captions(tmp_path, 60)]
    busy = subprocess.Popen(command, cwd=ROOT, env=other.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: other.rows("SELECT 1 FROM batches_batch WHERE completed_videos > 3"), 60)
        other.manage("backup", str(tmp_path / "moment.tar.gz"))
    finally:
        busy.send_signal(signal.SIGINT)
        busy.wait(30)
    eventually(lambda: "moments ago" not in other.manage("restore", str(tmp_path / "no"), check=False).stderr, 10)
    other.manage("restore", "--force", str(tmp_path / "moment.tar.gz"))
    [(total, processing, done, failed)] = other.rows(
        "SELECT total_videos, processing_videos, completed_videos, failed_videos FROM batches_batch"
    )
    states = dict(other.rows("SELECT status, count(*) FROM batches_item GROUP BY status"))
    assert (states.get("processing", 0), states["completed"], states.get("failed", 0)) == (processing, done, failed)
    assert len(other.rows("SELECT 1 FROM batches_summary")) == done
    assert total == 60
    [(batch_id,)] = other.rows("SELECT id FROM batches_batch")
    other.manage("summarize", "--resume", str(batch_id), check=False)  # refused if all was done at that moment
    assert other.rows("SELECT completed_videos, failed_videos FROM batches_batch") == [(60, 0)]


# -- what is refused


def test_a_running_installation_is_not_replaced_whatever_one_says(other: Installation, archive: Path) -> None:
    other.start("worker")
    eventually(lambda: other.hears("worker"), 30)
    assert refusal(other, "restore", "--force", str(archive)).startswith("A worker was heard moments ago: worker@")


def test_a_database_that_is_not_empty_is_replaced_by_force_only(
    app: Installation, archive: Path, other: Installation
) -> None:
    other.manage("summarize", *captions(other.folder, 1))
    before = everything(other)
    assert refusal(other, "restore", str(archive)) == (
        "This database is not empty. Back it up, then add --force to replace it."
    )
    assert everything(other) == before
    other.manage("restore", "--force", str(archive))
    assert everything(other) == everything(app)
    if not os.environ.get("DATABASE_URL"):
        assert (other.folder / "db.sqlite3.replaced").is_file()


def test_a_backup_that_cannot_be_loaded_changes_nothing(archive: Path, other: Installation, tmp_path: Path) -> None:
    other.manage("summarize", *captions(other.folder, 1))
    before = everything(other)
    damaged = forged(
        archive, tmp_path / "damaged.tar.gz", "batches_summary" if os.environ.get("DATABASE_URL") else "sqlite3"
    )
    assert refusal(other, "restore", "--force", str(damaged))
    assert everything(other) == before


def test_a_file_that_is_there_is_not_overwritten(app: Installation, archive: Path) -> None:
    before = archive.read_bytes()
    assert refusal(app, "backup", str(archive)) == f"{archive} is there already. Name another file."
    assert archive.read_bytes() == before


def test_files_that_are_no_backup_of_this_kind_or_version(other: Installation, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("no archive")
    (tmp_path / "half.tar.gz").write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    newer = manifest_of(archive)["migrations"] | {"batches": ["0001_initial", "0999_of_next_year"]}
    files = {
        "missing.tar.gz": "There is no file",
        "text.tar.gz": "is not a whole backup of this program",
        "half.tar.gz": "is not a whole backup of this program",
        forged(archive, tmp_path / "a.tar.gz", format=2).name: "was written by a newer version. Upgrade first.",
        forged(archive, tmp_path / "b.tar.gz", database="oracle").name: "This backup is of oracle.",
        forged(archive, tmp_path / "c.tar.gz", migrations=newer).name: "made by a newer version. Upgrade first.",
    }
    for name, sentence in files.items():
        assert sentence in refusal(other, "restore", str(tmp_path / name))
    assert other.rows("SELECT count(*) FROM accounts_user") == [(0,)]
