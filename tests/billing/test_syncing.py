"""What is paid, and what is not: told by Stripe alone, however it is heard of."""

from datetime import timedelta
from typing import Any

import pytest

from apps.billing import purchases, sweeping
from apps.billing.gateway import StripeRefused
from apps.billing.models import Purchase, StripeCustomer, StripeEvent
from apps.ledger import seams
from apps.ledger.models import Entry, Lot, Operation
from tests.billing.shops import event, selling, signed, written
from tests.billing.stage import Stage
from tests.ledger.calls import everything, totals

BOUGHT = (1_000_000, 0, 0, 0)
NOTHING = (0, 0, 0, 0)


def test_a_paid_page_is_a_lot(stage: Stage) -> None:
    purchase = stage.buy()
    assert (purchase.status, purchase.paid_minor, purchase.total_minor) == ("paid", 1000, 1000)
    assert (purchase.refunded_minor, purchase.lost_minor, purchase.open_minor, purchase.alert) == (0, 0, 0, "")
    assert (purchase.due_at, purchase.sync_no_applied == purchase.sync_no_drawn) == (None, True)
    lot = stage.lot_of(purchase)
    assert (purchase.lot_id, lot.granted_mc, lot.kind, lot.expires_at) == (lot.pk, 1_000_000, "purchase", None)
    assert purchase.receipt_url.startswith(stage.fake.url)
    assert purchase.invoice_url.startswith(stage.fake.url)
    assert totals(stage.workspace) == BOUGHT
    operation = Operation.objects.get(kind="grant")
    assert (operation.key, operation.actor_id) == (f"purchase:{purchase.pk}", purchase.created_by_id)
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    assert stage.faults() == []


def test_any_later_look_changes_nothing(stage: Stage) -> None:
    purchase = stage.buy()
    before = everything(stage.workspace)
    for _ in range(3):
        stage.sync(purchase)
        purchases.sync_payment(payment_intent=stage.payment_of(purchase), now=stage.now)
    assert everything(stage.workspace) == before
    assert stage.faults() == []


def test_a_purchase_that_stripe_does_not_tell_of_is_not_asked_about_for_ever(stage: Stage) -> None:
    """Its page is another account's, say: nobody asks every ten minutes until the end of days."""
    purchase = stage.start().purchase
    Purchase.objects.update(session_id="cs_of_another_account")
    stage.advance(days=30)
    assert sweeping.sweep_purchases(now=stage.now) == 1
    with pytest.raises(StripeRefused):
        stage.sync(purchase)
    assert stage.fresh(purchase).due_at is not None
    stage.advance(days=2)
    assert sweeping.sweep_purchases(now=stage.now) == 1
    assert stage.fresh(purchase).due_at is None


def test_the_page_a_buyer_returns_to_is_enough(stage: Stage) -> None:
    """No message arrives at all."""
    purchase = stage.start().purchase
    assert stage.sync(purchase).status == "pending"
    stage.fake.play.pay(stage.page_of(purchase))
    assert stage.sync(purchase).status == "paid"
    assert totals(stage.workspace) == BOUGHT


def test_a_payment_that_nobody_told_of_is_found_by_its_metadata(stage: Stage) -> None:
    purchase = stage.start().purchase
    session = stage.fake.play.pay(stage.page_of(purchase))
    Purchase.objects.update(session_id=None, status="created", checkout_url="")  # we died before we could note it
    synced = purchases.sync_payment(payment_intent=session["payment_intent"], now=stage.now)
    assert synced is not None
    assert (synced.status, synced.session_id) == ("paid", session["id"])
    assert totals(stage.workspace) == BOUGHT
    assert stage.faults() == []


