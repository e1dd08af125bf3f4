"""What makes rows immutable: database triggers that refuse UPDATE, DELETE and, where it exists, TRUNCATE.

Installed by a migration and again after every migrate, since SQLite drops them when it remakes a table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

IMMUTABLE: Final = ("ledger_entry", "ledger_operation", "ledger_holdpart", "ledger_budgetevent")

_REFUSAL: Final = """
BEGIN RAISE EXCEPTION 'rows of % are immutable', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END """
_FUNCTION: Final = f"CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $${_REFUSAL}$$"
_POSTGRESQL: Final = {
    "{table}_rows": "CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "{table}_whole": "CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
}
_SQLITE: Final = {
    "{table}_update": "CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of {table} are immutable'); END",
    "{table}_delete": "CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of {table} are immutable'); END",
}


# tgtype 27 is a row's, before update or delete; 34 a statement's, before truncate. Of tgenabled, O and A fire in an
# ordinary session, D and R do not. Source: PostgreSQL's catalog pg_trigger, and src/include/catalog/pg_trigger.h.
_STANDING: Final = """
SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND p.prosrc = %s
AND ((t.tgname = c.relname || '_rows' AND t.tgtype = 27) OR (t.tgname = c.relname || '_whole' AND t.tgtype = 34))
"""


def install(using: str = "default") -> None:
    """Put every trigger in place, anew where it stands already; a table that does not exist is passed by."""
    connection = connections[using]
    with transaction.atomic(using), connection.cursor() as cursor:
        _remove(connection, cursor)
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for table in _tables(connection, cursor):
            for statement in _statements(connection).values():
                cursor.execute(statement.format(table=table))


def remove(using: str = "default") -> None:
    """Take every trigger away."""
    connection = connections[using]
    with transaction.atomic(using), connection.cursor() as cursor:
        _remove(connection, cursor)


def missing(using: str = "default") -> list[str]:
    """List the triggers that should stand and do not, or stand but are switched off or do something else."""
    connection = connections[using]
    expected = {
        name.format(table=table): statement.format(table=table)
        for table in IMMUTABLE
        for name, statement in _statements(connection).items()
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_STANDING, [_REFUSAL])
            standing = {name for (name,) in cursor.fetchall()}
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            standing = {name for name, sql in cursor.fetchall() if sql == expected.get(name)}
    return [name for name in expected if name not in standing]


@contextmanager
def lifted(using: str = "default") -> Iterator[None]:
    """Take the triggers away for a while, for the flush of a test database and for nothing else.

    They stand again afterwards, whatever happened inside.
    """
    remove(using)
    try:
        yield
    finally:
        install(using)


def _statements(connection: BaseDatabaseWrapper) -> dict[str, str]:
    return _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE


def _tables(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> list[str]:
    existing = connection.introspection.table_names(cursor)
    return [table for table in IMMUTABLE if table in existing]


def _remove(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> None:
    for table in _tables(connection, cursor):
        for name in _statements(connection):
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name.format(table=table)}{on}")
