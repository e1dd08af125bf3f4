"""Every check of the books there is, in one place that sees them all: the ledger's, jobs', purchases', Stripe's."""

from datetime import datetime

from django.utils import timezone

from apps.billing import check_runs, payments
from apps.billing.checks import check_purchases
from apps.billing.gift_checks import check_gifts
from apps.billing.models import CheckRun
from apps.billing.reconciling import reconcile
from apps.jobs.checks import check_jobs
from apps.ledger.check import Fault, check_books, snapshot


def find_faults(*, now: datetime) -> list[Fault]:
    """List what breaks an invariant of the books, of jobs, purchases or gifts, all as of one moment. Reads only."""
    with snapshot():
        return [*check_books(now=now), *check_jobs(now=now), *check_purchases(now=now), *check_gifts()]


def check_everything() -> list[CheckRun]:
    """Check the books, and compare them with Stripe where payments are on; keep what was found."""
    looks = [check_runs.carry_out(CheckRun.Kind.LEDGER, lambda: find_faults(now=timezone.now()), clock=timezone.now)]
    if payments.is_on():
        looks.append(
            check_runs.carry_out(CheckRun.Kind.STRIPE, lambda: reconcile(now=timezone.now()), clock=timezone.now)
        )
    return [look for look in looks if look is not None]
