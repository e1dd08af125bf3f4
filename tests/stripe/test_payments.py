"""Saved cards, intents, refunds, disputes and warnings, as the official client sees them."""

from typing import Any

import pytest
import stripe
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe
from tests.stripe.sales import checkout_params, sell, top_up_params

pytestmark = pytest.mark.once


def test_a_saved_card_is_charged(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    intent = v1.payment_intents.create(top_up_params(customer.id, method.id, expand=["latest_charge"]))
    assert (intent.status, intent.amount_received, intent.payment_method) == ("succeeded", 1000, method.id)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.metadata.to_dict() == {"purchase": "pur_2", "attempt": "1"}
    found = v1.payment_intents.search({"query": "metadata['purchase']:'pur_2' AND status:'succeeded'"})
    assert [one.id for one in found.data] == [intent.id]
    fake.store.search_lag_seconds = 60
    assert v1.payment_intents.search({"query": "metadata['purchase']:'pur_2'"}).data == []
    assert [one.id for one in v1.payment_intents.list({"customer": customer.id}).data] == [intent.id]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ],
)
def test_a_saved_card_says_no(
    fake: FakeStripe, v1: V1Services, customer: Customer, card: str, code: str, decline_code: str
) -> None:
    method = v1.payment_methods.attach(card, {"customer": customer.id})
    with pytest.raises(stripe.CardError) as refused:
        v1.payment_intents.create(top_up_params(customer.id, method.id))
    error: Any = refused.value.error
    assert (refused.value.http_status, refused.value.code, error.decline_code) == (402, code, decline_code)
    intent = v1.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert [event["type"] for event in fake.events()][-2:] == ["charge.failed", "payment_intent.payment_failed"]


