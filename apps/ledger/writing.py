"""What an operation writes: one statement a table, whatever the number of rows.

Where a condition could fail, the number of rows written is returned.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final
from uuid import UUID

from apps.ids import uuid7
from apps.ledger.buckets import Buckets, Claims
from apps.ledger.periods import RECURRING, start_of
from apps.ledger.reading import SPENDER
from apps.ledger.rows import EntryRow, HoldRow, Json, LotRow, NoticeRow, OperationRow, RowId, Rows, WalletRow, marks

_AMOUNTS: Final = [f"{name}_mc" for name in (*Claims._fields, *Buckets._fields)]
# When a budget's present period begins: one value for each of RECURRING. A lifetime has no period_start to compare.
_START: Final = "CASE period " + " ".join(f"WHEN '{period}' THEN %s" for period in RECURRING) + " END"
_IS_OVER: Final = f"period_start < {_START}"


def update_wallet(rows: Rows, before: WalletRow, after: WalletRow) -> int:
    """Write a wallet, if it is still as it was read and nothing falls below zero: a second guard behind the lock."""
    changes = [new - old for old, new in zip(before.totals, after.totals, strict=True)]
    return rows.write(
        "UPDATE ledger_wallet SET available_mc = available_mc + %s, held_mc = held_mc + %s, "
        "frozen_mc = frozen_mc + %s, debt_mc = debt_mc + %s, seq = %s, next_expiry_at = %s, status = %s, "
        "low_balance_mc = %s, is_alert_armed = %s, refill_mc = %s, is_refill_armed = %s "
        "WHERE workspace_id = %s AND seq = %s AND available_mc >= %s AND held_mc >= %s",
        [
            *changes,
            after.seq,
            rows.time(after.next_expiry_at),
            after.status,
            *after.low_balance,
            *after.refill,
            before.workspace_id,
            before.seq,
            -changes[0],
            -changes[1],
        ],
    )


def update_lots(rows: Rows, pairs: Sequence[tuple[LotRow, LotRow]]) -> int:
    """Write lots, each given as it was and as it is, by their differences: one statement, changed columns only."""
    changes: dict[str, list[object]] = {}  # column → lot, difference, lot, difference …
    for before, after in pairs:
        amounts = zip(_AMOUNTS, before.claims + before.buckets, after.claims + after.buckets, strict=True)
        for name, old, new in amounts:
            if old != new:
                changes.setdefault(name, []).extend((before.id, new - old))
    assignments = [
        f"{name} = {name} + CASE id{' WHEN %s THEN %s' * (len(values) // 2)} ELSE 0 END"
        for name, values in changes.items()
    ]
    return rows.write(
        f"UPDATE ledger_lot SET {', '.join(assignments)} WHERE id IN ({marks(len(pairs))})",
        [*chain(*changes.values()), *(before.id for before, _ in pairs)],
    )


def insert_lots(rows: Rows, wallet: WalletRow, lots: Iterable[tuple[LotRow, str, UUID | None]], now: datetime) -> None:
    """Insert new lots, each given with its kind and its purchase."""
    shared = [wallet.workspace_id, rows.time(now)]
    rows.insert(
        "ledger_lot",
        f"workspace_id, created_at, kind, purchase_id, id, priority, expires_at, granted_mc, {', '.join(_AMOUNTS)}",
        [
            [
                *shared,
                kind,
                rows.id_or_none(purchase_id),
                *lot[:2],
                rows.time(lot.expires_at),
                lot.granted,
                *lot.claims,
                *lot.buckets,
            ]
            for lot, kind, purchase_id in lots
        ],
    )


def insert_operation(rows: Rows, wallet: WalletRow, operation: OperationRow, now: datetime) -> None:
    row = [wallet.workspace_id, *operation[:4], rows.json(operation.result), rows.id_or_none(operation.actor_id)]
    rows.insert(
        "ledger_operation",
        "workspace_id, id, key, kind, request_hash, result, actor_id, reason, created_at",
        [[*row, operation.reason, rows.time(now)]],
    )


def insert_entries(
    rows: Rows, wallet: WalletRow, operation_id: RowId, entries: Iterable[EntryRow], now: datetime
) -> None:
    time = rows.time(now)
    rows.insert(
        "ledger_entry",
        "workspace_id, seq, operation_id, created_at, lot_id, hold_id, member_id, src, dst, amount_mc",
        [
            [wallet.workspace_id, seq, operation_id, time, *entry]
            for seq, entry in enumerate(entries, start=wallet.seq + 1)
        ],
    )


def insert_notices(rows: Rows, wallet: WalletRow, notices: Iterable[NoticeRow], now: datetime) -> None:
    """Insert notices, but those that were given already."""
    time = rows.time(now)
    rows.insert(
        "ledger_notice",
        "id, workspace_id, created_at, key, kind, subject_kind, subject_id, balance_mc, line_mc",
        [[rows.id(uuid7()), wallet.workspace_id, time, *notice] for notice in notices],
        unless="key",
    )


def insert_hold(rows: Rows, wallet: WalletRow, hold: HoldRow, job_id: UUID, quote: Json, deadline_at: datetime) -> None:
    rows.insert(
        "ledger_hold",
        "id, workspace_id, job_id, amount_mc, captured_mc, released_mc, status, member_id, api_key_id, project_id, "
        "quote, deadline_at, created_at",
        [
            [
                hold.id,
                wallet.workspace_id,
                rows.id(job_id),
                hold.amount,
                0,
                0,
                "open",
                *hold.spender,
                rows.json(dict(quote)),
                rows.time(deadline_at),
                rows.time(hold.created_at),
            ]
        ],
    )


def insert_hold_parts(rows: Rows, hold_id: RowId, parts: Iterable[tuple[RowId, int]]) -> None:
    rows.insert(
        "ledger_holdpart",
        "hold_id, ordinal, lot_id, amount_mc",
        [[hold_id, ordinal, *part] for ordinal, part in enumerate(parts)],
    )


def close_hold(rows: Rows, hold_id: RowId, captured: int, released: int) -> int:
    return rows.write(
        "UPDATE ledger_hold SET status = 'closed', captured_mc = %s, released_mc = %s "
        "WHERE id = %s AND status = 'open'",
        [captured, released, hold_id],
    )


def count_hold(rows: Rows, wallet: WalletRow, hold: HoldRow) -> int:
    """Count a hold in every budget that binds it, if each has room; budgets of a period gone by begin the present one.

    A budget whose period begins after the hold (a clock was behind) is checked and not counted: see ``count_settled``.
    """
    starts, placed = [rows.time(start_of(period, hold.created_at)) for period in RECURRING], rows.time(hold.created_at)
    return rows.write(
        "UPDATE ledger_budget SET "
        f"used_mc = CASE WHEN {_IS_OVER} THEN 0 ELSE used_mc END, "
        f"held_mc = CASE WHEN {_IS_OVER} THEN 0 ELSE held_mc END "
        "+ CASE WHEN period_start > %s THEN 0 ELSE %s END, "
        f"period_start = CASE WHEN {_IS_OVER} THEN {_START} ELSE period_start END "
        f"WHERE {SPENDER} AND "
        f"(limit_mc IS NULL OR limit_mc >= %s + CASE WHEN {_IS_OVER} THEN 0 ELSE used_mc + held_mc END)",
        [
            *(*starts, *starts),
            *(placed, hold.amount),
            *(*starts, *starts),
            *(wallet.workspace_id, *hold.spender),
            *(hold.amount, *starts),
        ],
    )


def count_settled(rows: Rows, wallet: WalletRow, hold: HoldRow, used: int, held: int) -> None:
    """Change the counts of the budgets that counted a hold, whatever period is running now."""
    rows.write(
        "UPDATE ledger_budget SET used_mc = used_mc + %s, held_mc = held_mc + %s "
        f"WHERE {SPENDER} AND (period_start IS NULL OR period_start <= %s)",
        [used, held, wallet.workspace_id, *hold.spender, rows.time(hold.created_at)],
    )
