"""Credits that come and go without a hold."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import LARGEST, Millicredits
from apps.ledger.models import Lot, LotKind, Operation, Wallet
from tests.builders import NOW
from tests.ledger.calls import HOUR, claim, everything, faults, grant, moved, open_workspace, place, settle, totals


def test_a_wallet_is_opened_once(db: None) -> None:
    workspace = Workspace.objects.create(name="Acme", created_at=NOW)
    wallet = posting.open_wallet(workspace=workspace, now=NOW)
    assert posting.open_wallet(workspace=workspace, now=NOW + HOUR) == wallet
    assert Wallet.objects.get().created_at == NOW


def test_nothing_opens_a_wallet_in_passing(db: None) -> None:
    workspace = Workspace.objects.create(name="Acme", created_at=NOW)
    with pytest.raises(posting.WalletNotFound):
        grant(workspace, 1000)
    assert not Wallet.objects.exists()


def test_a_grant_is_one_lot_and_one_entry(workspace: Workspace) -> None:
    lot = posting.grant(
        workspace=workspace,
        kind=LotKind.SIGNUP,
        amount_mc=Millicredits(200_000),
        key="grant:signup",
        now=NOW,
        expires_at=NOW + HOUR,
        reason="Welcome",
    )
    assert (lot.kind, lot.priority, lot.granted_mc, lot.available_mc) == (LotKind.SIGNUP, 20, 200_000, 200_000)
    assert lot.expires_at == NOW + HOUR
    assert totals(workspace) == (200_000, 0, 0, 0)
    assert moved(workspace) == [("issued", "available", 200_000)]
    operation = Operation.objects.get()
    assert (operation.kind, operation.key, operation.reason) == ("grant", "grant:signup", "Welcome")
    assert faults() == []


def test_the_same_grant_again_is_the_same_lot(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, key="once")
    before = everything(workspace)
    assert grant(workspace, 1000, key="once", now=NOW + HOUR) == lot
    assert everything(workspace) == before


def test_another_grant_under_the_same_key_is_refused(workspace: Workspace) -> None:
    grant(workspace, 1000, key="once")
    before = everything(workspace)
    with pytest.raises(posting.IdempotencyMismatch):
        grant(workspace, 2000, key="once")
    assert everything(workspace) == before


def test_keys_of_two_workspaces_are_two_keys(workspace: Workspace) -> None:
    grant(workspace, 1000, key="once")
    other = open_workspace("Elsewhere")
    grant(other, 2000, key="once")
    assert (totals(workspace).available, totals(other).available) == (1000, 2000)


@pytest.mark.parametrize("amount", [0, -1, LARGEST + 1, 2**63])
def test_no_lot_is_empty_or_larger_than_can_be_told(workspace: Workspace, amount: int) -> None:
    with pytest.raises(posting.AmountOutOfRange):
        grant(workspace, amount)
    assert not any(everything(workspace)[1:])


def test_an_adjustment_gives_a_lot(workspace: Workspace) -> None:
    actor = uuid4()
    lot = posting.adjust(
        workspace=workspace, amount_mc=Millicredits(700), reason="Sorry", actor_id=actor, key="adjust:1", now=NOW
    )
    assert lot is not None
    assert (lot.kind, lot.granted_mc) == (LotKind.ADJUSTMENT, 700)
    operation = Operation.objects.get()
    assert (operation.kind, operation.actor_id, operation.reason) == ("adjust", actor, "Sorry")


def test_an_adjustment_takes_unused_credits_in_burn_order(workspace: Workspace) -> None:
    bought = grant(workspace, 1000, kind=LotKind.PURCHASE)
    given = grant(workspace, 300, kind=LotKind.PROMO)
    for _ in range(2):  # the second call changes nothing
        taken = posting.adjust(
            workspace=workspace, amount_mc=Millicredits(-500), reason="Abuse", actor_id=uuid4(), key="adjust:1", now=NOW
        )
        assert taken is None
    bought.refresh_from_db()
    given.refresh_from_db()
    assert (given.revoked_mc, given.admin_revoke_mc) == (300, 300)
    assert (bought.revoked_mc, bought.admin_revoke_mc, bought.available_mc) == (200, 200, 800)
    assert totals(workspace) == (800, 0, 0, 0)
    assert faults() == []


def test_no_more_is_taken_than_there_is(workspace: Workspace) -> None:
    grant(workspace, 1000)
    hold = place(workspace, 600)
    before = everything(workspace)
    with pytest.raises(posting.InsufficientCredits) as refusal:
        posting.adjust(
            workspace=workspace, amount_mc=Millicredits(-401), reason="Abuse", actor_id=uuid4(), key="adjust:1", now=NOW
        )
    assert refusal.value.details == {"required": 0.401, "balance": 0.4}
    assert everything(workspace) == before
    settle(hold, 600)


def test_the_sweeper_tidies_every_wallet_once(workspace: Workspace) -> None:
    other = open_workspace("Elsewhere")
    for lots in (workspace, workspace, other):
        grant(lots, 100, expires_at=NOW + HOUR)
    grant(workspace, 7, expires_at=NOW + 2 * HOUR)
    assert posting.expire_due(now=NOW) == 0
    assert posting.expire_due(now=NOW + HOUR) == 2
    assert posting.expire_due(now=NOW + HOUR) == 0
    assert (totals(workspace).available, totals(other).available) == (7, 0)
    assert [operation.kind for operation in Operation.objects.order_by("pk")].count("expire") == 2
    assert faults(NOW + timedelta(days=9)) != []  # the last lot is due by then
    assert posting.expire_due(now=NOW + timedelta(days=9)) == 1
    assert faults(NOW + timedelta(days=9)) == []


def test_a_refund_takes_back_what_is_unused(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    settle(place(workspace, 300), 300)
    claim(lot, revoke=500)
    assert totals(workspace) == (200, 0, 0, 0)
    claim(lot, revoke=1000)
    assert totals(workspace) == (0, 0, 0, 300)
    assert Wallet.objects.get().status == Wallet.Status.RESTRICTED
    assert faults() == []


def test_a_debt_is_paid_by_whatever_comes_next(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    settle(place(workspace, 1000), 1000)
    claim(lot, revoke=1000)
    since = Wallet.objects.get().seq
    grant(workspace, 400)
    assert moved(workspace, since=since) == [
        ("issued", "available", 400),
        ("available", "spent", 400),
        ("unpaid", "recovered", 400),
    ]
    assert totals(workspace) == (0, 0, 0, 600)
    grant(workspace, 1000)
    assert totals(workspace) == (400, 0, 0, 0)
    assert Wallet.objects.get().status == Wallet.Status.ACTIVE
    assert faults() == []


def test_a_debt_that_was_none_is_given_back(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    settle(place(workspace, 1000), 1000)
    claim(lot, revoke=1000)
    grant(workspace, 600)
    claim(lot, revoke=0)  # the refund failed
    assert totals(workspace) == (600, 0, 0, 0)
    assert Lot.objects.get(kind=LotKind.REINSTATED).granted_mc == 600
    assert faults() == []


def test_a_dispute_freezes_and_thaws(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    settle(place(workspace, 300), 300)
    claim(lot, freeze=1000)
    assert totals(workspace) == (0, 0, 700, 0)
    claim(lot)
    assert totals(workspace) == (700, 0, 0, 0)
    assert faults() == []


def test_a_state_that_comes_again_is_no_replay(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    for sync_no, revoke in enumerate((0, 1000, 0)):
        claim(lot, revoke=revoke, key=f"pay:pi:{sync_no}")
        claim(lot, revoke=revoke, key=f"pay:pi:{sync_no}")
    assert totals(workspace) == (1000, 0, 0, 0)


def test_a_lot_of_another_wallet_is_not_found(workspace: Workspace) -> None:
    lot = grant(open_workspace("Elsewhere"), 1000)
    lot.workspace = workspace
    with pytest.raises(posting.LotNotFound):
        claim(lot, revoke=1000)
