"""Compare the books with Stripe."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.billing.gateway import StripeRefused, StripeUnavailable
from apps.billing.payments import PaymentsOff
from apps.billing.reconciling import DAYS, reconcile


class Command(BaseCommand):
    help = "Syncs the purchases of some days with Stripe, tells what differed, and exits with 1 when anything did."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stripe", action="store_true", required=True, help="compare with Stripe")
        parser.add_argument("--days", type=_days, default=DAYS, help=f"how far back, {DAYS} by default")

    def handle(self, *args: object, **options: Any) -> None:  # what the parser read
        try:
            faults = reconcile(now=timezone.now(), days=options["days"])
        except PaymentsOff as off:
            self.stdout.write(f"Payments are off: nothing to compare. {off.details['setting']} is missing.")
            return
        except (StripeUnavailable, StripeRefused) as refusal:
            self.stderr.write(f"Not finished: {refusal}")
            sys.exit(1)
        for fault in faults:
            self.stdout.write(f"{fault.invariant}  {fault.subject}  {fault.detail}")
        if faults:
            self.stderr.write(f"The books and Stripe differed: {len(faults)} rows.")
            sys.exit(1)
        self.stdout.write("The books and Stripe agree.")


def _days(text: str) -> int:
    """Read how many days. :raises ArgumentTypeError: not a number of days."""
    if not (text.isdecimal() and 1 <= int(text) <= 3650):
        raise ArgumentTypeError("a number of days, from 1 to 3650")
    return int(text)
