"""The life of a hold."""

import logging
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Hold, HoldPart, Lot, LotKind, Operation, Wallet
from tests.builders import NOW
from tests.ledger.calls import (
    HOUR,
    NOBODY,
    claim,
    everything,
    faults,
    grant,
    moved,
    open_workspace,
    place,
    settle,
    totals,
)

SECOND = timedelta(seconds=1)


def uncapture(hold: Hold, amount: int, *, reason: str = "late", now: datetime = NOW) -> posting.Uncapture:
    return posting.uncapture(hold=hold, amount_mc=Millicredits(amount), reason=reason, actor_id=None, now=now)


def test_a_hold_sets_credits_aside(workspace: Workspace) -> None:
    grant(workspace, 1000)
    job_id, member, api_key, project = (uuid4() for _ in range(4))
    spender = posting.Spender(member_id=member, api_key_id=api_key, project_id=project)
    hold = place(workspace, 600, job_id=job_id, spender=spender)
    assert totals(workspace) == (400, 600, 0, 0)
    assert moved(workspace, since=1) == [("available", "held", 600)]
    stored = Hold.objects.get()
    assert {name: getattr(hold, name) for name in _fields()} == {name: getattr(stored, name) for name in _fields()}
    assert (stored.job_id, stored.member_id, stored.api_key_id, stored.project_id) == (job_id, member, api_key, project)
    assert (stored.status, stored.amount_mc, stored.quote) == ("open", 600, {"price_version": 1})
    assert (stored.created_at, stored.deadline_at) == (NOW, NOW + HOUR)
    assert Operation.objects.get(kind="hold").actor_id == member
    assert faults() == []


def _fields() -> list[str]:
    return [field.attname for field in Hold._meta.concrete_fields]


def test_lots_burn_by_priority_then_expiry_then_age(workspace: Workspace) -> None:
    bought = grant(workspace, 100, kind=LotKind.PURCHASE)
    lasting = grant(workspace, 100, kind=LotKind.SIGNUP)
    late = grant(workspace, 100, kind=LotKind.SIGNUP, expires_at=NOW + 2 * HOUR)
    soon = grant(workspace, 100, kind=LotKind.SIGNUP, expires_at=NOW + HOUR)
    promo = grant(workspace, 100, kind=LotKind.PROMO)
    place(workspace, 450)
    parts = HoldPart.objects.order_by("ordinal").values_list("lot_id", "amount_mc")
    assert list(parts) == [(promo.pk, 100), (soon.pk, 100), (late.pk, 100), (lasting.pk, 100), (bought.pk, 50)]
    assert faults() == []


def test_a_hold_past_the_balance_is_refused_and_leaves_nothing(workspace: Workspace) -> None:
    grant(workspace, 1000)
    before = everything(workspace)
    job_id = uuid4()
    with pytest.raises(posting.InsufficientCredits) as refusal:
        place(workspace, 1001, job_id=job_id)
    assert refusal.value.details == {"required": 1.001, "balance": 1}
    assert everything(workspace) == before
    grant(workspace, 1)
    assert place(workspace, 1001, job_id=job_id).amount_mc == 1001  # the same request, after a top-up


def test_a_refusal_does_not_spoil_the_callers_transaction(workspace: Workspace) -> None:
    with transaction.atomic():
        with pytest.raises(posting.InsufficientCredits):
            place(workspace, 1)
        grant(workspace, 5)
    assert totals(workspace) == (5, 0, 0, 0)


def test_a_hold_goes_with_the_callers_transaction(workspace: Workspace) -> None:
    grant(workspace, 1000)
    before = everything(workspace)
    with transaction.atomic():
        place(workspace, 600)
        transaction.set_rollback(True)  # as when the job's own row cannot be written
    assert everything(workspace) == before


def test_the_same_job_again_has_the_same_hold(workspace: Workspace) -> None:
    grant(workspace, 1000)
    job_id = uuid4()
    hold = place(workspace, 600, job_id=job_id)
    before = everything(workspace)
    assert place(workspace, 600, job_id=job_id, now=NOW + HOUR) == hold
    with pytest.raises(posting.IdempotencyMismatch):
        place(workspace, 601, job_id=job_id)
    with pytest.raises(posting.IdempotencyMismatch):
        place(workspace, 600, job_id=job_id, spender=posting.Spender(uuid4(), None, None))
    assert everything(workspace) == before


