"""Messages of Stripe's: stored as they came, then handled, as often as it takes for it to have worked once.

A message is only a hint at what to look at. What it claims of a payment is not used: the payment is fetched.
"""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db.models import F

from apps.billing import payments, purchases, top_up
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import Purchase, StripeEvent
from apps.errors import DomainError
from apps.ledger import seams

_FIRST_SWEEP: Final = timedelta(minutes=1)
_LATEST_SWEEP: Final = timedelta(hours=1)
_MOST: Final = 100  # events a sweep
_LONGEST: Final = timedelta(days=30)  # Stripe itself tells of nothing older

_PAYMENT_IN: Final = ("charge.refunded", "refund.", "charge.dispute.", "radar.early_fraud_warning.created")
_CARD: Final = ("payment_method.", "customer.updated")
_KINDS: Final = ("checkout.session.", "payment_intent.", "invoice.paid", "customer.deleted", *_CARD, *_PAYMENT_IN)

log = structlog.get_logger(__name__)


def receive(*, body: bytes, header: str | None, now: datetime) -> StripeEvent:
    """Take in a message: check its signature, store it, handle it unless that has been done.

    Whatever is raised after the signature was good, the message is kept and will be handled later, when Stripe sends it
    again or the sweep comes by. Messages for another mode or environment, or of a type of no use, are kept and ignored.

    :raises BadSignature: nothing was stored. :raises PaymentsOff: there is nothing to check a signature with.
    """
    event = payments.gateway().read_event(body=body, header=header, now=now)
    row = StripeEvent(
        id=event.id,
        type=event.type,
        created_at=event.created_at,
        is_livemode=event.is_livemode,
        object_id=event.object_id,
        payload=event.payload,
        received_at=now,
        due_at=now + _FIRST_SWEEP,
    )
    StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
    seams.step("event stored")
    stored = StripeEvent.objects.get(pk=event.id)
    if stored.processed_at is None:
        _handle(stored, now)
    return stored


def handle_due(*, now: datetime) -> int:
    """Handle the stored messages that were not, until Stripe cannot be reached; return how many are done with.

    One that cannot be handled is due again later, so that it keeps no other waiting; after a month it is given up.
    """
    _give_up(now)
    done = 0
    for event in StripeEvent.objects.due(now).order_by("due_at")[:_MOST]:
        try:
            _handle(event, now)
        except StripeUnavailable:
            break
        except DomainError as refusal:
            log.warning("event_failed", stripe_event=event.pk, type=event.type, refusal=str(refusal))
        else:
            done += 1
    return done


def _give_up(now: datetime) -> None:
    """Stop trying what never worked. It has been a finding of every look at the books for a month."""
    old = StripeEvent.objects.filter(processed_at=None, received_at__lt=now - _LONGEST)
    if given_up := old.update(processed_at=now):
        log.error("events_given_up", events=given_up)


def _handle(event: StripeEvent, now: datetime) -> None:
    """Do what a message asks for, and only then say that it is done."""
    rows = StripeEvent.objects.filter(pk=event.pk)
    attempts = event.attempts + 1
    rows.update(attempts=F("attempts") + 1, due_at=now + min(_FIRST_SWEEP * 2 ** min(attempts, 10), _LATEST_SWEEP))
    is_done = False
    try:
        is_ignored = not _act(event, now)
        is_done = True
    finally:
        if not is_done:
            rows.update(last_error=repr(sys.exception())[:2000])
    seams.step("event handled")
    rows.filter(processed_at=None).update(processed_at=now, is_ignored=is_ignored, last_error="")
    if is_ignored:
        log.info("event_ignored", stripe_event=event.pk, type=event.type)


def _act(event: StripeEvent, now: datetime) -> bool:
    """Look at what a message is about; False when it is not for us."""
    if event.is_livemode != payments.gateway().is_livemode or not event.type.startswith(_KINDS):
        return False
    assert event.payload is not None, "what is to be handled keeps its contents"
    about: Mapping[str, Any] = event.payload["data"]["object"]  # JSON values
    if event.type == "customer.deleted":
        top_up.note_customer_gone(customer_id=event.object_id, now=now)
        return True
    if event.type.startswith(_CARD):
        return _look_at_card(event, about, now)
    payment_intent = _payment_of(event, about)
    purchase = _purchase_of(event, about, payment_intent)
    if purchase is not None:
        purchases.sync_purchase(purchase=purchase, payment_intent=payment_intent, now=now)
    elif payment_intent and not _is_foreign(about):
        purchase = purchases.sync_payment(payment_intent=payment_intent, now=now)
    if purchase is not None and event.type == "radar.early_fraud_warning.created":
        purchases.begin_review(purchase=purchase, now=now)
    if purchase is not None and purchase.origin == Purchase.Origin.AUTO_TOPUP:
        top_up.follow(purchase=purchase, now=now)
    return purchase is not None


def _look_at_card(event: StripeEvent, about: Mapping[str, Any], now: datetime) -> bool:  # JSON values
    """Look at a customer's card; a detached one names its customer only in what it was before."""
    if event.type == "customer.updated":
        return top_up.note_card_change(card_id="", customer_id=event.object_id, now=now)
    assert event.payload is not None, "as above"
    before = event.payload["data"].get("previous_attributes")
    customer = about.get("customer") or (before.get("customer") if isinstance(before, dict) else None)
    return top_up.note_card_change(
        card_id=event.object_id, customer_id=customer if isinstance(customer, str) else "", now=now
    )


def _payment_of(event: StripeEvent, about: Mapping[str, Any]) -> str | None:  # JSON values
    """The payment that a message is about; None when it names none."""
    if event.type.startswith("payment_intent."):
        return event.object_id
    named = about.get("payment_intent")
    if isinstance(named, dict):
        named = named.get("id")
    return named if isinstance(named, str) and named else None


def _purchase_of(event: StripeEvent, about: Mapping[str, Any], payment_intent: str | None) -> Purchase | None:
    """The purchase that a message is about, as far as that can be told without asking Stripe."""
    if payment_intent and (known := Purchase.objects.filter(payment_intent=payment_intent).first()):
        return known
    if event.type.startswith("checkout.session."):
        known = Purchase.objects.filter(session_id=event.object_id).first()
        return known or _with_page(purchases.find_by_metadata(about.get("metadata")), event.object_id)
    return purchases.find_by_metadata(about.get("metadata"))


def _with_page(purchase: Purchase | None, session_id: str) -> Purchase | None:
    """Note the page of a purchase whose maker died before it could: the message tells of it."""
    if purchase is None:
        return None
    Purchase.objects.filter(pk=purchase.pk, session_id=None).update(session_id=session_id)
    purchase.refresh_from_db()
    return purchase


def _is_foreign(about: Mapping[str, Any]) -> bool:  # JSON values
    """Whether an object says by itself that another installation made it."""
    metadata = about.get("metadata")
    return isinstance(metadata, dict) and metadata.get("env", payments.terms().environment) != (
        payments.terms().environment
    )
