"""The one way to Stripe: the only import of its library. Plain values in, plain values out, no database."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Final

import stripe

from apps.billing import stripe_rows
from apps.billing.stripe_faults import BadSignature as BadSignature  # this is where others look for them
from apps.billing.stripe_faults import StripeRefused as StripeRefused
from apps.billing.stripe_faults import StripeUnavailable as StripeUnavailable
from apps.billing.stripe_objects import Card, CheckoutSession, Event, Mention, Payment, StripeRefund
from apps.billing.stripe_requests import Page, SavedCharge, page_params, saved_charge_params

API_VERSION: Final = "2026-10-28.endive"  # of every request, and of the webhook endpoint in the Dashboard

_TIMEOUTS: Final = (3.05, 20.0)  # to connect, to answer; the library would wait 80 seconds
_RETRIES: Final = 2  # by the library, with the same key
_TOLERANCE: Final = timedelta(seconds=300)  # of a signature's age, in both directions
_PAGE: Final = 100

_TELLING: Final = (  # events that something may have happened to a payment that is older than they are
    *("checkout.session.completed", "checkout.session.async_payment_succeeded", "payment_intent.succeeded"),
    *("charge.refunded", "refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
    *("charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"),
    "radar.early_fraud_warning.created",
)


class Listing(StrEnum):
    """Lists of Stripe's in which payments leave traces."""

    EVENTS = "events"  # 30 days of them are kept
    PAGES = "checkout sessions"
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    DISPUTES = "disputes"


