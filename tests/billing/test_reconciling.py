"""Drift between Stripe and our books, made on purpose: found, put right where a sync can, and not found again."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command

from apps.billing import purchases
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import Purchase
from apps.billing.reconciling import reconcile
from apps.ledger import posting, seams
from apps.ledger.amounts import LARGEST, Millicredits
from apps.ledger.models import Lot, LotKind
from tests.billing.stage import Stage
from tests.ledger.calls import everything, grant, totals

BOUGHT = (1_000_000, 0, 0, 0)


def told(stage: Stage, *, most: int = 5000) -> list[tuple[str, str, str]]:
    return [(one.invariant, one.subject, one.detail) for one in reconcile(now=stage.now, most=most)]


def paid_unheard(stage: Stage, attempt: str = "first") -> Purchase:
    """A purchase that is paid, and none of whose messages came."""
    purchase = stage.start(attempt=attempt).purchase
    stage.fake.play.pay(stage.page_of(purchase))
    return purchase


def pay_beside(stage: Stage, buyer: Purchase, **changes: str) -> str:
    """Pay once more in a purchase's name, on no page; return the payment."""
    metadata = {"purchase": buyer.public_id, "workspace": stage.workspace.public_id, "env": "tests", **changes}
    made = stage.fake.client().v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": metadata,
        }
    )
    return str(made.id)


def test_clean_books_give_no_row_and_nothing_is_written(stage: Stage) -> None:
    stage.buy()
    refunded = stage.buy(attempt="second")
    stage.fake.play.refund_half(stage.payment_of(refunded))
    stage.deliver()
    stage.start(attempt="third")
    stage.advance(minutes=20)
    books = everything(stage.workspace)
    assert told(stage) == []
    assert told(stage) == []
    assert everything(stage.workspace) == books
    assert stage.faults() == []


def test_an_empty_shop_is_clean(stage: Stage) -> None:
    assert told(stage) == []


def test_a_payment_nobody_heard_of_is_found_and_put_right_once(stage: Stage) -> None:
    purchase = paid_unheard(stage)
    stage.advance(minutes=20)
    assert told(stage) == [
        ("paid-without-lot", purchase.public_id, "paid, and nobody had heard of it; put right"),
    ]
    assert totals(stage.workspace) == BOUGHT
    assert told(stage) == []
    assert set(stage.deliver()) == {200}  # the messages come after all
    assert (totals(stage.workspace), Lot.objects.count()) == (BOUGHT, 1)
    assert stage.faults() == []


def test_what_was_paid_just_now_is_no_finding(stage: Stage) -> None:
    """Its messages are on their way; it is synced all the same."""
    paid_unheard(stage)
    assert told(stage) == []
    assert totals(stage.workspace) == BOUGHT


def test_a_refund_in_the_dashboard_nobody_heard_of(stage: Stage) -> None:
    purchase = stage.buy()
    stage.fake.play.refund(stage.payment_of(purchase), 250)
    stage.advance(minutes=20)
    assert told(stage) == [
        ("refunded-not-applied", purchase.public_id, "refunds went from 0 to 250 usd unheard; put right"),
    ]
    assert totals(stage.workspace) == (750_000, 0, 0, 0)
    assert told(stage) == []
    assert stage.faults() == []


def test_a_refund_of_a_purchase_older_than_the_days_looked_at(stage: Stage) -> None:
    purchase = stage.buy()
    stage.advance(days=40)
    stage.fake.play.refund(stage.payment_of(purchase))
    stage.advance(minutes=20)
    assert [kind for kind, *_ in told(stage)] == ["refunded-not-applied"]
    assert totals(stage.workspace) == (0, 0, 0, 0)
    assert told(stage) == []


