"""Books that were tampered with are found out, each by its invariant; books that were not are clean."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.tenancy import Workspace
from apps.ledger import posting, triggers
from apps.ledger.check import Fault, check_books
from apps.ledger.models import Lot, LotKind
from tests.builders import NOW
from tests.ledger.calls import HOUR, claim, faults, grant, limit, open_workspace, place, settle

MEMBER = UUID(int=7)
CONSTRAINTS = {"ledger_lot": "lot_adds_up", "ledger_entry": "entry_move_allowed"}

TAMPERING = {
    "a lot that does not add up": ("I1", "UPDATE ledger_lot SET granted_mc = granted_mc + 1 WHERE kind = 'promo'"),
    "credits out of nothing": ("I2", "UPDATE ledger_wallet SET available_mc = available_mc + 1"),
    "held out of nothing": ("I2", "UPDATE ledger_wallet SET held_mc = held_mc + 1"),
    "frozen out of nothing": ("I2", "UPDATE ledger_wallet SET frozen_mc = frozen_mc + 1"),
    "a debt out of nothing": ("I2", "UPDATE ledger_wallet SET debt_mc = debt_mc + 1"),
    "a move without its entry": (
        "I3",
        "UPDATE ledger_lot SET available_mc = available_mc - 1, spent_mc = spent_mc + 1 WHERE kind = 'promo'",
    ),
    "an entry of another amount": ("I3", "UPDATE ledger_entry SET amount_mc = amount_mc + 1 WHERE seq = 1"),
    "a hold of another amount": ("I4", "UPDATE ledger_hold SET amount_mc = amount_mc + 1 WHERE status = 'open'"),
    "a part of another amount": ("I4", "UPDATE ledger_holdpart SET amount_mc = amount_mc + 1"),
    "an entry too many": ("I5", "UPDATE ledger_wallet SET seq = seq - 1"),
    "an entry that is gone": ("I6", "DELETE FROM ledger_entry WHERE seq = 2"),
    "another charge": (
        "I7",
        "UPDATE ledger_hold SET captured_mc = captured_mc + 1, released_mc = released_mc - 1 WHERE status = 'closed'",
    ),
    "a claim without effect": ("I8", "UPDATE ledger_lot SET pay_revoke_mc = 5 WHERE kind = 'signup'"),
    "a debtor that may spend": ("I9", "UPDATE ledger_wallet SET debt_mc = 1"),
    "a wallet closed to spending for nothing": ("I9", "UPDATE ledger_wallet SET status = 'restricted'"),
    "a budget that miscounts": ("I12", "UPDATE ledger_budget SET used_mc = used_mc + 1"),
    "a budget that forgot a hold": ("I12", "UPDATE ledger_budget SET held_mc = 0"),
    "credits of a kind from nowhere": ("I14", "UPDATE ledger_entry SET amount_mc = 999 WHERE src = 'issued'"),
    "an alert that nobody gave": ("I15", "UPDATE ledger_wallet SET low_balance_mc = 501 WHERE available_mc = 500"),
    "an alert that is not armed again": ("I15", "UPDATE ledger_wallet SET refill_mc = 1, is_refill_armed = FALSE"),
    "an entry in a stranger's name": (
        "scope",
        "UPDATE ledger_entry SET lot_id = (SELECT id FROM ledger_lot WHERE kind = 'signup') WHERE seq = 2",
    ),
}


@pytest.fixture
def tampered(workspace: Workspace) -> Workspace:
    """Books with a bit of everything, and nothing in the way of who would edit them."""
    grant(workspace, 1000)
    limit(workspace, 1000, member_id=MEMBER)
    spender = posting.Spender(MEMBER, None, None)
    settle(place(workspace, 300, spender=spender), 200)
    place(workspace, 300, spender=spender)
    grant(open_workspace("Elsewhere"), 1000, kind=LotKind.SIGNUP)
    assert faults() == []
    connection.check_constraints()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table, constraint in CONSTRAINTS.items():
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        else:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
    return workspace


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(tampered: Workspace, what: str) -> None:
    invariant, statement = TAMPERING[what]
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)
    found = {fault.invariant for fault in faults()}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert invariant in found


def test_a_fault_says_what_and_how(workspace: Workspace) -> None:
    lot = grant(workspace, 1000)
    Lot.objects.update(available_mc=999, spent_mc=1)
    assert check_books(now=NOW) == [
        Fault("I2", str(workspace.pk), "available of a wallet is not the sum over its lots: 1000 against 999"),
        Fault("I3", str(lot.pk), "a lot is not what its entries say: 1000 against 1000"),
    ]


def test_a_sweeper_that_does_not_come_is_noticed(workspace: Workspace) -> None:
    grant(workspace, 1000, expires_at=NOW + HOUR)
    minutes = timedelta(minutes=1)
    assert [fault.invariant for fault in faults(NOW + HOUR + 15 * minutes)] == []
    assert [fault.invariant for fault in faults(NOW + HOUR + 16 * minutes)] == ["I10"]


def test_a_debt_beside_expired_credits_is_no_fault(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    hold = place(workspace, 1000)
    grant(workspace, 50, expires_at=NOW + HOUR)
    settle(hold, 1000)
    claim(lot, revoke=1000, now=NOW + 2 * HOUR)
    assert faults(NOW + 2 * HOUR, but="I10") == []
