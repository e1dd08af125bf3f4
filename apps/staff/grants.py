"""Credits given and corrected by hand: with a reason, once however often a form is sent, noted with the person."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.accounts import audit
from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import PER_CREDIT, Millicredits, from_credits, to_credits
from apps.ledger.kinds import LotKind
from apps.ledger.models import Operation
from apps.ledger.operations import retry_conflicts

MOST_CREDITS: Final = 1_000_000  # by hand, at once
GIFTS: Final = ((LotKind.PROMO.value, "Gift"), (LotKind.COMPENSATION.value, "Compensation"))
LONGEST_REASON: Final = 200


class Unfit(ValueError):
    """A field of the form is wrong; the message says how it should be."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_amount(text: str, *, is_signed: bool) -> Millicredits:
    """Read an amount of credits within the bounds of what is given by hand.

    :raises Unfit: no amount, nothing, too much, or less than nothing where that cannot be.
    """
    try:
        amount = from_credits(text.strip().replace("\N{MINUS SIGN}", "-"))
    except ValueError as fault:
        raise Unfit("amount", "Write an amount of credits, with at most three decimals.") from fault
    if amount == 0 or (amount < 0 and not is_signed):
        raise Unfit("amount", "Write more than nothing." if not is_signed else "Write an amount other than 0.")
    if abs(amount) > MOST_CREDITS * PER_CREDIT:
        raise Unfit("amount", f"At most {MOST_CREDITS:,} credits at once.")
    return amount


def read_reason(text: str) -> str:
    """Read why.

    :raises Unfit: nothing, or too much, was written.
    """
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Unfit("reason", f"Say why, in at most {LONGEST_REASON} characters.")
    return reason


@retry_conflicts
@transaction.atomic
def give(
    *,
    workspace: Workspace,
    kind: LotKind,
    amount_mc: Millicredits,
    expires_at: datetime | None,
    reason: str,
    form_key: UUID,
    actor_id: UUID,
    now: datetime,
) -> bool:
    """Give credits as a lot of their own; tell whether this call did it: a second one with the same key does nothing.

    :raises AmountOutOfRange, IdempotencyMismatch: as ``posting.grant``.
    """
    key = f"staff:{form_key}"
    posting.grant(
        workspace=workspace,
        kind=kind,
        amount_mc=amount_mc,
        key=key,
        now=now,
        expires_at=expires_at,
        reason=reason,
        actor_id=actor_id,
    )
    return _record("credits.grant", workspace, key, {"kind": kind.value, "credits": to_credits(amount_mc)}, reason, now)


@retry_conflicts
@transaction.atomic
def correct(
    *, workspace: Workspace, amount_mc: Millicredits, reason: str, form_key: UUID, actor_id: UUID, now: datetime
) -> bool:
    """Give credits, or take unused ones, as a correction; tell whether this call did it, as ``give``.

    :raises InsufficientCredits, AmountOutOfRange, IdempotencyMismatch: as ``posting.adjust``.
    """
    key = f"staff:{form_key}"
    posting.adjust(workspace=workspace, amount_mc=amount_mc, reason=reason, actor_id=actor_id, key=key, now=now)
    return _record("credits.adjust", workspace, key, {"credits": to_credits(amount_mc)}, reason, now)


def _record(action: str, workspace: Workspace, key: str, what: dict[str, object], reason: str, now: datetime) -> bool:
    """Note an operation of this call; one that was there before was noted then."""
    operation = Operation.objects.for_workspace(workspace).get(key=key)
    if operation.created_at != now:
        return False
    audit.record(
        action=action,
        subject=workspace.public_id,
        workspace_id=workspace.pk,
        after={**what, "reason": reason, "operation": str(operation.pk)},
        actor_id=operation.actor_id,
        now=now,
    )
    return True
