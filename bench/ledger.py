"""Holds and settlements a second, beside the same rows written by bare SQL in as many statements.

``python bench/ledger.py`` measures on the database in use (DATABASE_URL, else SQLite), in a database of its own that is
dropped again. One writer, then sixteen on one hot wallet. Trust the ratios of one run, not its rates.
"""

import json
import multiprocessing
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # not bench itself, which holds an http.py
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("EASEL_SECRET_KEY", "benchmarks sign nothing")

import django

if __name__ == "__main__":
    django.setup()

import psycopg
from django.db import connection

from apps.accounts.tenancy import Workspace
from apps.ids import uuid7
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import LotKind

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DEADLINE: Final = NOW + timedelta(minutes=30)
QUOTE: Final = {
    "price_version": 3,
    "lines": [{"label": "Picture", "quantity": 1, "unit_mc": 12000, "amount_mc": 12000}],
}
AMOUNT: Final = Millicredits(12_000)
ACTUAL: Final = Millicredits(9_000)
ROUNDS: Final = 3
SECONDS: Final = 2.0  # a side and round
WRITERS: Final = 16

Pair = Callable[[], None]


def make_workspace() -> Workspace:
    """A workspace with one lot that does not run dry."""
    workspace = Workspace.objects.create(name="Bench", created_at=NOW)
    posting.open_wallet(workspace=workspace, now=NOW)
    posting.grant(workspace=workspace, kind=LotKind.PROMO, amount_mc=Millicredits(10**14), key="bench", now=NOW)
    return workspace


def ledger_pair(workspace: Workspace) -> Pair:
    """Return what holds and settles once, through the ledger."""
    spender = posting.Spender(member_id=uuid7(), api_key_id=None, project_id=None)

    def pair() -> None:
        hold = posting.place_hold(
            workspace=workspace,
            job_id=uuid7(),
            spender=spender,
            amount_mc=AMOUNT,
            quote=QUOTE,
            deadline_at=DEADLINE,
            now=NOW,
        )
        posting.settle(hold=hold, actual_mc=ACTUAL, now=NOW)

    return pair


