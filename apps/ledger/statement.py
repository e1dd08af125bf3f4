"""What happened to a workspace's credits, one line an operation, the newest first.

Lines are in the order of the entries' numbers, which is the order in which the wallet's lock was had. The ids of
operations are ordered by clocks, and clocks differ.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery

from apps.accounts.tenancy import Workspace
from apps.ledger import reading
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Entry, Operation
from apps.ledger.rows import Rows

_Moves = Mapping[tuple[str, str], int]  # (src, dst) → millicredits
_Jobs = QuerySet[Any, UUID]  # ids of jobs: the ledger knows no more of them

_AT_ONCE: Final = 500  # lines that a whole statement reads together

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
MOVING: Final = tuple(_ABOUT)  # the kinds of operations that move credits
_EXPIRY: Final = ("available", "expired")
_OF_PURCHASES: Final = (Operation.Kind.GRANT, Operation.Kind.PAYMENT)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One operation: what it changed of the available and of the held credits, and the amount it was about.

    The amount is not negative: of a settlement it is the charge, 0 when all was released. ``balance_mc`` is what could
    be spent when it was done.
    """

    id: UUID
    kind: str
    available_delta_mc: Millicredits
    held_delta_mc: Millicredits
    amount_mc: Millicredits
    balance_mc: Millicredits
    job_id: UUID | None
    purchase_id: UUID | None
    reason: str
    actor_id: UUID | None
    created_at: datetime
    first_seq: int  # of its entries, which follow one another
    last_seq: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for: those that are all of what is said here."""

    kinds: frozenset[Operation.Kind] = frozenset()  # none: every kind
    since: datetime | None = None
    until: datetime | None = None  # not included
    job_id: UUID | None = None
    purchase_id: UUID | None = None
    member_id: UUID | None = None  # who started the job, or did it
    api_key_id: UUID | None = None
    project_id: UUID | None = None
    jobs: _Jobs | None = None  # of these jobs
    words: str = ""  # in the reason …
    worded_jobs: _Jobs | None = None  # … or of a job whose own words these are


EVERYTHING: Final = Wanted()


def statement(
    *, workspace: Workspace, limit: int, after: UUID | None = None, wanted: Wanted = EVERYTHING
) -> list[StatementLine]:
    """List so many operations at most that moved credits, newest first; those before the operation ``after``."""
    entries = _wanted_entries(workspace, wanted)
    if after is not None:
        first = Entry.objects.for_workspace(workspace).filter(operation=after).order_by().values("operation")
        entries = entries.filter(seq__lt=Subquery(first.annotate(first=Min("seq")).values("first")))
    return _lines(workspace, entries[:limit], anchor=None)


def whole_statement(*, workspace: Workspace, wanted: Wanted = EVERYTHING) -> Iterator[StatementLine]:
    """Every line, newest first, read as it is asked for; what happens meanwhile is not in it."""
    anchor: tuple[int, int] | None = None
    while True:
        entries = _wanted_entries(workspace, wanted)
        if anchor is not None:
            entries = entries.filter(seq__lt=anchor[0])
        page = _lines(workspace, entries[:_AT_ONCE], anchor=anchor)
        yield from page
        if len(page) < _AT_ONCE:
            return
        last = page[-1]
        anchor = (last.first_seq, last.balance_mc - last.available_delta_mc)


def _wanted_entries(workspace: Workspace, wanted: Wanted) -> QuerySet[Entry]:
    """The last entry of each operation that is wanted, newest first."""
    own = Entry.objects.for_workspace(workspace)
    following = own.filter(seq=OuterRef("seq") + 1, operation=OuterRef("operation"))
    found = own.filter(~Exists(following)).select_related("operation").defer("operation__result").order_by("-seq")
    if wanted.kinds:
        found = found.filter(operation__kind__in=sorted(wanted.kinds))
    if wanted.since is not None:
        found = found.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(created_at__lt=wanted.until)
    if wanted.purchase_id is not None:
        about = own.filter(operation__kind__in=_OF_PURCHASES, lot__purchase_id=wanted.purchase_id)
        found = found.filter(operation__in=about.values("operation"))
    if wanted.member_id is not None:
        started = own.filter(hold__member_id=wanted.member_id).values("operation")
        found = found.filter(Q(operation__actor_id=wanted.member_id) | Q(operation__in=started))
    for name in ("job_id", "api_key_id", "project_id"):
        if (value := getattr(wanted, name)) is not None:
            found = found.filter(operation__in=own.filter(**{f"hold__{name}": value}).values("operation"))
    if wanted.jobs is not None:
        found = found.filter(operation__in=own.filter(hold__job_id__in=wanted.jobs).values("operation"))
    if wanted.words:
        about_it = Q(operation__reason__icontains=wanted.words)
        if wanted.worded_jobs is not None:
            worded = own.filter(hold__job_id__in=wanted.worded_jobs).values("operation")
            about_it |= Q(operation__in=worded)
        found = found.filter(about_it)
    return found


def _lines(workspace: Workspace, last: QuerySet[Entry], *, anchor: tuple[int, int] | None) -> list[StatementLine]:
    ends = list(last)
    if not ends:
        return []
    rows = Rows()
    balances = reading.balances_after(rows, rows.id(workspace.pk), [end.seq for end in ends], anchor)
    facts = _facts([end.operation_id for end in ends])
    return [_line(end, facts[end.operation_id], balances[end.seq]) for end in ends]


@dataclass(slots=True)
class _Facts:
    """What the entries of an operation say together."""

    moves: dict[tuple[str, str], int]
    job_id: UUID | None = None
    purchase_id: UUID | None = None
    first_seq: int = 0


def _facts(operation_ids: Sequence[UUID]) -> dict[UUID, _Facts]:
    """Sum up the entries of each operation by their move; find its job, and the purchase that it is about."""
    entries = Entry.objects.filter(operation__in=operation_ids).order_by("-seq")
    columns = ("operation_id", "seq", "src", "dst", "amount_mc", "hold__job_id", "lot__purchase_id")
    found: dict[UUID, _Facts] = {}
    for operation_id, seq, src, dst, amount, job_id, purchase_id in entries.values_list(*columns):
        facts = found.setdefault(operation_id, _Facts(defaultdict(int)))
        facts.moves[src, dst] += amount
        facts.job_id = job_id or facts.job_id
        facts.first_seq = seq
        # What expired is swept away first. Then comes what an operation is about, and last the debts that are paid.
        if (src, dst) != _EXPIRY:
            facts.purchase_id = purchase_id
    return found


def _line(end: Entry, facts: _Facts, balance_mc: int) -> StatementLine:
    operation = end.operation
    kind = Operation.Kind(operation.kind)
    return StatementLine(
        id=operation.pk,
        kind=operation.kind,
        available_delta_mc=_change(facts.moves, "available"),
        held_delta_mc=_change(facts.moves, "held"),
        amount_mc=Millicredits(sum(amount for move, amount in facts.moves.items() if move in _ABOUT[kind])),
        balance_mc=Millicredits(balance_mc),
        job_id=facts.job_id,
        purchase_id=facts.purchase_id if kind in _OF_PURCHASES else None,
        reason=operation.reason,
        actor_id=operation.actor_id,
        created_at=operation.created_at,
        first_seq=facts.first_seq,
        last_seq=end.seq,
    )


def _change(moves: _Moves, bucket: str) -> Millicredits:
    into = sum(amount for (_, dst), amount in moves.items() if dst == bucket)
    return Millicredits(into - sum(amount for (src, _), amount in moves.items() if src == bucket))
