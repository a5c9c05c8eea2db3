"""An installation in one file, and back: its database, its secret key, and a manifest that says what it is.

SQLite is copied by its online backup, PostgreSQL by COPY of each table in one snapshot: both are consistent while the
installation runs, and need no program beside this one. What is restored is first laid out as it was, then migrated.

    backup.tar.gz   manifest.json   {"format": 1, "version", "made_at", "database": "sqlite" | "postgresql",
                                     "migrations": {app: [names]}, "tables": {table: [columns]}}
                    secret_key      if the installation keeps its own; what stands in the environment stays there
                    db.sqlite3      or, of PostgreSQL, tables/TABLE for each
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import Error as PsycopgError
from psycopg import sql

from accounts.models import User
from batches.models import Batch, Worker
from summarizer.errors import InvalidInput

FORMAT = 1
_DATABASE, _KEY, _MANIFEST, _TABLES = "db.sqlite3", "secret_key", "manifest.json", "tables"
_MIGRATIONS = "django_migrations"
_CHUNK = 1 << 20
_PATIENCE = 5


def backup(target: Path, now: datetime) -> dict[str, Any]:
    """Writes the file, readable by its owner only, whole or not at all. Answers its manifest. Raises `InvalidInput`."""
    if target.exists():
        raise InvalidInput(f"{target} is there already. Name another file.")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "made_at": now.isoformat(timespec="seconds"),
        "database": connection.vendor,
    }
    try:
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as name:
            folder = Path(name)
            _save_database(folder, manifest)
            if settings.OWN_SECRET_KEY:
                (folder / _KEY).write_text(settings.SECRET_KEY)
            (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1))
            draft = _packed(folder)
            draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise InvalidInput(f"{target} cannot be written: {error}.") from error
    return manifest


def _packed(folder: Path) -> Path:
    draft = folder / "packed"
    members = sorted(path for path in folder.rglob("*") if path.is_file())
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            for path in members:
                archive.add(path, path.relative_to(folder).as_posix())
        file.flush()
        os.fsync(file.fileno())
    return draft


def _save_database(folder: Path, manifest: dict[str, Any]) -> None:
    if connection.vendor == "sqlite":
        source = f"file:{connection.settings_dict['NAME']}?mode=ro"
        with closing(sqlite3.connect(source, uri=True)) as live, closing(sqlite3.connect(folder / _DATABASE)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        _check_sqlite(folder / _DATABASE)
        manifest["migrations"] = _applied()
        return
    (folder / _TABLES).mkdir()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        manifest["migrations"] = _applied()
        manifest["tables"] = _tables(cursor)
        for table, columns in manifest["tables"].items():
            with (folder / _TABLES / table).open("wb") as file, cursor.copy(_copy(table, columns, "TO STDOUT")) as rows:
                for block in rows:
                    file.write(block)


def _tables(cursor: Any) -> dict[str, list[str]]:
    """Table -> its columns, of all that our models have, but for columns that the database itself makes of others."""
    names = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = ANY(%s) AND is_generated = 'NEVER' ORDER BY table_name, ordinal_position",
        [names],
    )
    tables: dict[str, list[str]] = {}
    for table, column in cursor.fetchall():
        tables.setdefault(table, []).append(column)
    return tables


def _copy(table: str, columns: list[str], how: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(table), names, sql.SQL(how))


def _applied() -> dict[str, list[str]]:
    """App -> its migrations that the database has, in their order."""
    applied: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        applied.setdefault(app, []).append(name)
    return applied


def _check_sqlite(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise InvalidInput(f"The copied database is damaged: {found}.")


# -- back


def restore(source: Path, *, force: bool = False) -> dict[str, Any]:
    """Puts the installation in `source` in the place of this one. Answers the manifest.

    Raises `InvalidInput` while anything of this installation runs; when its database is not empty, unless by `force`;
    and when the file is none of ours, of another kind of database, or of a newer version.
    """
    with TemporaryDirectory(prefix=".restore.", dir=settings.VAR_DIR) as name:
        folder = Path(name)
        manifest = _unpacked(source, folder)
        _refuse_other(manifest)
        _refuse_running()
        if not force and not _is_empty():
            raise InvalidInput("This database is not empty. Back it up, then add --force to replace it.")
        if connection.vendor == "sqlite":
            _load_sqlite(folder)
        else:
            try:
                _load_postgresql(folder, manifest)
            except (DatabaseError, PsycopgError) as error:  # rows are copied past Django, which then names no error
                sentence = f"{source} cannot be loaded, and the database is as it was: {str(error).splitlines()[0]}."
                raise InvalidInput(sentence) from error
        if (folder / _KEY).exists() and settings.OWN_SECRET_KEY:
            (folder / _KEY).chmod(0o600)
            (folder / _KEY).replace(settings.VAR_DIR / _KEY)
    call_command("migrate", interactive=False, verbosity=0)
    Worker.objects.all().delete()  # of another time, or another place
    return manifest


def _unpacked(source: Path, folder: Path) -> dict[str, Any]:
    """The manifest; beside it in `folder` what belongs to it, and nothing else that the archive may hold."""
    try:
        with tarfile.open(source, "r:gz") as archive:
            _take(archive, _MANIFEST, folder)
            manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text())
            if manifest["format"] != FORMAT:
                raise InvalidInput(f"{source} was written by a newer version. Upgrade first.")
            if _KEY in archive.getnames():
                _take(archive, _KEY, folder)
            (folder / _TABLES).mkdir()
            tables = [f"{_TABLES}/{table}" for table in manifest.get("tables", {}) if "/" not in table]
            for member in tables or [_DATABASE]:
                _take(archive, member, folder)
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {source}.") from error
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError) as error:
        raise InvalidInput(f"{source} is not a whole backup of this program.") from error
    return manifest


def _take(archive: tarfile.TarFile, name: str, folder: Path) -> None:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    with member, (folder / name).open("wb") as file:
        shutil.copyfileobj(member, file, _CHUNK)


def _refuse_other(manifest: dict[str, Any]) -> None:
    if manifest["database"] != connection.vendor:
        raise InvalidInput(f"This backup is of {manifest['database']}. Set DATABASE_URL to such a database.")
    known = MigrationLoader(None).disk_migrations
    if any((app, name) not in known for app, names in manifest["migrations"].items() for name in names):
        raise InvalidInput("This backup was made by a newer version. Upgrade first.")


def _refuse_running() -> None:
    try:
        alive = list(Worker.objects.alive())
    except DatabaseError:  # it has no tables yet
        connection.close()
        alive = []
    if alive:
        raise InvalidInput(f"A worker was heard moments ago: {alive[0].name}. Stop everything, or wait half a minute.")
    if connection.vendor == "postgresql" and (others := _staying_sessions()):
        raise InvalidInput(f"The database is in use by {others} other connections. Stop everything first.")


def _staying_sessions() -> int:
    """How many others are connected, and do not go: the server takes a moment to notice who has left."""
    patience_ends = time.monotonic() + _PATIENCE
    while (others := _other_sessions()) and time.monotonic() < patience_ends:
        time.sleep(0.2)
    return others


def _other_sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _is_empty() -> bool:
    """Nobody has an account here, and nothing was ever done."""
    try:
        return not (User.objects.exists() or Batch.objects.exists())
    except DatabaseError:
        connection.close()
        return True


def _load_sqlite(folder: Path) -> None:
    """The old file stays beside the new one, as db.sqlite3.replaced."""
    _check_sqlite(folder / _DATABASE)
    place = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    if place.exists():
        with closing(sqlite3.connect(place)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        place.replace(place.with_name(f"{place.name}.replaced"))
    for left in ("-wal", "-shm"):
        place.with_name(place.name + left).unlink(missing_ok=True)
    new = place.with_name(f"{place.name}.new")
    shutil.move(folder / _DATABASE, new)  # perhaps from another file system, so not yet in its place
    new.replace(place)


def _load_postgresql(folder: Path, manifest: dict[str, Any]) -> None:
    """Lays our tables out as they were, and fills them: in one transaction, so that what fails changes nothing.

    Tables of others in the same database stay.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        ours = {*connection.introspection.django_table_names(only_existing=True), *manifest["tables"], _MIGRATIONS}
        for table in sorted(ours):
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table)))
        for app, names in manifest["migrations"].items():
            call_command("migrate", app, names[-1], interactive=False, verbosity=0)
            connection.check_constraints()  # now, for a table cannot be changed while some are still to be checked
        tables = [sql.Identifier(table) for table in manifest["tables"]]
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(tables)))
        for table, columns in manifest["tables"].items():
            with (
                (folder / _TABLES / table).open("rb") as file,
                cursor.copy(_copy(table, columns, "FROM STDIN")) as rows,
            ):
                while block := file.read(_CHUNK):
                    rows.write(block)
        models = [
            model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in manifest["tables"]
        ]
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
