"""python manage.py summarize: the whole way in a terminal, in one process, without a server or a broker."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from accounts.operations import command_line_user
from batches import operations, work
from batches.errors import NotActive, NoVideos
from batches.exports import export
from batches.exports.names import one_line
from batches.intake import CaptionFile, check_size, read_upload
from batches.models import Batch
from batches.terminal import Display
from summarizer.errors import InvalidInput, SummarizerError
from summarizer.youtube_urls import Link, parse

_VIDEO_ID = re.compile(r"[\w-]{11}", re.ASCII)
ALL_DONE, SOMETHING_MISSING, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


class Command(BaseCommand):
    help = (
        "Summarizes videos here and now; needs no server. "
        "Exit code: 0 everything is summarized, 1 something is not, 2 wrong use, 130 stopped by Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="*", help="links, video ids, files of links (.txt, .csv) or caption files")
        parser.add_argument("--file", action="append", default=[], help="a file of links, or a caption file")
        parser.add_argument("--model", default="", help="anthropic, openai, extractive, or engine:model")
        parser.add_argument("--length", default="standard", help="brief, standard or detailed")
        parser.add_argument("--language", default="", help="language of the summaries, such as en; else the video's")
        parser.add_argument("--instructions", default="", help="what to look for or how to write, in your own words")
        parser.add_argument("--captions", default="", help="caption languages, the best first, such as en,de")
        parser.add_argument("--manual-captions", action="store_true", help="take no automatic captions")
        parser.add_argument("--expand", choices=["playlists"], help="of a video within a playlist take the whole list")
        parser.add_argument("--newest", default="", help="how many videos of each playlist and channel")
        parser.add_argument("--since", default="", metavar="DATE", help="no older videos of them, such as 2026-01-31")
        parser.add_argument("--name", default="", help="name of the batch")
        parser.add_argument("--user", default="", metavar="EMAIL", help="whose batch it is; else the administrator's")
        parser.add_argument("--zip", type=Path, metavar="OUT.ZIP", help="write all summaries into this ZIP")
        parser.add_argument("--resume", type=UUID, metavar="BATCH", help="go on with an earlier batch instead")

    def handle(self, *args: Any, **options: Any) -> None:
        with _quiet(options["verbosity"] < 2):
            try:
                code = self._run(options)
            except SummarizerError as error:
                self._complain(str(error))
                for link in error.rejected if isinstance(error, NoVideos) else ():
                    self._complain(f"Line {link.line}: {one_line(link.text)} — {link.reason}")
                code = WRONG_USE
        if code:
            sys.exit(code)

    def _run(self, options: dict[str, Any]) -> int:
        _check_database()
        target: Path | None = options["zip"]
        if target and not target.absolute().parent.is_dir():
            raise InvalidInput(f"There is no folder “{target.absolute().parent}” to write the ZIP into.")
        batch = _resumed(options["resume"]) if options["resume"] else _created(options)
        display = Display(batch, self.stdout, self.stderr)
        display.begin()
        interrupted = self._work(batch, display)
        batch.refresh_from_db()
        display.end(batch)
        if target:
            _write_zip(batch, target)
            self.stdout.write(f"Wrote {target}.")
        if interrupted:
            self._complain(f"Stopped; what is done is kept. Go on with: python manage.py summarize --resume {batch.pk}")
            return INTERRUPTED
        whole = batch.completed_videos == batch.total_videos and not batch.rejected_lines.exists()
        return ALL_DONE if whole else SOMETHING_MISSING

    def _work(self, batch: Batch, display: Display) -> bool:
        """Runs the batch to its end. True if Ctrl-C came first, which cancels it."""
        try:
            work.run_here(batch.pk, display.update)
        except KeyboardInterrupt:
            display.clear()
            self.stdout.write("Stopping …")
            try:
                operations.cancel_batch(batch)
            except NotActive:
                return False  # it had just ended
            return True
        return False

    def _complain(self, sentence: str) -> None:
        self.stderr.write(sentence)


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Without warnings: here nobody waits for a broker, and that there is none is no news."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING if quiet else before)
    try:
        yield
    finally:
        logging.disable(before)


def _check_database() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise InvalidInput("The database is not up to date. Run “python manage.py migrate” first.")


def _created(options: dict[str, Any]) -> Batch:
    links, captions = collect(options["what"], options["file"])
    return operations.create_batch(
        _user(options["user"]),
        links,
        captions,
        name=options["name"],
        model=options["model"],
        summary_length=options["length"],
        options={
            "language": options["language"],
            "instructions": options["instructions"],
            "caption_languages": options["captions"],
            "manual_captions": options["manual_captions"],
            "expand": options["expand"],
            "newest": options["newest"],
            "since": options["since"],
        },
    )


def _resumed(batch_id: UUID) -> Batch:
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise InvalidInput(f"There is no batch {batch_id}.")
    if not batch.is_active:
        operations.retry_batch(batch)
        batch.refresh_from_db()
    return batch


def _user(email: str) -> User:
    if not email:
        return command_line_user()
    user = User.objects.filter(email=email).first()
    if user is None:
        raise InvalidInput(f"There is no account “{email}”. Sign up first, or leave --user out.")
    return user


def collect(arguments: Sequence[str], files: Sequence[str]) -> tuple[list[Link], list[CaptionFile]]:
    """What was named on the command line. A link given as the third argument counts as line 3.

    Raises `SummarizerError` for what is neither a link nor a file, and for files that cannot be read.
    """
    links: list[Link] = []
    captions: list[CaptionFile] = []
    for number, argument in enumerate(arguments, 1):
        if _is_file(argument):
            _take(Path(argument), links, captions)
            continue
        found = parse(argument)
        if not found and _VIDEO_ID.fullmatch(argument):
            # In a text eleven letters may be a word; here nothing else is meant.
            found = [Link(number, argument, "video", argument, "")]
        if not found:
            raise InvalidInput(f"“{argument}” is neither a link, nor the id of a video, nor a file that exists.")
        links += [replace(link, line=number) for link in found]
    for file in files:
        if not _is_file(file):
            raise InvalidInput(f"There is no file “{file}”.")
        _take(Path(file), links, captions)
    return links, captions


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False  # a link may be longer than any file name


def _take(path: Path, links: list[Link], captions: list[CaptionFile]) -> None:
    try:
        check_size(path.name, path.stat().st_size)
        read = read_upload(path.name, path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"“{path}” cannot be read: {error.strerror}.") from error
    if isinstance(read, CaptionFile):
        captions.append(read)
    else:
        links += read.links


def _write_zip(batch: Batch, target: Path) -> None:
    """Writes beside the target first, so that a file of that name is a whole one."""
    with tempfile.NamedTemporaryFile(dir=target.absolute().parent, prefix=".summaries-", delete=False) as draft:
        try:
            for chunk in export(batch):
                draft.write(chunk)
        except BaseException:
            Path(draft.name).unlink()
            raise
    Path(draft.name).chmod(0o666 & ~_umask())
    Path(draft.name).replace(target)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
