"""What goes wrong on the way, and what is so afterwards."""

import json
import urllib.request
from typing import Any

import pytest
import stripe
from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.faults import Kind

pytestmark = pytest.mark.once

KEY: Any = {"idempotency_key": "cus:1"}


@pytest.mark.parametrize(
    ("kind", "error", "count"),
    [
        (Kind.TIMEOUT_BEFORE, stripe.APIConnectionError, 0),
        (Kind.TIMEOUT_AFTER, stripe.APIConnectionError, 1),
        (Kind.RESET, stripe.APIConnectionError, 0),
        (Kind.RATE_LIMIT, stripe.RateLimitError, 0),
        (Kind.ERROR, stripe.APIError, 0),
        (Kind.ERROR_AFTER, stripe.APIError, 1),
    ],
)
def test_a_fault_happens_once(fake: FakeStripe, kind: Kind, error: type[Exception], count: int) -> None:
    v1 = fake.client(timeout=(3, 0.3), max_network_retries=0).v1
    fake.faults.add(kind, path="/v1/customers")
    with pytest.raises(error):
        v1.customers.create({"name": "A"}, KEY)
    assert len(fake.store.all_of("customer")) == count
    assert fake.faults.listed() == []
    if kind in {Kind.ERROR, Kind.ERROR_AFTER}:  # an unknown outcome stays one under its key
        with pytest.raises(stripe.APIError):
            v1.customers.create({"name": "A"}, KEY)
    else:
        v1.customers.create({"name": "A"}, KEY)
    expected = count if kind in {Kind.ERROR, Kind.ERROR_AFTER} else 1
    assert len(fake.store.all_of("customer")) == expected


def test_the_client_retries_with_the_same_key(fake: FakeStripe) -> None:
    fake.faults.add(Kind.TIMEOUT_AFTER, path="/v1/customers")
    made = fake.client(timeout=(3, 0.3)).v1.customers.create({"name": "A"}, KEY)
    assert [one["id"] for one in fake.store.all_of("customer")] == [made.id]


def test_a_slow_answer_comes(fake: FakeStripe, v1: V1Services) -> None:
    fake.faults.add(Kind.SLOW, method="GET", seconds=0.2)
    assert v1.customers.create({"name": "A"}).name == "A"
    assert len(v1.customers.list().data) == 1
    assert fake.faults.listed() == []


def test_faults_are_set_over_http(fake: FakeStripe, v1: V1Services) -> None:
    asked = {"kind": "rate_limit", "path": "/v1/refunds", "times": 2}
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{fake.url}/_fake/faults", json.dumps(asked).encode(), head)
    with urllib.request.urlopen(request) as answer:
        assert [fault["kind"] for fault in json.load(answer)] == ["rate_limit"]
    assert v1.customers.list().data == []
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            v1.refunds.list()
    assert v1.refunds.list().data == []
    fake.faults.add(Kind.RESET)
    with urllib.request.urlopen(urllib.request.Request(f"{fake.url}/_fake/faults", method="DELETE")):
        assert fake.faults.listed() == []


def test_only_test_keys_and_the_pinned_version(fake: FakeStripe) -> None:
    with pytest.raises(stripe.AuthenticationError):
        fake.client(api_key="sk_live_x", max_network_retries=0).v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="API version"):
        fake.client(max_network_retries=0).v1.customers.list({}, {"stripe_version": "2020-08-27"})
