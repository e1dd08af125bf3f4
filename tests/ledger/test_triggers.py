"""Rows that the database refuses to change."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.tenancy import Workspace
from apps.ledger import triggers
from apps.ledger.models import BudgetEvent, Entry, HoldPart, Operation
from tests.ledger.calls import everything, faults, grant, limit, open_workspace, place, settle

TABLES = {
    "ledger_entry": "amount_mc = amount_mc + 1",
    "ledger_operation": "reason = 'another'",
    "ledger_holdpart": "amount_mc = amount_mc + 1",
    "ledger_budgetevent": "limit_after_mc = 1",
}


@pytest.fixture
def written(workspace: Workspace) -> Workspace:
    """A wallet with rows in every immutable table."""
    return _write(workspace)


def _write(workspace: Workspace) -> Workspace:
    grant(workspace, 1000)
    settle(place(workspace, 600), 400)
    limit(workspace, 1000, member_id=workspace.pk)
    return workspace


def _execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_immutable_table_is_tried() -> None:
    assert set(TABLES) == set(triggers.IMMUTABLE)
    assert {model._meta.db_table for model in (Entry, Operation, HoldPart, BudgetEvent)} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_neither_changed_nor_deleted(written: Workspace, table: str) -> None:
    before = everything(written)
    connection.check_constraints()  # PostgreSQL truncates no table whose foreign keys are still to be checked
    statements = [f"UPDATE {table} SET {TABLES[table]}", f"DELETE FROM {table}"]
    if connection.vendor == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with pytest.raises(DatabaseError, match="immutable"):
            _execute(statement)
    assert everything(written) == before
    assert faults() == []


def test_an_amount_edited_past_the_triggers_is_found(written: Workspace) -> None:
    triggers.remove()
    _execute("UPDATE ledger_entry SET amount_mc = amount_mc + 1 WHERE seq = 2")
    triggers.install()
    assert {fault.invariant for fault in faults()} == {"I3"}


def test_a_missing_trigger_is_found_and_lifting_is_for_a_while(written: Workspace) -> None:
    expected = 8
    with triggers.lifted():
        assert len(triggers.missing()) == expected
        assert [fault.invariant for fault in faults()] == ["triggers"] * expected
    assert triggers.missing() == []
    with pytest.raises(RuntimeError, match="inside"), triggers.lifted():
        raise RuntimeError("inside")
    assert triggers.missing() == []


def test_a_trigger_that_does_not_refuse_is_missing(db: None) -> None:
    if connection.vendor == "postgresql":
        body = "BEGIN RETURN NEW; END"
        tampering = {
            "ledger_entry_rows": ["ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_rows"],
            "ledger_operation_rows": [
                "DROP TRIGGER ledger_operation_rows ON ledger_operation",
                "CREATE TRIGGER ledger_operation_rows BEFORE UPDATE ON ledger_operation "
                "FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
            ],
            "ledger_holdpart_whole": [
                f"CREATE FUNCTION ledger_allow() RETURNS trigger LANGUAGE plpgsql AS '{body}'",
                "DROP TRIGGER ledger_holdpart_whole ON ledger_holdpart",
                "CREATE TRIGGER ledger_holdpart_whole BEFORE TRUNCATE ON ledger_holdpart "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_allow()",
            ],
        }
    else:
        tampering = {
            "ledger_entry_update": [
                "DROP TRIGGER ledger_entry_update",
                "CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry BEGIN SELECT 1; END",
            ],
        }
    for name, statements in tampering.items():
        for statement in statements:
            _execute(statement)
        assert triggers.missing() == [name]
        triggers.install()
        assert triggers.missing() == []


@pytest.mark.django_db(transaction=True)
def test_a_migrate_puts_back_what_a_remade_table_lost() -> None:
    triggers.remove()
    call_command("migrate", stdout=StringIO())
    assert triggers.missing() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_transactional_test_can_be_flushed(turn: str) -> None:
    assert triggers.missing() == []
    assert not Entry.objects.exists()
    _write(open_workspace(turn))
    with pytest.raises(CommandError, match="flushed") as refusal:  # the test's own flush comes later, and may
        call_command("flush", interactive=False, stdout=StringIO(), stderr=StringIO())
    assert "immutable" in str(refusal.value.__cause__)
    assert Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("ledger", "0001_initial")])
    assert len(triggers.missing()) == 8
    executor = MigrationExecutor(connection)
    executor.migrate([("ledger", "0002_immutable_rows")])
    assert triggers.missing() == []  # by the migration itself: no signal is sent here
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())  # the tables of jobs went too: they build on these
