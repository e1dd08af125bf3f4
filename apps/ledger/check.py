"""Whether the books balance: the ledger's invariants, each as the rows that break it. Reads only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from apps.ledger import triggers
from apps.ledger.buckets import Buckets
from apps.ledger.budgets import Subject, Usage, measure
from apps.ledger.models import Budget
from apps.ledger.rows import Rows

_SWEPT_WITHIN: Final = timedelta(minutes=15)  # three rounds of the sweeper

_SUM: Final = " + ".join(f"{name}_mc" for name in Buckets._fields)
_FLOWS: Final = ", ".join(
    f"SUM(CASE WHEN dst = '{name}' THEN amount_mc WHEN src = '{name}' THEN -amount_mc ELSE 0 END) AS {name}"
    for name in Buckets._fields
)
_DIFFERS: Final = " OR ".join(f"l.{name}_mc <> COALESCE(e.{name}, 0)" for name in Buckets._fields)

# Invariant, what is wrong, and the rows that are: their id, the number the books give and the one it should be.
_CHECKS: Final = (
    (
        "I1",
        "the buckets of a lot do not sum to what was granted",
        f"SELECT id, {_SUM}, granted_mc FROM ledger_lot WHERE granted_mc <> {_SUM}",
    ),
    *(
        (
            "I2",
            f"{total} of a wallet is not the sum over its lots",
            f"SELECT w.workspace_id, w.{total}_mc, COALESCE(l.sum, 0) FROM ledger_wallet w LEFT JOIN "
            f"(SELECT workspace_id, SUM({bucket}_mc) AS sum FROM ledger_lot GROUP BY workspace_id) l "
            f"ON l.workspace_id = w.workspace_id WHERE w.{total}_mc <> COALESCE(l.sum, 0)",
        )
        for total, bucket in (("available", "available"), ("held", "held"), ("frozen", "frozen"), ("debt", "unpaid"))
    ),
    (
        "I3",
        "a lot is not what its entries say",
        "SELECT l.id, l.granted_mc, COALESCE(e.issued, 0) FROM ledger_lot l LEFT JOIN (SELECT lot_id, "
        f"SUM(CASE WHEN src = 'issued' THEN amount_mc ELSE 0 END) AS issued, {_FLOWS} FROM ledger_entry "
        f"GROUP BY lot_id) e ON e.lot_id = l.id WHERE l.granted_mc <> COALESCE(e.issued, 0) OR {_DIFFERS}",
    ),
    (
        "I4",
        "held of a wallet is not the sum of its open holds",
        "SELECT w.workspace_id, w.held_mc, COALESCE(h.sum, 0) FROM ledger_wallet w LEFT JOIN "
        "(SELECT workspace_id, SUM(amount_mc) AS sum FROM ledger_hold WHERE status = 'open' GROUP BY workspace_id) h "
        "ON h.workspace_id = w.workspace_id WHERE w.held_mc <> COALESCE(h.sum, 0)",
    ),
    (
        "I4",
        "a hold is not the sum of its parts",
        "SELECT h.id, h.amount_mc, COALESCE(p.sum, 0) FROM ledger_hold h LEFT JOIN "
        "(SELECT hold_id, SUM(amount_mc) AS sum FROM ledger_holdpart GROUP BY hold_id) p "
        "ON p.hold_id = h.id WHERE h.amount_mc <> COALESCE(p.sum, 0)",
    ),
    (
        "I4",
        "held of a lot is not the sum of its parts of open holds",
        "SELECT l.id, l.held_mc, COALESCE(p.sum, 0) FROM ledger_lot l LEFT JOIN "
        "(SELECT lot_id, SUM(ledger_holdpart.amount_mc) AS sum FROM ledger_holdpart JOIN ledger_hold "
        "ON ledger_hold.id = hold_id AND status = 'open' GROUP BY lot_id) p ON p.lot_id = l.id "
        "WHERE l.held_mc <> COALESCE(p.sum, 0)",
    ),
    (
        "I5",
        "a wallet counts other entries than there are",
        "SELECT w.workspace_id, w.seq, COALESCE(e.count, 0) FROM ledger_wallet w LEFT JOIN "
        "(SELECT workspace_id, COUNT(*) AS count, MAX(seq) AS last FROM ledger_entry GROUP BY workspace_id) e "
        "ON e.workspace_id = w.workspace_id WHERE w.seq <> COALESCE(e.count, 0) OR w.seq <> COALESCE(e.last, 0)",
    ),
    (
        "I6",
        "the numbers of entries have a gap",
        "SELECT workspace_id, MAX(seq), COUNT(*) FROM ledger_entry GROUP BY workspace_id "
        "HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*)",
    ),
    *(
        (
            "I7",
            f"{name} of a closed hold is not what its entries say",
            f"SELECT h.id, h.{name}_mc, COALESCE(e.sum, 0) FROM ledger_hold h LEFT JOIN (SELECT hold_id, "
            f"SUM(amount_mc) AS sum FROM ledger_entry WHERE src = 'held' AND dst = '{dst}' GROUP BY hold_id) e "
            f"ON e.hold_id = h.id WHERE h.status = 'closed' AND h.{name}_mc <> COALESCE(e.sum, 0)",
        )
        for name, dst in (("captured", "spent"), ("released", "available"))
    ),
    (
        "I8",
        "what was taken back of a lot is not what was claimed of it",
        "SELECT id, revoked_mc + unpaid_mc + recovered_mc, pay_revoke_mc + admin_revoke_mc FROM ledger_lot "
        "WHERE held_mc = 0 AND revoked_mc + unpaid_mc + recovered_mc <> CASE WHEN pay_revoke_mc + admin_revoke_mc "
        "< granted_mc THEN pay_revoke_mc + admin_revoke_mc ELSE granted_mc END",
    ),
    (
        "I9",
        "a debt stands beside credits that would pay it",
        "SELECT w.workspace_id, w.debt_mc, l.sum FROM ledger_wallet w JOIN (SELECT workspace_id, SUM(available_mc) "
        "AS sum FROM ledger_lot WHERE expires_at IS NULL OR expires_at > %(now)s GROUP BY workspace_id) l "
        "ON l.workspace_id = w.workspace_id WHERE w.debt_mc > 0 AND l.sum > 0",
    ),
    (
        "I9",
        "the status of a wallet does not follow from its debt",
        "SELECT workspace_id, debt_mc, 0 FROM ledger_wallet "
        "WHERE (debt_mc > 0 AND status = 'active') OR (debt_mc = 0 AND status = 'restricted')",
    ),
    (
        "I10",
        "expired credits were not swept",
        "SELECT id, available_mc, 0 FROM ledger_lot WHERE available_mc > 0 AND expires_at < %(swept)s",
    ),
    (
        "I14",
        "more or less was issued than there is, of this kind",
        f"SELECT kind, SUM(total), SUM(issued) FROM (SELECT l.id, l.kind, {_SUM} AS total, (SELECT SUM(amount_mc) FROM "
        "ledger_entry WHERE lot_id = l.id AND src = 'issued') AS issued FROM ledger_lot l) sums GROUP BY kind "
        "HAVING SUM(total) <> COALESCE(SUM(issued), 0)",
    ),
    *(
        (
            "I15",
            f"a wallet would tell twice, or not at all, that it falls below {line}",
            f"SELECT workspace_id, available_mc, {line} FROM ledger_wallet "
            f"WHERE ({is_armed} AND available_mc < {line}) OR (NOT {is_armed} AND available_mc * 5 > {line} * 6)",
        )
        for line, is_armed in (("low_balance_mc", "is_alert_armed"), ("refill_mc", "is_refill_armed"))
    ),
    (
        "scope",
        "an entry names a lot, hold or operation of another workspace",
        "SELECT e.id, e.seq, 0 FROM ledger_entry e JOIN ledger_lot l ON l.id = e.lot_id JOIN ledger_operation o "
        "ON o.id = e.operation_id LEFT JOIN ledger_hold h ON h.id = e.hold_id WHERE e.workspace_id <> l.workspace_id "
        "OR e.workspace_id <> o.workspace_id OR e.workspace_id <> COALESCE(h.workspace_id, e.workspace_id)",
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the books say that cannot be: which invariant, of what, and how."""

    invariant: str
    subject: str
    detail: str