def test_a_dispute_is_told_of_until_it_is_over(stage: Stage) -> None:
    purchase = stage.buy()
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    stage.advance(minutes=20)
    still_open = ("dispute-open", purchase.public_id, "1000 usd in dispute or under review")
    moved = ("dispute-not-applied", purchase.public_id, "a dispute or a warning of fraud went unheard; put right")
    assert told(stage) == [moved, still_open]
    stage.advance(days=45)  # it is in no list anymore
    assert told(stage) == [still_open]
    stage.fake.play.dispute_won(dispute["id"])
    stage.advance(minutes=20)
    assert told(stage) == [moved]
    assert told(stage) == []
    assert totals(stage.workspace) == BOUGHT


def test_a_warning_of_fraud_nobody_heard_of_begins_the_one_review(stage: Stage) -> None:
    purchase = stage.buy()
    stage.fake.play.fraud_warning(stage.payment_of(purchase))
    stage.advance(minutes=20)
    assert [kind for kind, *_ in told(stage)] == ["dispute-not-applied", "dispute-open"]
    assert totals(stage.workspace) == (0, 0, 1_000_000, 0)
    assert stage.actor.user is not None
    purchases.end_review(purchase=stage.fresh(purchase), actor_id=stage.actor.user.pk, now=stage.now)
    assert told(stage) == []
    assert totals(stage.workspace) == BOUGHT


def test_messages_that_arrive_meanwhile_change_nothing(stage: Stage) -> None:
    """Between the look at Stripe and the write all messages come in."""
    purchase = paid_unheard(stage)
    stage.fake.play.refund(stage.at_stripe(stage.page_of(purchase))["payment_intent"], 250)
    arrived: list[int] = []

    def on_step(reached: str) -> None:
        if reached == "payment fetched" and not arrived:
            arrived.append(0)
            arrived.extend(stage.deliver())

    with seams.listening(on_step):
        told(stage)
    assert set(arrived[1:]) == {200}
    assert (totals(stage.workspace), Lot.objects.count()) == ((750_000, 0, 0, 0), 1)
    assert told(stage) == []
    assert stage.faults() == []


def test_a_lot_whose_claims_were_tampered_with_is_put_right(stage: Stage) -> None:
    purchase = stage.buy()
    stage.fake.play.refund(stage.payment_of(purchase), 250)
    stage.deliver()
    stage.advance(minutes=20)
    Lot.objects.update(pay_revoke_mc=0)
    assert [fault.invariant for fault in stage.faults()] == ["I8", "I13"]
    assert told(stage) == [
        ("claims-not-applied", purchase.public_id, "its lot was not claimed as its money says; put right"),
    ]
    assert told(stage) == []
    assert totals(stage.workspace) == (750_000, 0, 0, 0)
    assert stage.faults() == []


def test_a_lot_that_is_gone_to_another_purchase_is_told_of_every_time(stage: Stage) -> None:
    purchase = stage.buy()
    Lot.objects.update(purchase_id=uuid4())
    lot = Lot.objects.get()
    expected = [
        ("paid-without-lot", purchase.public_id, "its lot is not there, or another's"),
        ("lot-without-payment", str(lot.pk), "a bought lot without its paid purchase"),
    ]
    assert told(stage) == expected
    assert told(stage) == expected


def test_a_lot_that_nobody_paid_for(stage: Stage) -> None:
    lot = grant(stage.workspace, 1000, kind=LotKind.PURCHASE)
    assert told(stage) == [("lot-without-payment", str(lot.pk), "a bought lot without its paid purchase")]


def test_a_purchase_whose_payment_stripe_does_not_know(stage: Stage) -> None:
    purchase = stage.buy()
    Purchase.objects.update(payment_intent="pi_of_nobody")
    assert ("lot-without-payment", purchase.public_id, "Stripe does not know pi_of_nobody") in told(stage)


def test_another_amount_earns_no_credits_and_is_told_of_until_it_is_given_back(stage: Stage) -> None:
    purchase = stage.start().purchase
    Purchase.objects.update(amount_minor=1100)
    stage.fake.play.pay(stage.page_of(purchase))
    stage.advance(minutes=20)
    [(kind, subject, detail)] = told(stage)
    assert (kind, subject) == ("amount-mismatch", purchase.public_id)
    assert detail.startswith("received 1000, asked for 1100")
    assert [one[0] for one in told(stage)] == ["amount-mismatch"]
    assert totals(stage.workspace) == (0, 0, 0, 0)
    stage.fake.play.refund(stage.payment_of(purchase))
    assert told(stage) == []


