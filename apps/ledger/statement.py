"""What happened to a workspace's credits, one line an operation, the newest first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Sum

from apps.accounts.tenancy import Workspace
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Entry, Operation

_Moves = Mapping[tuple[str, str], int]  # (src, dst) → millicredits

# The moves that an operation is about, which its amount sums up.
_ABOUT: Final = {
    Operation.Kind.GRANT: {("issued", "available")},
    Operation.Kind.HOLD: {("available", "held")},
    Operation.Kind.SETTLE: {("held", "spent")},
    Operation.Kind.UNCAPTURE: {("spent", "available")},
    Operation.Kind.EXPIRE: {("available", "expired")},
    Operation.Kind.ADJUST: {("issued", "available"), ("available", "revoked")},
    Operation.Kind.PAYMENT: {
        (src, dst)
        for inside, outside in (
            (("available", "expired"), ("revoked", "frozen")),
            (("spent",), ("unpaid", "recovered")),
        )
        for one in inside
        for other in outside
        for src, dst in ((one, other), (other, one))
    },
}
_MOVING_NOTHING: Final = (Operation.Kind.BUDGET, Operation.Kind.LINE)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One operation: what it changed of the available and of the held credits, and the amount it was about.

    The amount is not negative: of a settlement it is the charge, 0 when all was released.
    """

    id: UUID
    kind: str
    available_delta_mc: Millicredits
    held_delta_mc: Millicredits
    amount_mc: Millicredits
    job_id: UUID | None
    reason: str
    actor_id: UUID | None
    created_at: datetime


def statement(*, workspace: Workspace, limit: int, after: UUID | None = None) -> list[StatementLine]:
    """List so many operations at most that moved credits, newest first; those before the operation ``after``."""
    operations = Operation.objects.for_workspace(workspace).exclude(kind__in=_MOVING_NOTHING)
    if after is not None:
        operations = operations.filter(pk__lt=after)
    page = list(operations.defer("result").order_by("-pk")[:limit])
    moves, jobs = _moves([operation.pk for operation in page])
    return [_line(operation, moves[operation.pk], jobs.get(operation.pk)) for operation in page]


def _moves(operation_ids: Iterable[UUID]) -> tuple[dict[UUID, dict[tuple[str, str], int]], dict[UUID, UUID]]:
    """Sum up the entries of each operation by their move, and find the job it was for."""
    entries = Entry.objects.filter(operation__in=operation_ids).order_by()
    sums = entries.values_list("operation_id", "src", "dst", "hold__job_id").annotate(sum=Sum("amount_mc"))
    moves: dict[UUID, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    jobs: dict[UUID, UUID] = {}
    for operation_id, src, dst, job_id, amount in sums:
        moves[operation_id][src, dst] += int(amount)
        if job_id is not None:
            jobs[operation_id] = job_id
    return moves, jobs


def _line(operation: Operation, moves: _Moves, job_id: UUID | None) -> StatementLine:
    about = _ABOUT[Operation.Kind(operation.kind)]
    return StatementLine(
        id=operation.pk,
        kind=operation.kind,
        available_delta_mc=_change(moves, "available"),
        held_delta_mc=_change(moves, "held"),
        amount_mc=Millicredits(sum(amount for move, amount in moves.items() if move in about)),
        job_id=job_id,
        reason=operation.reason,
        actor_id=operation.actor_id,
        created_at=operation.created_at,
    )


def _change(moves: _Moves, bucket: str) -> Millicredits:
    into = sum(amount for (_, dst), amount in moves.items() if dst == bucket)
    return Millicredits(into - sum(amount for (src, _), amount in moves.items() if src == bucket))
