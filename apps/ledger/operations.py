"""How anything is done to a wallet: once a key, under its lock, all or nothing, again when two collide."""

import hashlib
import json
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction

from apps.errors import DomainError, NotFound
from apps.ledger import reading, seams, writing
from apps.ledger.journal import Journal
from apps.ledger.models import Operation
from apps.ledger.rows import Json, OperationRow, Rows

P = ParamSpec("P")
R = TypeVar("R")

_ATTEMPTS: Final = 8
_PAUSE_SECONDS: Final = 0.01  # before the second attempt, at most; doubled each time
_SERIALIZATION_FAILURES: Final = {"40001", "40P01"}  # PostgreSQL: could not serialize, deadlock
_NUMBERS_AND_KEYS: Final = {"entry_once", "operation_once"}  # PostgreSQL names the constraint, SQLite its columns
_COLUMNS: Final = (
    "ledger_entry.workspace_id, ledger_entry.seq",
    "ledger_operation.workspace_id, ledger_operation.key",
)


class IdempotencyMismatch(DomainError):
    """This key was used before, for something else. Nothing was done."""

    code = "idempotency_mismatch"


class WalletNotFound(NotFound):
    """The workspace has no wallet: ``posting.open_wallet`` was never called for it."""


class Conflict(Exception):
    """Another operation came between reading and writing. The whole transaction is to be repeated."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation said, now or when it was first done."""

    result: Json
    is_replay: bool


def retry_conflicts(function: Callable[P, R]) -> Callable[P, R]:
    """Repeat a function whose transaction collided with another, up to eight times.

    For the function that owns the outermost transaction: it may run more than once, so it must read inside all that it
    decides by, leave its arguments as they are, and call nothing remote.

    :raises Conflict, OperationalError, IntegrityError: the collision, when the last attempt met one too.
    """

    @wraps(function)
    def repeating(*args: P.args, **kwargs: P.kwargs) -> R:
        assert is_outermost(), f"{function.__qualname__} retries its transaction, so it cannot join another"
        return _repeat(partial(function, *args, **kwargs))

    return repeating


def is_outermost() -> bool:
    """Tell whether no transaction is open; the one that a Django test case wraps around each test does not count."""
    blocks = connection.atomic_blocks
    return not blocks or getattr(blocks[-1], "_from_testcase", False)


def run(
    *,
    workspace_id: UUID,
    kind: Operation.Kind,
    key: str,
    request: Json,
    work: Callable[[Journal], Json | None],
    now: datetime,
    actor_id: UUID | None = None,
    reason: str = "",
) -> Outcome:
    """Do something to a wallet, once a key; a second call with the same key returns what the first one said.

    ``work`` decides by what it reads through the journal, under the wallet's lock, and notes what shall be written; its
    result is kept with the key. It refuses by raising, before anything is written. Returning None it says that there is
    nothing to do, and the key stays free. Joins the caller's transaction, or opens one and then retries by itself.

    :raises IdempotencyMismatch: the key was used with another request. :raises WalletNotFound: there is no wallet.
    """
    request_hash = hashlib.sha256(json.dumps([kind, request], sort_keys=True, default=str).encode()).hexdigest()

    def once() -> Outcome:
        with transaction.atomic() if owns_transaction else nullcontext():
            rows = Rows()
            wallet = reading.lock_wallet(rows, workspace_id)
            if wallet is None:
                raise WalletNotFound("This workspace has no wallet.")
            seams.step("locked")
            done, has_budgets = reading.find_operation(rows, wallet, key)
            if done is not None:
                if done[0] != request_hash:
                    raise IdempotencyMismatch("This was done before with other values.")
                return Outcome(done[1], is_replay=True)
            journal = Journal(rows=rows, wallet=wallet, has_budgets=has_budgets, now=now)
            journal.load_due()  # so that balances are of this moment, and so is what crosses a line
            result = work(journal)
            if result is None:
                return Outcome({}, is_replay=False)
            journal.finish()
            operation_id = rows.id(journal.operation_id)
            operation = OperationRow(operation_id, key, kind.value, request_hash, result, actor_id, reason)
            with _undivided():
                _write(journal, operation)
        if owns_transaction:
            seams.step("committed")
        return Outcome(result, is_replay=False)

    owns_transaction = is_outermost()
    return _repeat(once) if owns_transaction else once()


def _repeat(function: Callable[[], R]) -> R:
    for attempt in range(_ATTEMPTS - 1):
        try:
            return function()
        except (Conflict, OperationalError, IntegrityError) as collision:
            if not _is_collision(collision):
                raise
        time.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311  # spreads writers, hides nothing
    return function()


def _undivided() -> AbstractContextManager[Any]:  # Atomic
    """A failure from here on dooms the transaction, even if it is caught: half an operation is never committed."""
    return transaction.atomic(savepoint=False)


def _write(journal: Journal, operation: OperationRow) -> None:
    """Write an operation. The wallet goes first: without its lock, its guard is where those who collide find out."""
    rows, wallet, now = journal.rows, journal.wallet, journal.now
    after = journal.wallet_after()
    if after != wallet and writing.update_wallet(rows, wallet, after) != 1:
        raise Conflict("the wallet has changed since it was read")
    seams.step("wallet written")
    for write in journal.writes:
        write()
    seams.step("holds and budgets written")
    writing.insert_lots(
        rows, wallet, [(lot.after, lot.kind, lot.purchase_id) for lot in journal.lots.values() if lot.kind], now
    )
    changed = [(lot.before, lot.after) for lot in journal.lots.values() if lot.has_changed and not lot.kind]
    if changed and writing.update_lots(rows, changed) != len(changed):
        raise Conflict("a lot is gone")
    seams.step("lots written")
    writing.insert_operation(rows, wallet, operation, now)
    seams.step("operation written")
    writing.insert_entries(rows, wallet, operation.id, journal.entries, now)
    seams.step("entries written")
    if journal.notices:
        writing.insert_notices(rows, wallet, journal.notices, now)
    seams.step("notices written")


def _is_collision(error: Exception) -> bool:
    """Tell a collision with another transaction from a fault of ours."""
    if isinstance(error, Conflict):
        return True
    cause = error.__cause__
    if isinstance(error, OperationalError):
        return getattr(cause, "sqlstate", None) in _SERIALIZATION_FAILURES or "is locked" in str(error)
    diagnosis = getattr(cause, "diag", None)
    return getattr(diagnosis, "constraint_name", None) in _NUMBERS_AND_KEYS or any(
        columns in str(error) for columns in _COLUMNS
    )
