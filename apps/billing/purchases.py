"""Everything that can be done with a purchase: begun, brought up to date, refunded, reviewed, listed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import audit
from apps.accounts.tenancy import Workspace
from apps.billing.checkout import MayNotBuy, PurchaseEnded, Started, TooManyPurchases, open_page, start_purchase
from apps.billing.models import Purchase
from apps.billing.refunds import (
    RefundNotWhole,
    RefundRefused,
    RefundTooLarge,
    refund_purchase,
    refundable_minor,
    refundable_of,
)
from apps.billing.syncing import find_by_metadata, sync_payment, sync_purchase
from apps.errors import NotFound

__all__ = [
    "MayNotBuy",
    "PurchaseEnded",
    "PurchaseNotFound",
    "RefundNotWhole",
    "RefundRefused",
    "RefundTooLarge",
    "Started",
    "TooManyPurchases",
    "begin_review",
    "end_review",
    "find_by_metadata",
    "find_purchase",
    "list_purchases",
    "open_page",
    "refresh",
    "refund_purchase",
    "refundable_minor",
    "refundable_of",
    "start_purchase",
    "sync_payment",
    "sync_purchase",
]


class PurchaseNotFound(NotFound):
    """There is no such purchase in this workspace."""


def find_purchase(*, workspace: Workspace, purchase_id: UUID) -> Purchase:
    """:raises PurchaseNotFound: no such purchase, or someone else's."""
    purchase = Purchase.objects.for_workspace(workspace).filter(pk=purchase_id).first()
    if purchase is None:
        raise PurchaseNotFound("There is no such purchase.")
    return purchase


def list_purchases(*, workspace: Workspace, after: UUID | None = None) -> QuerySet[Purchase]:
    """The purchases of a workspace, newest first; those before the purchase ``after``."""
    rows = Purchase.objects.for_workspace(workspace).order_by("-pk")
    return rows.filter(pk__lt=after) if after is not None else rows


def refresh(*, purchase: Purchase, now: datetime) -> Purchase:
    """Ask Stripe about a purchase unbidden: for the page a buyer returns to, and for the sweep.

    :raises StripeUnavailable, StripeRefused, PaymentsOff: nothing was changed.
    """
    is_unopened = purchase.session_id is None and not purchase.payment_intent
    if purchase.origin == Purchase.Origin.CHECKOUT and purchase.status == Purchase.Status.CREATED and is_unopened:
        try:
            purchase = open_page(purchase=purchase, now=now)
        except PurchaseEnded:
            purchase.refresh_from_db()
            return purchase
    return sync_purchase(purchase=purchase, now=now)


def begin_review(*, purchase: Purchase, now: datetime) -> Purchase:
    """Freeze what is left of a purchase until a person has looked at it. A purchase is reviewed once."""
    Purchase.objects.filter(pk=purchase.pk, review_began_at=None).update(review_began_at=now)
    return sync_purchase(purchase=purchase, now=now)


def end_review(*, purchase: Purchase, actor_id: UUID, now: datetime) -> Purchase:
    """Thaw a purchase that a person has found to be good. Nothing happens where none is under review.

    :raises StripeUnavailable, StripeRefused, PaymentsOff: it is thawed with the next sync.
    """
    with transaction.atomic():
        ended = Purchase.objects.filter(pk=purchase.pk, review_ended_at=None).exclude(review_began_at=None)
        if ended.update(review_ended_at=now):
            audit.record(
                action="purchase.end_review",
                subject=purchase.public_id,
                now=now,
                actor_id=actor_id,
                workspace_id=purchase.workspace_id,
            )
    return sync_purchase(purchase=purchase, now=now)
