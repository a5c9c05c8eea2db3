"""`manage.py restore IN.tar.gz`: what `manage.py backup` has written, in the place of this installation."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from summarizer.backup import restore
from summarizer.errors import InvalidInput
from summarizer.installation import CannotStart, claim_folder


class Command(BaseCommand):
    help = "Restores a backup, and brings it up to this version. Nothing of the installation may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="IN.tar.gz")
        parser.add_argument("--force", action="store_true", help="replace what is in the database")

    def handle(self, *args: Any, **options: Any) -> None:
        connection.settings_dict["OPTIONS"].pop("pool", None)  # one connection, of ours alone
        try:
            lock = claim_folder(settings.VAR_DIR)
            manifest = restore(options["file"], force=options["force"])
            os.close(lock)
        except (InvalidInput, CannotStart) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).strip().splitlines()[0]}.") from error
        self.stdout.write(f"Restored what {options['file']} was at {manifest['made_at']}.")
