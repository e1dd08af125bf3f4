"""The operation on promo codes, for the OpenAPI document, with what it takes and answers."""

from typing import Final

from apps.api.describing import answers, operation
from apps.api.shapes import CREDITS, TEXT, TIME, TIME_OR_NULL, Schema, constant, record, ref

PROMO_CODES: Final[Schema] = {
    "PromoCodeRequest": {
        "type": "object",
        "properties": {"code": {**TEXT, "description": "In any case, with or without its dashes."}},
        "required": ["code"],
        "additionalProperties": False,
    },
    "PromoRedemption": record(
        id=TEXT,
        object=constant("promo_redemption"),
        name={**TEXT, "description": "What the ledger calls it."},
        credits=CREDITS,
        expires_at={**TIME_OR_NULL, "description": "When these credits expire; null: never."},
        redeemed_at=TIME,
    ),
}

redeem_promo_code = operation(
    "Credits",
    "redeem_promo_code",
    "Redeem a promo code",
    description=(
        "Adds the credits of a code to the workspace, once a workspace and once a person. For keys of people who may "
        "buy. The same code again brings the same answer, with `Idempotent-Replayed: true`, and no second gift."
    ),
    request={"application/json": ref("PromoCodeRequest")},
    responses=answers("PromoRedemption", 201),
)
