"""What an operation reads, under the wallet's lock."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.ledger import seams
from apps.ledger.buckets import Buckets, Claims
from apps.ledger.crossing import Line
from apps.ledger.rows import (
    BudgetRow,
    HoldRow,
    Json,
    LotRow,
    RowId,
    Rows,
    SpenderRow,
    Totals,
    WalletRow,
    aware,
    aware_or_none,
    marks,
)

_BUCKETS: Final = ", ".join(f"l.{name}_mc" for name in Buckets._fields)
_LOT: Final = (
    f"l.id, l.priority, l.expires_at, l.granted_mc, l.pay_revoke_mc, l.pay_freeze_mc, l.admin_revoke_mc, {_BUCKETS}"
)
SPENDER: Final = (
    "workspace_id = %s AND ((subject_kind = 'member' AND subject_id = %s) "
    "OR (subject_kind = 'api_key' AND subject_id = %s) OR (subject_kind = 'project' AND subject_id = %s))"
)


def lock_wallet(rows: Rows, workspace_id: UUID) -> WalletRow | None:
    """Read the wallet and keep everyone else from it until the transaction ends.

    On SQLite the transaction itself is the lock (BEGIN IMMEDIATE). NO KEY: rows elsewhere may go on referring to it.
    """
    lock = " FOR NO KEY UPDATE" if rows.is_postgresql and seams.is_locking() else ""
    row = rows.one(
        "SELECT workspace_id, available_mc, held_mc, frozen_mc, debt_mc, seq, next_expiry_at, status, "
        "low_balance_mc, is_alert_armed, refill_mc, is_refill_armed "
        f"FROM ledger_wallet WHERE workspace_id = %s{lock}",
        [rows.id(workspace_id)],
    )
    if row is None:
        return None
    lines = Line(row[8], bool(row[9])), Line(row[10], bool(row[11]))
    return WalletRow(row[0], Totals(*row[1:5]), row[5], aware_or_none(row[6]), row[7], *lines)


def find_operation(rows: Rows, wallet: WalletRow, key: str) -> tuple[tuple[str, Json] | None, bool]:
    """Return request hash and result of the operation under this key, if any, and whether the workspace has budgets."""
    row = rows.one(
        "SELECT o.request_hash, o.result, EXISTS(SELECT 1 FROM ledger_budget b WHERE b.workspace_id = w.workspace_id) "
        "FROM ledger_wallet w LEFT JOIN ledger_operation o ON o.workspace_id = w.workspace_id AND o.key = %s "
        "WHERE w.workspace_id = %s",
        [key, wallet.workspace_id],
    )
    assert row is not None, "the wallet is locked, so it is there"
    return None if row[0] is None else (row[0], json.loads(row[1])), bool(row[2])


def spendable_lots(rows: Rows, wallet: WalletRow, now: datetime, limit: int | None) -> list[LotRow]:
    """Read lots with available credits that have not expired, in the order they are spent."""
    clause = "" if limit is None else f" LIMIT {limit:d}"
    return _lots(
        rows,
        "l.workspace_id = %s AND l.available_mc > 0 AND (l.expires_at IS NULL OR l.expires_at > %s) "
        f"ORDER BY l.priority, l.expires_at NULLS LAST, l.id{clause}",
        [wallet.workspace_id, rows.time(now)],
    )


def due_lots(rows: Rows, wallet: WalletRow, now: datetime, limit: int) -> list[LotRow]:
    """Read lots that have expired and do not show it yet."""
    return _lots(
        rows,
        f"l.workspace_id = %s AND l.available_mc > 0 AND l.expires_at <= %s ORDER BY l.expires_at LIMIT {limit:d}",
        [wallet.workspace_id, rows.time(now)],
    )


def unpaid_lots(rows: Rows, wallet: WalletRow) -> list[LotRow]:
    return _lots(rows, "l.workspace_id = %s AND l.unpaid_mc > 0 ORDER BY l.id", [wallet.workspace_id])


def find_lot(rows: Rows, wallet: WalletRow, lot_id: RowId) -> LotRow | None:
    lots = _lots(rows, "l.workspace_id = %s AND l.id = %s", [wallet.workspace_id, lot_id])
    return lots[0] if lots else None


def find_hold(rows: Rows, wallet: WalletRow, hold_id: RowId) -> tuple[HoldRow, list[tuple[LotRow, int]]] | None:
    """Return a hold of this wallet, and its lots with the part of each, in the order they are captured."""
    found = rows.many(
        "SELECT h.id, h.amount_mc, h.status, h.member_id, h.api_key_id, h.project_id, h.created_at, p.amount_mc, "
        f"{_LOT} FROM ledger_hold h JOIN ledger_holdpart p ON p.hold_id = h.id "
        "JOIN ledger_lot l ON l.id = p.lot_id WHERE h.id = %s AND h.workspace_id = %s ORDER BY p.ordinal",
        [hold_id, wallet.workspace_id],
    )
    if not found:
        return None
    hold_id, amount, status, *spender, created_at = found[0][:7]
    hold = HoldRow(hold_id, amount, status == "open", SpenderRow(*spender), aware(created_at))
    return hold, [(_lot(row[8:]), row[7]) for row in found]


def captured(rows: Rows, hold_id: RowId) -> dict[RowId, int]:
    """Sum what a hold captured of each lot, less what was given back since."""
    found = rows.many(
        "SELECT lot_id, SUM(CASE WHEN src = 'held' THEN amount_mc ELSE -amount_mc END) FROM ledger_entry "
        "WHERE hold_id = %s AND ((src = 'held' AND dst = 'spent') OR (src = 'spent' AND dst = 'available')) "
        "GROUP BY lot_id",
        [hold_id],
    )
    return {lot_id: int(amount) for lot_id, amount in found}


def budgets(rows: Rows, wallet: WalletRow, spender: SpenderRow) -> list[BudgetRow]:
    """Read the budgets that bind a member, API key and project."""
    found = rows.many(
        "SELECT subject_kind, subject_id, limit_mc, period, period_start, used_mc, held_mc FROM ledger_budget "
        f"WHERE {SPENDER} ORDER BY id",
        [wallet.workspace_id, *spender],
    )
    return [BudgetRow(row[0], row[1], row[2], row[3], aware_or_none(row[4]), row[5], row[6]) for row in found]


def next_expiry(rows: Rows, wallet: WalletRow, now: datetime) -> datetime | None:
    row = rows.one(
        "SELECT l.expires_at FROM ledger_lot l WHERE l.workspace_id = %s AND l.available_mc > 0 "
        "AND l.expires_at > %s ORDER BY l.expires_at LIMIT 1",
        [wallet.workspace_id, rows.time(now)],
    )
    return None if row is None else aware_or_none(row[0])


def _lots(rows: Rows, clause: str, parameters: Sequence[object]) -> list[LotRow]:
    return [_lot(row) for row in rows.many(f"SELECT {_LOT} FROM ledger_lot l WHERE {clause}", parameters)]


def _lot(row: tuple[Any, ...]) -> LotRow:  # the columns of _LOT
    return LotRow(row[0], row[1], aware_or_none(row[2]), row[3], Claims(*row[4:7]), Buckets(*row[7:15]))


def balances_after(
    rows: Rows, workspace_id: RowId, seqs: Sequence[int], anchor: tuple[int, int] | None = None
) -> dict[int, int]:
    """Return what was available once each of these entries was written; by their numbers, read without a lock.

    Counted back from the wallet as it is, in one statement and so at one moment; or from an anchor, (number of an
    entry, what was available before it). The past does not change, so an anchor stands for ever.
    """
    delta = (
        "CASE WHEN dst = 'available' THEN amount_mc ELSE 0 END - CASE WHEN src = 'available' THEN amount_mc ELSE 0 END"
    )
    upper = "" if anchor is None else " AND seq < %s"
    found = rows.many(
        f"SELECT e.seq, w.available_mc, e.later FROM ledger_wallet w JOIN "
        f"(SELECT workspace_id, seq, SUM({delta}) OVER (ORDER BY seq DESC) - ({delta}) AS later "
        f"FROM ledger_entry WHERE workspace_id = %s AND seq >= %s{upper}) e "
        f"ON e.workspace_id = w.workspace_id WHERE e.seq IN ({marks(len(seqs))})",
        [workspace_id, min(seqs), *([] if anchor is None else [anchor[0]]), *seqs],
    )
    return {seq: (available if anchor is None else anchor[1]) - int(later) for seq, available, later in found}