def test_a_card_that_was_detached_is_gone_for_good(v1: V1Services, customer: Customer) -> None:
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    v1.payment_methods.detach(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again") as refused:
        v1.payment_intents.create(top_up_params(customer.id, method.id))
    assert refused.value.param == "payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_methods.attach(method.id, {"customer": customer.id})
    assert v1.payment_intents.list({"customer": customer.id}).data == []


def test_a_card_is_saved_by_paying_and_only_where_that_was_asked(
    fake: FakeStripe, v1: V1Services, customer: Customer
) -> None:
    without: Any = checkout_params(customer.id)
    del without["payment_intent_data"]["setup_future_usage"]
    fake.play.pay(v1.checkout.sessions.create(without).id)
    assert v1.customers.payment_methods.list(customer.id, {"type": "card"}).data == []
    sell(fake, v1, customer.id)
    (card,) = v1.customers.payment_methods.list(customer.id, {"type": "card"}).data
    assert v1.payment_intents.create(top_up_params(customer.id, card.id)).status == "succeeded"


def test_some_cards_cannot_be_attached(v1: V1Services, customer: Customer) -> None:
    card: Any = {"number": "4000000000000002", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    method = v1.payment_methods.create({"type": "card", "card": card})
    with pytest.raises(stripe.CardError):
        v1.payment_methods.attach(method.id, {"customer": customer.id})
    assert v1.payment_methods.retrieve(method.id).customer is None


def test_an_intent_of_a_person_who_is_there(fake: FakeStripe, v1: V1Services) -> None:
    intent = v1.payment_intents.create({"amount": 500, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    back = "http://127.0.0.1:9/back"
    asked = v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_authenticationRequired", "return_url": back}
    )
    assert asked.status == "requires_action"
    assert fake.play.authenticate(intent.id)["status"] == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.payment_intents.cancel(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    other = v1.payment_intents.create({"amount": 500, "currency": "usd"})
    canceled = v1.payment_intents.cancel(other.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")


def test_cards_come_and_go(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    setup = v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
    assert setup.status == "succeeded"
    assert [one.id for one in v1.setup_intents.list({"customer": customer.id}).data] == [setup.id]
    (method,) = v1.payment_methods.list({"customer": customer.id, "type": "card"}).data
    assert setup.payment_method == method.id
    fake.play.card_renewed(method.id)
    v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": method.id}, "metadata": {"a": "b"}}
    )
    assert v1.payment_methods.detach(method.id).customer is None
    found = v1.customers.retrieve(customer.id)
    assert found.metadata is not None
    assert found.metadata.to_dict() == {"workspace": "w1", "a": "b"}
    assert found.to_dict()["invoice_settings"]["default_payment_method"] is None
    assert v1.billing_portal.sessions.create({"customer": customer.id}).url.startswith(fake.url)
    assert v1.customers.delete(customer.id).to_dict() == {"id": customer.id, "object": "customer", "deleted": True}
    told = {event["type"] for event in fake.events()}
    assert {"payment_method.detached", "payment_method.automatically_updated", "customer.deleted"} <= told


def test_refunds_end_at_the_amount(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = sell(fake, v1, customer.id)
    first = v1.refunds.create({"payment_intent": intent, "amount": 300, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError, match=r"\$7\.01\) is greater than unrefunded amount") as refused:
        v1.refunds.create({"payment_intent": intent, "amount": 701})
    assert refused.value.param == "amount"
    second = v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError) as done:
        v1.refunds.create({"payment_intent": intent})
    assert done.value.code == "charge_already_refunded"
    assert [(one.id, one.amount) for one in v1.refunds.list({"payment_intent": intent}).data] == [
        (second.id, 700),
        (first.id, 300),
    ]
    (charge,) = v1.charges.list({"payment_intent": intent, "expand": ["data.refunds"]}).data
    assert (charge.amount_refunded, charge.refunded, charge.to_dict()["refunds"]["data"][0]["id"]) == (
        1000,
        True,
        second.id,
    )


def test_a_refund_fails_days_later(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    refund = fake.play.refund(sell(fake, v1, customer.id), 400, status="pending")
    fake.play.refund_fails(refund["id"])
    found = v1.refunds.retrieve(refund["id"])
    assert (found.status, found.failure_reason) == ("failed", "lost_or_stolen_card")
    assert v1.charges.retrieve(refund["charge"]).amount_refunded == 0
    assert [event["type"] for event in fake.events()][-2:] == ["refund.updated", "refund.failed"]
    other = fake.play.refund(refund["payment_intent"], 400, status="pending")
    assert fake.play.refund_succeeds(other["id"])["status"] == "succeeded"


def test_a_dispute_is_lost_appealed_and_won(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = sell(fake, v1, customer.id)
    dispute = fake.play.dispute_open(intent)["id"]
    nets = []
    for verb, status in (
        (fake.play.dispute_review, "under_review"),
        (fake.play.dispute_lost, "lost"),
        (fake.play.dispute_appeal, "appeal_under_review"),
        (fake.play.dispute_won, "won"),
    ):
        verb(dispute)
        found = v1.disputes.retrieve(dispute)
        assert found.status == status
        nets.append(sum(one.amount for one in found.balance_transactions))
    assert nets == [-1000, -1000, -1000, 0]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_disputed"
    assert [one.id for one in v1.disputes.list({"payment_intent": intent}).data] == [dispute]
    assert [event["type"].removeprefix("charge.dispute.") for event in fake.events()][-7:] == [
        "created",
        "funds_withdrawn",
        "updated",
        "closed",
        "updated",
        "closed",
        "funds_reinstated",
    ]


def test_an_inquiry_moves_no_money(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = sell(fake, v1, customer.id)
    dispute = fake.play.dispute_open(intent, is_inquiry=True)
    assert (dispute["status"], dispute["balance_transactions"]) == ("warning_needs_response", [])
    assert fake.play.dispute_won(dispute["id"])["status"] == "warning_closed"
    assert v1.refunds.create({"payment_intent": intent, "amount": 100}).status == "succeeded"


def test_a_warning_comes_before_a_dispute(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = sell(fake, v1, customer.id)
    warning = fake.play.fraud_warning(intent)
    assert [one.id for one in v1.radar.early_fraud_warnings.list({"payment_intent": intent}).data] == [warning["id"]]
    assert [event["type"] for event in fake.events()][-1] == "radar.early_fraud_warning.created"


def test_lists_have_pages(v1: V1Services) -> None:
    made = [v1.customers.create({"name": f"{number}"}).id for number in range(5)]
    listed = v1.customers.list({"limit": 2})
    assert ([one.id for one in listed.data], listed.has_more) == ([made[4], made[3]], True)
    assert [one.id for one in listed.auto_paging_iter()] == made[::-1]
    before = v1.customers.list({"limit": 2, "ending_before": made[1]})
    assert [one.id for one in before.data] == [made[3], made[2]]


def test_events_are_kept_for_thirty_days(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    (event,) = fake.events("customer.created")
    fake.advance(30 * 86_400 + 60)
    assert v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        v1.events.retrieve(event["id"])


def test_what_was_paid_can_be_found(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = sell(fake, v1, customer.id)
    payment: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}, "expand": ["data.invoice"]}
    (linked,) = v1.invoice_payments.list(payment).data
    assert isinstance(linked.invoice, stripe.Invoice)
    (invoice,) = v1.invoices.list({"customer": customer.id}).data
    assert linked.invoice.id == invoice.id == v1.invoices.retrieve(invoice.id).id
    (moved,) = v1.balance_transactions.list({"type": "charge"}).data
    assert (moved.amount, moved.fee, v1.balance_transactions.retrieve(moved.id).net) == (1000, 59, 941)
