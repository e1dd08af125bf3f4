"""A fake Stripe for each test, its client, and a sale."""

from collections.abc import Iterator

import pytest
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as running:
        yield running


@pytest.fixture
def v1(fake: FakeStripe) -> V1Services:
    """A client that tries once."""
    return fake.client(max_network_retries=0).v1


@pytest.fixture
def customer(v1: V1Services) -> Customer:
    return v1.customers.create({"email": "alice@acme.example", "metadata": {"workspace": "w1"}})
