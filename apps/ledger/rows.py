"""Rows of the books as tuples, and the cursor they come and go through.

Ids stay in the database's own form (UUID on PostgreSQL, 32 hex digits on SQLite) between reading and writing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.db.backends.utils import CursorWrapper

from apps.ledger.buckets import Buckets, Claims
from apps.ledger.crossing import Line

RowId: TypeAlias = UUID | str
Json: TypeAlias = Mapping[str, Any]  # JSON values
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]  # whatever the driver takes


class Totals(NamedTuple):
    """What a wallet sums up over its lots, in millicredits."""

    available: int
    held: int
    frozen: int
    debt: int


class SpenderRow(NamedTuple):
    member_id: RowId | None
    api_key_id: RowId | None
    project_id: RowId | None


class WalletRow(NamedTuple):
    workspace_id: RowId
    totals: Totals
    seq: int
    next_expiry_at: datetime | None
    status: str
    low_balance: Line
    refill: Line


class LotRow(NamedTuple):
    id: RowId
    priority: int
    expires_at: datetime | None
    granted: int
    claims: Claims
    buckets: Buckets


class HoldRow(NamedTuple):
    id: RowId
    amount: int
    is_open: bool
    spender: SpenderRow
    created_at: datetime


class BudgetRow(NamedTuple):
    subject_kind: str
    subject_id: RowId
    limit: int | None
    period: str
    period_start: datetime | None
    used: int
    held: int


class EntryRow(NamedTuple):
    lot_id: RowId
    hold_id: RowId | None
    member_id: RowId | None
    src: str
    dst: str
    amount: int


class NoticeRow(NamedTuple):
    key: str
    kind: str
    subject_kind: str
    subject_id: RowId | None
    balance: int
    line: int


class OperationRow(NamedTuple):
    id: RowId
    key: str
    kind: str
    request_hash: str
    result: Json
    actor_id: UUID | None
    reason: str


class Rows:
    """One cursor, and the database's form of values."""

    def __init__(self) -> None:
        self.is_postgresql = connection.vendor == "postgresql"
        self.cursor = _open_cursor()

    def id(self, value: UUID) -> RowId:
        return value if self.is_postgresql else value.hex

    def id_or_none(self, value: UUID | None) -> RowId | None:
        return None if value is None else self.id(value)

    def time(self, value: datetime | None) -> object:
        if self.is_postgresql or value is None:
            return value
        return str(value.astimezone(UTC).replace(tzinfo=None))  # as Django writes it

    def json(self, value: Json) -> object:
        return connection.ops.adapt_json_value(value, None)

    def one(self, statement: str, parameters: Values) -> tuple[Any, ...] | None:  # a row of any columns
        self.cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = self.cursor.fetchone()
        return row

    def many(self, statement: str, parameters: Values) -> list[tuple[Any, ...]]:  # rows of any columns
        self.cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = self.cursor.fetchall()
        return found

    def write(self, statement: str, parameters: Values) -> int:
        """Return the number of rows written."""
        self.cursor.execute(statement, parameters)
        count: int = self.cursor.rowcount
        return count

    def insert(
        self, table: str, columns: str, values: Sequence[Sequence[Any]], unless: str = ""
    ) -> None:  # any columns
        """Insert any number of rows in one statement, but those whose column ``unless`` is the same as of another."""
        if values:
            row = f"({marks(len(values[0]))})"
            statement = f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * len(values))}"
            if unless:
                statement += f" ON CONFLICT ({unless}) DO NOTHING"
            self.cursor.execute(statement, [value for one in values for value in one])


class _SqliteCursor(SQLiteCursorWrapper):
    """Django's own, that remembers how a statement is written for SQLite."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        if param_names is None:
            return _for_sqlite(query)
        converted: str = super().convert_query(query, param_names=param_names)
        return converted


@lru_cache(maxsize=256)
def _for_sqlite(statement: str) -> str:
    """Write placeholders as SQLite does; no statement of ours has a percent sign of its own."""
    return statement.replace("%s", "?")


def _open_cursor() -> CursorWrapper:
    """Open a cursor that is quick with statements that come again and again.

    On PostgreSQL it sends values beside the statement, so that the server plans it once; Django's own does so for a
    whole installation or not at all. While queries are logged it is Django's, whose log shows the values.
    """
    connection.ensure_connection()
    if connection.queries_logged:
        return connection.cursor()
    raw: Any = connection.connection  # psycopg's or sqlite3's
    cursor: Any = psycopg.Cursor(raw) if connection.vendor == "postgresql" else raw.cursor(_SqliteCursor)
    return connection.make_cursor(cursor)


def marks(count: int) -> str:
    """So many placeholders."""
    return ", ".join(["%s"] * count)


def aware(value: datetime) -> datetime:
    """Say that a time is in UTC: SQLite keeps it so and does not tell."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def aware_or_none(value: datetime | None) -> datetime | None:
    return None if value is None else aware(value)
