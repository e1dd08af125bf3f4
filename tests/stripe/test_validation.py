"""Both ways strict: wrong calls are refused as Stripe refuses them, wrong objects never leave the fake."""

from typing import Any

import pytest
import stripe
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.annotations import OBJECTS
from tests.emulators.stripe.validation import find_faults
from tests.stripe.sales import checkout_params, sell, top_up_params

pytestmark = pytest.mark.once

WRONG_SESSIONS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"custmer": "cus_1"}, "custmer", "parameter_unknown"),
    ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
    ({"line_items": [{"prise": "price_1", "quantity": 1}]}, "line_items[0][prise]", "parameter_unknown"),
    ({"line_items": [{"price": "price_1", "quantity": "one"}]}, "line_items[0][quantity]", "parameter_invalid_integer"),
    ({"line_items": "price_1"}, "line_items", None),
    (
        {"line_items": [{"price_data": {"unit_amount": 5}, "quantity": 1}]},
        "line_items[0][price_data][currency]",
        "parameter_missing",
    ),
    ({"automatic_tax": True}, "automatic_tax", None),
    ({"automatic_tax": {"enabled": "yes"}}, "automatic_tax[enabled]", None),
    ({"tax_id_collection": {"enabled": True, "required": "always"}}, "tax_id_collection[required]", None),
    ({"mode": "paymint"}, "mode", None),
    ({"customer_update": {"adress": "auto"}}, "customer_update[adress]", "parameter_unknown"),
    ({"payment_intent_data": {"metadata": "x"}}, "payment_intent_data[metadata]", None),
    ({"payment_intent_data": {"setup_future_usage": "always"}}, "payment_intent_data[setup_future_usage]", None),
    ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer"),
    ({"metadata": {"a": "x" * 501}}, "metadata", None),
    ({"client_reference_id": {"a": "b"}}, "client_reference_id", None),
]
WRONG_CHARGES: list[tuple[dict[str, Any], str, str | None]] = [
    ({"amount": "10 dollars"}, "amount", "parameter_invalid_integer"),
    ({"amount": 10.5}, "amount", "parameter_invalid_integer"),
    ({"amount": None}, "amount", "parameter_missing"),
    ({"amount": 49}, "amount", "amount_too_small"),
    ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
    ({"confirm": False}, "off_session", None),
    ({"payment_method": None}, "payment_method", "payment_intent_unexpected_state"),
    ({"payment_method": ""}, "payment_method", "parameter_invalid_empty"),
    ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
    ({"customer": None}, "payment_method", None),
    ({"error_on_requires_action": "maybe"}, "error_on_requires_action", None),
    ({"setup_future_usage": "sometimes"}, "setup_future_usage", None),
    ({"expand": ["metadata.purchase"]}, "expand", None),
]


@pytest.mark.parametrize(("change", "param", "code"), WRONG_SESSIONS)
def test_wrong_sessions(
    fake: FakeStripe, v1: V1Services, customer: Customer, change: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.checkout.sessions.create(checkout_params(customer.id, **change))
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert fake.store.all_of("checkout.session") == []


@pytest.mark.parametrize(("change", "param", "code"), WRONG_CHARGES)
def test_wrong_charges(
    fake: FakeStripe, v1: V1Services, customer: Customer, change: dict[str, Any], param: str, code: str | None
) -> None:
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.payment_intents.create(top_up_params(customer.id, method.id, **change))
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)


