"""Looks at the books, kept: what each of them found. Whatever is found raises an alarm in the log."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

import structlog

from apps.billing.models import CheckRun
from apps.errors import DomainError
from apps.ledger.check import Fault

MOST_KEPT: Final = 200  # findings of a run
_LONGEST: Final = timedelta(hours=1)  # one that has not ended by then has died

log = structlog.get_logger(__name__)


def carry_out(
    kind: CheckRun.Kind, check: Callable[[], list[Fault]], *, clock: Callable[[], datetime]
) -> CheckRun | None:
    """Look at the books and keep what was found; None while another such look is under way.

    A look that did not come to its end, as when Stripe is away, has found just that.
    """
    started_at = clock()
    if is_under_way(kind, now=started_at):
        return None
    run = CheckRun.objects.create(kind=kind, started_at=started_at)
    try:
        faults = check()
    except DomainError as fault:
        faults = [Fault("not-finished", str(kind), str(fault))]
    run.ended_at, run.count = clock(), len(faults)
    run.findings = [asdict(fault) for fault in faults[:MOST_KEPT]]
    run.save(update_fields=["ended_at", "count", "findings"])
    if faults:
        log.error("books_do_not_add_up", kind=str(kind), findings=len(faults), first=run.findings[0])
    else:
        log.info("books_add_up", kind=str(kind))
    return run


def is_under_way(kind: CheckRun.Kind, *, now: datetime) -> bool:
    """Whether such a look has begun and may still end."""
    return any(may_still_end(run, now=now) for run in CheckRun.objects.filter(kind=kind, ended_at=None))


def may_still_end(run: CheckRun, *, now: datetime) -> bool:
    """Whether a look is under way; one that takes too long has died."""
    return run.ended_at is None and now - run.started_at < _LONGEST
