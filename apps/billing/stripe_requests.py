"""What we ask of Stripe, as plain values, and the parameters it wants for that: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """What is sold on a Checkout page, to whom, and where its buyer goes next."""

    key: str
    customer: str
    reference: str
    metadata: Mapping[str, str]
    name: str
    description: str
    amount_minor: int
    currency: str
    stripe_price: str  # empty: name and amount are told
    success_url: str
    cancel_url: str
    expires_at: datetime
    is_taxed: bool  # by Stripe, on the page
    is_card_kept: bool  # so that it can be charged later while nobody is there


@dataclass(frozen=True, slots=True)
class SavedCharge:
    """What a saved card is charged with while nobody is there, and for what."""

    key: str
    customer: str
    payment_method: str
    metadata: Mapping[str, str]
    description: str
    amount_minor: int
    currency: str


def page_params(page: Page) -> Any:  # the library's own shape
    """The parameters of a Checkout page. Tax, tax ids and the invoice are Stripe's business."""
    metadata = dict(page.metadata)
    item: dict[str, object] = {"quantity": 1}
    if page.stripe_price:
        item["price"] = page.stripe_price
    else:
        item["price_data"] = {
            "currency": page.currency,
            "unit_amount": page.amount_minor,
            "tax_behavior": "inclusive",
            "product_data": {"name": page.name, "description": page.description},
        }
    payment: dict[str, object] = {"metadata": metadata, "description": page.description}
    if page.is_card_kept:
        payment["setup_future_usage"] = "off_session"
    return {
        "mode": "payment",
        "customer": page.customer,
        "client_reference_id": page.reference,
        "metadata": metadata,
        "payment_intent_data": payment,
        "line_items": [item],
        "success_url": page.success_url,
        "cancel_url": page.cancel_url,
        "expires_at": int(page.expires_at.timestamp()),
        "invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}},
        "automatic_tax": {"enabled": page.is_taxed},
        "tax_id_collection": {"enabled": True},
        "customer_update": {"address": "auto", "name": "auto"},
        "billing_address_collection": "auto",
    }


def saved_charge_params(charge: SavedCharge) -> Any:  # as above
    """The parameters of a charge that fails, rather than waits, where the bank wants to ask the card's owner."""
    return {
        "amount": charge.amount_minor,
        "currency": charge.currency,
        "customer": charge.customer,
        "payment_method": charge.payment_method,
        "off_session": True,
        "confirm": True,
        "error_on_requires_action": True,
        "description": charge.description,
        "metadata": dict(charge.metadata),
    }
