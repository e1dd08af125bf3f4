"""Looks at the books, kept: what each of them found. What is found raises an alarm: in the log, and by letter."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from apps.accounts import alarms
from apps.billing.models import CheckRun
from apps.errors import DomainError
from apps.ledger.check import Fault
from apps.mail import letterhead

MOST_KEPT: Final = 200  # findings of a run
_LONGEST: Final = timedelta(hours=1)  # one that has not ended by then has died
_MOST_TOLD: Final = 20  # findings in a letter
_REMEMBERED: Final = timedelta(days=7)  # a death that is older is no news

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
    with transaction.atomic():
        run.save(update_fields=["ended_at", "count", "findings"])
        if faults:
            _tell(run, faults, now=run.ended_at)
    if faults:
        log.error("books_do_not_add_up", kind=str(kind), findings=len(faults), first=run.findings[0])
    else:
        log.info("books_add_up", kind=str(kind))
    return run


def report_dead(*, now: datetime) -> int:
    """Raise an alarm for every look that began and never ended, once each; return how many there are."""
    dead = CheckRun.objects.filter(ended_at=None, started_at__lte=now - _LONGEST, started_at__gt=now - _REMEMBERED)
    for run in dead.order_by("started_at"):
        alarms.raise_alarm(
            key=f"books:{run.pk}:died",
            subject="A look at the books died",
            lines=[
                f"It looked at the books ({run.kind}), began at {_at(run)} and has not ended.",
                "Nothing was found out. The worker's log says why it stopped.",
            ],
            page=letterhead.page("books"),
            now=now,
        )
    return len(dead)


def is_under_way(kind: CheckRun.Kind, *, now: datetime) -> bool:
    """Whether such a look has begun and may still end."""
    return any(may_still_end(run, now=now) for run in CheckRun.objects.filter(kind=kind, ended_at=None))


def may_still_end(run: CheckRun, *, now: datetime) -> bool:
    """Whether a look is under way; one that takes too long has died."""
    return run.ended_at is None and now - run.started_at < _LONGEST


def _tell(run: CheckRun, faults: Sequence[Fault], *, now: datetime) -> None:
    """Write what a look has found, once a look."""
    lines = [f"{fault.invariant}: {fault.subject}: {fault.detail}"[:300] for fault in faults[:_MOST_TOLD]]
    if len(faults) > len(lines):
        lines.append(f"and {len(faults) - len(lines)} more")
    rows = "1 row" if len(faults) == 1 else f"{len(faults)} rows"
    alarms.raise_alarm(
        key=f"books:{run.pk}",
        subject=f"The books do not add up: {rows} ({run.kind}), {_at(run)}",
        lines=lines,
        page=letterhead.page("books"),
        now=now,
    )


def _at(run: CheckRun) -> str:
    return f"{run.started_at:%Y-%m-%d %H:%M} UTC"
