"""Automatic top-up when its card is gone, changed or renewed, or when its customer is."""

import pytest

from apps.billing.models import StripeCustomer, StripeEvent
from tests.billing.saver import Saver


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
