"""What belongs to another workspace or installation is not there, and does nothing."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.billing import purchases
from apps.billing.models import Purchase, StripeCustomer, StripeEvent
from apps.billing.purchases import PurchaseNotFound
from apps.ids import to_public
from apps.ledger import posting
from tests import builders
from tests.billing.shops import event, selling, signed, written
from tests.billing.stage import Stage
from tests.ledger.calls import everything, totals


def deliver(stage: Stage, message: dict[str, Any]) -> int:
    body = written(message)
    return stage.receive(body, {"Stripe-Signature": signed(body, at=stage.now)})


@pytest.fixture
def stranger(stage: Stage) -> Any:  # a workspace
    return builders.build_workspace(builders.build_user("mo@elsewhere.example"), "Elsewhere", credits=5)


def test_a_strangers_purchase_is_none(stage: Stage, stranger: Any) -> None:
    purchase = stage.buy()
    assert purchases.find_purchase(workspace=stage.workspace, purchase_id=purchase.pk) == purchase
    with pytest.raises(PurchaseNotFound):
        purchases.find_purchase(workspace=stranger, purchase_id=purchase.pk)
    assert list(purchases.list_purchases(workspace=stranger)) == []
    assert list(purchases.list_purchases(workspace=stranger, after=purchase.pk)) == []


def test_an_attempt_is_each_workspaces_own(stage: Stage, stranger: Any) -> None:
    mine = stage.start().purchase
    stage.actor = builders.build_actor(stranger, User.objects.get(email="mo@elsewhere.example"))
    theirs = stage.start().purchase
    assert (mine.pk == theirs.pk, theirs.workspace_id) == (False, stranger.pk)
    assert len(stage.made("customer")) == 2


def test_a_strangers_lot_is_not_claimed(stage: Stage, stranger: Any) -> None:
    lot = stage.lot_of(stage.buy())
    with pytest.raises(posting.LotNotFound):
        posting.apply_claims(
            workspace=stranger, lot_id=lot.pk, pay_revoke_mc=1, pay_freeze_mc=0, key="pay:x:1", now=stage.now
        )


def test_a_purchase_named_with_another_workspace_is_nobodys(stage: Stage, stranger: Any) -> None:
    """Metadata that does not agree with our row leads nowhere."""
    purchase = stage.start().purchase
    intent = stage.fake.client().v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "off_session": True,
            "metadata": {
                "env": "tests",
                "purchase": purchase.public_id,
                "workspace": to_public("ws", stranger.pk),
            },
        }
    )
    before = everything(stranger)
    assert purchases.sync_payment(payment_intent=intent.id, now=stage.now) is None
    stage.deliver()
    assert (stage.fresh(purchase).status, stage.fresh(purchase).payment_intent) == ("pending", None)
    assert totals(stage.workspace) == (0, 0, 0, 0)
    assert everything(stranger) == before


def test_a_payment_that_only_says_that_it_is_for_a_purchase_earns_nothing(stage: Stage) -> None:
    """The right names and the right amount, but not on the purchase's own page."""
    purchase = stage.start().purchase
    stage.fake.client().v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "off_session": True,
            "metadata": {
                "env": "tests",
                "purchase": purchase.public_id,
                "workspace": stage.workspace.public_id,
            },
        }
    )
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("pending", (0, 0, 0, 0))
    assert "was not made on its Checkout page" in stage.fresh(purchase).alert
    assert stage.fresh(purchase).payment_intent is None
    stage.fake.play.pay(stage.page_of(purchase))  # and does not stand in the way of the real one
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("paid", (1_000_000, 0, 0, 0))
    assert stage.fresh(purchase).alert == ""
    assert stage.faults() == []


def test_a_message_of_the_other_mode_is_ignored(stage: Stage) -> None:
    purchase = stage.start().purchase
    page = stage.fake.play.pay(stage.page_of(purchase))
    assert deliver(stage, event("checkout.session.completed", page, livemode=True)) == 200
    assert StripeEvent.objects.get().is_ignored
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("pending", (0, 0, 0, 0))


def test_what_was_paid_on_another_purchases_page_earns_nothing(stage: Stage) -> None:
    """Two purchases of one price, and the first one's row names the second one's page."""
    purchase, other = stage.start().purchase, stage.start(attempt="other").purchase
    page = stage.page_of(other)
    Purchase.objects.filter(pk=other.pk).update(session_id=None)
    Purchase.objects.filter(pk=purchase.pk).update(session_id=page)
    stage.fake.play.pay(page)
    synced = stage.sync(purchase)
    assert (synced.status, synced.alert) == ("pending", f"the Checkout page {page} is another purchase's")
    assert totals(stage.workspace) == (0, 0, 0, 0)


def test_a_page_that_was_completed_for_nothing_earns_nothing(stage: Stage) -> None:
    """A code of a hundred percent, which only the Dashboard could allow."""
    purchase = stage.start().purchase
    stage.at_stripe(stage.page_of(purchase)).update(status="complete", payment_status="no_payment_required", url=None)
    synced = stage.sync(purchase)
    assert (synced.status, synced.alert) == ("pending", "the Checkout page was completed without a payment")
    assert totals(stage.workspace) == (0, 0, 0, 0)


def test_a_customer_who_was_deleted_in_the_dashboard_is_made_anew(stage: Stage) -> None:
    stage.start()
    [gone] = stage.made("customer")
    stage.fake.client().v1.customers.delete(gone)
    assert set(stage.deliver()) == {200}
    assert StripeCustomer.objects.count() == 0
    assert stage.start(attempt="second").url
    assert StripeCustomer.objects.get().customer_id != gone


def test_another_installations_purchase_is_ignored(stage: Stage) -> None:
    """Its messages name a purchase that is not in our books, and another environment."""
    purchase = stage.start().purchase
    session = stage.fake.play.pay(stage.page_of(purchase))
    Purchase.objects.all().delete()
    with selling(api_base=stage.fake.url, environment="staging"):
        assert set(stage.deliver()) == {200}
        assert set(StripeEvent.objects.values_list("is_ignored", flat=True)) == {True}
        assert purchases.sync_payment(payment_intent=session["payment_intent"], now=stage.now) is None
    assert totals(stage.workspace) == (0, 0, 0, 0)


def test_an_unknown_event_id_is_only_a_name(stage: Stage) -> None:
    """The same id with another content is the message that came first."""
    purchase = stage.buy()
    taken = StripeEvent.objects.filter(type="payment_intent.succeeded").get()
    forged = event("charge.refunded", {"id": "ch_1", "payment_intent": stage.payment_of(purchase)}, id=taken.pk)
    assert deliver(stage, forged) == 200
    assert StripeEvent.objects.get(pk=taken.pk).payload == taken.payload
    assert totals(stage.workspace) == (1_000_000, 0, 0, 0)
