"""How long credits last: from days of use to a number of days that nobody laughs at."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.accounts.tenancy import Workspace
from apps.jobs.forecast import LONGEST_DAYS, WINDOW_DAYS, Forecast, forecast, lasts
from apps.ledger.amounts import ZERO, Millicredits
from apps.ledger.balances import Balance, read_balance
from tests.builders import NOW
from tests.jobs.test_usage import charged_job
from tests.ledger.calls import grant, open_workspace

DAY = timedelta(days=1)

days_of_use = st.lists(st.integers(0, 10**7), min_size=WINDOW_DAYS, max_size=WINDOW_DAYS)
credits = st.integers(0, 10**15)
parts = st.lists(st.tuples(st.integers(1, 10**8), st.integers(0, 400)), max_size=5).map(
    lambda found: sorted(found, key=lambda part: part[1])
)


@pytest.mark.once
@pytest.mark.parametrize(
    ("spent", "available", "expected"),
    [
        ([116_000] * 28, 1_284_000, Forecast(11, 116_000)),
        ([0] * 28, 1_000_000, None),
        ([0] * 26 + [50_000] * 2, 1_000_000, None),  # young
        ([0] * 25 + [50_000] * 3, 1_000_000, Forecast(20, 50_000)),
        ([50_000] * 14 + [0] * 14, 1_000_000, None),  # not lately
        ([50_000] * 15 + [0] * 13, 1_000_000, Forecast(37, 27_000)),
        ([0, 100_000, 100_000, 100_000, 100_000, 100_000, 0] * 4, 1_000_000, Forecast(13, 74_000)),  # from the first on
        ([10_000] * 27 + [5_000_000], 100_000, Forecast(10, 10_000)),  # a batch
        ([10_000] * 28, 0, Forecast(0, 10_000)),
        ([10_000] * 28, 9_999, Forecast(0, 10_000)),
        ([1] * 28, 10**15, Forecast(LONGEST_DAYS, 1)),
        ([1_240] * 28, 12_400, Forecast(10, 1_200)),
        ([-5_000, 10_000, 10_000, 10_000] * 7, 75_000, Forecast(9, 7_800)),  # more given back than spent
    ],
)
def test_a_number_of_days(spent: list[int], available: int, expected: Forecast | None) -> None:
    assert forecast(spent=spent, available_mc=available) == expected


@pytest.mark.once
def test_what_expires_before_it_is_used_does_not_count() -> None:
    pace = [10_000] * 28
    assert forecast(spent=pace, available_mc=200_000, expiring=[(100_000, 5.0)]) == Forecast(15, 10_000)
    assert forecast(spent=pace, available_mc=200_000, expiring=[(100_000, 15.0)]) == Forecast(20, 10_000)
    assert forecast(spent=pace, available_mc=200_000, expiring=[(100_000, 5.0), (100_000, 6.0)]) == Forecast(6, 10_000)


@pytest.mark.once
@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "less than a day"), (1, "about 1 day"), (11, "about 11 days"), (365, "more than a year")],
)
def test_it_is_said_in_words(days: int, words: str) -> None:
    assert Forecast(days, 1000).words == words


@pytest.mark.once
@given(spent=days_of_use, available=credits, more=credits)
def test_more_credits_last_no_less_and_never_for_ever(spent: list[int], available: int, more: int) -> None:
    found = forecast(spent=spent, available_mc=available)
    longer = forecast(spent=spent, available_mc=available + more)
    assert (found is None) == (longer is None)
    if found and longer:
        assert 0 <= found.days <= longer.days <= LONGEST_DAYS
        assert 0 < found.daily_mc == longer.daily_mc


@pytest.mark.once
@given(spent=days_of_use, available=credits, factor=st.integers(1, 1000))
def test_one_day_out_of_the_ordinary_changes_nothing(spent: list[int], available: int, factor: int) -> None:
    before = forecast(spent=spent, available_mc=available)
    highest = spent.index(max(spent))
    spent[highest] *= factor
    assert forecast(spent=spent, available_mc=available) == before


@pytest.mark.once
@given(pace=st.integers(1, 10**6), expiring=parts, lasting=st.integers(0, 10**9))
def test_credits_go_day_by_day_and_the_next_to_expire_go_first(
    pace: int, expiring: list[tuple[int, int]], lasting: int
) -> None:
    found = forecast(
        spent=[pace] * WINDOW_DAYS,
        available_mc=lasting + sum(amount for amount, _ in expiring),
        expiring=[(amount, float(days)) for amount, days in expiring],
    )
    time = Fraction(0)
    for amount, days in [*expiring, (lasting, 10**12)]:
        time += min(Fraction(amount, pace), max(Fraction(0), days - time))
    assert found is not None
    assert found.days == min(int(time), LONGEST_DAYS)


@pytest.fixture
def workspace(catalog: None) -> Workspace:
    return open_workspace()


def test_it_is_read_from_charges_and_the_balance(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    grant(workspace, 100_000)
    for days in range(1, 8):
        charged_job(workspace, 2_000, at=NOW - days * DAY)
    charged_job(workspace, 40_000, at=NOW)  # today is not over
    elsewhere = open_workspace("Elsewhere")
    grant(elsewhere, 10**6)
    charged_job(elsewhere, 90_000, at=NOW - DAY)
    balance = read_balance(workspace=workspace, now=NOW)
    assert balance.available_mc == 46_000
    with django_assert_num_queries(2):
        found = lasts(workspace=workspace, balance=balance, now=NOW)
    assert found == Forecast(23, 2_000)


def test_days_are_those_of_utc_and_of_four_weeks(workspace: Workspace) -> None:
    grant(workspace, 10**6)
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    balance = Balance(Millicredits(50_000), ZERO, ZERO, ZERO, ())
    for at in (midnight - 28 * DAY, midnight - DAY, midnight - timedelta(seconds=1)):
        charged_job(workspace, 1_400, at=at)
    charged_job(workspace, 90_000, at=midnight - 28 * DAY - timedelta(seconds=1))
    charged_job(workspace, 90_000, at=midnight)
    assert lasts(workspace=workspace, balance=balance, now=NOW) is None  # two days of use
    charged_job(workspace, 1_400, at=midnight - 2 * DAY)
    assert lasts(workspace=workspace, balance=balance, now=NOW) == Forecast(333, 200)
