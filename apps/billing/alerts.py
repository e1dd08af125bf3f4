"""What people should look at: raised by syncs, once each, and standing until somebody has cleared it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.accounts import audit
from apps.billing.models import Purchase, PurchaseAlert

_LONGEST: Final = 300  # characters


def raise_once(*, purchase: Purchase, texts: Sequence[str], now: datetime) -> list[str]:
    """Note what a person should look at, under the purchase's lock; return what had not been told before.

    What somebody has cleared is not raised again: the same words are about the same thing.
    """
    wanted = dict.fromkeys(text[:_LONGEST] for text in texts)
    if not wanted:
        return []
    known = set(PurchaseAlert.objects.filter(purchase=purchase, text__in=wanted).values_list("text", flat=True))
    fresh = [text for text in wanted if text not in known]
    PurchaseAlert.objects.bulk_create(PurchaseAlert(purchase=purchase, text=text, raised_at=now) for text in fresh)
    return fresh


def list_standing(*, most: int) -> list[PurchaseAlert]:
    """List what nobody has cleared, the newest first, each with its purchase and workspace."""
    rows = PurchaseAlert.objects.filter(cleared_at=None).select_related("purchase__workspace")
    return list(rows.order_by("-pk")[:most])


def clear(*, alert_id: UUID, actor_id: UUID, now: datetime) -> bool:
    """Say that a person has looked at it; False when there is no such alert, or somebody has before."""
    with transaction.atomic():
        standing = PurchaseAlert.objects.filter(pk=alert_id, cleared_at=None)
        if not standing.update(cleared_at=now, cleared_by_id=actor_id):
            return False
        alert = PurchaseAlert.objects.select_related("purchase").get(pk=alert_id)
        audit.record(
            action="purchase.clear_alert",
            subject=alert.purchase.public_id,
            now=now,
            actor_id=actor_id,
            workspace_id=alert.purchase.workspace_id,
            before={"alert": alert.text},
        )
    return True
