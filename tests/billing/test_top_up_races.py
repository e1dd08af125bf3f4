"""Twenty processes that cross the line at once: one charge, whatever the lock is worth."""

import pytest
from django.db import IntegrityError, transaction

from apps.billing.models import TopUpAttempt
from apps.ledger.models import Lot
from tests.billing.saver import Saver
from tests.ledger.calls import totals
from tests.ledger.racers import Stable


def test_twenty_that_cross_the_line_charge_once(open_saver: Saver, racers: Stable) -> None:
    saver, stage = open_saver, open_saver.stage
    saver.turn_on()
    stage.spend(700_000)
    call = {"name": "cross", "workspace": str(stage.workspace.pk), "amount": 5_000, "shop": stage.fake.url}
    answers = racers.race([{**call, "at": stage.now.isoformat()}] * 20)
    assert sorted(str(answer.get("result")) for answer in answers) == ["None"] * 19 + ["succeeded"], answers
    assert (len(saver.charges()), saver.statuses) == (1, ["succeeded"])
    stage.deliver()
    assert totals(stage.workspace) == (1_200_000, 0, 0, 0)
    assert Lot.objects.count() == 2
    assert stage.faults() == []


def test_the_database_knows_one_pending_charge_a_workspace(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    saver.spend_below()
    saver.consider()
    [first] = TopUpAttempt.objects.all()
    bought = stage.buy(attempt="by hand")
    with transaction.atomic():
        TopUpAttempt.objects.update(status="pending", ended_at=None, due_at=stage.now)
        with pytest.raises(IntegrityError), transaction.atomic():
            TopUpAttempt.objects.create(
                workspace=stage.workspace,
                plan=first.plan,
                purchase=bought,
                customer_id=first.customer_id,
                payment_method=first.payment_method,
                due_at=stage.now,
                created_at=stage.now,
            )


def test_twenty_that_go_on_with_one_charge_once(open_saver: Saver, racers: Stable) -> None:
    """Its maker died before anybody was asked; its time has come, and all find it."""
    saver, stage = open_saver, open_saver.stage
    saver.turn_on()
    saver.spend_below()
    stage.fail("timeout_before", method="POST", path="/v1/payment_intents", times=3, seconds=0.05)
    saver.consider()
    stage.fake.faults.clear()
    TopUpAttempt.objects.update(due_at=stage.now)
    call = {"name": "cross", "workspace": str(stage.workspace.pk), "amount": 0, "shop": stage.fake.url}
    answers = racers.race([{**call, "at": stage.now.isoformat()}] * 20)
    assert sorted(str(answer.get("result")) for answer in answers) == ["None"] * 19 + ["succeeded"], answers
    assert (len(saver.charges()), totals(stage.workspace)) == (1, (1_200_000, 0, 0, 0))
    assert stage.faults() == []
