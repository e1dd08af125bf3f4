"""What happened, a line an operation."""

from dataclasses import asdict
from uuid import UUID, uuid4

from pytest_django import DjangoAssertNumQueries

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import LotKind, Operation
from apps.ledger.statement import statement
from tests.builders import NOW
from tests.ledger.calls import HOUR, claim, grant, limit, open_workspace, place, settle

MEMBER = UUID(int=7)


def lines(workspace: Workspace) -> list[tuple[str, int, int, int]]:
    """The oldest first: kind, change of available, change of held, amount."""
    page = statement(workspace=workspace, limit=50)
    return [(line.kind, line.available_delta_mc, line.held_delta_mc, line.amount_mc) for line in reversed(page)]


def test_every_kind_of_operation_is_a_line(workspace: Workspace) -> None:
    lot = grant(workspace, 1000, kind=LotKind.PURCHASE)
    grant(workspace, 100, expires_at=NOW + HOUR)
    limit(workspace, None, member_id=MEMBER)
    hold = place(workspace, 700)
    settle(hold, 500)
    settle(place(workspace, 50), 0)
    posting.expire_due(now=NOW + HOUR)
    posting.uncapture(hold=hold, amount_mc=Millicredits(200), reason="late", actor_id=None, now=NOW + HOUR)
    for amount in (-60, 40):
        posting.adjust(
            workspace=workspace,
            amount_mc=Millicredits(amount),
            reason="Sorry",
            actor_id=MEMBER,
            key=f"adjust:{amount}",
            now=NOW + HOUR,
        )
    claim(lot, revoke=1000, now=NOW + HOUR)
    assert lines(workspace) == [
        ("grant", 1000, 0, 1000),
        ("grant", 100, 0, 100),
        ("hold", -700, 700, 700),
        ("settle", 200, -700, 500),
        ("hold", -50, 50, 50),
        ("settle", 50, -50, 0),
        ("uncapture", 200, 0, 200),
        ("adjust", -60, 0, 60),
        ("adjust", 40, 0, 40),
        ("payment", -780, 0, 940),  # 740 unused and 200 used taken back; 40 went into the debt
    ]


def test_an_expiry_is_a_line(workspace: Workspace) -> None:
    grant(workspace, 100, expires_at=NOW + HOUR)
    posting.expire_due(now=NOW + HOUR)
    assert lines(workspace)[1:] == [("expire", -100, 0, 100)]


def test_a_line_tells_who_why_and_for_which_job(workspace: Workspace) -> None:
    grant(workspace, 1000)
    job_id = uuid4()
    hold = place(workspace, 700, job_id=job_id, spender=posting.Spender(MEMBER, None, None))
    posting.adjust(
        workspace=workspace, amount_mc=Millicredits(9), reason="Sorry", actor_id=MEMBER, key="a", now=NOW + HOUR
    )
    adjusted, held, _ = statement(workspace=workspace, limit=3)
    assert asdict(held) == {
        "id": Operation.objects.get(key=f"hold:{job_id}").pk,
        "kind": "hold",
        "available_delta_mc": -700,
        "held_delta_mc": 700,
        "amount_mc": 700,
        "job_id": hold.job_id,
        "reason": "",
        "actor_id": MEMBER,
        "created_at": NOW,
    }
    assert (adjusted.reason, adjusted.actor_id, adjusted.job_id) == ("Sorry", MEMBER, None)
    assert adjusted.created_at == NOW + HOUR


def test_pages_follow_one_another_in_two_queries_each(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(7):
        grant(workspace, 100 + number)
    grant(open_workspace("Elsewhere"), 5)
    amounts, after = [], None
    while True:
        with django_assert_num_queries(2):
            page = statement(workspace=workspace, limit=3, after=after)
        amounts.append([line.amount_mc for line in page])
        if len(page) < 3:
            break
        after = page[-1].id
    assert amounts == [[106, 105, 104], [103, 102, 101], [100]]
