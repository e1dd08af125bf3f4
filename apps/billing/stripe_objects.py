"""What Stripe tells us, as plain values: no object of its library goes further than the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StripeRefund:
    """Money on its way back, in minor units of the payment's currency."""

    id: str
    status: str
    amount_minor: int
    our_id: str = ""  # the Refund of ours that asked for it; empty: made in the Dashboard


@dataclass(frozen=True, slots=True)
class StripeDispute:
    """A bank that wants money back. ``net_minor`` is what it has moved on our balance so far, without its fee."""

    id: str
    status: str
    amount_minor: int
    currency: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A PaymentIntent with its charge, refunds and disputes, as they were when it was fetched."""

    id: str
    status: str
    amount_minor: int
    currency: str
    is_livemode: bool
    received_minor: int
    charge_minor: int  # 0: nothing was charged
    refunds: tuple[StripeRefund, ...] = ()
    disputes: tuple[StripeDispute, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    receipt_url: str = ""
    customer: str = ""
    decline: str = ""  # why the last try failed, in a word of Stripe's


@dataclass(frozen=True, slots=True)
class Card:
    """A card that Stripe keeps for a customer, in the words that people know it by."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_default: bool  # the customer chose it


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A page of Stripe's on which somebody may pay."""

    id: str
    url: str  # empty once it is over
    status: str  # open, complete, expired
    payment_status: str  # paid, unpaid, no_payment_required
    amount_minor: int
    currency: str
    is_livemode: bool
    payment_intent: str | None
    client_reference: str
    invoice_url: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A trace of a payment: itself, its page, refund or dispute, or an event about one of them."""

    payment_intent: str | None
    metadata: Mapping[str, str]
    created_at: datetime
    is_warning: bool = False  # of fraud


@dataclass(frozen=True, slots=True)
class Event:
    """A message of Stripe's whose signature was good."""

    id: str
    type: str
    created_at: datetime
    is_livemode: bool
    object_id: str
    payload: Mapping[str, Any]  # the whole message, as JSON
