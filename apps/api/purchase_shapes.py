"""What packs and purchases look like, as JSON Schema, for the OpenAPI document."""

from typing import Final

from apps.api.shapes import (
    COUNT,
    CREDITS,
    LINK_OR_NULL,
    TEXT,
    TIME,
    TIME_OR_NULL,
    Schema,
    constant,
    record,
    several,
)

PURCHASES: Final[Schema] = {
    "Pack": record(
        id=TEXT,
        object=constant("pack"),
        name=TEXT,
        credits={**CREDITS, "description": "What you get, the bonus included."},
        bonus=CREDITS,
        prices=several(record(currency=TEXT, amount_minor=COUNT)),
    ),
    "PurchaseRequest": {
        "type": "object",
        "properties": {
            "pack": {**TEXT, "description": "The id of a pack."},
            "currency": {**TEXT, "description": "One the pack has a price in; by default its first."},
            "attempt": {**TEXT, "maxLength": 128, "description": "Your own id of this try, kept when you try again."},
        },
        "required": ["pack", "attempt"],
        "additionalProperties": False,
    },
    "Purchase": record(
        id=TEXT,
        object=constant("purchase"),
        pack=TEXT,
        credits=CREDITS,
        currency=TEXT,
        amount_minor={**COUNT, "description": "In the smallest unit of the currency: cents."},
        refunded_minor={**COUNT, "description": "Given back, or lost to a dispute."},
        disputed_minor=COUNT,
        status={"enum": ["pending", "paid", "failed", "expired"]},
        url={**LINK_OR_NULL, "description": "Where to pay, while it can be paid."},
        receipt_url=LINK_OR_NULL,
        invoice_url=LINK_OR_NULL,
        created_at=TIME,
        paid_at=TIME_OR_NULL,
    ),
}
