"""The periods a limit may be counted over: when one begins and ends. All of them are of the calendar in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import models


class Period(models.TextChoices):
    """How long a limit lasts before it is counted from zero again."""

    DAY = "day", "daily"
    WEEK = "week", "weekly"  # of ISO 8601: from Monday on
    MONTH = "month", "monthly"
    LIFETIME = "lifetime", "lifetime"  # never counted anew


RECURRING: Final = (Period.DAY, Period.WEEK, Period.MONTH)

_INTO_NEXT: Final = {Period.DAY: timedelta(days=1), Period.WEEK: timedelta(days=7), Period.MONTH: timedelta(days=31)}


def start_of(period: Period, now: datetime) -> datetime | None:
    """Return the moment at which the period around ``now`` began; None: it has no beginning."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            return midnight
        case Period.WEEK:
            return midnight - timedelta(days=midnight.weekday())
        case Period.MONTH:
            return midnight.replace(day=1)
        case Period.LIFETIME:
            return None


def next_start(period: Period, now: datetime) -> datetime | None:
    """Return the moment at which the period after ``now``'s begins; None: there is none."""
    start = start_of(period, now)
    return None if start is None else start_of(period, start + _INTO_NEXT[period])