def test_an_abandoned_page_expires_and_grants_nothing(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.expire(stage.page_of(purchase))
    stage.deliver()
    assert (stage.fresh(purchase).status, stage.fresh(purchase).due_at) == ("expired", None)
    assert stage.start().url == ""
    assert totals(stage.workspace) == NOTHING


def test_a_declined_card_may_be_followed_by_a_good_one(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.decline(stage.page_of(purchase))
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("pending", NOTHING)
    stage.fake.play.pay(stage.page_of(purchase))
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("paid", BOUGHT)


def test_money_that_takes_days_is_not_there_before_it_is(stage: Stage) -> None:
    """The page is complete and nothing has been paid."""
    purchase = stage.start().purchase
    page = stage.page_of(purchase)
    stage.fake.play.pay_later(page)
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("pending", NOTHING)
    stage.fake.play.async_succeed(page)
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("paid", BOUGHT)
    assert stage.faults() == []


def test_money_that_never_comes_grants_nothing(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.pay_later(stage.page_of(purchase))
    stage.fake.play.async_fail(stage.page_of(purchase))
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("failed", NOTHING)
    assert Entry.objects.count() == 0
    assert stage.faults() == []


def test_an_end_that_is_heard_of_late_undoes_nothing(stage: Stage) -> None:
    purchase = stage.buy()
    page = stage.at_stripe(stage.page_of(purchase))
    for kind in ("checkout.session.expired", "checkout.session.async_payment_failed"):
        body = written(event(kind, page, id=f"evt_{kind}"))
        assert stage.receive(body, {"Stripe-Signature": signed(body, at=stage.now)}) == 200
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("paid", BOUGHT)


def test_what_a_message_claims_is_not_believed(stage: Stage) -> None:
    """Signed, and yet not so: the payment itself is asked."""
    purchase = stage.start().purchase
    page: dict[str, Any] = stage.at_stripe(stage.page_of(purchase)) | {"status": "complete", "payment_status": "paid"}
    body = written(event("checkout.session.completed", page))
    assert stage.receive(body, {"Stripe-Signature": signed(body, at=stage.now)}) == 200
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("pending", NOTHING)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount_minor": 999}, "received 1000, asked for 999"),
        ({"currency": "eur"}, "paid in usd, asked for eur"),
        ({"is_livemode": True}, "paid in the other mode"),
    ],
)
def test_what_differs_from_the_purchase_earns_nothing(stage: Stage, change: dict[str, Any], words: str) -> None:
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    Purchase.objects.update(**change)
    assert set(stage.deliver()) == {200}
    odd = stage.fresh(purchase)
    assert (odd.status, odd.lot_id, odd.paid_minor) == ("pending", None, 1000)
    assert words in odd.alert
    assert totals(stage.workspace) == NOTHING
    assert Lot.objects.count() == 0
    assert stage.faults() == []


def test_tax_on_top_is_a_difference(stage: Stage) -> None:
    """Prices have tax inside. Where the account adds it all the same, nobody is credited silently."""
    stage.fake.store.tax_percent = 10
    purchase = stage.buy()
    assert "received 1100, asked for 1000" in purchase.alert
    assert totals(stage.workspace) == NOTHING


def test_a_second_payment_for_one_purchase_earns_nothing(stage: Stage) -> None:
    purchase = stage.buy()
    copy = stage.fake.client().v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": str(StripeCustomer.objects.get().customer_id),
            "payment_method": "pm_card_visa",
            "off_session": True,
            "confirm": True,
            "metadata": {
                "purchase": purchase.public_id,
                "workspace": stage.workspace.public_id,
                "env": "tests",
            },
        }
    )
    stage.deliver()
    synced = stage.fresh(purchase)
    assert f"a second payment, {copy.id}" in synced.alert
    assert (synced.payment_intent != copy.id, totals(stage.workspace)) == (True, BOUGHT)
    assert stage.faults() == []


def test_an_old_answer_never_overwrites_a_fresh_one(stage: Stage) -> None:
    """A sync that drew its number first comes back last."""
    purchase = stage.buy()
    stage.fake.play.refund(stage.payment_of(purchase))

    def overtake(step: str) -> None:
        """Once the slow one has its answer, let the refund fail and somebody else hear of it."""
        if step == "payment fetched" and not overtaken:
            overtaken.append(step)
            [refund] = stage.made("refund")
            stage.fake.play.refund_fails(refund)
            stage.sync(purchase)

    overtaken: list[str] = []
    with seams.listening(overtake):
        stage.sync(purchase)
    assert overtaken
    assert (stage.fresh(purchase).refunded_minor, totals(stage.workspace)) == (0, BOUGHT)
    assert stage.fresh(purchase).sync_no_applied == stage.fresh(purchase).sync_no_drawn
    assert stage.faults() == []


def test_the_ledger_remembers_what_the_purchase_forgot(stage: Stage) -> None:
    """Rows of purchases from an older backup: the key of the grant stands."""
    purchase = stage.buy()
    Purchase.objects.update(status="pending", lot_id=None, paid_at=None)
    assert stage.sync(purchase).lot_id == purchase.lot_id
    assert totals(stage.workspace) == BOUGHT
    assert Lot.objects.count() == 1
    assert stage.faults() == []


def test_purchases_that_are_open_for_long_are_asked_about(stage: Stage) -> None:
    purchase = stage.start().purchase
    assert sweeping.sweep_purchases(now=stage.now) == 0
    stage.advance(minutes=6)
    assert sweeping.sweep_purchases(now=stage.now) == 1
    assert sweeping.sweep_purchases(now=stage.now) == 0  # on its way
    stage.fake.play.pay(stage.page_of(purchase))
    assert stage.sync(purchase).status == "paid"
    assert sweeping.sweep_purchases(now=stage.now + timedelta(days=1)) == 0


def test_unbidden_looks_become_rare_and_end(stage: Stage) -> None:
    purchase = stage.start().purchase
    waits = []
    for age in (timedelta(0), timedelta(hours=1), timedelta(days=2), timedelta(days=31)):
        Purchase.objects.update(created_at=stage.now - age)
        synced = stage.sync(purchase)
        waits.append(synced.due_at and round((synced.due_at - stage.now).total_seconds() / 60))
    assert waits == [5, 30, 720, None]


def test_nothing_is_swept_where_nothing_is_sold_or_in_another_mode(stage: Stage) -> None:
    stage.start()
    later = stage.now + timedelta(hours=1)
    with selling(api_key="sk_live_shop"):
        assert sweeping.sweep_purchases(now=later) == 0
    assert sweeping.sweep_purchases(now=later) == 0  # switched off by now
