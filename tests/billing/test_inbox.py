"""What arrives at /stripe/webhook: nothing unsigned is stored, nothing that is not for us does anything."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.billing import inbox
from apps.billing.gateway import Gateway
from apps.billing.models import Purchase, StripeEvent
from tests.billing.shops import SECRET, event, selling, signed, written


@pytest.fixture
def shop(db: None) -> Iterator[Gateway]:
    with selling() as gateway:
        yield gateway


def deliver(body: bytes, header: str | None) -> tuple[int, dict[str, Any]]:
    headers = {} if header is None else {"Stripe-Signature": header}
    answer = Client(raise_request_exception=False).generic(
        "POST", "/stripe/webhook", body, content_type="application/json", headers=headers
    )
    return answer.status_code, answer.json()


def by_hand(body: bytes, at: int, secret: str = SECRET) -> str:
    """Sign any bytes, as the library cannot."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


IGNORED = written(event("price.created"))


def test_a_message_of_no_use_is_kept_and_ignored(shop: Gateway) -> None:
    now = timezone.now()
    status, body = deliver(IGNORED, signed(IGNORED, at=now))
    assert (status, body) == (200, {"object": "stripe_event", "id": "evt_1"})
    stored = StripeEvent.objects.get()
    assert (stored.type, stored.is_ignored, stored.attempts, stored.last_error) == ("price.created", True, 1, "")
    assert stored.processed_at is not None
    assert stored.payload == event("price.created")


def test_the_same_message_again_is_the_same_row(shop: Gateway) -> None:
    for _ in range(3):
        assert deliver(IGNORED, signed(IGNORED, at=timezone.now()))[0] == 200
    assert StripeEvent.objects.get().attempts == 1


@pytest.mark.parametrize(
    "header",
    [None, "", "nonsense", "t=1", "v1=00", "t=abc,v1=00", "t=,v1=", ",", "t=1,v1=é", "t=1=2,v1=00", "t=-1,v1=00"],
)
def test_what_is_not_signed_is_refused(shop: Gateway, header: str | None) -> None:
    status, body = deliver(IGNORED, header)
    assert (status, body["error_type"]) == (400, "bad_signature")
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(days=365), -timedelta(minutes=6), -timedelta(days=1)])
def test_old_and_future_signatures_are_refused(shop: Gateway, age: timedelta) -> None:
    assert deliver(IGNORED, signed(IGNORED, at=timezone.now() - age))[0] == 400
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("age", [timedelta(minutes=4), -timedelta(minutes=4)])
def test_clocks_may_differ_a_little(shop: Gateway, age: timedelta) -> None:
    assert deliver(IGNORED, signed(IGNORED, at=timezone.now() - age))[0] == 200


def test_only_our_own_secret_counts(shop: Gateway) -> None:
    now = timezone.now()
    wrong, right = signed(IGNORED, at=now, secret="whsec_other"), signed(IGNORED, at=now)
    assert deliver(IGNORED, wrong)[0] == 400
    assert deliver(IGNORED, right.replace("v1=", "v0="))[0] == 400
    assert deliver(IGNORED, f"{wrong},{right.partition(',')[2]}")[0] == 200  # secrets are being changed: either


