"""Limits of members, API keys and projects on the shared wallet. Several may bind one hold; the tightest decides."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Q, Sum

from apps.errors import DomainError
from apps.ids import to_public
from apps.ledger import reading, writing
from apps.ledger.amounts import ZERO, format_credits, to_credits
from apps.ledger.crossing import reach
from apps.ledger.journal import Journal
from apps.ledger.models import Budget, Entry, Hold, Notice
from apps.ledger.operations import Conflict
from apps.ledger.periods import Period, next_start, start_of
from apps.ledger.rows import BudgetRow, HoldRow, NoticeRow

_HOLD_FIELD: Final = {
    Budget.Subject.MEMBER: "member_id",
    Budget.Subject.API_KEY: "api_key_id",
    Budget.Subject.PROJECT: "project_id",
}
PREFIXES: Final = {Budget.Subject.MEMBER: "member", Budget.Subject.API_KEY: "key", Budget.Subject.PROJECT: "project"}
_CALLED: Final = {
    Budget.Subject.MEMBER: "this person",
    Budget.Subject.API_KEY: "this API key",
    Budget.Subject.PROJECT: "this project",
}


class SpendLimitReached(DomainError):
    """A budget has too little left.

    ``details``: ``subject_kind``, ``subject`` (its public id), ``period``; ``required``, ``limit``, ``remaining`` in
    credits; ``resets_at``, a datetime, or None where it is counted for ever.
    """

    code = "spend_limit_reached"


class Subject(NamedTuple):
    """Whom a budget binds."""

    kind: Budget.Subject
    id: UUID

    @property
    def public_id(self) -> str:
        """``member_…`` (the id of the person), ``key_…`` or ``project_…``."""
        return to_public(PREFIXES[self.kind], self.id)


class Usage(NamedTuple):
    """What was captured and what is held in one period, in millicredits."""

    used: int
    held: int


def current_usage(*, budget: Budget, now: datetime) -> Usage:
    """Return what counts against a budget's limit now: nothing yet, if its last counts are of a period gone by."""
    if _is_over(budget.period, budget.period_start, now):
        return Usage(ZERO, ZERO)
    return Usage(budget.used_mc, budget.held_mc)


def resets_at(*, budget: Budget, now: datetime) -> datetime | None:
    """Return when a budget's counts begin anew; None: they never do."""
    return _resets_at(budget.period, budget.period_start, now)


def measure(workspace_id: UUID, subject: Subject, since: datetime | None) -> Usage:
    """Sum up a subject's holds placed since a moment (None: ever), from the holds and entries themselves."""
    whose = Q(workspace_id=workspace_id, **{_HOLD_FIELD[subject.kind]: subject.id})
    if since is not None:
        whose &= Q(created_at__gte=since)
    holds = Hold.objects.filter(whose)
    is_open = Q(status=Hold.Status.OPEN)
    sums = holds.aggregate(held=Sum("amount_mc", filter=is_open), captured=Sum("captured_mc"))
    returned = Entry.objects.filter(hold__in=holds, src="spent", dst="available").aggregate(sum=Sum("amount_mc"))
    return Usage(int(sums["captured"] or 0) - int(returned["sum"] or 0), int(sums["held"] or 0))


def admit(journal: Journal, *, hold: HoldRow) -> None:
    """Count a hold in the budgets of its member, API key and project.

    :raises SpendLimitReached: the one with the least left has less than that.
    """
    if not journal.has_budgets:
        return
    budgets = reading.budgets(journal.rows, journal.wallet, hold.spender)
    if not budgets:
        return
    limited = [(one, one.limit, _counted(one, journal.now)) for one in budgets if one.limit is not None]
    left = [(limit - counted, budget) for budget, limit, counted in limited]
    least, tightest = min(left, default=(hold.amount, None), key=lambda pair: pair[0])
    if tightest is not None and least < hold.amount:
        raise _refusal(tightest, hold.amount, max(0, least), journal.now)
    for budget, limit, counted in limited:
        journal.notices += _crossed(journal, budget, limit, counted, counted + hold.amount)

    def count() -> None:
        written = writing.count_hold(journal.rows, journal.wallet, hold)
        if written != len(budgets):
            raise Conflict("a budget has changed since it was read")

    journal.writes.append(count)


def settle_counts(journal: Journal, *, hold: HoldRow, used: int, held: int) -> None:
    """Change what a hold counts for, in the budgets that counted it."""
    if journal.has_budgets:
        journal.writes.append(lambda: writing.count_settled(journal.rows, journal.wallet, hold, used, held))


def _counted(budget: BudgetRow, now: datetime) -> int:
    return 0 if _is_over(budget.period, budget.period_start, now) else budget.used + budget.held


def _crossed(journal: Journal, budget: BudgetRow, limit: int, before: int, after: int) -> Iterator[NoticeRow]:
    """Tell that a budget comes near its limit, or to it. The key lets either be told once a limit and period."""
    is_near, is_reached = reach(before=before, after=after, limit=limit)
    subject = f"{journal.wallet.workspace_id}:{budget.subject_kind}:{budget.subject_id}"
    start = start_of(Period(budget.period), journal.now)
    crossing = f"{subject}:{budget.period}:{f'{start:%Y%m%d}' if start else ''}:{limit}"
    for is_crossed, kind in ((is_near, Notice.Kind.BUDGET_NEAR), (is_reached, Notice.Kind.BUDGET_REACHED)):
        if is_crossed:
            key = f"{kind.value}:{crossing}"
            yield NoticeRow(key, kind.value, budget.subject_kind, budget.subject_id, limit - after, limit)


def _refusal(budget: BudgetRow, required: int, remaining: int, now: datetime) -> SpendLimitReached:
    kind, at = Budget.Subject(budget.subject_kind), _resets_at(budget.period, budget.period_start, now)
    limit = f"the {Period(budget.period).label} limit of {_CALLED[kind]}"
    again = f" It is counted anew from {at:%-d %B %Y, %H:%M} UTC on." if at else ""
    return SpendLimitReached(
        f"This needs {format_credits(required)} credits, and {limit} has {format_credits(remaining)} left.{again}",
        subject_kind=kind.value,
        subject=Subject(kind, UUID(str(budget.subject_id))).public_id,
        period=budget.period,
        required=to_credits(required),
        limit=to_credits(budget.limit or 0),
        remaining=to_credits(remaining),
        resets_at=at,
    )


def _is_over(period: str, began: datetime | None, now: datetime) -> bool:
    start = start_of(Period(period), now)
    return began is not None and start is not None and began < start


def _resets_at(period: str, began: datetime | None, now: datetime) -> datetime | None:
    """A period that begins after now (a clock is behind) is the one that counts."""
    return next_start(Period(period), now if began is None else max(began, now))