def test_a_second_payment_is_told_of_until_it_is_given_back(stage: Stage) -> None:
    purchase = stage.buy()
    second = pay_beside(stage, purchase)
    expected = [("second-payment", second, f"700 usd, names {purchase.public_id}, which it did not pay")]
    assert told(stage) == expected
    assert told(stage) == expected
    assert (stage.payment_of(purchase) == second, totals(stage.workspace)) == (False, BOUGHT)
    stage.fake.play.refund(second)
    assert told(stage) == []


def test_money_for_a_purchase_that_is_not_there(stage: Stage) -> None:
    purchase = stage.start().purchase
    stray = pay_beside(stage, purchase, purchase="purchase_00000000000000000000000000")
    assert told(stage) == [("second-payment", stray, "700 usd, made for no purchase that is there")]


def test_what_another_installation_sold_is_none_of_ours(stage: Stage) -> None:
    purchase = stage.start().purchase
    pay_beside(stage, purchase, env="elsewhere")
    assert told(stage) == []
    assert totals(stage.workspace) == (0, 0, 0, 0)


def test_lists_are_read_page_by_page_and_cut_where_they_are_too_long(stage: Stage) -> None:
    for number in range(3):
        paid_unheard(stage, attempt=f"attempt {number}")
    stage.advance(minutes=20)
    found = told(stage, most=2)
    assert {kind for kind, *_ in found if kind != "paid-without-lot"} == {"cut-short"}
    assert [kind for kind, *_ in told(stage)].count("cut-short") == 0
    assert totals(stage.workspace) == (3_000_000, 0, 0, 0)


def test_a_purchase_that_the_ledger_refuses_is_told_of_and_stops_nothing(stage: Stage) -> None:
    """A wallet that can hold no more, say; the next purchase is put right all the same."""
    refused = paid_unheard(stage)
    stage.advance(minutes=20)
    room = grant(stage.workspace, LARGEST)
    [(kind, subject, detail)] = told(stage)
    assert (kind, subject) == ("not-applied", refused.public_id)
    assert detail.startswith("the ledger refused: A wallet holds up to")
    assert 500 in stage.deliver()  # Stripe sends it again
    posting.adjust(
        workspace=stage.workspace,
        amount_mc=Millicredits(-LARGEST),
        reason="a slip",
        actor_id=room.pk,
        key="adjust:slip",
        now=stage.now,
    )
    assert [kind for kind, *_ in told(stage)] == ["paid-without-lot"]
    assert totals(stage.workspace) == BOUGHT


def test_stripe_away_ends_it_and_changes_nothing(stage: Stage) -> None:
    paid_unheard(stage)
    stage.fail("reset", method="GET", path="/v1/refunds", times=1000)
    books = everything(stage.workspace)
    with pytest.raises(StripeUnavailable):
        reconcile(now=stage.now)
    assert everything(stage.workspace) == books


def test_the_command_tells_and_fails(stage: Stage) -> None:
    purchase = stage.buy()
    Purchase.objects.update(payment_intent="pi_of_nobody")
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("ledger_reconcile", "--stripe", "--days", "7", stdout=output, stderr=StringIO())
    assert ended.value.code == 1
    assert f"lot-without-payment  {purchase.public_id}  " in output.getvalue()


def test_the_command_says_that_books_agree(stage: Stage) -> None:
    stage.buy()
    output = StringIO()
    call_command("ledger_reconcile", "--stripe", stdout=output)
    assert output.getvalue() == "The books and Stripe agree.\n"


def test_the_command_says_that_payments_are_off(db: None) -> None:
    output = StringIO()
    call_command("ledger_reconcile", "--stripe", stdout=output)
    assert output.getvalue() == "Payments are off: nothing to compare. STRIPE_SECRET_KEY is missing.\n"
