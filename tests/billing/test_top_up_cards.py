"""Automatic top-up when its card is gone, changed or renewed, or when its customer is."""

from datetime import timedelta

import pytest

from apps.billing.checks import check_purchases
from apps.billing.models import StripeCustomer, StripeEvent
from apps.billing.packs import CreditPack
from apps.ledger.amounts import Millicredits
from tests.billing.saver import Saver
from tests.billing.shops import selling


def low(saver: Saver) -> None:
    saver.turn_on()
    saver.spend_below()


def test_a_detached_card_ends_it(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    stage.fake.play.detach(StripeCustomer.objects.get().card_id)
    assert set(stage.deliver()) == {200}
    assert (saver.plan.is_on, saver.plan.why_off, saver.letters) == (False, "card_gone", ["top_up_off"])
    assert StripeCustomer.objects.get().card_id == ""
    saver.spend_below()
    assert saver.consider() is None


def test_a_detached_card_that_nobody_told_of_ends_it(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fake.play.detach(StripeCustomer.objects.get().card_id)
    saver.consider()
    assert [(one.status, one.refusal) for one in saver.attempts] == [("failed", "card_gone")]
    assert (saver.plan.why_off, saver.letters, saver.charges()) == ("card_gone", ["top_up_off"], [])


@pytest.mark.parametrize("order", ["as it was", "newest first"])
def test_a_changed_card_is_charged_instead(saver: Saver, order: str) -> None:
    """The new one is made the default, the old one is taken away: in whichever order that is heard of."""
    stage = saver.stage
    saver.turn_on()
    old = StripeCustomer.objects.get().card_id
    v1, customer = stage.fake.client().v1, stage.made("customer")[0]
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    v1.payment_methods.detach(old)
    if order == "newest first":
        stage.fake.webhooks.held.reverse()
    stage.deliver()
    assert (saver.plan.is_on, StripeCustomer.objects.get().card_id) == (True, method.id)
    saver.spend_below()
    saver.consider()
    assert [one.payment_method for one in saver.attempts] == [method.id]
    assert saver.statuses == ["succeeded"]


def test_another_card_is_not_charged_in_its_place(saver: Saver) -> None:
    """The card agreed to is gone, and nobody has chosen the other one."""
    stage = saver.stage
    saver.turn_on()
    old = StripeCustomer.objects.get().card_id
    v1, customer = stage.fake.client().v1, stage.made("customer")[0]
    stage.fake.advance(-5)
    v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    v1.payment_methods.detach(old)
    stage.fake.webhooks.held = [one for one in stage.fake.webhooks.held if "detached" in one.event["type"]]
    stage.deliver()
    assert (saver.plan.is_on, saver.plan.why_off) == (False, "card_gone")


def test_a_renewed_card_is_known_by_its_new_date(saver: Saver) -> None:
    card = StripeCustomer.objects.get()
    saver.stage.fake.play.card_renewed(card.card_id)
    saver.stage.deliver()
    card.refresh_from_db()
    assert (card.card_last4, card.card_exp_month, card.card_exp_year) == ("4242", 12, 2038)


def test_a_deleted_customer_takes_card_and_plan_along(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    stage.fake.client().v1.customers.delete(stage.made("customer")[0])
    stage.fake.webhooks.held = [one for one in stage.fake.webhooks.held if one.event["type"] == "customer.deleted"]
    stage.deliver()
    assert (saver.plan.why_off, StripeCustomer.objects.count()) == ("card_gone", 0)
    assert stage.start(attempt="anew").url


def test_messages_about_strangers_cards_are_ignored(saver: Saver) -> None:
    v1 = saver.stage.fake.client().v1
    other = v1.customers.create({"name": "of another shop"})
    v1.payment_methods.attach("pm_card_visa", {"customer": other.id})
    before = StripeCustomer.objects.values_list().get()
    assert set(saver.stage.deliver()) == {200}
    assert StripeCustomer.objects.values_list().get() == before
    assert StripeEvent.objects.filter(type="payment_method.attached", object_id__startswith="pm_").last() is not None


def test_a_customer_that_was_never_told_to_be_gone_ends_it(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    del stage.fake.store.objects[stage.made("customer")[0]]
    saver.consider()
    assert [(one.status, one.refusal) for one in saver.attempts] == [("failed", "card_gone")]
    assert (saver.plan.why_off, saver.letters) == ("card_gone", ["top_up_off"])


def test_what_stripe_refuses_is_no_fault_of_the_card(saver: Saver) -> None:
    """Ten cents are less than Stripe takes: tried again after an hour, for ever, and no owner hears of it."""
    stage = saver.stage
    packs = {"small": CreditPack("small", "Small", Millicredits(1_000_000), Millicredits(0), {"usd": 10})}
    with selling(api_base=stage.fake.url, is_taxed=False, packs=packs):
        low(saver)
        for _ in range(4):
            saver.consider()
            stage.advance(minutes=59)
            assert saver.consider() is None
            stage.advance(minutes=2)
    assert {(one.status, one.refusal) for one in saver.attempts} == {("failed", "amount_too_small")}
    assert (len(saver.attempts), saver.plan.is_on, saver.plan.declines, saver.letters) == (4, True, 0, [])
    assert {one.status for one in saver.top_ups()} == {"failed"}


def test_where_stripe_refuses_to_look_nothing_ends(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("timeout_after", method="POST", path="/v1/payment_intents", times=3, seconds=0.05)
    stage.fail("reset", method="GET", times=30)
    saver.consider()
    stage.fake.faults.clear()
    with selling(api_base=stage.fake.url, is_taxed=False, api_key="revoked"):
        stage.advance(hours=1, minutes=5)
        saver.consider()
        assert saver.statuses == ["pending"]
    with selling(api_base=stage.fake.url, is_taxed=False):
        stage.advance(hours=1)
        saver.consider()
    assert (saver.statuses, len(saver.charges())) == (["succeeded"], 1)


def test_one_that_does_not_end_is_found_by_the_checks(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("reset", times=30)
    saver.consider()
    stage.fake.faults.clear()
    [attempt] = saver.attempts
    two_days = stage.now + timedelta(days=2)
    assert [one for one in check_purchases(now=two_days - timedelta(minutes=1)) if one.invariant == "top-ups"] == []
    [fault] = [one for one in check_purchases(now=two_days + timedelta(minutes=1)) if one.invariant == "top-ups"]
    assert (fault.subject, attempt.status) == (attempt.public_id, "pending")
