"""Check the books: every invariant of the ledger and of jobs against it."""

import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.jobs.checks import check_jobs
from apps.ledger.check import check_books


class Command(BaseCommand):
    help = "Checks every invariant of the books, reads only, and exits with 1 when a row breaks one."

    def handle(self, *args: object, **options: object) -> None:
        now = timezone.now()
        faults = [*check_books(now=now), *check_jobs(now=now)]
        for fault in faults:
            self.stdout.write(f"{fault.invariant}  {fault.subject}  {fault.detail}")
        if faults:
            self.stderr.write(f"The books do not add up: {len(faults)} rows.")
            sys.exit(1)
        self.stdout.write("The books add up.")
