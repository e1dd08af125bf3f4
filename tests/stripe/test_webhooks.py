"""Deliveries: signatures that the SDK accepts, and all the ways in which they arrive."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import stripe
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.http import Answer, EmulatorServer, Incoming
from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.webhooks import Mode
from tests.stripe.sales import sell

pytestmark = pytest.mark.once


class Inbox:
    """An application's endpoint over HTTP; ``statuses`` are answered first, then 200."""

    def __init__(self) -> None:
        self.bodies: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        self.server = EmulatorServer(self._answer)

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.bodies]

    def _answer(self, incoming: Incoming) -> Answer:
        self.bodies.append((incoming.body, incoming.headers["stripe-signature"]))
        return Answer(self.statuses.pop(0) if self.statuses else 200, {}, {"Location": "/elsewhere"})


@pytest.fixture
def inbox(fake: FakeStripe) -> Iterator[Inbox]:
    made = Inbox()
    made.server.start()
    fake.webhooks.receiver = f"{made.server.url}/stripe/webhook"
    yield made
    made.server.stop()


def make_customers(v1: V1Services, *names: str) -> None:
    for name in names:
        v1.customers.create({"name": name})


def names(inbox: Inbox) -> list[str]:
    return [json.loads(body)["data"]["object"]["name"] for body, _ in inbox.bodies]


def test_the_sdk_accepts_every_signature(fake: FakeStripe, v1: V1Services, inbox: Inbox, customer: Customer) -> None:
    sell(fake, v1, customer.id)
    fake.webhooks.deliver_all()
    assert len(inbox.bodies) == len(fake.events())
    for body, signature in inbox.bodies:
        event = stripe.Webhook.construct_event(body, signature, fake.webhook_secret)
        assert (event.api_version, event.livemode) == (stripe.api_version, False)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, "whsec_other")
    assert inbox.kinds[-1] == "checkout.session.completed"
    assert {event["pending_webhooks"] for event in fake.events()} == {0}


def test_nothing_leaves_by_itself(v1: V1Services, fake: FakeStripe, inbox: Inbox) -> None:
    make_customers(v1, "a")
    assert inbox.bodies == []
    assert [one.event["type"] for one in fake.webhooks.held] == ["customer.created"]


def test_an_old_signature_is_refused(fake: FakeStripe, v1: V1Services, inbox: Inbox) -> None:
    make_customers(v1, "a")
    fake.webhooks.deliver_all(signed_at=1_700_000_000)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(*inbox.bodies[0], fake.webhook_secret)


def test_what_fails_is_tried_three_times(fake: FakeStripe, v1: V1Services, inbox: Inbox) -> None:
    inbox.statuses = [500, 200, 404, 302]
    make_customers(v1, "a", "b")
    first, second = fake.webhooks.deliver_all()
    assert (first.statuses, second.statuses) == ([500], [200])
    fake.webhooks.deliver_all()
    fake.webhooks.deliver_all()
    assert first.statuses == [500, 404, 302]
    assert (fake.webhooks.given_up, fake.webhooks.held) == ([first], [])
    assert names(inbox) == ["a", "b", "a", "a"]
    assert v1.events.list({"delivery_success": False}).data[0].id == first.event["id"]


@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [
        (Mode.NORMAL, ["a", "b"], []),
        (Mode.DUPLICATE, ["a", "a", "b", "b"], []),
        (Mode.REORDER, ["b", "a"], []),
        (Mode.DELAY, [], ["a", "b"]),
        (Mode.DROP, [], []),
    ],
)
def test_modes(fake: FakeStripe, v1: V1Services, inbox: Inbox, mode: Mode, first: list[str], second: list[str]) -> None:
    fake.webhooks.mode = mode
    make_customers(v1, "a", "b")
    fake.webhooks.deliver_all()
    assert names(inbox) == first
    fake.webhooks.deliver_all()
    assert names(inbox) == first + second
    assert len(v1.events.list().data) == 2


def test_a_storm_comes_from_many_sides(fake: FakeStripe, v1: V1Services, inbox: Inbox) -> None:
    fake.webhooks.mode = Mode.STORM
    make_customers(v1, "a", "b", "c")
    fake.webhooks.deliver_all()
    assert sorted(names(inbox)) == ["a"] * 5 + ["b"] * 5 + ["c"] * 5


def test_a_function_may_receive(fake: FakeStripe, v1: V1Services) -> None:
    got: list[Any] = []  # events

    def receive(body: bytes, headers: Mapping[str, str]) -> int:
        got.append(stripe.Webhook.construct_event(body, headers["Stripe-Signature"], fake.webhook_secret))
        return 200

    fake.webhooks.receiver = receive
    make_customers(v1, "a")
    fake.webhooks.deliver_all()
    assert [event.type for event in got] == ["customer.created"]


def test_the_background_delivers(fake: FakeStripe, v1: V1Services, inbox: Inbox) -> None:
    fake.webhooks.start()
    make_customers(v1, "a")
    while not fake.webhooks.sent:
        fake.webhooks._stopping.wait(0.02)
    assert names(inbox) == ["a"]


def test_nobody_there_is_a_failure(fake: FakeStripe, v1: V1Services, inbox: Inbox) -> None:
    inbox.server.stop()
    make_customers(v1, "a")
    (tried,) = fake.webhooks.deliver_all()
    assert tried.statuses == [0]
    assert fake.webhooks.held == [tried]
