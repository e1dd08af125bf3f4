"""Let the database refuse to change what was written: entries, operations, hold parts, budget events."""

from django.db import migrations

TABLES = ("ledger_entry", "ledger_operation", "ledger_holdpart", "ledger_budgetevent")
FUNCTION = """CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are immutable', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"""
POSTGRESQL = {
    "rows": "CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "whole": "CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
}
SQLITE = {
    "update": "CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of {table} are immutable'); END",
    "delete": "CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of {table} are immutable'); END",
}


def install(apps, schema_editor):
    drop(schema_editor)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION, params=None)  # else its % would be a placeholder
        statements = POSTGRESQL
    else:
        statements = SQLITE
    for table in TABLES:
        for statement in statements.values():
            schema_editor.execute(statement.format(table=table))


def remove(apps, schema_editor):
    drop(schema_editor)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS ledger_refuse()")


def drop(schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for name in POSTGRESQL if is_postgresql else SQLITE:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}" + (f" ON {table}" if is_postgresql else ""))


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
