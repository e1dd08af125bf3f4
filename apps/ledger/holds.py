"""Holds: credits set aside for a job, and what becomes of them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError, NotFound
from apps.ids import uuid7
from apps.ledger import budgets, reading, writing
from apps.ledger.amounts import Millicredits, format_credits
from apps.ledger.buckets import Bucket
from apps.ledger.journal import Journal, WorkingLot
from apps.ledger.kinds import LotKind
from apps.ledger.lots import take
from apps.ledger.models import Hold, Operation, Wallet
from apps.ledger.operations import Conflict, run
from apps.ledger.rows import HoldRow, Json, RowId, SpenderRow

GRACE: Final = timedelta(hours=24)

logger = logging.getLogger(__name__)


class WalletRestricted(DomainError):
    """The workspace owes credits whose payment was taken back, or is closed: no new holds."""

    code = "wallet_restricted"


class HoldNotFound(NotFound):
    """There is no such hold in this wallet."""


class UncaptureTooLarge(DomainError):
    """More should be given back than the job was charged."""

    code = "uncapture_too_large"


@dataclass(frozen=True, slots=True)
class Spender:
    """Who spends: their budgets bind the hold."""

    member_id: UUID | None
    api_key_id: UUID | None
    project_id: UUID | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a hold came to."""

    charged_mc: Millicredits
    released_mc: Millicredits


@dataclass(frozen=True, slots=True)
class Uncapture:
    """What was given back, and how much of it as a new lot because its own had expired."""

    amount_mc: Millicredits
    compensated_mc: Millicredits


def place_hold(
    *,
    workspace: Workspace,
    job_id: UUID,
    spender: Spender,
    amount_mc: Millicredits,
    quote: Json,
    deadline_at: datetime,
    now: datetime,
) -> Hold:
    """Set credits aside for a job, from the lots that burn first.

    A second call for the same job returns the first call's hold. A refusal leaves nothing behind.

    :raises WalletRestricted: the wallet is in debt or closed. :raises SpendLimitReached: a budget has too little left.
    :raises InsufficientCredits: the wallet has too little. :raises IdempotencyMismatch: the job has another hold.
    """
    assert amount_mc > 0, "nothing free is held"
    hold_id = uuid7()
    who = (spender.member_id, spender.api_key_id, spender.project_id)

    def work(journal: Journal) -> Json:
        rows, wallet = journal.rows, journal.wallet
        if wallet.status != Wallet.Status.ACTIVE:
            raise WalletRestricted("This workspace cannot start new work: its wallet is in debt or closed.")
        hold = HoldRow(rows.id(hold_id), amount_mc, True, SpenderRow(*map(rows.id_or_none, who)), now)
        budgets.admit(journal, hold=hold)
        parts: list[tuple[RowId, int]] = []
        for lot, amount in take(journal, amount_mc):
            journal.move(lot, Bucket.AVAILABLE, Bucket.HELD, amount, hold)
            parts.append((lot.id, amount))
        journal.writes.append(lambda: writing.insert_hold(rows, wallet, hold, job_id, quote, deadline_at))
        journal.writes.append(lambda: writing.insert_hold_parts(rows, hold.id, parts))
        return {"hold": str(hold_id)}

    outcome = run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.HOLD,
        key=f"hold:{job_id}",
        request={"amount_mc": amount_mc, "spender": who, "quote": quote},
        work=work,
        now=now,
        actor_id=spender.member_id,
    )
    if outcome.is_replay:
        return Hold.objects.for_workspace(workspace).get(pk=outcome.result["hold"])
    return _placed(workspace, hold_id, job_id, who, amount_mc, quote, deadline_at, now)


def settle(*, hold: Hold, actual_mc: Millicredits, now: datetime, is_our_fault: bool = False) -> Settlement:
    """Charge an open hold and give the rest back.

    Captures min(actual_mc, hold.amount_mc), in the order the lots burn; the remainder is available again in the same
    transaction. A second call with the same hold returns the first settlement, whatever it asks. What comes back to a
    lot that has expired meanwhile is lost with it, unless ``is_our_fault``: then it is given anew, for 24 hours.

    :raises HoldNotFound: no such hold in this wallet.
    """
    assert actual_mc >= 0

    def work(journal: Journal) -> Json:
        row, parts = _find(journal, hold.pk)
        if not row.is_open:
            raise Conflict("the hold was closed since its settlement was looked for")
        captured = left = min(actual_mc, row.amount)
        for lot, amount in parts:
            capture = min(left, amount)
            left -= capture
            journal.move(lot, Bucket.HELD, Bucket.SPENT, capture, row)
            journal.move(lot, Bucket.HELD, Bucket.AVAILABLE, amount - capture, row)
        if is_our_fault:
            _compensate(journal, [lot for lot, _ in parts])
        released = row.amount - captured

        def close() -> None:
            if writing.close_hold(journal.rows, row.id, captured, released) != 1:
                raise Conflict("the hold was closed since it was read")

        journal.writes.append(close)
        budgets.settle_counts(journal, hold=row, used=captured, held=-row.amount)
        return {"charged_mc": captured, "released_mc": released, "actual_mc": actual_mc}

    outcome = run(
        workspace_id=hold.workspace_id,
        kind=Operation.Kind.SETTLE,
        key=f"settle:{hold.pk}",
        request={"hold": hold.pk},
        work=work,
        now=now,
    )
    result = outcome.result
    if outcome.is_replay and result["actual_mc"] != actual_mc:
        logger.warning("hold %s was settled at %s mc, not at %s", hold.pk, result["actual_mc"], actual_mc)
    elif actual_mc > result["charged_mc"]:
        logger.warning("hold %s lost us %s mc beyond its amount", hold.pk, actual_mc - result["charged_mc"])
    return Settlement(Millicredits(result["charged_mc"]), Millicredits(result["released_mc"]))


