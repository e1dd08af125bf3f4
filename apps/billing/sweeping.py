"""The back-up for messages that never came: purchases that have been open for long are asked about."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from apps.billing import dispatch, payments
from apps.billing.models import Purchase

_REPEAT: Final = timedelta(minutes=10)  # until one that was sent for is sent for again
_LONGEST: Final = timedelta(days=31)  # one that Stripe has refused to tell of for so long is for the nightly look
_MOST: Final = 200

log = structlog.get_logger(__name__)


def sweep_purchases(*, now: datetime) -> int:
    """Send for every purchase whose time has come; return how many. Safe at any time, any number of times."""
    if not payments.is_on():
        return 0
    mode = payments.gateway().is_livemode
    due = list(
        Purchase.objects.filter(due_at__lte=now, is_livemode=mode)
        .order_by("due_at")
        .values_list("pk", flat=True)[:_MOST]
    )
    rows = Purchase.objects.filter(pk__in=due)
    rows.update(due_at=now + _REPEAT)
    rows.filter(created_at__lt=now - _LONGEST).update(due_at=None)
    for purchase_id in due:
        dispatch.send_sync(purchase_id=purchase_id)
    if due:
        log.info("purchases_swept", purchases=len(due))
    return len(due)
