"""Alarms: letters to the people who run this installation, about what does not mend itself."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from apps.accounts.models import User
from apps.mail import letterhead, letters


def raise_alarm(*, key: str, subject: str, lines: Sequence[str], page: str, now: datetime) -> None:
    """Write to everyone who hears alarms: those whom EASEL_ALARM_TO names, or else all superusers.

    Joins the caller's transaction. ``key`` names the fact, in at most 150 characters: each of them is told once.
    ``page`` is the address of where more can be seen.
    """
    for address in _listeners():
        reader = hashlib.sha256(address.encode()).hexdigest()[:16]
        letters.post(
            key=f"{key}:{reader}",
            template="alarm",
            to=address,
            context={"summary": subject, "lines": list(lines), "page": page},
            now=now,
        )


def _listeners() -> list[str]:
    named = letterhead.current().alarm_to
    if named:
        return list(named)
    return list(User.objects.filter(is_active=True, is_superuser=True).order_by("pk").values_list("email", flat=True))
