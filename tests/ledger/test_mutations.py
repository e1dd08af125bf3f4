"""The tests would notice: each safeguard that is taken out of a copy of the source turns at least one of them red."""

from pathlib import Path

import pytest

from tests.mutations import Kernel, Mutation

pytestmark = pytest.mark.once

KERNEL = Kernel(
    (
        *("apps/__init__.py", "apps/errors.py", "apps/ids.py", "apps/accounts", "apps/ledger"),
        *("tests/__init__.py", "tests/builders.py", "tests/mutations.py"),
        *("tests/ledger",),
    ),
    ("apps.accounts", "apps.ledger"),
)

GUARD = "test_operations.py::test_a_wallet_that_has_changed_is_not_written"
REPLAY = "test_lots.py::test_the_same_grant_again_is_the_same_lot"
SPENDABLE = "test_reading.py::test_a_lot_is_spendable_until_it_expires_and_due_from_then_on"
REFUND = "test_lots.py::test_a_refund_takes_back_what_is_unused"
ONCE = "test_lines.py::test_a_line_is_told_once_until_the_balance_was_well_above_it"

OTHER = "test_lots.py::test_another_grant_under_the_same_key_is_refused"
DEBT = "test_holds.py::test_a_wallet_in_debt_takes_no_new_hold_and_settles_its_old_ones"
PAID = "test_lots.py::test_a_debt_is_paid_by_whatever_comes_next"

MUTATIONS = {
    "the guard of the wallet": Mutation(
        "ledger/writing.py", "AND seq = %s AND available_mc >= %s", "AND %s <> %s", [GUARD]
    ),
    "the look for an earlier operation": Mutation(
        "ledger/operations.py", "if done is not None:", "if False:", [REPLAY]
    ),
    "whether it is the same request": Mutation(
        "ledger/operations.py", "if done[0] != request_hash:", "if False:", [OTHER]
    ),
    "the filter of expired lots": Mutation(
        "ledger/reading.py", "l.expires_at IS NULL OR l.expires_at > %s", "l.created_at <> %s", [SPENDABLE]
    ),
    "normalising": Mutation(
        "ledger/journal.py",
        "        after = buckets.normalise(",
        "        return\n        after = buckets.normalise(",
        [REFUND],
    ),
    "the bar on debtors": Mutation("ledger/holds.py", "if wallet.status != Wallet.Status.ACTIVE:", "if False:", [DEBT]),
    "the paying of debts": Mutation("ledger/journal.py", "if self.debt and self.available:", "if False:", [PAID]),
    "the disarming of an alert": Mutation(
        "ledger/crossing.py", "Line(line.at, is_armed=False), True", "line, True", [ONCE]
    ),
    "the arming again": Mutation("ledger/crossing.py", "available * of_line > line.at * above", "False", [ONCE]),
}


TESTS = sorted({test for mutation in MUTATIONS.values() for test in mutation.tests})


def test_with_every_safeguard_in_place_all_is_well(tmp_path: Path) -> None:
    KERNEL.passes(TESTS, folder=tmp_path)


@pytest.mark.parametrize("safeguard", MUTATIONS)
def test_a_safeguard_is_missed(tmp_path: Path, safeguard: str) -> None:
    KERNEL.notices(MUTATIONS[safeguard], folder=tmp_path)
