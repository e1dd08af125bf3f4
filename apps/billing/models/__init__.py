"""Rows of billing, by what they are about."""

from apps.billing.models.alerts import PurchaseAlert
from apps.billing.models.check_runs import CheckRun
from apps.billing.models.grants import LAPSES_AFTER, GrantRequest
from apps.billing.models.promotions import PromoBatch, PromoCode, PromoRedemption
from apps.billing.models.sales import Purchase, Refund
from apps.billing.models.stripe_side import StripeCustomer, StripeEvent, StripeEventQuerySet
from apps.billing.models.top_up import TopUpAttempt, TopUpPlan

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
    "TopUpAttempt",
    "TopUpPlan",
]
