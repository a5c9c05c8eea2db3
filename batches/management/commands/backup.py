"""`manage.py backup OUT.tar.gz`: the whole installation in one file, also while it runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from summarizer.backup import backup
from summarizer.errors import InvalidInput


class Command(BaseCommand):
    help = "Writes the database and the secret key into one .tar.gz. It may run meanwhile. Keep the file to yourself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, metavar="OUT.tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup(options["out"], timezone.now())
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip().splitlines()[0]}.") from error
        self.stdout.write(f"Wrote {options['out']}.")
        if not settings.OWN_SECRET_KEY:
            self.stdout.write("SECRET_KEY and the other settings are not in it: keep a copy of your environment, too.")
