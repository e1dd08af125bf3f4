"""Credits coming in and going out other than by holds: wallets, grants, adjustments, expiry, claims of payments."""

from datetime import datetime
from typing import Final
from uuid import UUID

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError, NotFound
from apps.ledger import reading
from apps.ledger.amounts import LARGEST, Millicredits, format_credits, to_credits
from apps.ledger.buckets import Claims
from apps.ledger.journal import Journal, WorkingLot
from apps.ledger.kinds import LotKind
from apps.ledger.models import Lot, Operation, Wallet
from apps.ledger.operations import run
from apps.ledger.rows import Json

_PAGE: Final = 100  # lots read at once: the first page is nearly always enough


class InsufficientCredits(DomainError):
    """The wallet has less than is needed. ``details`` hold ``required`` and ``balance``, in credits."""

    code = "insufficient_credits"


class AmountOutOfRange(DomainError):
    """More credits than a wallet can hold exactly."""

    code = "amount_out_of_range"


class LotNotFound(NotFound):
    """There is no such lot in this wallet."""


def open_wallet(*, workspace: Workspace, now: datetime, low_balance_mc: Millicredits | None = None) -> Wallet:
    """Make the wallet of a workspace, empty; a second call returns the one that is there.

    ``low_balance_mc`` is the line below which people will be told, from the day credits have come in well above it.
    """
    is_armed = low_balance_mc is None  # or else below its line already
    wallet = Wallet(workspace=workspace, low_balance_mc=low_balance_mc, is_alert_armed=is_armed, created_at=now)
    Wallet.objects.bulk_create([wallet], ignore_conflicts=True)
    return Wallet.objects.for_workspace(workspace).get()


def grant(
    *,
    workspace: Workspace,
    kind: LotKind,
    amount_mc: Millicredits,
    key: str,
    now: datetime,
    expires_at: datetime | None = None,
    reason: str = "",
    actor_id: UUID | None = None,
    purchase_id: UUID | None = None,
) -> Lot:
    """Give a workspace credits, as one lot. A debt is paid out of them at once.

    A second call with the same key returns the first call's lot.

    :raises AmountOutOfRange: not positive, or the wallet would hold more than can be told exactly.
    :raises IdempotencyMismatch: the key was used for another grant.
    """

    def work(journal: Journal) -> Json:
        return {"lot": issue(journal, kind=kind, amount=amount_mc, expires_at=expires_at, purchase_id=purchase_id)}

    outcome = run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.GRANT,
        key=key,
        request={"kind": kind, "amount_mc": amount_mc, "purchase": purchase_id},
        work=work,
        now=now,
        actor_id=actor_id,
        reason=reason,
    )
    return Lot.objects.for_workspace(workspace).get(pk=outcome.result["lot"])


def adjust(
    *, workspace: Workspace, amount_mc: Millicredits, reason: str, actor_id: UUID, key: str, now: datetime
) -> Lot | None:
    """Correct a wallet by hand: give credits as a new lot, which is returned, or take unused ones in burn order.

    :raises InsufficientCredits: less than that is available to be taken. :raises AmountOutOfRange: as ``grant``.
    :raises IdempotencyMismatch: the key was used for another adjustment.
    """
    assert reason, "a correction says why"

    def work(journal: Journal) -> Json:
        if amount_mc >= 0:
            return {"lot": issue(journal, kind=LotKind.ADJUSTMENT, amount=amount_mc)}
        for lot, amount in take(journal, -amount_mc):
            journal.claim(lot, lot.claims._replace(admin_revoke=lot.claims.admin_revoke + amount))
        return {"lot": None}

    outcome = run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.ADJUST,
        key=key,
        request={"amount_mc": amount_mc},
        work=work,
        now=now,
        actor_id=actor_id,
        reason=reason,
    )
    lot_id = outcome.result["lot"]
    return Lot.objects.for_workspace(workspace).get(pk=lot_id) if lot_id else None


