"""What happened, a line an operation."""

from dataclasses import asdict
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger import statement as statement_module
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Entry, Lot, LotKind, Operation, Wallet
from apps.ledger.statement import Wanted, statement, whole_statement
from tests.builders import NOW
from tests.ledger.calls import HOUR, claim, grant, limit, open_workspace, place, settle, totals

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
        "balance_mc": 300,
        "job_id": hold.job_id,
        "purchase_id": None,
        "reason": "",
        "actor_id": MEMBER,
        "created_at": NOW,
        "first_seq": 2,
        "last_seq": 2,
    }
    assert (adjusted.reason, adjusted.actor_id, adjusted.job_id) == ("Sorry", MEMBER, None)
    assert adjusted.created_at == NOW + HOUR


def test_pages_follow_one_another_in_three_queries_each(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(7):
        grant(workspace, 100 + number)
    grant(open_workspace("Elsewhere"), 5)
    amounts, after = [], None
    while True:
        with django_assert_num_queries(3):
            page = statement(workspace=workspace, limit=3, after=after)
        amounts.append([line.amount_mc for line in page])
        if len(page) < 3:
            break
        after = page[-1].id
    assert amounts == [[106, 105, 104], [103, 102, 101], [100]]


def busy(workspace: Workspace) -> None:
    """Some of everything, with entries that are many to an operation."""
    lots = [grant(workspace, 300 + number, kind=LotKind.PURCHASE) for number in range(3)]
    grant(workspace, 50, expires_at=NOW + HOUR)
    holds = [place(workspace, 200, spender=posting.Spender(MEMBER, None, None)) for _ in range(4)]
    for hold in holds[:3]:
        settle(hold, 150)
    claim(lots[0], revoke=300)
    posting.expire_due(now=NOW + HOUR)
    posting.uncapture(hold=holds[1], amount_mc=Millicredits(40), reason="late", actor_id=None, now=NOW + HOUR)
    claim(lots[0])


def test_every_line_tells_the_balance_it_left(workspace: Workspace) -> None:
    busy(workspace)
    page = statement(workspace=workspace, limit=100)
    assert page[0].balance_mc == totals(workspace).available
    for line, older in pairwise(page):
        assert line.balance_mc == older.balance_mc + line.available_delta_mc
        assert line.first_seq == older.last_seq + 1
    assert page[-1].balance_mc == page[-1].available_delta_mc
    assert list(whole_statement(workspace=workspace)) == page


def test_a_page_and_a_filter_tell_the_same_balances(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(workspace)
    every = {line.id: line for line in statement(workspace=workspace, limit=100)}
    monkeypatch.setattr(statement_module, "_AT_ONCE", 2)
    for wanted in (
        Wanted(kinds=frozenset({Operation.Kind.GRANT})),
        Wanted(kinds=frozenset({Operation.Kind.SETTLE, Operation.Kind.PAYMENT})),
        Wanted(member_id=MEMBER),
        Wanted(),
    ):
        whole = list(whole_statement(workspace=workspace, wanted=wanted))
        assert whole == [line for line in every.values() if line in whole]
        paged, after = [], None
        while page := statement(workspace=workspace, limit=3, after=after, wanted=wanted):
            paged += page
            after = page[-1].id
        assert paged == whole
        assert whole


def test_lines_stand_in_the_order_of_the_books_not_of_their_ids(workspace: Workspace) -> None:
    """A clock that is behind gives an operation an id that sorts before the one that came before it."""
    grant(workspace, 100)
    lot = Lot.objects.for_workspace(workspace).get()
    late = Operation.objects.create(
        id=UUID(int=1), workspace=workspace, key="late", kind="hold", request_hash="", result={}, created_at=NOW
    )
    entry = {"workspace": workspace, "operation": late, "lot": lot, "created_at": NOW}
    Entry.objects.create(**entry, seq=2, src="available", dst="held", amount_mc=30)
    Lot.objects.filter(pk=lot.pk).update(available_mc=70, held_mc=30)
    Wallet.objects.for_workspace(workspace).update(available_mc=70, held_mc=30, seq=2)
    first, second = statement(workspace=workspace, limit=9)
    assert (first.kind, first.balance_mc, second.kind, second.balance_mc) == ("hold", 70, "grant", 100)
    assert statement(workspace=workspace, limit=9, after=first.id) == [second]


def test_filters_find_what_they_say(workspace: Workspace) -> None:
    elsewhere = open_workspace("Elsewhere")
    sold = grant(workspace, 1000, kind=LotKind.PURCHASE)
    grant(elsewhere, 1000, kind=LotKind.PURCHASE)
    key, project = UUID(int=8), UUID(int=9)
    mine = place(workspace, 100, spender=posting.Spender(MEMBER, None, None))
    settle(mine, 60, now=NOW + HOUR)
    place(workspace, 10, spender=posting.Spender(None, key, project))
    claim(sold, revoke=500, now=NOW + 2 * HOUR)
    posting.adjust(
        workspace=workspace, amount_mc=Millicredits(9), reason="Sorry, ÄRGER", actor_id=MEMBER, key="a", now=NOW
    )

    def kinds(**wanted: Any) -> list[str]:  # what Wanted takes
        return [line.kind for line in statement(workspace=workspace, limit=50, wanted=Wanted(**wanted))]

    assert kinds() == ["adjust", "payment", "hold", "settle", "hold", "grant"]
    assert kinds(job_id=mine.job_id) == ["settle", "hold"]
    assert kinds(purchase_id=sold.purchase_id) == ["payment", "grant"]
    assert kinds(member_id=MEMBER) == ["adjust", "settle", "hold"]
    assert kinds(api_key_id=key) == ["hold"]
    assert kinds(project_id=project) == ["hold"]
    assert kinds(since=NOW + HOUR) == ["payment", "settle"]
    assert kinds(since=NOW + HOUR, until=NOW + 2 * HOUR) == ["settle"]
    assert kinds(words="sorry") == ["adjust"]
    assert kinds(words="sorry", member_id=key) == []
    assert kinds(kinds=frozenset({Operation.Kind.HOLD}), member_id=MEMBER) == ["hold"]
    found = statement(workspace=workspace, limit=50, wanted=Wanted(purchase_id=sold.purchase_id))
    assert {line.purchase_id for line in found} == {sold.purchase_id}