def check_books(*, now: datetime) -> list[Fault]:
    """List what breaks an invariant of the ledger (I1 to I10, I12, I14, I15), and triggers that do not stand."""
    faults: list[Fault] = []
    with snapshot():
        rows = Rows()
        times = {"now": rows.time(now), "swept": rows.time(now - _SWEPT_WITHIN)}
        for invariant, detail, statement in _CHECKS:
            faults += [
                Fault(invariant, _name(subject), f"{detail}: {found} against {expected}")
                for subject, found, expected in rows.many(statement, times)
            ]
        faults += _check_budgets()
    faults += [Fault("triggers", name, "a trigger that keeps rows immutable is missing") for name in triggers.missing()]
    return faults


@contextmanager
def snapshot() -> Iterator[None]:
    """See the books as they are at one moment, for as long as it takes, and keep nobody from writing meanwhile.

    Within another snapshot it is that one. Nothing may be written in it.
    """
    if connection.in_atomic_block or getattr(connection.connection, "in_transaction", False):
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # Django's own transactions take the write lock at once
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _check_budgets() -> Iterator[Fault]:
    for budget in Budget.objects.order_by("pk").iterator():
        subject = Subject(Budget.Subject(budget.subject_kind), budget.subject_id)
        expected = measure(budget.workspace_id, subject, budget.period_start)
        found = Usage(budget.used_mc, budget.held_mc)
        if found != expected:
            yield Fault("I12", str(budget.pk), f"a budget miscounts: {found} against {expected}")


def _name(subject: object) -> str:
    """Write an id as people know it; SQLite gives 32 hex digits."""
    text = str(subject)
    return str(UUID(text)) if len(text) == 32 else text
