"""`make run`: everything on this machine, with one command."""

import os
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.settings.environment import ENV
from config.supervision.supervisor import CannotRun, FakeStripe, Installation, run


class Command(BaseCommand):
    help = "Runs broker, web, worker and clock as one, with all state in EASEL_HOME; Ctrl-C ends them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent", action="store_true", help="end when the process that started this one ends"
        )

    def handle(self, *args: object, **options: object) -> None:
        installation = Installation(
            home=settings.EASEL_HOME,
            port=settings.EASEL_PORT,
            url=settings.EASEL_BASE_URL,
            broker_socket=settings.EASEL_BROKER_SOCKET,
            redis_bin=ENV.redis_bin,
            fake_stripe=_fake_stripe(),
            is_shared=bool(ENV.database_url),
            parent=os.getppid() if options["with_parent"] else None,
        )
        try:
            run(installation, self._say)
        except CannotRun as reason:
            raise CommandError(str(reason)) from reason

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _fake_stripe() -> FakeStripe | None:
    if not ENV.fake_stripe:
        return None
    return FakeStripe(ENV.fake_stripe_port, ENV.stripe_webhook_secret.get_secret_value())
