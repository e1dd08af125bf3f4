"""Check the books: every invariant of the ledger, and of jobs and purchases against it."""

import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.staff.checking import find_faults


class Command(BaseCommand):
    help = "Checks every invariant of the books, reads only, and exits with 1 when a row breaks one."

    def handle(self, *args: object, **options: object) -> None:
        faults = find_faults(now=timezone.now())
        for fault in faults:
            self.stdout.write(f"{fault.invariant}  {fault.subject}  {fault.detail}")
        if faults:
            self.stderr.write(f"The books do not add up: {len(faults)} rows.")
            sys.exit(1)
        self.stdout.write("The books add up.")
