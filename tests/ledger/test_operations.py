"""How an operation is run: whole or not at all, again after a collision, and never inside somebody's retry."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError, transaction

from apps.accounts.tenancy import Workspace
from apps.ledger import posting, reading, seams, writing
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Lot, LotKind, Operation, Wallet
from apps.ledger.operations import Conflict, is_outermost, retry_conflicts
from apps.ledger.rows import EntryRow, LotRow, Rows, WalletRow
from tests.builders import NOW
from tests.ledger.calls import HOUR, alert, claim, everything, faults, grant, limit, place, refill, settle, totals

STEPS = (
    "locked",
    "wallet written",
    "holds and budgets written",
    "lots written",
    "operation written",
    "entries written",
    "notices written",
)
MEMBER = UUID(int=7)
SPENDER = posting.Spender(MEMBER, None, None)


class PowerCut(BaseException):
    """What no handler catches."""


def _prepared(workspace: Workspace) -> dict[str, Callable[[], object]]:
    """Calls of every kind that write, each ready to be made and made again."""
    bought = grant(workspace, 1000, kind=LotKind.PURCHASE)
    grant(workspace, 1000, expires_at=NOW + HOUR)
    limit(workspace, 5000, member_id=MEMBER)
    for set_line in (alert, refill):
        set_line(workspace, 190)
    settled, opened = (place(workspace, 900, spender=SPENDER) for _ in range(2))
    settle(settled, 800)
    job_id, late = uuid4(), NOW + 2 * HOUR
    goodwill = Millicredits(300)
    return {
        "grant": lambda: grant(workspace, 500, key="once"),
        "hold": lambda: place(workspace, 50, job_id=job_id, spender=SPENDER),
        "settle": lambda: settle(opened, 100, now=late, is_our_fault=True),
        "uncapture": lambda: posting.uncapture(
            hold=settled, amount_mc=goodwill, reason="late", actor_id=None, now=late
        ),
        "expire": lambda: posting.expire_due(now=late),
        "adjust": lambda: posting.adjust(
            workspace=workspace, amount_mc=Millicredits(-20), reason="x", actor_id=MEMBER, key="a", now=NOW
        ),
        "payment": lambda: claim(bought, revoke=1000, key="pay"),
    }


@pytest.mark.parametrize("kind", ["grant", "hold", "settle", "uncapture", "expire", "adjust", "payment"])
def test_a_crash_at_any_step_leaves_nothing_and_the_next_call_does_it_once(workspace: Workspace, kind: str) -> None:
    call = _prepared(workspace)[kind]
    before = everything(workspace)
    reached = []
    for step in STEPS:

        def cut(name: str, step: str = step) -> None:
            reached.append(name)
            if name == step:
                raise PowerCut

        with seams.listening(cut), pytest.raises(PowerCut):
            call()
        assert everything(workspace) == before
    assert set(reached) == set(STEPS)
    first = call()
    after = everything(workspace)
    again = call()
    assert after != before
    assert everything(workspace) == after
    assert first == again or kind == "expire"
    assert faults(NOW + 2 * HOUR, but="I10") == []


def test_a_failure_between_two_writes_dooms_a_transaction_that_swallows_it(workspace: Workspace) -> None:
    grant(workspace, 1000)
    before = everything(workspace)

    def cut(name: str) -> None:
        if name == "wallet written":
            raise PowerCut

    with seams.listening(cut), transaction.atomic():
        with pytest.raises(PowerCut):
            place(workspace, 600)
        assert transaction.get_rollback()
    assert everything(workspace) == before


def test_a_collision_is_tried_again() -> None:
    tries: list[int] = []

    @retry_conflicts
    def collides() -> str:
        tries.append(1)
        if len(tries) < 8:
            raise Conflict
        return "done"

    assert collides() == "done"
    assert len(tries) == 8


def test_a_collision_that_does_not_end_is_told() -> None:
    tries: list[int] = []

    @retry_conflicts
    def collides() -> None:
        tries.append(1)
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        collides()
    assert len(tries) == 8


@pytest.mark.parametrize("fault", [OperationalError("no such table"), IntegrityError("CHECK constraint failed: x")])
def test_what_is_no_collision_is_not_tried_again(fault: Exception) -> None:
    tries: list[int] = []

    @retry_conflicts
    def fails() -> None:
        tries.append(1)
        raise fault

    with pytest.raises(type(fault)):
        fails()
    assert len(tries) == 1


def test_whoever_retries_must_be_outermost(workspace: Workspace) -> None:
    @retry_conflicts
    def flow() -> bool:
        return is_outermost()

    assert flow()
    with transaction.atomic(), pytest.raises(AssertionError, match="cannot join another"):
        flow()


def test_numbers_and_keys_that_are_taken_are_collisions(workspace: Workspace) -> None:
    """The unique constraints behind the lock send whoever meets them back to the start."""
    lot = grant(workspace, 1000, key="taken")
    operation = Operation.objects.get()
    rows = Rows()
    wallet = reading.lock_wallet(rows, workspace.pk)
    assert wallet is not None
    entry = EntryRow(rows.id(lot.pk), None, None, "available", "held", 1)
    tries: list[int] = []

    @retry_conflicts
    def number_taken() -> None:
        tries.append(1)
        with transaction.atomic():
            writing.insert_entries(rows, wallet._replace(seq=0), rows.id(operation.pk), [entry], NOW)

    @retry_conflicts
    def key_taken() -> None:
        tries.append(1)
        with transaction.atomic():
            Operation.objects.create(
                workspace=workspace, key="taken", kind="grant", request_hash="", result={}, created_at=NOW
            )

    for function in (number_taken, key_taken):
        tries.clear()
        with pytest.raises(IntegrityError):
            function()
        assert len(tries) == 8


def test_a_wallet_that_has_changed_is_not_written(workspace: Workspace) -> None:
    grant(workspace, 1000)
    rows = Rows()
    wallet = reading.lock_wallet(rows, workspace.pk)
    assert wallet is not None
    less = wallet.totals._replace(available=wallet.totals.available - 600)
    stale = wallet._replace(seq=wallet.seq - 1)
    assert writing.update_wallet(rows, stale, stale._replace(totals=less, seq=wallet.seq)) == 0
    assert writing.update_wallet(rows, wallet, wallet._replace(totals=less)) == 1
    # As if it still had 1000: the amounts are asked for again in the statement itself.
    assert writing.update_wallet(rows, wallet, wallet._replace(totals=less)) == 0


def test_the_database_refuses_what_the_code_would_have_to_get_wrong(workspace: Workspace) -> None:
    lot = grant(workspace, 1000)
    rows = Rows()
    row = next(iter(reading.spendable_lots(rows, _wallet(rows, workspace), NOW, None)))
    below = row.buckets._replace(available=-1, held=1001)
    unbalanced = row.buckets._replace(available=999)
    for buckets in (below, unbalanced):
        with pytest.raises(IntegrityError), transaction.atomic():
            writing.update_lots(rows, [(row, LotRow(*row[:5], buckets))])
    with pytest.raises(IntegrityError), transaction.atomic():
        Wallet.objects.update(available_mc=-1)
    operation = rows.id(Operation.objects.get().pk)
    for src, dst, amount in [
        ("spent", "held", 1),
        ("issued", "spent", 1),
        ("held", "held", 1),
        ("issued", "available", 0),
    ]:
        entry = EntryRow(rows.id(lot.pk), None, None, src, dst, amount)
        with pytest.raises(IntegrityError), transaction.atomic():
            writing.insert_entries(rows, _wallet(rows, workspace), operation, [entry], NOW)
    assert Lot.objects.get() == lot
    assert totals(workspace) == (1000, 0, 0, 0)


def _wallet(rows: Rows, workspace: Workspace) -> WalletRow:
    wallet = reading.lock_wallet(rows, workspace.pk)
    assert wallet is not None
    return wallet
