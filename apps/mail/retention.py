"""What is not kept for ever: the words of letters and whom they went to. Keys stay, so that none is written twice."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from apps.mail.models import Letter

_KEPT: Final = timedelta(days=90)
_AT_ONCE: Final = 500
_ROUNDS: Final = 200  # a run; the next one goes on

log = structlog.get_logger(__name__)


def prune(*, now: datetime) -> int:
    """Clear old letters that were sent or given up; return how many."""
    old = Letter.objects.filter(due_at=None, created_at__lt=now - _KEPT).exclude(text="")
    cleared = 0
    for _ in range(_ROUNDS):
        some = list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        cleared += Letter.objects.filter(pk__in=some).update(to="", subject="", text="", html="", last_error="")
        if len(some) < _AT_ONCE:
            break
    log.info("letters_pruned", letters=cleared)
    return cleared
