"""How long credits last, at the pace of the last weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from apps.accounts.tenancy import Workspace
from apps.jobs.usage import GroupBy, usage
from apps.ledger.amounts import PER_CREDIT
from apps.ledger.balances import Balance

WINDOW_DAYS: Final = 28  # whole weeks: a week-end weighs what it does
LEAST_DAYS: Final = 3  # of use: one afternoon is no pace
LATELY_DAYS: Final = 14  # whoever has used nothing since has no pace any more
LONGEST_DAYS: Final = 365  # farther than that nobody can see
_ASIDE: Final = 10  # one of so many days of use is set aside


@dataclass(frozen=True, slots=True)
class Forecast:
    """Credits last about ``days`` days, at about ``daily_mc`` a day. 365 days stand for that and more."""

    days: int
    daily_mc: int

    @property
    def words(self) -> str:
        """``about 11 days``, ``less than a day``, ``more than a year``."""
        if self.days >= LONGEST_DAYS:
            return "more than a year"
        return f"about {self.days} day{'s' if self.days > 1 else ''}" if self.days else "less than a day"


def lasts(*, workspace: Workspace, balance: Balance, now: datetime) -> Forecast | None:
    """Tell how long a balance lasts; None: it was not used enough yet, or not lately, to tell. Two queries.

    Today does not count: it is not over. What expires before it would be used does not, either.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=WINDOW_DAYS)
    spent = [0] * WINDOW_DAYS
    for one in usage(workspace=workspace, by=GroupBy.DAY, since=since, until=today):
        spent[(one.day - since.date()).days] += one.spent_mc
    day = timedelta(days=1)
    expiring = [(amount_mc, (at - now) / day) for amount_mc, at in balance.expiring]
    return forecast(spent=spent, available_mc=balance.available_mc, expiring=expiring)


def forecast(*, spent: Sequence[int], available_mc: int, expiring: Sequence[tuple[int, float]] = ()) -> Forecast | None:
    """Work out how long millicredits last, from what was spent on each whole day, the oldest first.

    ``expiring`` are parts of what is available and the days until they expire, soonest first.
    """
    pace = _pace(spent)
    if pace is None:
        return None
    lasting = available_mc - sum(amount for amount, _ in expiring)
    used = 0.0
    for amount, days in expiring:
        used += min(amount, max(0.0, pace * days - used))
    days = int((used + lasting) / pace)
    return Forecast(min(days, LONGEST_DAYS), _round(pace))


def _pace(spent: Sequence[int]) -> float | None:
    """Millicredits a day since the first day of use; None: too few days to say.

    The highest tenth of the days of use, and one at least, count no more than the highest below them: a batch that was
    run once is not how people work.
    """
    first = next((index for index, amount in enumerate(spent) if amount > 0), len(spent))
    days = [max(0, amount) for amount in spent[first:]]
    of_use = sorted(amount for amount in days if amount)
    if len(of_use) < LEAST_DAYS or not any(days[-LATELY_DAYS:]):
        return None
    aside = -(-len(of_use) // _ASIDE)
    most = of_use[-1 - aside]
    return sum(min(amount, most) for amount in days) / len(days)


def _round(pace: float) -> int:
    """To whole credits, where they are many; a guess has no more digits."""
    unit = PER_CREDIT if pace >= 10 * PER_CREDIT else PER_CREDIT // 10
    return round(pace / unit) * unit or max(1, round(pace))
