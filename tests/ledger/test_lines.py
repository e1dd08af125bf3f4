"""Lines of a wallet: what crosses them is noted with the operation that does, whatever kind it is."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import LARGEST, Millicredits
from apps.ledger.models import LotKind, Notice, Operation, Wallet
from tests.builders import NOW
from tests.ledger.calls import HOUR, alert, claim, faults, grant, open_workspace, place, refill, settle, told

LOW, EMPTY, REFILL = Notice.Kind.LOW_BALANCE, Notice.Kind.EMPTY, Notice.Kind.REFILL


def _is_armed(workspace: Workspace) -> bool:
    return Wallet.objects.for_workspace(workspace).get().is_alert_armed


def test_a_line_is_told_once_until_the_balance_was_well_above_it(workspace: Workspace) -> None:
    grant(workspace, 1000)
    alert(workspace, 100)
    settle(place(workspace, 900), 900)
    assert told(workspace) == []
    settle(place(workspace, 1), 1)
    place(workspace, 9)
    grant(workspace, 30)  # 120: no more than 1.2 times the line
    place(workspace, 30)
    assert told(workspace) == [(LOW, 99, 100)]
    grant(workspace, 31)  # 121
    assert _is_armed(workspace)
    place(workspace, 30)
    assert told(workspace) == [(LOW, 99, 100), (LOW, 91, 100)]
    assert not _is_armed(workspace)
    assert faults() == []


def test_every_line_has_its_own_crossing(workspace: Workspace) -> None:
    grant(workspace, 1000)
    alert(workspace, 500)
    refill(workspace, 100)
    place(workspace, 600)
    assert told(workspace) == [(LOW, 400, 500)]
    place(workspace, 400)
    assert told(workspace)[1:] == [(REFILL, 0, 100), (EMPTY, 0, 0)]
    assert faults() == []


def test_all_at_once_are_all_told(workspace: Workspace) -> None:
    grant(workspace, 1000)
    alert(workspace, 500)
    refill(workspace, 100)
    place(workspace, 1000)
    assert told(workspace) == [(LOW, 0, 500), (REFILL, 0, 100), (EMPTY, 0, 0)]


def test_too_little_for_a_job_is_not_empty(workspace: Workspace) -> None:
    grant(workspace, 1000)
    place(workspace, 999)
    with pytest.raises(posting.InsufficientCredits):
        place(workspace, 2)
    assert told(workspace) == []
    settle(place(workspace, 1), 0)
    assert told(workspace) == [(EMPTY, 0, 0)]


def test_what_a_hold_gives_back_arms_again(workspace: Workspace) -> None:
    grant(workspace, 1000)
    alert(workspace, 500)
    settle(place(workspace, 600), 0)
    assert _is_armed(workspace)
    place(workspace, 600)
    assert told(workspace) == [(LOW, 400, 500)] * 2


def test_a_correction_a_refund_and_a_dispute_cross_lines_too(workspace: Workspace) -> None:
    bought = grant(workspace, 1000, kind=LotKind.PURCHASE)
    alert(workspace, 500)
    claim(bought, freeze=1000)
    assert told(workspace) == [(LOW, 0, 500), (EMPTY, 0, 0)]
    claim(bought)  # the dispute is won
    assert _is_armed(workspace)
    claim(bought, revoke=600)
    assert told(workspace)[2:] == [(LOW, 400, 500)]
    grant(workspace, 201)
    taken = Millicredits(-102)
    posting.adjust(workspace=workspace, amount_mc=taken, reason="x", actor_id=UUID(int=7), key="a", now=NOW)
    assert told(workspace)[3:] == [(LOW, 499, 500)]
    assert faults() == []


def test_expiry_crosses_a_line_when_it_is_swept(workspace: Workspace) -> None:
    grant(workspace, 1000, expires_at=NOW + HOUR)
    alert(workspace, 500)
    posting.expire_due(now=NOW + HOUR)
    assert told(workspace) == [(LOW, 0, 500), (EMPTY, 0, 0)]
    posting.expire_due(now=NOW + HOUR)
    assert len(told(workspace)) == 2


def test_whatever_comes_first_after_an_expiry_sees_the_true_balance(workspace: Workspace) -> None:
    """The row says 1000 until then; a grant does not arm by what is no longer there, and a settlement tells."""
    late = NOW + HOUR
    grant(workspace, 1000, expires_at=late)
    hold = place(workspace, 100)
    alert(workspace, 500)
    settle(hold, 0, now=late)
    assert told(workspace) == [(LOW, 0, 500), (EMPTY, 0, 0)]
    grant(workspace, 600, expires_at=late + HOUR, now=late)
    assert not _is_armed(workspace)
    grant(workspace, 100, now=late + HOUR)
    assert not _is_armed(workspace)
    assert told(workspace)[2:] == []
    assert faults(late + HOUR) == []


def test_a_line_above_the_balance_is_told_at_once_and_not_again(workspace: Workspace) -> None:
    grant(workspace, 100)
    alert(workspace, 500)
    assert told(workspace) == [(LOW, 100, 500)]
    alert(workspace, 500)
    alert(workspace, 400)
    place(workspace, 50)
    assert told(workspace) == [(LOW, 100, 500)]
    alert(workspace, 50)
    assert _is_armed(workspace)
    place(workspace, 1)
    assert told(workspace)[1:] == [(LOW, 49, 50)]


def test_an_empty_wallet_asks_for_credits_when_it_gets_a_refill_line(workspace: Workspace) -> None:
    refill(workspace, 100)
    assert told(workspace) == [(REFILL, 0, 100)]
    refill(workspace, None)
    refill(workspace, 100)
    assert told(workspace) == [(REFILL, 0, 100)] * 2


def test_without_a_line_nothing_is_told(workspace: Workspace) -> None:
    grant(workspace, 1000)
    alert(workspace, 500)
    wallet = alert(workspace, None)
    assert (wallet.low_balance_mc, wallet.is_alert_armed) == (None, True)
    place(workspace, 999)
    assert told(workspace) == []


def test_a_new_wallet_with_a_line_waits_for_credits(db: None) -> None:
    workspace = Workspace.objects.create(name="Acme", created_at=NOW)
    wallet = posting.open_wallet(workspace=workspace, now=NOW, low_balance_mc=Millicredits(100))
    assert (wallet.low_balance_mc, wallet.is_alert_armed) == (100, False)
    assert faults() == []
    grant(workspace, 50)
    place(workspace, 50)
    assert told(workspace) == [(EMPTY, 0, 0)]
    grant(workspace, 200)
    place(workspace, 101)
    assert told(workspace)[1:] == [(LOW, 99, 100)]


def test_who_moved_a_line_is_kept(workspace: Workspace) -> None:
    posting.set_low_balance(workspace=workspace, line_mc=Millicredits(7), actor_id=UUID(int=7), now=NOW)
    operation = Operation.objects.for_workspace(workspace).get()
    assert (operation.kind, operation.result, operation.actor_id) == ("line", {"low_balance_mc": 7}, UUID(int=7))
    assert Wallet.objects.for_workspace(workspace).get().seq == 0


@pytest.mark.parametrize("line", [0, -1, LARGEST + 1])
def test_a_line_that_no_balance_crosses_is_refused(workspace: Workspace, line: int) -> None:
    for set_line in (alert, refill):
        with pytest.raises(posting.AmountOutOfRange):
            set_line(workspace, line)
    assert not Operation.objects.exists()
    assert alert(workspace, LARGEST).low_balance_mc == LARGEST


def test_nobody_else_is_told_anything(workspace: Workspace) -> None:
    other = open_workspace("Elsewhere")
    for one in (workspace, other):
        grant(one, 100)
        alert(one, 50)
    place(workspace, 100)
    assert told(other) == []


def test_what_is_rolled_back_was_not_told(workspace: Workspace) -> None:
    grant(workspace, 100)
    alert(workspace, 50)
    with transaction.atomic():
        place(workspace, 100)
        transaction.set_rollback(True)
    assert told(workspace) == []
    assert _is_armed(workspace)
    place(workspace, 100, now=NOW + timedelta(minutes=1))
    assert told(workspace) == [(LOW, 0, 50), (EMPTY, 0, 0)]


def test_a_debt_is_told_when_it_begins(workspace: Workspace) -> None:
    bought = grant(workspace, 1000, kind=LotKind.PURCHASE)
    settle(place(workspace, 900), 900)
    claim(bought, revoke=500)
    assert told(workspace) == [(EMPTY, 0, 0), (Notice.Kind.DEBT, 0, 0)]
    claim(bought, revoke=1000)
    assert len(told(workspace)) == 2
    grant(workspace, 900)
    claim(bought, revoke=1000)
    claim(bought, freeze=1000)
    assert len(told(workspace)) == 2