class Bare:
    """The driver alone: the ledger's statements with the ledger's rows, and not a decision in between."""

    def __init__(self, workspace: Workspace) -> None:
        settings = connection.settings_dict
        self.is_postgresql = connection.vendor == "postgresql"
        if self.is_postgresql:
            self.database: Any = psycopg.connect(  # psycopg's or sqlite3's
                host=settings["HOST"],
                port=settings["PORT"] or 5432,
                user=settings["USER"],
                password=settings["PASSWORD"],
                dbname=settings["NAME"],
                autocommit=True,
            )
        else:
            self.database = sqlite3.connect(settings["NAME"], timeout=20, isolation_level=None)
            for pragma in settings["OPTIONS"]["init_command"].split(";"):
                self.database.execute(pragma)
        self.cursor = self.database.cursor()
        self.workspace = self.id(workspace.pk)
        self.member = self.id(uuid7())
        self.time = self.value(NOW)

    def id(self, value: UUID) -> UUID | str:
        return value if self.is_postgresql else value.hex

    def value(self, value: datetime) -> datetime | str:
        return value if self.is_postgresql else str(value.replace(tzinfo=None))

    def run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:  # rows of any columns
        marked = statement if self.is_postgresql else statement.replace("%s", "?")
        self.cursor.execute(marked, parameters)
        return self.cursor.fetchall() if statement.startswith("SELECT") else []

    def __call__(self) -> None:
        hold = self.id(uuid7())
        self.run("BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE")
        seq = self.read("hold")
        lots = self.run(
            f"SELECT {_LOT} FROM ledger_lot l WHERE l.workspace_id = %s AND l.available_mc > 0 "
            "AND (l.expires_at IS NULL OR l.expires_at > %s) "
            "ORDER BY l.priority, l.expires_at NULLS LAST, l.id LIMIT 100",
            self.workspace,
            self.time,
        )
        lot = lots[0][0]
        self.wallet(seq, -AMOUNT, AMOUNT, 1)
        self.run(
            "INSERT INTO ledger_hold (id, workspace_id, job_id, amount_mc, captured_mc, released_mc, status, "
            "member_id, api_key_id, project_id, quote, deadline_at, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *[hold, self.workspace, self.id(uuid7()), AMOUNT, 0, 0, "open", self.member, None, None],
            *[json.dumps(QUOTE), self.value(DEADLINE), self.time],
        )
        self.run(
            "INSERT INTO ledger_holdpart (hold_id, ordinal, lot_id, amount_mc) VALUES (%s, %s, %s, %s)",
            *[hold, 0, lot, AMOUNT],
        )
        self.lot(lot, available=-AMOUNT, held=AMOUNT)
        self.entries("hold", hold, seq, [(lot, "available", "held", AMOUNT)])
        self.run("COMMIT")

        self.run("BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE")
        seq = self.read("settle")
        self.run(
            "SELECT h.id, h.amount_mc, h.status, h.member_id, h.api_key_id, h.project_id, h.created_at, p.amount_mc, "
            f"{_LOT} FROM ledger_hold h JOIN ledger_holdpart p ON p.hold_id = h.id "
            "JOIN ledger_lot l ON l.id = p.lot_id WHERE h.id = %s AND h.workspace_id = %s ORDER BY p.ordinal",
            hold,
            self.workspace,
        )
        self.wallet(seq, AMOUNT - ACTUAL, -AMOUNT, 2)
        self.run(
            "UPDATE ledger_hold SET status = 'closed', captured_mc = %s, released_mc = %s "
            "WHERE id = %s AND status = 'open'",
            *[ACTUAL, AMOUNT - ACTUAL, hold],
        )
        self.lot(lot, available=AMOUNT - ACTUAL, held=-AMOUNT, spent=ACTUAL)
        moved = [(lot, "held", "spent", ACTUAL), (lot, "held", "available", AMOUNT - ACTUAL)]
        self.entries("settle", hold, seq, moved)
        self.run("COMMIT")

    def read(self, kind: str) -> int:
        wallet = self.run(
            "SELECT workspace_id, available_mc, held_mc, frozen_mc, debt_mc, seq, next_expiry_at, status "
            "FROM ledger_wallet WHERE workspace_id = %s" + (" FOR NO KEY UPDATE" if self.is_postgresql else ""),
            self.workspace,
        )
        self.run(
            "SELECT o.request_hash, o.result, EXISTS(SELECT 1 FROM ledger_budget b "
            "WHERE b.workspace_id = w.workspace_id) FROM ledger_wallet w LEFT JOIN ledger_operation o "
            "ON o.workspace_id = w.workspace_id AND o.key = %s WHERE w.workspace_id = %s",
            *[f"{kind}:{uuid7()}", self.workspace],
        )
        return int(wallet[0][5])

    def wallet(self, seq: int, available: int, held: int, entries: int) -> None:
        self.run(
            "UPDATE ledger_wallet SET available_mc = available_mc + %s, held_mc = held_mc + %s, "
            "frozen_mc = frozen_mc + %s, debt_mc = debt_mc + %s, seq = %s, next_expiry_at = %s, status = %s "
            "WHERE workspace_id = %s AND seq = %s AND available_mc >= %s AND held_mc >= %s",
            *[available, held, 0, 0, seq + entries, None, "active", self.workspace, seq, -available, -held],
        )

    def lot(self, lot: object, **changes: int) -> None:
        columns = ", ".join(f"{name}_mc = {name}_mc + %s" for name in changes)
        self.run(f"UPDATE ledger_lot SET {columns} WHERE id = %s", *changes.values(), lot)

    def entries(self, kind: str, hold: object, seq: int, moved: list[tuple[object, str, str, int]]) -> None:
        operation = self.id(uuid7())
        self.run(
            "INSERT INTO ledger_operation (workspace_id, id, key, kind, request_hash, result, actor_id, reason, "
            "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *[self.workspace, operation, f"{kind}:{uuid7()}", kind, "0" * 64, json.dumps({"hold": str(hold)})],
            *[self.member, "", self.time],
        )
        row = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        self.run(
            "INSERT INTO ledger_entry (workspace_id, seq, operation_id, created_at, lot_id, hold_id, member_id, src, "
            f"dst, amount_mc) VALUES {', '.join([row] * len(moved))}",
            *[
                value
                for number, (lot, src, dst, amount) in enumerate(moved, start=seq + 1)
                for value in (
                    *[self.workspace, number, operation, self.time, lot, hold, self.member],
                    *[src, dst, amount],
                )
            ],
        )


