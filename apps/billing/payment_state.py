"""What a payment is worth to us, worked out from how it stands at Stripe now: pure, and the same however it came so."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.billing.stripe_objects import CheckoutSession, Payment, StripeDispute

_GOING_BACK: Final = frozenset({"pending", "requires_action", "succeeded"})  # a failed or canceled refund is none
_OPEN: Final = frozenset({"needs_response", "under_review"})
_HARMLESS: Final = frozenset({"won", "prevented"})
_UNPAID: Final = frozenset({"requires_payment_method", "canceled"})
IN_REVIEW: Final = "a warning of fraud: under review"


class Standing(StrEnum):
    """Where a sale stands, as far as Stripe knows."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Sale:
    """What we asked for."""

    amount_minor: int
    currency: str
    is_livemode: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the money, in minor units and in total. ``notes`` tell what a person should look at."""

    paid_minor: int
    refunded_minor: int
    lost_minor: int  # to disputes
    open_minor: int  # in dispute or under review
    total_minor: int  # what was charged, tax included: what the others are parts of
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentClaims:
    """What the payment demands of its lot, in millicredits and in total."""

    revoke_mc: int
    freeze_mc: int


def stand(session: CheckoutSession | None, payment: Payment | None) -> Standing:
    """Tell where a sale stands. ``session`` is None for one without a Checkout page."""
    if payment is not None and payment.status == "succeeded" and (session is None or session.payment_status == "paid"):
        return Standing.PAID
    if session is not None and session.status == "expired":
        return Standing.EXPIRED
    is_over = session is None or (session.status == "complete" and session.payment_status == "unpaid")
    if is_over and payment is not None and payment.status in _UNPAID:
        return Standing.FAILED
    return Standing.PENDING


def differences(sale: Sale, session: CheckoutSession | None, payment: Payment) -> tuple[str, ...]:
    """Say in what a paid sale differs from what we asked for; anything at all, and it earns no credits."""
    found = []
    if payment.received_minor != sale.amount_minor:
        found.append(f"received {payment.received_minor}, asked for {sale.amount_minor}")
    if payment.currency != sale.currency:
        found.append(f"paid in {payment.currency}, asked for {sale.currency}")
    if payment.is_livemode != sale.is_livemode:
        found.append("paid in the other mode, live or test")
    if session is not None and (session.amount_minor, session.currency, session.is_livemode) != (
        sale.amount_minor,
        sale.currency,
        sale.is_livemode,
    ):
        found.append(f"the Checkout page asked for {session.amount_minor} {session.currency}")
    return tuple(found)


def total_up(payment: Payment, *, is_in_review: bool = False) -> Totals:
    """Add up what came in and what went back. Under review all that is left counts as in dispute."""
    paid = payment.received_minor if payment.status == "succeeded" else 0
    total = payment.charge_minor or paid
    refunded = sum(refund.amount_minor for refund in payment.refunds if refund.status in _GOING_BACK)
    lost = opened = 0
    notes: list[str] = []
    for dispute in payment.disputes:
        amount = min(dispute.amount_minor, total) if dispute.currency == payment.currency else total
        match verdict_on(dispute):
            case "lost":
                lost += amount
            case "open":
                opened += amount
            case "unknown":
                opened += amount
                notes.append(f"the dispute {dispute.id} is {dispute.status}, which we do not know")
    if is_in_review:
        opened = max(opened, total - refunded - lost)
        notes.append(IN_REVIEW)
    return Totals(paid, refunded, lost, opened, total, tuple(notes))


def claims_on(credits_mc: int, totals: Totals) -> PaymentClaims:
    """Turn money into credits: totals, rounded down, so that parts never drift and all of it takes exactly all."""
    total = totals.total_minor
    if not total:
        return PaymentClaims(0, 0)
    gone = totals.refunded_minor + totals.lost_minor
    revoke = credits_mc * min(total, gone) // total
    revoke_or_freeze = credits_mc * min(total, gone + totals.open_minor) // total
    return PaymentClaims(revoke, revoke_or_freeze - revoke)


def verdict_on(dispute: StripeDispute) -> str:
    """Sort a dispute: lost, open, won, nothing (never was one, or is appealed) or unknown.

    Funds leave when one opens; an appeal leaves things as its money lies.
    """
    status = dispute.status
    if status == "lost" or (status.startswith("appeal_") and dispute.net_minor < 0):
        return "lost"
    if status in _OPEN:
        return "open"
    if status in _HARMLESS:
        return "won"
    if status.startswith(("warning_", "appeal_")):
        return "nothing"
    return "unknown"
