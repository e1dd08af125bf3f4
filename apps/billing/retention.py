"""What is not kept for ever: the contents of messages, which hold names and addresses, and old looks at the books.

The ids of messages stay: they are what keeps one from being handled twice.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Q

from apps.billing.models import CheckRun, StripeEvent

_HANDLED: Final = timedelta(days=90)
_IGNORED: Final = timedelta(days=7)  # other installations' messages, and those of no use
_LOOKS: Final = timedelta(days=90)
_AT_ONCE: Final = 500
_ROUNDS: Final = 200  # a run; the next one goes on

log = structlog.get_logger(__name__)


def prune(*, now: datetime) -> tuple[int, int]:
    """Clear what is old enough; return how many messages lost their contents, and how many looks were deleted.

    A message that has not been handled keeps its contents, however old.
    """
    old = Q(received_at__lt=now - _HANDLED) | Q(is_ignored=True, received_at__lt=now - _IGNORED)
    full = StripeEvent.objects.filter(old, payload__isnull=False).exclude(processed_at=None).order_by("received_at")
    emptied = 0
    for _ in range(_ROUNDS):
        some = list(full.values_list("pk", flat=True)[:_AT_ONCE])
        emptied += StripeEvent.objects.filter(pk__in=some).update(payload=None)
        if len(some) < _AT_ONCE:
            break
    deleted, _ = CheckRun.objects.filter(started_at__lt=now - _LOOKS).delete()
    log.info("billing_pruned", messages=emptied, looks=deleted)
    return emptied, deleted
