"""`manage.py run`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from accounts.models import User
from summarizer import installation
from summarizer.broker import BrokerError
from summarizer.supervisor import Supervisor


class Command(BaseCommand):
    help = "Start the web server, a worker, the scheduler and, without REDIS_URL, a broker. Ctrl-C stops them all."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run()
        except (installation.CannotStart, BrokerError) as error:
            raise SystemExit(str(error)) from None
        except KeyboardInterrupt:  # while it prepares; later the supervisor hears it
            raise SystemExit(130) from None

    def _run(self) -> None:
        installation.claim_folder(settings.VAR_DIR)
        with contextlib.closing(installation.listen(settings.BIND_ADDRESS, settings.PORT)) as listener:
            broker = installation.embedded_broker()
            services = installation.services(listener, broker)
            self._prepare()
            probe = installation.Probe(listener)
            Supervisor(services, probe.answered, lambda: self._greet(probe.address)).run()
        self.stdout.write("Stopped. What was unfinished goes on at the next start.")

    def _prepare(self) -> None:
        """The database's tables and the static files."""
        # One plain connection for a moment. A pool would leave threads behind, where the supervisor must have but one,
        # and keep trying for 20 s to reach a server that refuses.
        connection.settings_dict["OPTIONS"].pop("pool", None)
        try:
            call_command("migrate", interactive=False, verbosity=0)
            self._sign_up_open = not User.objects.people().exists()
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise installation.CannotStart(f"The database cannot be used: {reason}. Look at DATABASE_URL.") from error
        connection.close()
        installation.collect_static()

    def _greet(self, address: str) -> None:
        if self._sign_up_open:
            self.stdout.write(f"\nOpen {address} and sign up: the first account is the administrator.\n\n")
        else:
            self.stdout.write(f"\nOpen {address}\n\n")
        self.stdout.flush()
