"""When a period begins and ends, whatever zone a moment is told in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.ledger.periods import Period, next_start, start_of

SECOND = timedelta(seconds=1)


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.DAY, day(2028, 2, 29), day(2028, 3, 1)),
        (Period.DAY, day(2026, 12, 31), day(2027, 1, 1)),
        (Period.WEEK, day(2026, 12, 28), day(2027, 1, 4)),  # the 53rd week, over the end of the year
        (Period.WEEK, day(2026, 2, 23), day(2026, 3, 2)),
        (Period.MONTH, day(2028, 2, 1), day(2028, 3, 1)),
        (Period.MONTH, day(2026, 12, 1), day(2027, 1, 1)),
        (Period.MONTH, day(2026, 1, 1), day(2026, 2, 1)),
    ],
)
def test_a_period_lasts_from_its_first_moment_to_the_next_ones(period: Period, start: datetime, end: datetime) -> None:
    for moment in (start, start + SECOND, end - timedelta(microseconds=1)):
        assert (start_of(period, moment), next_start(period, moment)) == (start, end)
    assert start_of(period, start - SECOND) == start_of(period, start - timedelta(hours=1)) != start
    assert start_of(period, end) == end


def test_periods_are_of_utc(now: datetime) -> None:
    tokyo = timezone(timedelta(hours=9))
    assert start_of(Period.DAY, datetime(2026, 12, 1, 8, 59, tzinfo=tokyo)) == day(2026, 11, 30)
    assert start_of(Period.MONTH, datetime(2026, 12, 1, 9, 0, tzinfo=tokyo)) == day(2026, 12, 1)


def test_a_lifetime_neither_begins_nor_ends(now: datetime) -> None:
    assert (start_of(Period.LIFETIME, now), next_start(Period.LIFETIME, now)) == (None, None)
