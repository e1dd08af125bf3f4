"""Limits on the shared wallet."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from apps.accounts.tenancy import Workspace
from apps.ledger import budgets, posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Budget, BudgetEvent
from tests.builders import NOW
from tests.ledger.calls import everything, faults, grant, open_workspace, place, settle, totals

MEMBER, API_KEY, PROJECT = (UUID(int=number) for number in (1, 2, 3))
SPENDER = posting.Spender(member_id=MEMBER, api_key_id=API_KEY, project_id=PROJECT)
LIFETIME, MONTH = Budget.Period.LIFETIME, Budget.Period.MONTH
NEXT_MONTH = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


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
    )


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
    assert refusal.value.details == {"subject_kind": "member", "required": 0.401, "limit": 1, "remaining": 0.4}
    assert str(refusal.value) == "This needs 0.401 credits, and the lifetime budget of this member has 0.4 left."
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


def test_a_month_begins_with_nothing_spent(workspace: Workspace) -> None:
    budget = limit(workspace, 1000, period=MONTH)
    first = place(workspace, 1000, spender=SPENDER, now=NEXT_MONTH - SECOND)
    with pytest.raises(posting.SpendLimitReached):
        place(workspace, 1, spender=SPENDER, now=NEXT_MONTH - SECOND)
    assert sum(budgets.current_usage(budget=Budget.objects.get(), now=NEXT_MONTH - SECOND)) == 1000
    assert sum(budgets.current_usage(budget=Budget.objects.get(), now=NEXT_MONTH)) == 0
    second = place(workspace, 700, spender=SPENDER, now=NEXT_MONTH)
    assert counts(budget) == (0, 700)
    settle(first, 900, now=NEXT_MONTH)  # counts in the month it was placed in
    assert counts(budget) == (0, 700)
    settle(second, 600, now=NEXT_MONTH)
    assert counts(budget) == (600, 0)
    posting.uncapture(hold=first, amount_mc=Millicredits(900), reason="late", actor_id=None, now=NEXT_MONTH)
    assert counts(budget) == (600, 0)
    assert faults(NEXT_MONTH) == []


def test_a_clock_that_is_behind_gets_no_second_month(workspace: Workspace) -> None:
    budget = limit(workspace, 1000, period=MONTH)
    place(workspace, 1000, spender=SPENDER, now=NEXT_MONTH)
    with pytest.raises(posting.SpendLimitReached):
        place(workspace, 1, spender=SPENDER, now=NEXT_MONTH - SECOND)
    limit(workspace, 2000, period=MONTH)
    late = place(workspace, 600, spender=SPENDER, now=NEXT_MONTH - SECOND)
    assert counts(budget) == (0, 1000)
    settle(late, 600, now=NEXT_MONTH)
    assert counts(budget) == (0, 1000)
    assert faults(NEXT_MONTH) == []


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


def test_changes_of_a_limit_are_kept(workspace: Workspace) -> None:
    budget = limit(workspace, 1000)
    place(workspace, 400, spender=SPENDER)
    assert limit(workspace, 100) == budget  # below what is used: blocks new holds, breaks none
    assert limit(workspace, None).limit_mc is None
    place(workspace, 5000, spender=SPENDER)
    events = BudgetEvent.objects.order_by("pk").values_list("limit_before_mc", "limit_after_mc", "operation__kind")
    assert list(events) == [(None, 1000, "budget"), (1000, 100, "budget"), (100, None, "budget")]


def test_allowance_moves_from_one_budget_to_another_once(workspace: Workspace) -> None:
    source = limit(workspace, 1000)
    target = limit(workspace, 50, Budget.Subject.API_KEY)
    place(workspace, 300, spender=posting.Spender(MEMBER, None, None))

    def move(amount: int, key: str) -> None:
        posting.move_budget(
            workspace=workspace,
            source=posting.Subject(Budget.Subject.MEMBER, MEMBER),
            target=posting.Subject(Budget.Subject.API_KEY, API_KEY),
            amount_mc=Millicredits(amount),
            actor_id=None,
            key=key,
            now=NOW,
        )

    with pytest.raises(posting.AllowanceInUse):
        move(701, "a")
    for _ in range(2):
        move(700, "a")
    source.refresh_from_db()
    target.refresh_from_db()
    assert (source.limit_mc, target.limit_mc) == (300, 750)
    with pytest.raises(posting.IdempotencyMismatch):
        move(1, "a")
    limit(workspace, 500)
    limit(workspace, None, Budget.Subject.API_KEY)
    with pytest.raises(posting.BudgetNotFound):
        move(1, "b")
    assert BudgetEvent.objects.count() == 6
    assert totals(workspace) == (9700, 300, 0, 0)