def apply_claims(
    *, workspace: Workspace, lot_id: UUID, pay_revoke_mc: int, pay_freeze_mc: int, key: str, now: datetime
) -> None:
    """Let a lot converge on what its payment is worth now: so much taken back, so much in dispute, both in total.

    The order in which states arrive does not matter, and a state may come again: each call brings its own key.

    :raises LotNotFound: not a lot of this wallet.
    """
    assert pay_revoke_mc >= 0
    assert pay_freeze_mc >= 0

    def work(journal: Journal) -> Json:
        row = reading.find_lot(journal.rows, journal.wallet, journal.rows.id(lot_id))
        if row is None:
            raise LotNotFound("There is no such lot.")
        lot = journal.load(row)
        journal.claim(lot, Claims(pay_revoke_mc, pay_freeze_mc, lot.claims.admin_revoke))
        return {"lot": str(lot_id)}

    run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.PAYMENT,
        key=key,
        request={"lot": lot_id, "pay_revoke_mc": pay_revoke_mc, "pay_freeze_mc": pay_freeze_mc},
        work=work,
        now=now,
    )


def expire_due(*, now: datetime, limit: int = 1000) -> int:
    """Move what has expired out of balances, looking at so many lots at most; return the number of wallets tidied.

    Only books are tidied: a hold never takes expired credits, whether or not this ran.
    """
    due = Lot.objects.filter(available_mc__gt=0, expires_at__lte=now).order_by("expires_at", "id")
    # The lot due first names the operation; it expires once, so the key comes once.
    first: dict[UUID, tuple[UUID, datetime | None]] = {}
    for workspace_id, lot_id, expires_at in due.values_list("workspace_id", "id", "expires_at")[:limit]:
        first.setdefault(workspace_id, (lot_id, expires_at))
    for workspace_id, (lot_id, expires_at) in first.items():
        run(
            workspace_id=workspace_id,
            kind=Operation.Kind.EXPIRE,
            key=f"expire:{lot_id}:{expires_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            request={},
            work=_expire,
            now=now,
        )
    return len(first)


def issue(
    journal: Journal,
    *,
    kind: LotKind,
    amount: int,
    expires_at: datetime | None = None,
    purchase_id: UUID | None = None,
) -> str:
    """Make a lot and return its id.

    :raises AmountOutOfRange: not positive, or too much for the wallet.
    """
    if not 0 < amount <= LARGEST - sum(journal.wallet.totals):
        raise AmountOutOfRange(f"A wallet holds up to {to_credits(LARGEST)} credits, and a lot more than none.")
    lot = journal.issue(kind=kind, amount=amount, expires_at=expires_at, purchase_id=purchase_id)
    return str(UUID(str(lot.id)))


def take(journal: Journal, amount: int) -> list[tuple[WorkingLot, int]]:
    """Choose lots to take credits from, in burn order, with the part of each. Nothing is moved yet.

    :raises InsufficientCredits: all of them together have less.
    """
    page = reading.spendable_lots(journal.rows, journal.wallet, journal.now, limit=_PAGE)
    if len(page) == _PAGE and sum(row.buckets.available for row in page) < amount:
        page = reading.spendable_lots(journal.rows, journal.wallet, journal.now, limit=None)
    parts: list[tuple[WorkingLot, int]] = []
    missing = amount
    for row in page:
        lot = journal.load(row)
        part = min(missing, lot.buckets.available)
        if part:
            parts.append((lot, part))
            missing -= part
        if not missing:
            return parts
    balance = amount - missing
    raise InsufficientCredits(
        f"This needs {format_credits(amount)} credits, and {format_credits(balance)} are available.",
        required=to_credits(amount),
        balance=to_credits(balance),
    )


def _expire(journal: Journal) -> Json | None:
    return {"lots": len(journal.lots)} if journal.entries else None
