"""Keys: what is saved, what is not, and how the client sees it."""

import threading
from typing import Any

import pytest
import stripe
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.faults import Kind
from tests.stripe.sales import top_up_params

pytestmark = pytest.mark.once

KEY: Any = {"idempotency_key": "topup:1"}


@pytest.fixture
def params(v1: V1Services, customer: Customer) -> Any:  # what the SDK takes
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    return top_up_params(customer.id, method.id)


def test_a_key_repeats_its_answer(fake: FakeStripe, v1: V1Services, params: Any) -> None:
    first = v1.payment_intents.create(params, KEY)
    again = v1.payment_intents.create(params, KEY)
    assert first.id == again.id
    assert first.last_response is not None
    assert again.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(v1.charges.list().data) == 1
    assert (fake.keys.counts["topup:1"], fake.events("payment_intent.succeeded")[0]["request"]["idempotency_key"]) == (
        2,
        "topup:1",
    )


def test_a_key_is_for_one_request(v1: V1Services, params: Any) -> None:
    v1.payment_intents.create(params, KEY)
    other: Any = {**params, "amount": 2000}
    with pytest.raises(stripe.IdempotencyError) as refused:
        v1.payment_intents.create(other, KEY)
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        v1.customers.create({}, KEY)
    assert len(v1.charges.list().data) == 1


def test_a_declined_card_is_repeated_too(v1: V1Services, customer: Customer) -> None:
    method = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    intents = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            v1.payment_intents.create(top_up_params(customer.id, method.id), KEY)
        error: Any = refused.value.error
        intents.add(error.payment_intent.id)
    assert len(intents) == 1


def test_a_wrong_parameter_does_not_spend_the_key(v1: V1Services, params: Any) -> None:
    wrong: list[Any] = [{**params, "amout": 3}, {**params, "customer": "cus_nobody"}]
    for one in wrong:
        with pytest.raises(stripe.InvalidRequestError):
            v1.payment_intents.create(one, KEY)
    assert v1.payment_intents.create(params, KEY).status == "succeeded"


def test_a_request_under_way_is_a_conflict(fake: FakeStripe, v1: V1Services, params: Any) -> None:
    fake.faults.add(Kind.SLOW, path="/v1/payment_intents", seconds=1.0)
    made: list[str] = []
    slow = threading.Thread(
        target=lambda: made.append(fake.client(max_network_retries=0).v1.payment_intents.create(params, KEY).id)
    )
    slow.start()
    while "topup:1" not in fake.keys.counts:
        slow.join(0.01)
    with pytest.raises(stripe.APIError) as refused:
        v1.payment_intents.create(params, KEY)
    assert refused.value.http_status == 409
    slow.join()
    assert v1.payment_intents.create(params, KEY).id == made[0]


def test_a_client_that_retries_rides_out_a_conflict(fake: FakeStripe, params: Any) -> None:
    fake.faults.add(Kind.SLOW, path="/v1/payment_intents", seconds=0.6)
    hurried = fake.client(timeout=(3, 0.3), max_network_retries=4).v1
    assert hurried.payment_intents.create(params, KEY).status == "succeeded"
    assert len(fake.store.all_of("charge")) == 1


def test_a_key_is_forgotten_after_a_day(fake: FakeStripe, v1: V1Services, params: Any) -> None:
    first = v1.payment_intents.create(params, KEY)
    fake.advance(86_401)
    assert v1.payment_intents.create(params, KEY).id != first.id


def test_keys_are_short(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        v1.customers.create({}, {"idempotency_key": "k" * 256})
