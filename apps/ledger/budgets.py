"""Limits of members, API keys and projects on the shared wallet. Several may bind one hold; the tightest decides."""

from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Q, Sum

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError, NotFound
from apps.ids import uuid7
from apps.ledger import reading, writing
from apps.ledger.amounts import ZERO, Millicredits, format_credits, to_credits
from apps.ledger.journal import Journal
from apps.ledger.models import Budget, BudgetEvent, Entry, Hold, Operation
from apps.ledger.operations import Conflict, run
from apps.ledger.rows import HoldRow, Json

_HOLD_FIELD: Final = {
    Budget.Subject.MEMBER: "member_id",
    Budget.Subject.API_KEY: "api_key_id",
    Budget.Subject.PROJECT: "project_id",
}


class SpendLimitReached(DomainError):
    """A budget has too little left. ``details``: ``subject_kind``; ``required``, ``limit``, ``remaining`` credits."""

    code = "spend_limit_reached"


class BudgetNotFound(NotFound):
    """There is no such budget in this workspace, or it has no limit."""


class AllowanceInUse(DomainError):
    """What should move to another budget is spent or held already."""

    code = "allowance_in_use"


class Subject(NamedTuple):
    """Whom a budget binds."""

    kind: Budget.Subject
    id: UUID


class Usage(NamedTuple):
    """What was captured and what is held in one period, in millicredits."""

    used: int
    held: int


def set_budget(
    *,
    workspace: Workspace,
    subject_kind: Budget.Subject,
    subject_id: UUID,
    limit_mc: Millicredits | None,
    period: Budget.Period,
    actor_id: UUID | None,
    now: datetime,
) -> Budget:
    """Limit what a member, an API key or a project may spend; None lifts the limit and goes on counting.

    What was spent before counts, too. A limit below it is allowed: no further hold passes it.
    """
    subject = Subject(Budget.Subject(subject_kind), subject_id)

    def work(journal: Journal) -> Json:
        before = _find(workspace, subject)
        budget = before or Budget(workspace=workspace, subject_kind=subject.kind, subject_id=subject.id, created_at=now)
        limit_before = budget.limit_mc
        if before is None or budget.period != period:
            budget.period_start = _month(now) if period == Budget.Period.MONTH else None
            budget.used_mc, budget.held_mc = measure(workspace.pk, subject, budget.period_start)
        budget.limit_mc, budget.period = limit_mc, period
        journal.writes.append(lambda: _save(budget, limit_before, journal, actor_id))
        return {"budget": str(budget.pk)}

    outcome = run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.BUDGET,
        key=f"budget:{uuid7()}",
        request={},
        work=work,
        now=now,
        actor_id=actor_id,
    )
    return Budget.objects.for_workspace(workspace).get(pk=outcome.result["budget"])


def move_budget(
    *,
    workspace: Workspace,
    source: Subject,
    target: Subject,
    amount_mc: Millicredits,
    actor_id: UUID | None,
    key: str,
    now: datetime,
) -> None:
    """Lower one limit and raise another by the same amount. A second call with the same key changes nothing.

    :raises BudgetNotFound: one of them has no limit. :raises AllowanceInUse: the source needs what should move.
    :raises IdempotencyMismatch: the key was used for another move.
    """
    assert amount_mc > 0

    def work(journal: Journal) -> Json:
        budgets = [_find(workspace, subject) for subject in (source, target)]
        for budget, change in zip(budgets, (-amount_mc, amount_mc), strict=True):
            if budget is None or budget.limit_mc is None:
                raise BudgetNotFound("There is no such budget with a limit.")
            limit_before, budget.limit_mc = budget.limit_mc, budget.limit_mc + change
            if change < 0 and budget.limit_mc < sum(current_usage(budget=budget, now=now)):
                raise AllowanceInUse("This much of the budget is spent or held already.")
            journal.writes.append(
                lambda budget=budget, before=limit_before: _save(budget, before, journal, actor_id)  # type: ignore[misc]
            )
        return {}

    run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.BUDGET,
        key=key,
        request={"source": source, "target": target, "amount_mc": amount_mc},
        work=work,
        now=now,
        actor_id=actor_id,
    )


def current_usage(*, budget: Budget, now: datetime) -> Usage:
    """Return what counts against a budget's limit now: nothing yet, if its last counts are of a month gone by."""
    if budget.period_start is not None and budget.period_start < _month(now):
        return Usage(ZERO, ZERO)
    return Usage(budget.used_mc, budget.held_mc)


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
    amount = hold.amount
    budgets = reading.budgets(journal.rows, journal.wallet, hold.spender)
    if not budgets:
        return
    month = _month(journal.now)
    remaining = []
    for budget in budgets:
        counts = budget.period_start is None or budget.period_start >= month
        if budget.limit is not None:
            remaining.append((budget.limit - (budget.used + budget.held if counts else 0), budget))
    least, tightest = min(remaining, default=(amount, None), key=lambda pair: pair[0])
    if tightest is not None and least < amount:
        raise SpendLimitReached(
            f"This needs {format_credits(amount)} credits, and the {tightest.period} budget of this "
            f"{tightest.subject_kind.replace('_', ' ')} has {format_credits(max(0, least))} left.",
            subject_kind=tightest.subject_kind,
            required=to_credits(amount),
            limit=to_credits(tightest.limit or 0),
            remaining=to_credits(max(0, least)),
        )

    def count() -> None:
        written = writing.count_hold(journal.rows, journal.wallet, hold, month)
        if written != len(budgets):
            raise Conflict("a budget has changed since it was read")

    journal.writes.append(count)


def settle_counts(journal: Journal, *, hold: HoldRow, used: int, held: int) -> None:
    """Change what a hold counts for, in the budgets that counted it."""
    if journal.has_budgets:
        journal.writes.append(lambda: writing.count_settled(journal.rows, journal.wallet, hold, used, held))


def _find(workspace: Workspace, subject: Subject) -> Budget | None:
    budgets = Budget.objects.for_workspace(workspace)
    return budgets.filter(subject_kind=subject.kind, subject_id=subject.id).first()


def _save(budget: Budget, limit_before: int | None, journal: Journal, actor_id: UUID | None) -> None:
    budget.save()
    BudgetEvent.objects.create(
        budget=budget,
        period=budget.period,
        limit_before_mc=limit_before,
        limit_after_mc=budget.limit_mc,
        operation_id=journal.operation_id,
        actor_id=actor_id,
        created_at=journal.now,
    )


def _month(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
