"""Sessions: what they take, how a person ends them, what is told of it."""

from typing import Any

import pytest
import stripe
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe
from tests.stripe.sales import checkout_params

pytestmark = pytest.mark.once

SALE = [
    "payment_intent.created",
    "payment_method.attached",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
    "checkout.session.completed",
]


def kinds(fake: FakeStripe) -> list[str]:
    setting_up = {"customer.created", "product.created", "price.created"}
    return [event["type"] for event in fake.events() if event["type"] not in setting_up]


def test_a_session_is_paid(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    made = v1.checkout.sessions.create(checkout_params(customer.id))
    assert (made.status, made.payment_status, made.payment_intent) == ("open", "unpaid", None)
    assert made.id.startswith("cs_test_")
    assert made.url == f"{fake.url}/c/pay/{made.id}"
    fake.play.pay(made.id)
    paths = ["payment_intent.latest_charge.balance_transaction", "line_items", "invoice.payments", "customer"]
    paid = v1.checkout.sessions.retrieve(made.id, {"expand": paths}).to_dict()
    intent, charge = paid["payment_intent"], paid["payment_intent"]["latest_charge"]
    assert (paid["status"], paid["payment_status"], paid["amount_total"], paid["url"]) == (
        "complete",
        "paid",
        1000,
        None,
    )
    assert (intent["status"], intent["amount_received"], intent["livemode"]) == ("succeeded", 1000, False)
    assert intent["metadata"] == {"purchase": "pur_1", "workspace": "w1", "env": "test"}
    assert (charge["balance_transaction"]["net"], charge["amount_refunded"]) == (941, 0)
    assert paid["line_items"]["data"][0]["description"] == "2,000 credits"
    assert paid["invoice"]["payments"]["data"][0]["payment"]["payment_intent"] == intent["id"]
    assert paid["customer"]["email"] == "alice@acme.example"
    assert kinds(fake) == SALE
    saved = v1.payment_methods.list({"customer": customer.id, "type": "card"})
    assert [one.id for one in saved.data] == [intent["payment_method"]]


def test_events_hold_a_snapshot(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    made = v1.checkout.sessions.create(checkout_params(customer.id))
    intent_id = fake.play.pay(made.id)["payment_intent"]
    fake.play.refund(intent_id)
    (paid,) = fake.events("charge.succeeded")
    (refunded,) = fake.events("charge.refunded")
    assert paid["data"]["object"]["amount_refunded"] == 0
    assert refunded["data"]["object"]["amount_refunded"] == 1000
    assert refunded["data"]["previous_attributes"] == {"amount_refunded": 0}
    assert paid["api_version"] == stripe.api_version
    listed = v1.events.list({"types": ["charge.succeeded", "charge.refunded"]})
    assert [event.id for event in listed.data] == [refunded["id"], paid["id"]]
    assert v1.events.retrieve(paid["id"]).type == "charge.succeeded"


def test_completed_is_not_paid(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    made = v1.checkout.sessions.create(checkout_params(customer.id))
    late = fake.play.pay_later(made.id)
    assert (late["status"], late["payment_status"], late["invoice"]) == ("complete", "unpaid", None)
    assert v1.payment_intents.retrieve(late["payment_intent"]).status == "processing"
    assert kinds(fake)[-2:] == ["payment_intent.processing", "checkout.session.completed"]
    assert fake.play.async_succeed(made.id)["payment_status"] == "paid"
    assert kinds(fake)[-1] == "checkout.session.async_payment_succeeded"
    charges = v1.charges.list({"payment_intent": late["payment_intent"]})
    assert [charge.status for charge in charges.data] == ["succeeded"]


def test_late_money_may_not_come(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    made = v1.checkout.sessions.create(checkout_params(customer.id))
    fake.play.pay_later(made.id)
    assert fake.play.async_fail(made.id)["payment_status"] == "unpaid"
    assert kinds(fake)[-3:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]


def test_a_session_survives_a_decline(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    made = v1.checkout.sessions.create(checkout_params(customer.id))
    declined = fake.play.decline(made.id)
    assert (declined["status"], declined["payment_status"]) == ("open", "unpaid")
    paid = fake.play.pay(made.id)
    assert paid["payment_intent"] == declined["payment_intent"]
    charges = v1.charges.list({"payment_intent": paid["payment_intent"]})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


def test_a_session_waits_for_authentication(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    made = v1.checkout.sessions.create(checkout_params(customer.id))
    fake.play.challenge(made.id)
    assert kinds(fake) == ["payment_intent.created", "payment_intent.requires_action"]
    fake.play.fail_authentication(made.id)
    fake.play.challenge(made.id)
    assert fake.play.authenticate(made.id)["payment_status"] == "paid"


def test_sessions_expire(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    first = v1.checkout.sessions.create(checkout_params(customer.id))
    second = v1.checkout.sessions.create(checkout_params(customer.id))
    assert v1.checkout.sessions.expire(first.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        v1.checkout.sessions.expire(first.id)
    fake.advance(31 * 60)
    assert v1.checkout.sessions.retrieve(second.id).status == "expired"
    assert kinds(fake) == ["checkout.session.expired", "checkout.session.expired"]


def test_prices_have_currencies_and_tax(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    product = v1.products.create({"name": "2,000 credits"})
    price = v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 1000,
            "currency_options": {"eur": {"unit_amount": 900}},
        }
    )
    fake.store.tax_percent = 19
    lines = [{"price": price.id, "quantity": 2}]
    made = v1.checkout.sessions.create(checkout_params(customer.id, line_items=lines, currency="eur"))
    assert (made.currency, made.amount_subtotal, made.amount_total) == ("eur", 1800, 2142)
    assert made.total_details is not None
    assert made.total_details.amount_tax == 342
    assert v1.checkout.sessions.line_items.list(made.id).data[0].amount_tax == 342
    assert v1.prices.retrieve(price.id, {"expand": ["product"]}).unit_amount == 1000
    assert [one.id for one in v1.prices.list({"product": product.id, "active": True}).data] == [price.id]
    assert v1.products.retrieve(product.id).name == "2,000 credits"
    assert product.id in [one.id for one in v1.products.list().data]


def test_a_card_is_saved_without_a_sale(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    params: Any = {"mode": "setup", "currency": "usd", "customer": customer.id, "success_url": "http://127.0.0.1:9/"}
    made = v1.checkout.sessions.create(params)
    done = fake.play.pay(made.id)
    assert (done["status"], done["payment_status"], done["payment_intent"]) == ("complete", "no_payment_required", None)
    assert len(v1.customers.payment_methods.list(customer.id).data) == 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"expires_at": 1}, "expires_at"),
        ({"customer_update": {}}, "customer_update[address]"),
        ({"customer_update": {"address": "auto"}}, "customer_update[name]"),
        ({"customer_email": "a@b.example"}, "customer"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": []}, "line_items"),
        ({"success_url": None}, "success_url"),
        ({"mode": "subscription"}, "mode"),
    ],
)
def test_what_a_session_refuses(v1: V1Services, customer: Customer, change: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.checkout.sessions.create(checkout_params(customer.id, **change))
    assert refused.value.param == param
    assert v1.checkout.sessions.list().data == []