def test_the_body_counts_byte_for_byte(shop: Gateway) -> None:
    header = signed(IGNORED, at=timezone.now())
    assert deliver(IGNORED.replace(b": ", b":"), header)[0] == 400
    assert deliver(IGNORED + b"\n", header)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'"event"',
        b"[" * 200_000,
        written(event() | {"object": "v2.core.event"}),
        written(event() | {"id": None}),
        written(event() | {"id": "e" * 256}),
        written(event() | {"livemode": "yes"}),
        written(event() | {"created": "now"}),
        written(event() | {"created": 2**60}),
        written(event() | {"data": []}),
        written(event() | {"data": {"object": None}}),
        written(event() | {"data": {"object": {"id": 7}}}),
        written(event() | {"note": "a\0b"}),
        written(event() | {"note": "\ud800"}),
        written(event() | {"id": "evt_\udfff"}),
        written(event() | {"note": float("nan")}),
        written(event()).replace(b'"pi_nobody"', b"1e999"),
        written(event()).replace(b"false", b"9" * 5000),
    ],
    ids=range(23),
)
def test_signed_garbage_is_refused(shop: Gateway, body: bytes) -> None:
    status, answer = deliver(body, by_hand(body, int(timezone.now().timestamp())))
    assert (status, answer["error_type"]) == (400, "bad_signature")
    assert "Traceback" not in str(answer)
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("size", [1_000_001, 10_000_000, 30_000_000])
def test_what_is_too_large_is_not_looked_at(shop: Gateway, size: int) -> None:
    status, answer = deliver(b" " * size, signed(IGNORED, at=timezone.now()))
    assert (status, answer["error_type"]) == (413, "request_too_large")
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_posts_are_taken(shop: Gateway, method: str) -> None:
    assert Client().generic(method, "/stripe/webhook", IGNORED).status_code == 405
    assert StripeEvent.objects.count() == 0


def test_a_token_against_forgery_is_not_asked_for(shop: Gateway) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/stripe/webhook",
        IGNORED,
        content_type="application/json",
        headers={"Stripe-Signature": signed(IGNORED, at=timezone.now())},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "message",
    [
        event(livemode=True),
        event(about={"id": "pi_9", "object": "payment_intent", "metadata": {"env": "staging", "purchase": "x"}}),
        event("checkout.session.completed", {"id": "cs_9", "metadata": {"env": "staging"}, "payment_intent": "pi_9"}),
        event("checkout.session.expired", {"id": "cs_9", "metadata": {}}),
        event("invoice.paid", {"id": "in_9", "metadata": {}}),
        event("customer.subscription.deleted", {"id": "sub_9"}),
        event("some.type.of.tomorrow", {"object": "balance"}),
    ],
    ids=lambda message: message["type"],
)
def test_what_is_for_others_is_ignored(shop: Gateway, message: dict[str, Any]) -> None:
    """Nobody answers at Stripe's: it is told without asking."""
    body = written(message)
    assert deliver(body, signed(body, at=timezone.now()))[0] == 200
    assert StripeEvent.objects.get().is_ignored
    assert Purchase.objects.count() == 0


def test_what_cannot_be_handled_now_is_kept_for_later(shop: Gateway) -> None:
    """Stripe is away: it hears so and sends again; the sweep tries by itself, more and more seldom."""
    body = written(event())
    status, answer = deliver(body, signed(body, at=timezone.now()))
    assert (status, answer["error_type"]) == (503, "stripe_unavailable")
    stored = StripeEvent.objects.get()
    assert (stored.processed_at, stored.attempts) == (None, 1)
    assert "StripeUnavailable" in stored.last_error
    waits = []
    for attempts in (1, 4, 9):
        due_at = StripeEvent.objects.get().due_at
        StripeEvent.objects.update(attempts=attempts)
        assert inbox.handle_due(now=due_at - timedelta(seconds=1)) == 0
        assert inbox.handle_due(now=due_at) == 0
        waits.append((StripeEvent.objects.get().due_at - due_at).total_seconds() / 60)
    assert waits == [4, 32, 60]
    assert StripeEvent.objects.get().attempts == 10


@pytest.mark.django_db
def test_without_a_key_nothing_is_taken_in() -> None:
    status, answer = deliver(IGNORED, signed(IGNORED, at=timezone.now()))
    assert (status, answer["error_type"]) == (503, "payments_off")
    assert StripeEvent.objects.count() == 0


def test_without_a_secret_nothing_is_believed(db: None) -> None:
    with selling(secret=""):
        assert deliver(IGNORED, signed(IGNORED, at=timezone.now(), secret=""))[0] == 400
        assert deliver(IGNORED, by_hand(IGNORED, int(timezone.now().timestamp()), secret=""))[0] == 400
