"""Setting limits, and moving allowance from one to another: once a key, every change kept."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError, NotFound
from apps.ids import uuid7
from apps.ledger.amounts import Millicredits
from apps.ledger.budgets import Subject, current_usage, measure
from apps.ledger.journal import Journal
from apps.ledger.models import Budget, BudgetEvent, Operation
from apps.ledger.operations import run
from apps.ledger.periods import Period, start_of
from apps.ledger.rows import Json


class BudgetNotFound(NotFound):
    """There is no such budget in this workspace, or it has no limit."""


class AllowanceInUse(DomainError):
    """What should move to another budget is spent or held already."""

    code = "allowance_in_use"


class PeriodsDiffer(DomainError):
    """Allowance of one period is not worth the same in another."""

    code = "periods_differ"


class BudgetSet(NamedTuple):
    """A budget as it stands, and what this call changed of it; None: nothing."""

    budget: Budget
    event: BudgetEvent | None


def set_budget(
    *,
    workspace: Workspace,
    subject_kind: Budget.Subject,
    subject_id: UUID,
    limit_mc: Millicredits | None,
    period: Budget.Period,
    actor_id: UUID | None,
    now: datetime,
    key: str | None = None,
) -> BudgetSet:
    """Limit what a member, an API key or a project may spend; None lifts the limit and goes on counting.

    What was spent before counts, too. A limit below it is allowed: no further hold passes it. Setting what stands
    already changes nothing. With a ``key`` a second call changes nothing either, whatever was set in between.

    :raises IdempotencyMismatch: the key was used for another limit.
    """
    subject = Subject(Budget.Subject(subject_kind), subject_id)
    written: list[BudgetEvent] = []

    def work(journal: Journal) -> Json | None:
        written.clear()  # an attempt before this one may have come to naught
        before = _find(workspace, subject)
        budget = before or Budget(workspace=workspace, subject_kind=subject.kind, subject_id=subject.id, created_at=now)
        period_before, limit_before = budget.period, budget.limit_mc
        if before is not None and (period_before, limit_before) == (period, limit_mc):
            return None if key is None else {"budget": str(budget.pk)}
        if period_before != period:
            budget.period_start = start_of(Period(period), now)
            budget.used_mc, budget.held_mc = measure(workspace.pk, subject, budget.period_start)
        budget.limit_mc, budget.period = limit_mc, period
        journal.writes.append(lambda: written.append(_save(budget, period_before, limit_before, journal, actor_id)))
        return {"budget": str(budget.pk)}

    outcome = run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.BUDGET,
        key=f"budget:{uuid7() if key is None else key}",
        request={} if key is None else {"subject": subject, "limit_mc": limit_mc, "period": period},
        work=work,
        now=now,
        actor_id=actor_id,
    )
    budget = Budget.objects.for_workspace(workspace).get(subject_kind=subject.kind, subject_id=subject.id)
    return BudgetSet(budget, None if outcome.is_replay or not written else written[0])


def move_budget(
    *,
    workspace: Workspace,
    source: Subject,
    target: Subject,
    amount_mc: Millicredits,
    actor_id: UUID | None,
    key: str,
    now: datetime,
) -> list[BudgetEvent]:
    """Lower one limit and raise another by the same amount; return both changes.

    A second call with the same key changes nothing and returns nothing.

    :raises BudgetNotFound: one of them has no limit. :raises PeriodsDiffer: they are counted over different periods.
    :raises AllowanceInUse: the source needs what should move.
    :raises IdempotencyMismatch: the key was used for another move.
    """
    assert amount_mc > 0
    assert source != target, "a budget gives nothing to itself"
    written: list[BudgetEvent] = []

    def work(journal: Journal) -> Json:
        written.clear()
        giving, taking = (_find_limited(workspace, subject) for subject in (source, target))
        if giving.period != taking.period:
            raise PeriodsDiffer(f"One limit is {Period(giving.period).label}, the other {Period(taking.period).label}.")
        for budget, change in ((giving, -amount_mc), (taking, amount_mc)):
            limit_before = budget.limit_mc
            budget.limit_mc = (limit_before or 0) + change
            if change < 0 and budget.limit_mc < sum(current_usage(budget=budget, now=now)):
                raise AllowanceInUse("This much of the limit is spent or held already.")
            journal.writes.append(
                lambda budget=budget, before=limit_before: written.append(  # type: ignore[misc]  # bound, one by one
                    _save(budget, budget.period, before, journal, actor_id)
                )
            )
        return {}

    outcome = run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.BUDGET,
        key=key,
        request={"source": source, "target": target, "amount_mc": amount_mc},
        work=work,
        now=now,
        actor_id=actor_id,
    )
    return [] if outcome.is_replay else written


def _find(workspace: Workspace, subject: Subject) -> Budget | None:
    budgets = Budget.objects.for_workspace(workspace)
    return budgets.filter(subject_kind=subject.kind, subject_id=subject.id).first()


def _find_limited(workspace: Workspace, subject: Subject) -> Budget:
    budget = _find(workspace, subject)
    if budget is None or budget.limit_mc is None:
        raise BudgetNotFound("There is no such limit.")
    return budget


def _save(
    budget: Budget, period_before: str, limit_before: int | None, journal: Journal, actor_id: UUID | None
) -> BudgetEvent:
    budget.save()
    return BudgetEvent.objects.create(
        budget=budget,
        period_before=period_before,
        period=budget.period,
        limit_before_mc=limit_before,
        limit_after_mc=budget.limit_mc,
        operation_id=journal.operation_id,
        actor_id=actor_id,
        created_at=journal.now,
    )
