"""What an operation gets to see."""

from datetime import timedelta

from apps.accounts.tenancy import Workspace
from apps.ledger import reading
from apps.ledger.rows import Rows, WalletRow
from tests.builders import NOW
from tests.ledger.calls import HOUR, grant, open_workspace

SECOND = timedelta(seconds=1)


def _wallet(rows: Rows, workspace: Workspace) -> WalletRow:
    wallet = reading.lock_wallet(rows, workspace.pk)
    assert wallet is not None
    return wallet


def test_a_lot_is_spendable_until_it_expires_and_due_from_then_on(workspace: Workspace) -> None:
    lasting = grant(workspace, 100)
    ending = grant(workspace, 100, expires_at=NOW + HOUR)
    grant(open_workspace("Elsewhere"), 100)
    rows = Rows()
    wallet = _wallet(rows, workspace)
    for late, spendable, due in (
        (-SECOND, [ending, lasting], []),
        (0 * SECOND, [lasting], [ending]),
        (SECOND, [lasting], [ending]),
    ):
        now = NOW + HOUR + late
        found = [row.id for row in reading.spendable_lots(rows, wallet, now, None)]
        assert found == [rows.id(lot.pk) for lot in spendable]
        assert [row.id for row in reading.due_lots(rows, wallet, now, 9)] == [rows.id(lot.pk) for lot in due]


def test_times_come_back_as_they_were_written(workspace: Workspace) -> None:
    moment = NOW + timedelta(microseconds=1)
    grant(workspace, 100, expires_at=moment)
    rows = Rows()
    wallet = _wallet(rows, workspace)
    assert wallet.next_expiry_at == moment
    assert [row.expires_at for row in reading.spendable_lots(rows, wallet, NOW, None)] == [moment]
    assert reading.spendable_lots(rows, wallet, moment, None) == []


def test_a_workspace_without_a_wallet_has_none(db: None) -> None:
    workspace = Workspace.objects.create(name="Acme", created_at=NOW)
    assert reading.lock_wallet(Rows(), workspace.pk) is None
