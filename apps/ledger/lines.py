"""Lines on a wallet: where people are told that their balance is low, and where credits are bought by themselves.

Setting one above the balance counts as crossing it: its notice is written at once. What is wanted below the line is
wanted now, and a wallet that is empty already could never cross it. Whoever was told by the line as it was, and has not
risen well above it since, is not told again.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from apps.accounts.tenancy import Workspace
from apps.ids import uuid7
from apps.ledger.amounts import LARGEST, Millicredits, to_credits
from apps.ledger.crossing import redraw
from apps.ledger.journal import Journal
from apps.ledger.lots import AmountOutOfRange
from apps.ledger.models import Operation, Wallet
from apps.ledger.operations import run
from apps.ledger.rows import Json


def set_low_balance(
    *, workspace: Workspace, line_mc: Millicredits | None, actor_id: UUID | None, now: datetime
) -> Wallet:
    """Set the balance below which people are told that it is low; None: never.

    :raises AmountOutOfRange: not positive, or more than a wallet can hold.
    """

    def work(journal: Journal) -> Json:
        journal.low_balance = redraw(journal.low_balance, line_mc, journal.available)
        return {"low_balance_mc": line_mc}

    return _run(workspace, line_mc, actor_id, now, work)


def set_refill_line(
    *, workspace: Workspace, line_mc: Millicredits | None, actor_id: UUID | None, now: datetime
) -> Wallet:
    """Set the balance below which credits shall be bought by themselves; None: never.

    :raises AmountOutOfRange: not positive, or more than a wallet can hold.
    """

    def work(journal: Journal) -> Json:
        journal.refill = redraw(journal.refill, line_mc, journal.available)
        return {"refill_mc": line_mc}

    return _run(workspace, line_mc, actor_id, now, work)


def _run(
    workspace: Workspace,
    line_mc: Millicredits | None,
    actor_id: UUID | None,
    now: datetime,
    work: Callable[[Journal], Json],
) -> Wallet:
    if line_mc is not None and not 0 < line_mc <= LARGEST:
        raise AmountOutOfRange(f"A line is above 0 credits, and at most {to_credits(LARGEST)}.")
    run(
        workspace_id=workspace.pk,
        kind=Operation.Kind.LINE,
        key=f"line:{uuid7()}",  # setting it again is harmless
        request={},
        work=work,
        now=now,
        actor_id=actor_id,
    )
    return Wallet.objects.for_workspace(workspace).get()
