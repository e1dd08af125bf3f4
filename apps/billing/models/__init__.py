"""Rows of billing, by what they are about."""

from apps.billing.models.alerts import PurchaseAlert
from apps.billing.models.check_runs import CheckRun
from apps.billing.models.grants import LAPSES_AFTER, GrantRequest
from apps.billing.models.promotions import PromoBatch, PromoCode, PromoRedemption
from apps.billing.models.sales import Purchase, Refund
from apps.billing.models.stripe_side import StripeCustomer, StripeEvent, StripeEventQuerySet

__all__ = [
    "LAPSES_AFTER",
    "CheckRun",
    "GrantRequest",
    "PromoBatch",
    "PromoCode",
    "PromoRedemption",
    "Purchase",
    "PurchaseAlert",
    "Refund",
    "StripeCustomer",
    "StripeEvent",
    "StripeEventQuerySet",
]
