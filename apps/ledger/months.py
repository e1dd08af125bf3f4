"""What a stretch of time did to a workspace's credits: from what there was, by every movement, to what there is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, Count, F, Q, Sum, When

from apps.accounts.tenancy import Workspace
from apps.ledger.kinds import LotKind
from apps.ledger.models import Entry, Operation

_OWNED: Final = ("available", "held")  # credits that are spent or can be: what a balance is here
_FROM_OUTSIDE: Final = "issued"


@dataclass(frozen=True, slots=True)
class Months:
    """Millicredits that were there and came and went. What is held counts as there: it is not spent yet.

    ``opening_mc`` with everything that came, less everything that went, is ``closing_mc``.
    """

    opening_mc: int
    came_mc: dict[LotKind, int]  # by origin
    spent_mc: int
    returned_mc: int  # of what had been spent
    expired_mc: int
    taken_back_mc: int  # because payments were refunded or charged back
    frozen_mc: int  # while payments are disputed; below zero: came back
    corrected_mc: int  # taken away by staff
    repaid_mc: int  # went into debts
    closing_mc: int
    operations: int


def read_months(*, workspace: Workspace, since: datetime, until: datetime) -> Months:
    """Sum up the entries from ``since`` until just before ``until``. Two queries."""
    own = Entry.objects.for_workspace(workspace).filter(created_at__lt=until).order_by()
    change = Case(
        When(Q(dst__in=_OWNED) & ~Q(src__in=_OWNED), then=F("amount_mc")),
        When(Q(src__in=_OWNED) & ~Q(dst__in=_OWNED), then=-F("amount_mc")),
        default=0,
    )
    ends = own.aggregate(
        opening=Sum(change, filter=Q(created_at__lt=since), default=0),
        closing=Sum(change, default=0),
        operations=Count("operation", distinct=True, filter=Q(created_at__gte=since)),
    )
    groups = own.filter(created_at__gte=since).annotate(is_job=Q(hold__isnull=False))
    moves = groups.values_list("src", "dst", "operation__kind", "lot__kind", "is_job").annotate(sum=Sum("amount_mc"))
    came: dict[LotKind, int] = {}
    sums = dict.fromkeys(("spent", "returned", "expired", "taken_back", "frozen", "corrected", "repaid"), 0)
    for src, dst, kind, lot_kind, is_job, amount in moves:
        if (src in _OWNED) == (dst in _OWNED):
            continue
        sign = 1 if src in _OWNED else -1
        if src == _FROM_OUTSIDE:
            came[LotKind(lot_kind)] = came.get(LotKind(lot_kind), 0) + int(amount)
        elif src == "spent":
            sums["returned"] += int(amount)
        else:
            sums[_went(dst if sign == 1 else src, kind, is_job=is_job)] += sign * int(amount)
    found = Months(
        opening_mc=int(ends["opening"]),
        came_mc=came,
        spent_mc=sums["spent"],
        returned_mc=sums["returned"],
        expired_mc=sums["expired"],
        taken_back_mc=sums["taken_back"],
        frozen_mc=sums["frozen"],
        corrected_mc=sums["corrected"],
        repaid_mc=sums["repaid"],
        closing_mc=int(ends["closing"]),
        operations=ends["operations"],
    )
    assert (
        found.opening_mc
        + sum(came.values())
        + found.returned_mc
        - (
            found.spent_mc
            + found.expired_mc
            + found.taken_back_mc
            + found.frozen_mc
            + found.corrected_mc
            + found.repaid_mc
        )
        == found.closing_mc
    ), "every movement is accounted for once"
    return found


def _went(bucket: str, kind: str, *, is_job: bool) -> str:
    """Where credits went that are neither available nor held any more; or whence they came back."""
    if bucket == "spent":
        return "spent" if is_job else "repaid"
    if bucket == "revoked":
        return "corrected" if kind == Operation.Kind.ADJUST else "taken_back"
    return bucket