def test_a_job_has_one_hold_in_all_workspaces(workspace: Workspace) -> None:
    other = open_workspace("Elsewhere")
    grant(workspace, 1000)
    grant(other, 1000)
    job_id = uuid4()
    place(workspace, 600, job_id=job_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        place(other, 600, job_id=job_id)
    assert totals(other) == (1000, 0, 0, 0)


@pytest.mark.parametrize("actual", [0, 1, 599, 600])
def test_a_settlement_charges_and_releases(workspace: Workspace, actual: int) -> None:
    grant(workspace, 1000)
    hold = place(workspace, 600)
    assert settle(hold, actual) == posting.Settlement(Millicredits(actual), Millicredits(600 - actual))
    assert totals(workspace) == (1000 - actual, 0, 0, 0)
    hold.refresh_from_db()
    assert (hold.status, hold.captured_mc, hold.released_mc) == ("closed", actual, 600 - actual)
    assert faults() == []


def test_the_lots_that_burn_first_are_charged_first(workspace: Workspace) -> None:
    bought = grant(workspace, 500, kind=LotKind.PURCHASE)
    given = grant(workspace, 500, kind=LotKind.PROMO)
    settle(place(workspace, 800), 600)
    bought.refresh_from_db()
    given.refresh_from_db()
    assert (given.spent_mc, bought.spent_mc, bought.available_mc) == (500, 100, 400)


def test_the_first_settlement_stands(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    grant(workspace, 1000)
    hold = place(workspace, 600)
    first = settle(hold, 200)
    before = everything(workspace)
    assert settle(hold, 200) == first
    assert caplog.records == []
    assert settle(hold, 500) == first
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert everything(workspace) == before


def test_more_than_was_held_is_our_loss(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    grant(workspace, 1000)
    hold = place(workspace, 600)
    assert settle(hold, 900) == posting.Settlement(Millicredits(600), Millicredits(0))
    assert "300 mc beyond" in caplog.text
    assert totals(workspace) == (400, 0, 0, 0)
    assert faults() == []


def test_a_hold_of_another_wallet_is_not_found(workspace: Workspace) -> None:
    other = open_workspace("Elsewhere")
    grant(other, 1000)
    hold = place(other, 600)
    hold.workspace = workspace
    with pytest.raises(posting.HoldNotFound):
        settle(hold, 0)
    with pytest.raises(posting.HoldNotFound):
        uncapture(hold, 1)
    assert totals(other) == (400, 600, 0, 0)


@pytest.mark.parametrize(("late", "taken"), [(-1, True), (0, False), (1, False)])
def test_expired_credits_never_spend_with_the_sweeper_off(workspace: Workspace, late: int, taken: bool) -> None:
    grant(workspace, 100, expires_at=NOW, now=NOW - HOUR)
    now = NOW + late * SECOND
    if taken:
        place(workspace, 100, now=now)
        assert totals(workspace) == (0, 100, 0, 0)
    else:
        with pytest.raises(posting.InsufficientCredits) as refusal:
            place(workspace, 100, now=now)
        assert refusal.value.details["balance"] == 0
    assert faults(now) == []


def test_a_hold_lets_what_is_due_expire(workspace: Workspace) -> None:
    gone = grant(workspace, 100, expires_at=NOW + HOUR)
    next_one = grant(workspace, 100, expires_at=NOW + 3 * HOUR)
    place(workspace, 30, now=NOW + 2 * HOUR)
    gone.refresh_from_db()
    next_one.refresh_from_db()
    assert (gone.expired_mc, next_one.held_mc) == (100, 30)
    assert totals(workspace) == (70, 30, 0, 0)
    assert Wallet.objects.get().next_expiry_at == NOW + 3 * HOUR
    assert faults(NOW + 2 * HOUR) == []


def test_what_is_held_does_not_expire_until_it_comes_back(workspace: Workspace) -> None:
    grant(workspace, 100, expires_at=NOW + HOUR)
    hold = place(workspace, 80)
    posting.expire_due(now=NOW + 2 * HOUR)
    assert totals(workspace) == (0, 80, 0, 0)
    assert settle(hold, 50, now=NOW + 2 * HOUR).charged_mc == 50
    assert totals(workspace) == (0, 0, 0, 0)
    assert Lot.objects.get().expired_mc == 50
    assert faults(NOW + 2 * HOUR) == []


def test_what_comes_back_late_through_our_fault_is_given_anew(workspace: Workspace) -> None:
    grant(workspace, 100, expires_at=NOW + HOUR)
    hold = place(workspace, 80)
    settle(hold, 0, now=NOW + 2 * HOUR, is_our_fault=True)
    lot = Lot.objects.get(kind=LotKind.COMPENSATION)
    # 20 were never held and are lost as they would have been.
    assert (lot.granted_mc, lot.expires_at) == (80, NOW + 26 * HOUR)
    assert totals(workspace) == (80, 0, 0, 0)
    assert faults(NOW + 2 * HOUR) == []


def test_goodwill_returns_to_the_lots_it_came_from_last_first(workspace: Workspace) -> None:
    bought = grant(workspace, 500, kind=LotKind.PURCHASE)
    given = grant(workspace, 500, kind=LotKind.PROMO)
    hold = place(workspace, 800)
    settle(hold, 700)
    assert uncapture(hold, 300) == posting.Uncapture(Millicredits(300), Millicredits(0))
    bought.refresh_from_db()
    given.refresh_from_db()
    assert (bought.spent_mc, given.spent_mc) == (0, 400)
    assert totals(workspace) == (600, 0, 0, 0)
    assert faults() == []


def test_goodwill_ends_where_the_charge_does(workspace: Workspace) -> None:
    grant(workspace, 1000)
    hold = place(workspace, 600)
    settle(hold, 500)
    uncapture(hold, 300, reason="late")
    before = everything(workspace)
    uncapture(hold, 300, reason="late")  # once a reason
    with pytest.raises(posting.UncaptureTooLarge):
        uncapture(hold, 201, reason="blurred")
    with pytest.raises(posting.IdempotencyMismatch):
        uncapture(hold, 200, reason="late")
    assert everything(workspace) == before
    uncapture(hold, 200, reason="blurred")
    assert totals(workspace) == (1000, 0, 0, 0)


def test_goodwill_for_an_expired_lot_is_given_anew(workspace: Workspace) -> None:
    grant(workspace, 100, expires_at=NOW + HOUR)
    hold = place(workspace, 80)
    settle(hold, 80)
    late = NOW + 2 * HOUR
    assert uncapture(hold, 50, now=late) == posting.Uncapture(Millicredits(50), Millicredits(50))
    lot = Lot.objects.get(kind=LotKind.COMPENSATION)
    assert (lot.granted_mc, lot.expires_at) == (50, late + timedelta(hours=24))
    assert totals(workspace) == (50, 0, 0, 0)
    assert faults(late) == []


def test_goodwill_on_what_was_never_paid_lowers_the_debt(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    hold = place(workspace, 1000)
    settle(hold, 1000)
    claim(lot, revoke=1000)
    grant(workspace, 300)
    assert totals(workspace) == (0, 0, 0, 700)
    uncapture(hold, 800)
    assert totals(workspace) == (100, 0, 0, 0)  # 700 of debt gone, 100 of the 300 that had paid for it come back
    assert faults() == []


def test_a_wallet_in_debt_takes_no_new_hold_and_settles_its_old_ones(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    settle(place(workspace, 500), 500)
    hold = place(workspace, 100)
    claim(lot, revoke=1000)
    assert totals(workspace) == (0, 100, 0, 500)
    with pytest.raises(posting.WalletRestricted):
        place(workspace, 1)
    settle(hold, 40)
    # 60 came back and were revoked; the 40 spent now are owed, too.
    assert totals(workspace) == (0, 0, 0, 540)
    assert faults() == []


def test_a_closed_wallet_takes_no_new_hold(workspace: Workspace) -> None:
    grant(workspace, 1000)
    Wallet.objects.update(status=Wallet.Status.CLOSED)
    with pytest.raises(posting.WalletRestricted):
        place(workspace, 1)


def test_nothing_free_is_held(workspace: Workspace) -> None:
    with pytest.raises(AssertionError):
        place(workspace, 0, spender=NOBODY)