@pytest.mark.parametrize(
    ("method", "path", "params", "param"),
    [
        ("post", "/v1/refunds", {"payment_intents": "pi_1"}, "payment_intents"),
        ("post", "/v1/refunds", {"payment_intent": "pi_1", "reason": "because"}, "reason"),
        ("post", "/v1/refunds", {}, "charge"),
        ("post", "/v1/customers", {"emial": "a@b.example"}, "emial"),
        ("post", "/v1/prices", {"product": "prod_1", "unit_amount": 5}, "currency"),
        ("post", "/v1/billing_portal/sessions", {"return_url": "http://127.0.0.1:9"}, "customer"),
        ("get", "/v1/charges", {"payment_intnet": "pi_1"}, "payment_intnet"),
        ("get", "/v1/charges", {"limit": 101}, "limit"),
        ("get", "/v1/events", {"created": {"since": 3}}, "created[since]"),
        ("get", "/v1/payment_intents/search", {"query": "metadata:purchase"}, "query"),
        ("get", "/v1/payment_intents/pi_none", {}, "id"),
        ("get", "/v1/subscriptions", {}, None),
    ],
)
def test_other_wrong_calls(fake: FakeStripe, method: Any, path: str, params: dict[str, Any], param: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        fake.client(max_network_retries=0).raw_request(method, path, **params)
    assert refused.value.param == param


def test_the_message_helps(v1: V1Services) -> None:
    wrong: Any = {"amout": 500, "amount": 500, "currency": "usd"}
    with pytest.raises(stripe.InvalidRequestError, match=r"unknown parameter: amout\. Did you mean amount\?"):
        v1.payment_intents.create(wrong)


def test_what_is_refused_leaves_no_event(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    before = len(fake.events())
    with pytest.raises(stripe.InvalidRequestError):
        v1.checkout.sessions.create(checkout_params(customer.id, customer_update={}))
    assert len(fake.events()) == before


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"amount": "1000"}, "payment_intent.amount is '1000'"),
        ({"amount": True}, "payment_intent.amount is True"),
        ({"amount": None}, "payment_intent.amount is null"),
        ({"status": "paid"}, "payment_intent.status is 'paid'"),
        ({"invoice": "in_1"}, "payment_intent.invoice is unknown"),
        ({"metadata": {"a": 1}}, "payment_intent.metadata.a is 1"),
        ({"next_action": {}}, "payment_intent.next_action.type is missing"),
        ({"payment_method_types": "card"}, "payment_intent.payment_method_types is 'card'"),
        ({"customer": {"object": "customer", "deleted": True, "name": 1}}, "payment_intent.customer.name is 1"),
    ],
)
def test_wrong_objects_are_found(fake: FakeStripe, v1: V1Services, change: dict[str, Any], fault: str) -> None:
    intent = v1.payment_intents.create({"amount": 500, "currency": "usd"}).to_dict()
    assert list(find_faults(intent, stripe.PaymentIntent, "payment_intent")) == []
    assert list(find_faults({**intent, **change}, stripe.PaymentIntent, "payment_intent")) == [fault]
    del intent["amount"]
    missing = list(find_faults(intent, stripe.PaymentIntent, "payment_intent"))
    assert missing == ["payment_intent.amount is missing"]


def test_a_wrong_object_does_not_leave() -> None:
    fake = FakeStripe().start()
    v1 = fake.client(max_network_retries=0).v1
    made = v1.customers.create({})
    fake.store.objects[made.id]["balance"] = "0"
    with pytest.raises(stripe.APIError, match="The fake is wrong"):
        v1.customers.retrieve(made.id)
    with pytest.raises(AssertionError, match="balance"):
        fake.__exit__(None, None, None)


def test_every_object_there_is_was_checked(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = sell(fake, v1, customer.id)
    v1.prices.create({"product_data": {"name": "P"}, "currency": "usd", "unit_amount": 100})
    v1.setup_intents.create({"customer": customer.id})
    v1.billing_portal.sessions.create({"customer": customer.id})
    fake.play.refund(intent, 100)
    fake.play.fraud_warning(intent)
    fake.play.dispute_open(intent)
    kinds = {one["object"] for one in fake.store.objects.values()}
    assert kinds == OBJECTS.keys()
    for one in fake.store.objects.values():
        assert list(find_faults(one, OBJECTS[one["object"]], one["object"])) == []
