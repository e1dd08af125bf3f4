"""Limits on the shared wallet."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from apps.accounts.tenancy import Workspace
from apps.ids import to_public
from apps.ledger import budgets, posting
from apps.ledger.amounts import LARGEST, Millicredits
from apps.ledger.models import Budget, Notice
from tests.builders import NOW
from tests.ledger.calls import everything, faults, grant, open_workspace, place, settle, told

MEMBER, API_KEY, PROJECT = (UUID(int=number) for number in (1, 2, 3))
SPENDER = posting.Spender(member_id=MEMBER, api_key_id=API_KEY, project_id=PROJECT)
DAY, WEEK, MONTH, LIFETIME = Budget.Period
NEXT_MONTH = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BEGINNINGS = [  # NOW is a Saturday
    (DAY, datetime(2026, 11, 22, tzinfo=UTC)),
    (WEEK, datetime(2026, 11, 23, tzinfo=UTC)),
    (MONTH, NEXT_MONTH),
]


@pytest.fixture(autouse=True)
def _credits(workspace: Workspace) -> None:
    grant(workspace, 10_000)


def limit(
    workspace: Workspace,
    amount: int | None,
    kind: Budget.Subject = Budget.Subject.MEMBER,
    *,
    period: Budget.Period = LIFETIME,
    subject_id: UUID | None = None,
    now: datetime = NOW,
) -> Budget:
    ids = {Budget.Subject.MEMBER: MEMBER, Budget.Subject.API_KEY: API_KEY, Budget.Subject.PROJECT: PROJECT}
    return posting.set_budget(
        workspace=workspace,
        subject_kind=kind,
        subject_id=subject_id or ids[kind],
        limit_mc=None if amount is None else Millicredits(amount),
        period=period,
        actor_id=uuid4(),
        now=now,
    ).budget


def counts(budget: Budget) -> tuple[int, int]:
    budget.refresh_from_db()
    return budget.used_mc, budget.held_mc


def test_a_budget_counts_what_is_held_and_what_is_spent(workspace: Workspace) -> None:
    budget = limit(workspace, 1000)
    hold = place(workspace, 600, spender=SPENDER)
    assert counts(budget) == (0, 600)
    settle(hold, 500)
    assert counts(budget) == (500, 0)
    posting.uncapture(hold=hold, amount_mc=Millicredits(200), reason="late", actor_id=None, now=NOW)
    assert counts(budget) == (300, 0)
    assert faults() == []


def test_a_hold_past_a_budget_is_refused_and_leaves_nothing(workspace: Workspace) -> None:
    limit(workspace, 1000)
    place(workspace, 600, spender=SPENDER)
    before = everything(workspace)
    with pytest.raises(posting.SpendLimitReached) as refusal:
        place(workspace, 401, spender=SPENDER)
    assert refusal.value.details == {
        "subject_kind": "member",
        "subject": to_public("member", MEMBER),
        "period": "lifetime",
        "required": 0.401,
        "limit": 1,
        "remaining": 0.4,
        "resets_at": None,
    }
    assert str(refusal.value) == "This needs 0.401 credits, and the lifetime limit of this person has 0.4 left."
    assert everything(workspace) == before
    place(workspace, 400, spender=SPENDER)


def test_the_tightest_of_several_budgets_decides(workspace: Workspace) -> None:
    roomy = limit(workspace, 5000)
    limit(workspace, 1000, Budget.Subject.API_KEY)
    unlimited = limit(workspace, None, Budget.Subject.PROJECT)
    with pytest.raises(posting.SpendLimitReached) as refusal:
        place(workspace, 1001, spender=SPENDER)
    assert refusal.value.details["subject_kind"] == "api_key"
    assert (counts(roomy), counts(unlimited)) == ((0, 0), (0, 0))
    place(workspace, 1000, spender=SPENDER)
    assert (counts(roomy), counts(unlimited)) == ((0, 1000), (0, 1000))
    assert faults() == []


def test_others_are_not_bound(workspace: Workspace) -> None:
    limit(workspace, 0)
    elsewhere = open_workspace("Elsewhere")
    grant(elsewhere, 1000)
    place(elsewhere, 500, spender=SPENDER)  # the same person in another workspace
    place(workspace, 500, spender=posting.Spender(uuid4(), None, None))
    # An id is of one kind: a project that happens to have the member's id is none.
    place(workspace, 500, spender=posting.Spender(None, None, MEMBER))
    with pytest.raises(posting.SpendLimitReached):
        place(workspace, 1, spender=SPENDER)


@pytest.mark.parametrize(("period", "begins"), BEGINNINGS)
def test_a_period_begins_with_nothing_spent(workspace: Workspace, period: Budget.Period, begins: datetime) -> None:
    budget = limit(workspace, 1000, period=period, now=begins - SECOND)
    first = place(workspace, 1000, spender=SPENDER, now=begins - SECOND)
    with pytest.raises(posting.SpendLimitReached) as refusal:
        place(workspace, 1, spender=SPENDER, now=begins - SECOND)
    assert refusal.value.details["resets_at"] == begins
    assert sum(budgets.current_usage(budget=Budget.objects.get(), now=begins - SECOND)) == 1000
    assert sum(budgets.current_usage(budget=Budget.objects.get(), now=begins)) == 0
    second = place(workspace, 700, spender=SPENDER, now=begins)
    assert counts(budget) == (0, 700)
    settle(first, 900, now=begins)  # counts in the period it was placed in
    assert counts(budget) == (0, 700)
    settle(second, 600, now=begins)
    assert counts(budget) == (600, 0)
    posting.uncapture(hold=first, amount_mc=Millicredits(900), reason="late", actor_id=None, now=begins)
    assert counts(budget) == (600, 0)
    assert budget.period_start == begins
    assert faults(begins) == []


@pytest.mark.parametrize(("period", "begins"), BEGINNINGS)
def test_a_clock_that_is_behind_gets_no_second_period(
    workspace: Workspace, period: Budget.Period, begins: datetime
) -> None:
    budget = limit(workspace, 1000, period=period, now=begins)
    place(workspace, 1000, spender=SPENDER, now=begins)
    with pytest.raises(posting.SpendLimitReached) as refusal:
        place(workspace, 1, spender=SPENDER, now=begins - SECOND)
    assert refusal.value.details["resets_at"] == budgets.resets_at(budget=budget, now=begins)
    assert refusal.value.details["resets_at"] > begins
    limit(workspace, 2000, period=period, now=begins)
    late = place(workspace, 600, spender=SPENDER, now=begins - SECOND)
    assert counts(budget) == (0, 1000)
    settle(late, 600, now=begins)
    assert counts(budget) == (0, 1000)
    assert faults(begins) == []


def test_a_hold_counts_in_each_of_its_budgets_by_their_own_periods(workspace: Workspace) -> None:
    daily = limit(workspace, 1000, period=DAY)
    weekly = limit(workspace, 1500, Budget.Subject.API_KEY, period=WEEK)
    lasting = limit(workspace, 2000, Budget.Subject.PROJECT)
    place(workspace, 1000, spender=SPENDER)
    place(workspace, 400, spender=SPENDER, now=NOW + timedelta(days=1))  # a Sunday
    assert (counts(daily), counts(weekly), counts(lasting)) == ((0, 400), (0, 1400), (0, 1400))
    with pytest.raises(posting.SpendLimitReached) as refusal:
        place(workspace, 200, spender=SPENDER, now=NOW + timedelta(days=1))
    assert refusal.value.details["subject_kind"] == "api_key"
    assert refusal.value.details["resets_at"] == datetime(2026, 11, 23, tzinfo=UTC)
    place(workspace, 200, spender=SPENDER, now=NOW + timedelta(days=2))
    assert (counts(daily), counts(weekly), counts(lasting)) == ((0, 200), (0, 200), (0, 1600))
    assert faults(NOW + timedelta(days=2)) == []


def test_of_many_holds_in_one_transaction_each_counts_or_none(workspace: Workspace) -> None:
    """Several admissions under one commit see each other; a refusal of the last takes the first with it."""
    for kind, amount in ((Budget.Subject.MEMBER, 1000), (Budget.Subject.API_KEY, 900), (Budget.Subject.PROJECT, 5000)):
        limit(workspace, amount, kind, period=DAY)
    before = everything(workspace)

    def place_all(count: int) -> None:
        with transaction.atomic():
            for _ in range(count):
                place(workspace, 100, spender=SPENDER)

    with pytest.raises(posting.SpendLimitReached) as refusal:
        place_all(10)
    assert refusal.value.details["subject_kind"] == "api_key"
    assert everything(workspace) == before
    place_all(9)
    assert set(Budget.objects.values_list("used_mc", "held_mc")) == {(0, 900)}
    assert faults() == []


def test_a_new_budget_knows_what_was_spent_before(workspace: Workspace) -> None:
    settle(place(workspace, 500, spender=SPENDER), 400)
    place(workspace, 300, spender=SPENDER)
    place(workspace, 250, spender=SPENDER, now=NEXT_MONTH)
    assert counts(limit(workspace, 100)) == (400, 550)
    assert counts(limit(workspace, 100, period=MONTH, now=NEXT_MONTH)) == (0, 250)
    assert counts(limit(workspace, 100, period=LIFETIME, now=NEXT_MONTH)) == (400, 550)
    with pytest.raises(posting.SpendLimitReached) as refusal:
        place(workspace, 1, spender=SPENDER)
    assert refusal.value.details["remaining"] == 0
    assert faults(NEXT_MONTH) == []


def test_a_limit_that_is_near_and_one_that_is_reached_are_told(workspace: Workspace) -> None:
    limit(workspace, 1000)
    place(workspace, 799, spender=SPENDER)
    assert told(workspace) == []
    place(workspace, 1, spender=SPENDER)
    assert told(workspace) == [("budget_near", 200, 1000)]
    place(workspace, 200, spender=SPENDER)
    assert told(workspace)[1:] == [("budget_reached", 0, 1000)]
    notice = Notice.objects.for_workspace(workspace).earliest("id")
    assert (notice.subject_kind, notice.subject_id, notice.created_at) == ("member", MEMBER, NOW)


def test_a_limit_crossed_at_once_is_told_as_near_and_as_reached(workspace: Workspace) -> None:
    limit(workspace, 1000)
    limit(workspace, 500, Budget.Subject.PROJECT)
    limit(workspace, None, Budget.Subject.API_KEY)
    limit(open_workspace("Elsewhere"), 1)
    place(workspace, 500, spender=SPENDER)
    assert told(workspace) == [("budget_near", 0, 500), ("budget_reached", 0, 500)]
    assert {one.subject_id for one in Notice.objects.for_workspace(workspace)} == {PROJECT}


@pytest.mark.parametrize(("period", "beginning"), BEGINNINGS)
def test_a_limit_is_told_once_a_period(workspace: Workspace, period: Budget.Period, beginning: datetime) -> None:
    limit(workspace, 1000, period=period)
    for now in (NOW, NOW + SECOND, beginning - SECOND):
        settle(place(workspace, 900, spender=SPENDER, now=now), 0, now=now)
    assert told(workspace) == [("budget_near", 100, 1000)]
    for now in (beginning, beginning + SECOND):
        settle(place(workspace, 800, spender=SPENDER, now=now), 0, now=now)
    assert told(workspace)[1:] == [("budget_near", 200, 1000)]


def test_a_limit_that_was_raised_is_told_again(workspace: Workspace) -> None:
    limit(workspace, 1000)
    place(workspace, 1000, spender=SPENDER)
    limit(workspace, 2000)
    place(workspace, 600, spender=SPENDER)
    assert told(workspace)[2:] == [("budget_near", 400, 2000)]


def test_a_refused_hold_tells_nothing(workspace: Workspace) -> None:
    limit(workspace, 20_000)
    limit(workspace, 100, Budget.Subject.PROJECT)
    for amount in (18_000, 101):
        with pytest.raises((posting.SpendLimitReached, posting.InsufficientCredits)):
            place(workspace, amount, spender=SPENDER)
    assert told(workspace) == []


def test_keys_fit_their_column(workspace: Workspace) -> None:
    """The longest that can be: an API key's monthly limit of as much as there can be."""
    limit(workspace, LARGEST, Budget.Subject.API_KEY, period=MONTH, subject_id=UUID(int=2**128 - 1))
    who = posting.Spender(None, UUID(int=2**128 - 1), None)
    grant(workspace, LARGEST - 10_000)
    place(workspace, LARGEST, spender=who)
    longest = max(len(one.key) for one in Notice.objects.for_workspace(workspace))
    assert 100 < longest <= (Notice._meta.get_field("key").max_length or 0)
