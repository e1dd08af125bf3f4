"""The largest amounts, and wallets with a long past."""

import re
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import LARGEST
from apps.ledger.balances import read_balance
from apps.ledger.models import Lot, LotKind
from apps.ledger.statement import statement
from tests.builders import NOW
from tests.ledger.calls import HOUR, claim, everything, faults, grant, open_workspace, place, settle, totals

PAST_LOTS: Final = 10_000


def test_the_largest_wallet_is_exact(workspace: Workspace) -> None:
    lot = grant(workspace, LARGEST - 1, kind=LotKind.PURCHASE)
    grant(workspace, 1)
    before = everything(workspace)
    with pytest.raises(posting.AmountOutOfRange):
        grant(workspace, 1)
    assert everything(workspace) == before
    hold = place(workspace, LARGEST)
    assert totals(workspace) == (0, LARGEST, 0, 0)
    with pytest.raises(posting.AmountOutOfRange):
        grant(workspace, 1)  # held credits come back
    settle(hold, LARGEST - 1)
    assert totals(workspace) == (1, 0, 0, 0)
    claim(lot, revoke=LARGEST - 1)
    # The lot of 1 burned first, so 1 of the large one was left: it is taken back, and what was used of it is owed.
    assert totals(workspace) == (0, 0, 0, LARGEST - 2)
    assert faults() == []


def test_a_lot_can_be_claimed_beyond_its_size(workspace: Workspace) -> None:
    lot = grant(workspace, 10, kind=LotKind.PURCHASE)
    claim(lot, revoke=LARGEST, freeze=LARGEST)
    assert totals(workspace) == (0, 0, 0, 0)
    assert faults() == []


@pytest.fixture
def old(workspace: Workspace) -> Workspace:
    """A wallet that has used up very many lots."""
    past = Lot(workspace=workspace, kind=LotKind.PROMO, priority=10, created_at=NOW, granted_mc=5, spent_mc=5)
    values = {field.attname: getattr(past, field.attname) for field in Lot._meta.concrete_fields if field.name != "id"}
    Lot.objects.bulk_create([Lot(**values) for _ in range(PAST_LOTS)])
    grant(workspace, 1000)
    grant(workspace, 1000, expires_at=NOW + HOUR)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return workspace


def _queries(workspace: Workspace) -> list[str]:
    """What a balance, a hold, its settlement and a statement ask the database."""
    with CaptureQueriesContext(connection) as queries:
        read_balance(workspace=workspace, now=NOW)
        settle(place(workspace, 1500), 1200)
        statement(workspace=workspace, limit=20)
    return [query["sql"] for query in queries.captured_queries]


def test_the_past_costs_a_balance_and_a_hold_nothing(old: Workspace) -> None:
    """Every query on the way looks its rows up by an index, and there are no more of them than in a new wallet."""
    young = open_workspace("Elsewhere")
    grant(young, 1000)
    grant(young, 1000, expires_at=NOW + HOUR)
    queries = _queries(old)
    assert len(queries) == len(_queries(young))
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    reads = [sql for sql in queries if sql.startswith("SELECT")]
    assert len(reads) == 11
    for sql in reads:
        with connection.cursor() as cursor:
            cursor.execute(f"{explain} {sql}")
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
        assert not re.search(r"Seq Scan on ledger_lot|SCAN (ledger_lot|l)$", plan, re.MULTILINE), plan


def test_a_hold_reaches_past_the_first_page_of_lots(workspace: Workspace) -> None:
    for _ in range(103):
        grant(workspace, 10)
    settle(place(workspace, 1025), 1020)
    assert totals(workspace) == (10, 0, 0, 0)
    assert faults() == []
