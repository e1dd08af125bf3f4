"""A month of the ledger: what was there, what came and went, what is there."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.kinds import LotKind
from apps.ledger.models import Hold, Lot
from apps.ledger.months import Months, read_months
from tests.builders import NOW
from tests.ledger.calls import claim, grant, open_workspace, place, settle, totals

DAY = timedelta(days=1)
STAFF = UUID(int=5)


def test_everything_that_came_and_went_has_its_line(workspace: Workspace) -> None:
    sold = grant(workspace, 1_000, kind=LotKind.PURCHASE, now=NOW - 40 * DAY)
    grant(workspace, 100, kind=LotKind.SIGNUP, expires_at=NOW + DAY, now=NOW)
    job = place(workspace, 300, now=NOW)
    settle(job, 250, now=NOW)
    place(workspace, 70, now=NOW)
    posting.uncapture(hold=job, amount_mc=Millicredits(20), reason="late", actor_id=None, now=NOW)
    posting.expire_due(now=NOW + 2 * DAY)
    for amount in (-5, 9):
        posting.adjust(
            workspace=workspace, amount_mc=Millicredits(amount), reason="x", actor_id=STAFF, key=str(amount), now=NOW
        )
    claim(sold, revoke=400, freeze=100, now=NOW)
    found = read_months(workspace=workspace, since=NOW - DAY, until=NOW + 3 * DAY)
    assert (found.opening_mc, found.spent_mc, found.returned_mc) == (1_000, 250, 20)
    assert found.came_mc == {LotKind.SIGNUP: 100, LotKind.ADJUSTMENT: 9}
    assert (found.taken_back_mc, found.frozen_mc, found.corrected_mc) == (400, 100, 5)
    assert found.closing_mc == totals(workspace).available + totals(workspace).held


Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["grant", "hold", "settle", "uncapture", "claim", "adjust", "expire"]),
        st.integers(1, 60),
        st.integers(0, 20),  # days that pass before it
    ),
    max_size=25,
)


def play(workspace: Workspace, history: list[Step]) -> datetime:
    """Make a past; what the ledger refuses does not happen. Returns when it ends."""
    now, lots, holds = NOW - 200 * DAY, list[Lot](), list[Hold]()
    for number, (what, amount, days) in enumerate(history):
        now += days * DAY
        try:
            _step(workspace, what, amount, number, lots, holds, now)
        except DomainError:
            continue
    return now


def _step(
    workspace: Workspace, what: str, amount: int, number: int, lots: list[Lot], holds: list[Hold], now: datetime
) -> None:
    match what:
        case "grant":
            kind = (LotKind.PURCHASE, LotKind.PROMO)[amount % 2]
            expires_at = now + (amount % 30 + 1) * DAY if amount % 3 == 0 else None
            lots.append(grant(workspace, amount * 3, kind=kind, expires_at=expires_at, now=now))
        case "hold":
            holds.append(place(workspace, amount, now=now))
        case "settle" if holds:
            settle(holds[number % len(holds)], amount, now=now, is_our_fault=amount % 2 == 0)
        case "uncapture" if holds:
            posting.uncapture(
                hold=holds[number % len(holds)],
                amount_mc=Millicredits(amount // 2 + 1),
                reason=str(number),
                actor_id=None,
                now=now,
            )
        case "claim" if lots:
            claim(lots[number % len(lots)], revoke=amount, freeze=number % 7, now=now)
        case "adjust":
            posting.adjust(
                workspace=workspace,
                amount_mc=Millicredits(amount if amount % 2 else -amount),
                reason="x",
                actor_id=STAFF,
                key=f"adjust:{number}",
                now=now,
            )
        case "expire":
            posting.expire_due(now=now)


@given(history=steps, cuts=st.lists(st.integers(0, 500), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_one_month_ends_where_the_next_begins(db: None, history: list[Step], cuts: list[int]) -> None:
    workspace: Any = open_workspace()
    end = play(workspace, history) + DAY
    edges = sorted({NOW - 300 * DAY, end, *(min(NOW - 300 * DAY + cut * DAY, end) for cut in cuts)})
    months: list[Months] = [
        read_months(workspace=workspace, since=since, until=until) for since, until in pairwise(edges)
    ]
    assert months[0].opening_mc == 0
    for before, after in pairwise(months):
        assert before.closing_mc == after.opening_mc
    assert months[-1].closing_mc == totals(workspace).available + totals(workspace).held
    whole = read_months(workspace=workspace, since=edges[0], until=edges[-1])
    assert sum(one.spent_mc for one in months) == whole.spent_mc
