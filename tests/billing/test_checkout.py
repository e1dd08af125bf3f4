"""Beginning to buy: once an attempt, by whom it may, for what is on offer."""

from datetime import timedelta

import pytest

from apps.accounts.actor import Actor
from apps.accounts.models import Membership
from apps.accounts.roles import Role
from apps.billing import payments
from apps.billing.checkout import MayNotBuy, PurchaseEnded, TooManyPurchases
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import Purchase, StripeCustomer
from apps.billing.packs import CurrencyNotOffered, PackNotFound
from apps.billing.payments import PaymentsOff
from apps.ledger.operations import IdempotencyMismatch
from tests import builders
from tests.billing.shops import selling
from tests.billing.stage import Stage
from tests.ledger.calls import totals


def test_a_purchase_is_a_row_and_a_page(stage: Stage) -> None:
    started = stage.start()
    purchase = started.purchase
    assert started.url.startswith(stage.fake.url)
    assert (purchase.status, purchase.checkout_url, started.is_replay) == ("pending", started.url, False)
    assert (purchase.pack_id, purchase.credits_mc, purchase.amount_minor, purchase.currency) == (
        "small",
        1_000_000,
        1000,
        "usd",
    )
    session = stage.at_stripe(stage.page_of(purchase))
    assert (session["amount_total"], session["currency"], session["mode"]) == (1000, "usd", "payment")
    assert session["client_reference_id"] == purchase.public_id
    assert session["metadata"] == {
        "purchase": purchase.public_id,
        "workspace": stage.workspace.public_id,
        "env": "tests",
    }
    assert session["expires_at"] == int((purchase.created_at + timedelta(minutes=40)).timestamp())
    assert "{CHECKOUT_SESSION_ID}" in session["success_url"]
    assert f"/w/{stage.workspace.pk}/credits?purchase={purchase.public_id}" in session["cancel_url"]
    assert session["customer"] == StripeCustomer.objects.get().customer_id
    assert totals(stage.workspace) == (0, 0, 0, 0)
    assert stage.faults() == []


def test_the_same_attempt_is_the_same_purchase(stage: Stage) -> None:
    first, second = stage.start(), stage.start()
    assert (first.purchase.pk, first.url) == (second.purchase.pk, second.url)
    assert second.is_replay
    assert Purchase.objects.count() == 1
    for pack, currency in (("large", None), ("small", "eur")):
        with pytest.raises(IdempotencyMismatch):
            stage.start(pack=pack, currency=currency)
    other = stage.start(attempt="second", currency="eur").purchase
    assert (other.pk == first.purchase.pk, other.currency, other.amount_minor) == (False, "eur", 900)
    assert StripeCustomer.objects.count() == 1
    assert len(stage.made("checkout.session")) == 2
    assert len(stage.made("customer")) == 1


def test_a_bonus_is_part_of_what_is_bought(stage: Stage) -> None:
    assert stage.buy(pack="large").credits_mc == 10_500_000
    assert totals(stage.workspace) == (10_500_000, 0, 0, 0)


def test_what_is_not_on_offer_is_refused(stage: Stage) -> None:
    with pytest.raises(PackNotFound):
        stage.start(pack="huge")
    with pytest.raises(CurrencyNotOffered):
        stage.start(currency="jpy")
    assert Purchase.objects.count() == 0


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAKER, Role.VIEWER])
def test_only_owners_buy(stage: Stage, role: Role) -> None:
    person = builders.build_member(stage.workspace, "pat@buyers.example", role)
    stage.actor = builders.build_actor(stage.workspace, person)
    with pytest.raises(MayNotBuy):
        stage.start()
    assert Purchase.objects.count() == 0


def test_a_key_buys_for_the_person_who_made_it(stage: Stage) -> None:
    owner = stage.actor.user
    assert owner is not None
    key, _ = builders.build_api_key(stage.workspace, owner)
    stage.actor = Actor(workspace=stage.workspace, api_key=key)
    assert stage.start().purchase.created_by_id == owner.pk
    Membership.objects.filter(user=owner).update(role=Role.MAKER)
    with pytest.raises(MayNotBuy):
        stage.start(attempt="second")
    Membership.objects.filter(user=owner).delete()
    with pytest.raises(MayNotBuy):
        stage.start(attempt="third")


def test_a_test_key_buys_nothing(stage: Stage) -> None:
    owner = stage.actor.user
    assert owner is not None
    key, _ = builders.build_api_key(stage.workspace, owner, is_test=True)
    stage.actor = Actor(workspace=stage.workspace, api_key=key)
    with pytest.raises(MayNotBuy):
        stage.start()


def test_without_a_key_of_stripes_nothing_is_sold(stage: Stage) -> None:
    with selling():
        pass  # and then not any more
    with pytest.raises(PaymentsOff) as refused:
        stage.start()
    assert refused.value.details == {"setting": "STRIPE_SECRET_KEY"}
    assert not payments.is_on()
    assert Purchase.objects.count() == 0


def test_a_customer_that_is_gone_is_made_anew(stage: Stage) -> None:
    stage.start()
    [gone] = stage.made("customer")
    del stage.fake.store.objects[gone]
    assert stage.start(attempt="second").url
    [customer] = StripeCustomer.objects.all()
    assert customer.customer_id in set(stage.made("customer")) - {gone}


def test_pages_that_wait_to_be_paid_are_counted(stage: Stage) -> None:
    first = stage.start(attempt="0")
    for number in range(1, 20):
        stage.start(attempt=str(number))
    with pytest.raises(TooManyPurchases):
        stage.start(attempt="one more")
    assert (Purchase.objects.count(), len(stage.made("checkout.session"))) == (20, 20)
    assert stage.start(attempt="0").url == first.url  # an attempt that was made stands
    stage.fake.play.pay(stage.page_of(first.purchase))
    stage.deliver()
    assert stage.start(attempt="one more").url
    stage.advance(minutes=41)
    assert stage.start(attempt="and another").url  # the others have ended, heard of or not


def test_our_clock_may_be_some_minutes_behind(stage: Stage) -> None:
    stage.fake.advance(8 * 60)
    assert stage.start().url


def test_a_purchase_that_was_never_opened_ends(stage: Stage) -> None:
    """The page's end stands on the row; near it, Stripe makes no page any more."""
    stage.fail("reset", path="/v1/checkout/sessions", times=3)
    with pytest.raises(StripeUnavailable):
        stage.start()
    purchase = Purchase.objects.get()
    assert (purchase.status, purchase.session_id) == ("created", None)
    Purchase.objects.update(created_at=purchase.created_at - timedelta(minutes=15))
    with pytest.raises(PurchaseEnded):
        stage.start()
    assert Purchase.objects.get().status == "expired"
    assert stage.start().url == ""  # it is what it is
    assert stage.faults() == []