class Gateway:
    """Stripe, with one key. Safe to share between threads.

    Every method but ``read_event`` calls Stripe, and so may raise StripeUnavailable or StripeRefused.
    """

    def __init__(self, *, api_key: str, webhook_secret: str, api_base: str = "") -> None:
        self.is_livemode = api_key.startswith(("sk_live_", "rk_live_"))
        self._webhook_secret = webhook_secret
        stripe.enable_telemetry = False  # it would tell timings, and leave a file in the home directory
        self._http = stripe.RequestsClient(timeout=_TIMEOUTS)
        client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base} if api_base else None,
            http_client=self._http,
            max_network_retries=_RETRIES,
        )
        self._stripe = client.v1

    def close(self) -> None:
        """End the connections of this thread; the next call makes new ones."""
        self._http.close()  # type: ignore[no-untyped-call]  # has no types

    def open_customer(self, *, key: str, metadata: Mapping[str, str]) -> str:
        """Make a customer and return its id; the same one for the same key."""
        with _translated():
            made = self._stripe.customers.create({"metadata": dict(metadata)}, {"idempotency_key": key})
        return str(made.id)

    def open_checkout(self, page: Page) -> CheckoutSession:
        """Make a page to pay on; the same one for the same key."""
        with _translated():
            made = self._stripe.checkout.sessions.create(page_params(page), {"idempotency_key": page.key})
        return stripe_rows.read_session(_plain(made))

    def charge_saved(self, charge: SavedCharge) -> Payment:
        """Charge a saved card while nobody is there; once for the same key.

        A card that says no is an answer, too: a payment that ``decline`` is told of, and no money came.
        """
        with _translated():
            try:
                made = self._stripe.payment_intents.create(saved_charge_params(charge), {"idempotency_key": charge.key})
            except stripe.CardError as declined:
                intent = declined.error and declined.error.payment_intent
                if not intent:
                    raise
                return stripe_rows.read_payment(_plain(intent), [], [])
            except stripe.IdempotencyError as used:
                # What was asked with this key before may well have been done.
                raise StripeUnavailable("This charge was asked for before, in other words.", is_kept=True) from used
            return stripe_rows.read_payment(_plain(made), [], [])

    def cancel_payment(self, payment_intent: str) -> None:
        """Give up a payment that nobody has made, so that nobody can make it later."""
        with _translated():
            self._stripe.payment_intents.cancel(payment_intent, {"cancellation_reason": "abandoned"})

    def search_payment(self, *, customer: str, attempt: str, since: datetime) -> Payment | None:
        """Look through the payments of a customer since then for the one made for this attempt of ours.

        Their list is complete at once; Stripe's search is not.
        """
        with _translated():
            found = self._stripe.payment_intents.list(
                {"customer": customer, "created": {"gte": int(since.timestamp())}, "limit": _PAGE}
            )
            payments = [stripe_rows.read_payment(_plain(row), [], []) for row in found.auto_paging_iter()]
        return next((payment for payment in payments if payment.metadata.get("attempt") == attempt), None)

    def fetch_card(self, customer: str) -> Card | None:
        """Ask which card of a customer's to charge: their default, or else the newest; None: they have none."""
        with _translated():
            found = _plain(self._stripe.customers.retrieve(customer))
            if found.get("deleted"):
                return None
            cards = self._stripe.customers.payment_methods.list(customer, {"type": "card", "limit": _PAGE})
            rows = [_plain(row) for row in cards.auto_paging_iter()]
        return stripe_rows.read_card(found, rows)

    def open_portal(self, *, customer: str, return_url: str) -> str:
        """Make a page on which a customer looks after their cards; return its address, which is good for minutes."""
        with _translated():
            made = self._stripe.billing_portal.sessions.create({"customer": customer, "return_url": return_url})
        return str(made.url)

    def fetch_session(self, session_id: str) -> CheckoutSession:
        with _translated():
            found = self._stripe.checkout.sessions.retrieve(session_id, {"expand": ["invoice"]})
        return stripe_rows.read_session(_plain(found))

    def find_session(self, payment_intent: str) -> CheckoutSession | None:
        """Find the Checkout page that a payment was made on; None when it was not made on one."""
        with _translated():
            found = self._stripe.checkout.sessions.list(
                {"payment_intent": payment_intent, "limit": 1, "expand": ["data.invoice"]}
            )
        rows: list[Any] = _plain(found)["data"]  # JSON values
        return stripe_rows.read_session(rows[0]) if rows else None

    def search_session(self, *, customer: str, reference: str, since: datetime) -> CheckoutSession | None:
        """Look through the pages made for a customer since then for the one with our reference."""
        with _translated():
            found = self._stripe.checkout.sessions.list(
                {"customer": customer, "created": {"gte": int(since.timestamp())}, "limit": _PAGE}
            )
            sessions = [stripe_rows.read_session(_plain(row)) for row in found.auto_paging_iter()]
        return next((session for session in sessions if session.client_reference == reference), None)

    def fetch_payment(self, payment_intent: str) -> Payment:
        """Ask how a payment stands now, with all its refunds and disputes."""
        with _translated():
            intent = self._stripe.payment_intents.retrieve(payment_intent, {"expand": ["latest_charge"]})
            refunds = self._stripe.refunds.list({"payment_intent": payment_intent, "limit": _PAGE})
            disputes = self._stripe.disputes.list({"payment_intent": payment_intent, "limit": _PAGE})
            return stripe_rows.read_payment(
                _plain(intent),
                [_plain(refund) for refund in refunds.auto_paging_iter()],
                [_plain(dispute) for dispute in disputes.auto_paging_iter()],
            )

    def list_mentions(self, listing: Listing, *, since: datetime, most: int) -> list[Mention]:
        """List what was made since then, the newest first and no more than ``most``, page by page."""
        asked: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": min(most, _PAGE)}
        if listing is Listing.EVENTS:
            asked["types"] = list(_TELLING)
        calls: dict[Listing, Any] = {  # each with a type of its own
            Listing.EVENTS: self._stripe.events.list,
            Listing.PAGES: self._stripe.checkout.sessions.list,
            Listing.PAYMENTS: self._stripe.payment_intents.list,
            Listing.REFUNDS: self._stripe.refunds.list,
            Listing.DISPUTES: self._stripe.disputes.list,
        }
        with _translated():
            rows = calls[listing](asked).auto_paging_iter()
            return [stripe_rows.read_mention(_plain(row)) for row in islice(rows, most)]

    def refund(self, *, key: str, payment_intent: str, amount_minor: int, our_id: str) -> StripeRefund:
        """Send money back; once for the same key."""
        with _translated():
            made = self._stripe.refunds.create(
                {
                    "payment_intent": payment_intent,
                    "amount": amount_minor,
                    "reason": "requested_by_customer",
                    "metadata": {"refund": our_id},
                },
                {"idempotency_key": key},
            )
        return stripe_rows.read_refund(_plain(made))

    def read_event(self, *, body: bytes, header: str | None, now: datetime) -> Event:
        """Check the signature of a message and read it. The body is to be what arrived, byte for byte.

        :raises BadSignature: whatever else it is, it is no event of Stripe's that was signed for us just now.
        """
        try:
            if not (header or "").isascii():
                raise ValueError("the library fails to compare what is not ASCII")
            stripe.WebhookSignature.verify_header(body, header, self._webhook_secret, int(_TOLERANCE.total_seconds()))
            # The library lets a time in the future pass, and reads the wall clock.
            signed_at = int(_part(header or "", "t"))
            if abs(now.timestamp() - signed_at) > _TOLERANCE.total_seconds():
                raise BadSignature("The signature is too old, or from the future.")
            return stripe_rows.read_event(json.loads(body))
        except (stripe.SignatureVerificationError, ValueError, RecursionError) as fault:  # UTF-8 and JSON: ValueErrors
            raise BadSignature("This is not a message that Stripe signed for this installation.") from fault


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as fault:
        raise StripeUnavailable("The payment service cannot be reached right now. Try again in a minute.") from fault
    except stripe.StripeError as fault:
        status = fault.http_status or 500
        if status >= 500 or status == 409:
            raise StripeUnavailable(
                "The payment service has trouble right now. Try again in a minute.", is_kept=status >= 500
            ) from fault
        raise StripeRefused(
            "The payment service refused this. Staff of this installation find the reason in the log.",
            reason=fault.code or type(fault).__name__,
            param=getattr(fault, "param", None),
        ) from fault


def _plain(found: stripe.StripeObject) -> dict[str, Any]:  # JSON values
    return found.to_dict(recursive=True, for_json=True)


def _part(header: str, name: str) -> str:
    """The first part of a signature's header with this name; the library has read it before. ValueError: not there."""
    for part in header.split(","):
        key, _, value = part.partition("=")
        if key == name:
            return value
    raise ValueError(f"the signature has no {name}")
