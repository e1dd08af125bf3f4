"""Setting limits and moving allowance: once a key, every change kept."""

from uuid import UUID, uuid4

import pytest

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Budget, BudgetEvent, Operation
from tests.builders import NOW
from tests.ledger.calls import everything, faults, grant, place, settle, totals

MEMBER, API_KEY = (
    posting.Subject(Budget.Subject.MEMBER, UUID(int=1)),
    posting.Subject(Budget.Subject.API_KEY, UUID(int=2)),
)
DAY, WEEK, MONTH, LIFETIME = Budget.Period


@pytest.fixture(autouse=True)
def _credits(workspace: Workspace) -> None:
    grant(workspace, 10_000)


def put(
    workspace: Workspace,
    amount: int | None,
    subject: posting.Subject = MEMBER,
    *,
    period: Budget.Period = LIFETIME,
    key: str | None = None,
) -> posting.BudgetSet:
    return posting.set_budget(
        workspace=workspace,
        subject_kind=subject.kind,
        subject_id=subject.id,
        limit_mc=None if amount is None else Millicredits(amount),
        period=period,
        actor_id=uuid4(),
        key=key,
        now=NOW,
    )


def move(workspace: Workspace, amount: int, key: str) -> list[BudgetEvent]:
    return posting.move_budget(
        workspace=workspace,
        source=MEMBER,
        target=API_KEY,
        amount_mc=Millicredits(amount),
        actor_id=None,
        key=key,
        now=NOW,
    )


def changes() -> list[tuple[str, int | None, str, int | None]]:
    rows = BudgetEvent.objects.order_by("pk")
    return list(rows.values_list("period_before", "limit_before_mc", "period", "limit_after_mc"))


def test_changes_of_a_limit_are_kept(workspace: Workspace) -> None:
    budget = put(workspace, 1000).budget
    place(workspace, 400, spender=posting.Spender(MEMBER.id, None, None))
    assert put(workspace, 100).budget == budget  # below what is used: blocks new holds, breaks none
    assert put(workspace, None, period=WEEK).budget.limit_mc is None
    place(workspace, 5000, spender=posting.Spender(MEMBER.id, None, None))
    assert changes() == [
        ("", None, "lifetime", 1000),
        ("lifetime", 1000, "lifetime", 100),
        ("lifetime", 100, "week", None),
    ]
    assert set(BudgetEvent.objects.values_list("operation__kind", flat=True)) == {"budget"}


def test_what_stands_already_is_not_set_again(workspace: Workspace) -> None:
    first = put(workspace, 1000, period=MONTH)
    before = everything(workspace)
    again = put(workspace, 1000, period=MONTH)
    assert (again.budget, again.event) == (first.budget, None)
    assert everything(workspace) == before


def test_a_form_that_comes_late_and_twice_sets_nothing_back(workspace: Workspace) -> None:
    assert put(workspace, 1000, key="form").event is not None
    put(workspace, 500)
    before = everything(workspace)
    late = put(workspace, 1000, key="form")
    assert (late.budget.limit_mc, late.event) == (500, None)
    assert everything(workspace) == before
    with pytest.raises(posting.IdempotencyMismatch):
        put(workspace, 1001, key="form")
    with pytest.raises(posting.IdempotencyMismatch):
        put(workspace, 1000, API_KEY, key="form")
    assert everything(workspace) == before


def test_a_key_that_changed_nothing_is_taken_all_the_same(workspace: Workspace) -> None:
    put(workspace, 1000)
    assert put(workspace, 1000, key="form").event is None
    put(workspace, 500)
    assert put(workspace, 1000, key="form").budget.limit_mc == 500
    assert len(changes()) == 2
    assert Operation.objects.filter(kind="budget").count() == 3


def test_another_period_counts_what_was_spent_in_it(workspace: Workspace) -> None:
    settle(place(workspace, 300, spender=posting.Spender(MEMBER.id, None, None)), 300)
    for period in Budget.Period:
        budget = put(workspace, 1000, period=period).budget
        assert (budget.used_mc, budget.held_mc, budget.period) == (300, 0, period)
    assert faults() == []


def test_allowance_moves_from_one_budget_to_another_once(workspace: Workspace) -> None:
    source, target = put(workspace, 1000).budget, put(workspace, 50, API_KEY).budget
    place(workspace, 300, spender=posting.Spender(MEMBER.id, None, None))
    with pytest.raises(posting.AllowanceInUse):
        move(workspace, 701, "a")
    assert [event.limit_after_mc for event in move(workspace, 700, "a")] == [300, 750]
    assert move(workspace, 700, "a") == []
    source.refresh_from_db()
    target.refresh_from_db()
    assert (source.limit_mc, target.limit_mc) == (300, 750)
    with pytest.raises(posting.IdempotencyMismatch):
        move(workspace, 1, "a")
    put(workspace, 500)
    put(workspace, None, API_KEY)
    with pytest.raises(posting.BudgetNotFound):
        move(workspace, 1, "b")
    assert len(changes()) == 6
    assert totals(workspace) == (9700, 300, 0, 0)


def test_allowance_of_a_week_is_none_of_a_month(workspace: Workspace) -> None:
    put(workspace, 1000, period=WEEK)
    put(workspace, 1000, API_KEY, period=MONTH)
    with pytest.raises(posting.PeriodsDiffer, match="One limit is weekly, the other monthly"):
        move(workspace, 1, "a")
    assert len(changes()) == 2