_LOT: Final = (
    "l.id, l.priority, l.expires_at, l.granted_mc, l.pay_revoke_mc, l.pay_freeze_mc, l.admin_revoke_mc, "
    "l.available_mc, l.held_mc, l.spent_mc, l.expired_mc, l.revoked_mc, l.frozen_mc, l.unpaid_mc, l.recovered_mc"
)


def repeat(pair: Pair, seconds: float) -> tuple[int, float, float]:
    """Run pairs for so long; return their number, the time and the CPU time they took."""
    pair()  # connections, prepared statements
    count, cpu = 0, time.process_time()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pair()
        count += 1
    return count, time.perf_counter() - began, time.process_time() - cpu


def one_writer(workspace: Workspace) -> dict[str, tuple[float, float]]:
    """Return rate and client CPU milliseconds of either side, taken by turns."""
    sides: dict[str, Pair] = {"ledger": ledger_pair(workspace), "bare": Bare(make_workspace())}
    sums = {name: [0.0, 0.0, 0.0] for name in sides}
    for _ in range(ROUNDS):
        for name, pair in sides.items():
            sums[name] = [total + one for total, one in zip(sums[name], repeat(pair, SECONDS), strict=True)]
    return {name: (count / took, cpu / count * 1000) for name, (count, took, cpu) in sums.items()}


def many_writers(workspace: Workspace, side: str) -> float:
    """Return the rate of sixteen processes on one wallet."""
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    context = multiprocessing.get_context("fork")
    counts = context.SimpleQueue()
    start = context.Barrier(WRITERS)

    def write() -> None:
        pair = ledger_pair(workspace) if side == "ledger" else Bare(workspace)
        pair()
        start.wait()
        counts.put(repeat(pair, SECONDS * 2)[:2])

    writers = [context.Process(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    results = [counts.get() for _ in writers]
    for writer in writers:
        writer.join()
    return float(sum(count / took for count, took in results))


def main() -> None:
    """Print the figures of both sides, and what they come to."""
    folder = Path(tempfile.mkdtemp(prefix="easel-bench-"))
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(folder / "bench.sqlite3")  # on disk, as in an installation
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        single = one_writer(make_workspace())
        many = {side: many_writers(make_workspace(), side) for side in ("ledger", "bare")}
        sys.stdout.write(f"hold + settle, pairs a second, {connection.vendor}\n")
        for side in ("ledger", "bare"):
            rate, cpu = single[side]
            sys.stdout.write(
                f"{side:>8}: 1 writer {rate:7.0f} ({cpu:.2f} ms CPU), {WRITERS} writers {many[side]:7.0f}\n"
            )
        ratios = (single["ledger"][0] / single["bare"][0], many["ledger"] / many["bare"])
        sys.stdout.write(f"ledger / bare: {ratios[0]:.2f}x with 1 writer, {ratios[1]:.2f}x with {WRITERS}; ")
        sys.stdout.write(f"{WRITERS} writers / 1: {many['ledger'] / single['ledger'][0]:.2f}x\n")
    finally:
        connection.close()
        connection.creation.destroy_test_db(name, verbosity=0)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
