"""I13: where purchases and the ledger contradict each other, it is found."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command

from apps.billing.checks import check_purchases
from apps.billing.models import Purchase, StripeEvent
from apps.ledger.models import Lot, LotKind
from tests.billing.stage import Stage
from tests.ledger.calls import grant


def told(stage: Stage) -> list[tuple[str, str, str]]:
    return [(fault.invariant, fault.subject, fault.detail) for fault in check_purchases(now=stage.now)]


def test_a_paid_purchase_without_its_lot(stage: Stage) -> None:
    purchase = stage.buy()
    Lot.objects.update(purchase_id=uuid4())
    lot = Lot.objects.get()
    assert told(stage) == [
        ("I13", purchase.public_id, "paid, and without its lot"),
        ("I13", str(lot.pk), "a bought lot without its paid purchase"),
    ]


def test_a_lot_of_more_than_was_sold(stage: Stage) -> None:
    purchase = stage.buy()
    Purchase.objects.update(credits_mc=1)
    assert told(stage) == [("I13", purchase.public_id, "sold 1 mc, its lot has 1000000")]


def test_a_lot_that_is_not_claimed_as_its_money_says(stage: Stage) -> None:
    purchase = stage.buy()
    Purchase.objects.update(refunded_minor=1)
    assert told(stage) == [("I13", purchase.public_id, "its lot is not claimed as its money says")]


def test_a_bought_lot_that_nobody_paid_for(stage: Stage) -> None:
    lot = grant(stage.workspace, 1000, kind=LotKind.PURCHASE)
    assert told(stage) == [("I13", str(lot.pk), "a bought lot without its paid purchase")]


def test_a_message_that_nobody_has_handled_for_a_day(stage: Stage) -> None:
    stage.buy()
    event = StripeEvent.objects.order_by("pk").first()
    assert event is not None
    StripeEvent.objects.filter(pk=event.pk).update(processed_at=None, last_error="it broke")
    assert told(stage) == []
    stage.ahead = timedelta(hours=25)
    assert told(stage) == [("events", event.pk, "not handled for a day: it broke")]


def test_the_command_tells_of_it(stage: Stage) -> None:
    stage.buy()
    call_command("ledger_check", stdout=StringIO())
    Purchase.objects.update(refunded_minor=1)
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("ledger_check", stdout=output, stderr=StringIO())
    assert output.getvalue().startswith("I13 ")
