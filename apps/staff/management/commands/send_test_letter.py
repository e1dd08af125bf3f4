"""`manage.py send_test_letter you@example.com`: proves that letters leave, or says why they do not."""

import time
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.ids import uuid7
from apps.mail import letters, sending
from apps.mail.models import Letter

_PATIENCE_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 0.5


class Command(BaseCommand):
    help = "Send a letter to an address, as every other letter is sent, and wait until it is gone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *_: object, address: str, **options: Any) -> None:  # argparse's values
        key = f"test:{uuid7()}"
        letters.post(key=key, template="test", to=address, context={}, now=timezone.now())
        for _attempt in range(int(_PATIENCE_SECONDS / _PAUSE_SECONDS)):
            sending.send_due(clock=timezone.now)
            letter = Letter.objects.get(key=key)
            if letter.sent_at:
                self.stdout.write(f"Sent to {address}.")
                return
            if letter.last_error:
                raise CommandError(f"Not sent: {letter.last_error}")
            time.sleep(_PAUSE_SECONDS)  # a worker has it, or letters that wait for longer go first
        raise CommandError("Not sent yet: other letters are in front of it. A worker goes on.")