def uncapture(*, hold: Hold, amount_mc: Millicredits, reason: str, actor_id: UUID | None, now: datetime) -> Uncapture:
    """Give back part of what a delivered job was charged, to the lots it came from, the last one first.

    What belongs to a lot that has expired is given as a new one, for 24 hours. A second call for the same reason
    returns what the first gave.

    :raises HoldNotFound: no such hold in this wallet. :raises UncaptureTooLarge: more than is still charged.
    :raises IdempotencyMismatch: another amount was given back for this reason.
    """
    assert amount_mc > 0

    def work(journal: Journal) -> Json:
        row, parts = _find(journal, hold.pk)
        captured = reading.captured(journal.rows, row.id)
        if amount_mc > sum(captured.values()):
            raise UncaptureTooLarge(f"This job is charged {format_credits(sum(captured.values()))} credits.")
        left = int(amount_mc)
        for lot, _ in reversed(parts):
            amount = min(left, captured.get(lot.id, 0))
            left -= amount
            _unspend(journal, lot, amount, row)
        compensated = _compensate(journal, [lot for lot, _ in parts])
        budgets.settle_counts(journal, hold=row, used=-amount_mc, held=0)
        return {"amount_mc": amount_mc, "compensated_mc": compensated}

    outcome = run(
        workspace_id=hold.workspace_id,
        kind=Operation.Kind.UNCAPTURE,
        key=f"uncapture:{hold.job_id}:{reason}",
        request={"hold": hold.pk, "amount_mc": amount_mc},
        work=work,
        now=now,
        actor_id=actor_id,
        reason=reason,
    )
    return Uncapture(Millicredits(outcome.result["amount_mc"]), Millicredits(outcome.result["compensated_mc"]))


def _find(journal: Journal, hold_id: UUID) -> tuple[HoldRow, list[tuple[WorkingLot, int]]]:
    """Read a hold and take up its lots, in the order they are captured."""
    found = reading.find_hold(journal.rows, journal.wallet, journal.rows.id(hold_id))
    if found is None:
        raise HoldNotFound("There is no such hold.")
    return found[0], [(journal.load(lot), amount) for lot, amount in found[1]]


def _unspend(journal: Journal, lot: WorkingLot, amount: int, hold: HoldRow) -> None:
    """Make credits of a lot available again. Where their payment was taken back, that much of the debt goes instead."""
    for debt in (Bucket.UNPAID, Bucket.RECOVERED):
        missing = max(0, amount - lot.buckets.spent)
        forgiven = min(missing, getattr(lot.buckets, debt))
        journal.move(lot, debt, Bucket.SPENT, forgiven)
        if debt is Bucket.RECOVERED:
            journal.reinstate(forgiven)
    journal.move(lot, Bucket.SPENT, Bucket.AVAILABLE, amount, hold)


def _compensate(journal: Journal, lots: Iterable[WorkingLot]) -> int:
    """Give anew, as one lot, what came back to lots that have expired; return how much that was."""
    lost = 0
    for lot in lots:
        expired_before = lot.buckets.expired
        journal.normalise(lot)
        lost += lot.buckets.expired - expired_before
    if lost:
        journal.issue(kind=LotKind.COMPENSATION, amount=lost, expires_at=journal.now + GRACE)
    return lost


def _placed(
    workspace: Workspace,
    hold_id: UUID,
    job_id: UUID,
    who: tuple[UUID | None, UUID | None, UUID | None],
    amount_mc: int,
    quote: Json,
    deadline_at: datetime,
    now: datetime,
) -> Hold:
    """The row that was just inserted, without reading it."""
    hold = Hold(
        id=hold_id,
        workspace=workspace,
        job_id=job_id,
        member_id=who[0],
        api_key_id=who[1],
        project_id=who[2],
        amount_mc=amount_mc,
        quote=dict(quote),
        deadline_at=deadline_at,
        created_at=now,
    )
    hold._state.adding = False
    return hold
