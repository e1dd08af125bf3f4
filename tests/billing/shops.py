"""An installation that sells, with whatever stands in for Stripe."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import stripe

from apps.billing import payments
from apps.billing.gateway import Gateway
from apps.billing.packs import CreditPack
from apps.billing.payments import PaymentsOff, Terms
from apps.ledger.amounts import Millicredits
from apps.mail import letterhead
from apps.mail.letterhead import Letterhead
from tests.builders import NOW

SECRET: Final = "whsec_for_tests"
NOWHERE: Final = "http://127.0.0.1:9"  # nobody listens there
PACKS: Final = {
    pack.id: pack
    for pack in (
        CreditPack("small", "Small", Millicredits(1_000_000), Millicredits(0), {"usd": 1000, "eur": 900}),
        CreditPack("large", "Large", Millicredits(10_000_000), Millicredits(500_000), {"usd": 5000}),
    )
}


@contextmanager
def selling(
    *,
    api_base: str = NOWHERE,
    secret: str = SECRET,
    api_key: str = "sk_test_shop",
    environment: str = "tests",
    packs: dict[str, CreditPack] = PACKS,
    is_taxed: bool = True,
) -> Iterator[Gateway]:
    """Sell packs through this Stripe, for a while."""
    gateway = Gateway(api_key=api_key, webhook_secret=secret, api_base=api_base)
    credits = "http://127.0.0.1:8000/w/{workspace}/credits"
    page = f"{credits}?purchase={{purchase}}"
    pages = {"credits": credits, "receipts": credits, "purchase": page, "books": "http://127.0.0.1:8000/staff/books/"}
    before = letterhead.current()
    letterhead.configure(Letterhead(before.sender, before.base_url, {**pages, **before.pages}))
    payments.configure(
        build=lambda: gateway,
        terms=Terms(environment, f"{page}&session={{CHECKOUT_SESSION_ID}}", page, packs, is_taxed),
    )
    try:
        yield gateway
    finally:
        gateway.close()
        letterhead.configure(before)
        payments.configure(build=_off, terms=Terms("", "", ""))


def _off() -> Gateway:
    raise PaymentsOff("Nothing is sold in this test.", setting="STRIPE_SECRET_KEY")


def event(kind: str = "payment_intent.succeeded", about: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Write an event as Stripe would. Any: JSON values."""
    found = {"id": "pi_nobody", "object": "payment_intent", "metadata": {}} if about is None else about
    return {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": int(NOW.timestamp()),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": found},
    } | more


def written(message: object) -> bytes:
    return json.dumps(message).encode()


def signed(body: bytes, *, at: datetime, secret: str = SECRET) -> str:
    """Sign a body as Stripe does, at a time."""
    header: str = stripe.WebhookSignature.generate_signature_header(
        body.decode("latin-1"), secret, timestamp=int(at.timestamp())
    )
    return header
