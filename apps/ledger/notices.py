"""Notices that wait to be handled. They are written by the operations that cross a line, and nowhere else."""

from collections.abc import Collection
from datetime import datetime

from apps.ledger.models import Notice


def due(*, kinds: Collection[Notice.Kind], limit: int) -> list[Notice]:
    """Return notices of these kinds that nobody has handled, oldest first, with their workspaces."""
    waiting = Notice.objects.filter(handled_at=None, kind__in=kinds)
    return list(waiting.select_related("workspace").order_by("id")[:limit])


def mark_handled(*, notice: Notice, now: datetime) -> bool:
    """Note that a notice was handled; False if somebody else did so before.

    Called first in a transaction, it gives whatever else that does to the one whose transaction commits.
    """
    return Notice.objects.filter(pk=notice.pk, handled_at=None).update(handled_at=now) == 1
