"""Last night's copy of the database, restored as the operator's guide says, and a Stripe that knows more than it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from django.db import connection

from apps.billing import purchases
from apps.billing.models import Purchase
from config.env import ROOT, Env
from tests.billing.shops import SECRET
from tests.billing.stage import Stage
from tests.servers import postgres

_BLOCK: Final = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_IS_POSTGRESQL: Final = os.environ["EASEL_TEST_DATABASE"] == "postgres"


def block(word: str) -> str:
    """The lines of the guide's chapter on backups that hold a word."""
    chapter = (ROOT / "docs/operator.md").read_text().partition("## Backing up")[2].partition("\n## ")[0]
    [found] = [lines for lines in _BLOCK.findall(chapter) if word in lines]
    return str(found)


@dataclass
class Copy:
    """A copy of the test's database, and what an operator types about it."""

    folder: Path
    stripe: str

    @property
    def environment(self) -> dict[str, str]:
        names = {field.alias for field in Env.model_fields.values()} | {"DJANGO_SETTINGS_MODULE", "EASEL_TEST_HOME"}
        kept = {name: value for name, value in os.environ.items() if name not in names}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "BACKUP": str(self.folder / "backup"),
            "EASEL_HOME": str(self.folder / "restored"),
            "EASEL_SECRET_KEY": "a key for tests, long enough for every signature that is made with it",
            "STRIPE_SECRET_KEY": "sk_test_shop",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "EASEL_STRIPE_API_BASE": self.stripe,
            "EASEL_STRIPE_ENVIRONMENT": "tests",
        }

    def type_in(self, lines: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=ROOT,
            env={**self.environment, **more},
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )

    def make(self) -> None:
        raise NotImplementedError

    def restore(self) -> None:
        raise NotImplementedError

    def manage(self, *arguments: str) -> tuple[int, list[str]]:
        """Run a command on what was restored; return its status and what it printed, line by line."""
        done = self.type_in(f"python manage.py {' '.join(arguments)}")
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout.splitlines()

    def _typed(self, lines: str, **more: str) -> None:
        done = self.type_in(lines, **more)
        assert done.returncode == 0, done.stdout + done.stderr


class SqliteCopy(Copy):
    def make(self) -> None:
        (self.folder / "home").mkdir()
        (self.folder / "home/easel.sqlite3").symlink_to(connection.settings_dict["NAME"])
        self._typed(block("sqlite3.connect"), EASEL_HOME=str(self.folder / "home"))

    def restore(self) -> None:
        (self.folder / "restored").mkdir()
        self._typed(block("cp "))


class PostgresqlCopy(Copy):
    def __init__(self, folder: Path, stripe: str) -> None:
        super().__init__(folder, stripe)
        self._server = postgres.ensure()
        self._restored = postgres.make_database(self._server, "restored")

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "DATABASE_URL": self._restored, "REDIS_URL": os.environ["REDIS_URL"]}

    def make(self) -> None:
        name = str(connection.settings_dict["NAME"])
        self._typed(block("pg_dump"), DATABASE_URL=postgres.rename(self._server, name))

    def restore(self) -> None:
        self._typed(block("pg_restore"))

    def drop(self) -> None:
        postgres.drop_database(self._restored)


@pytest.fixture
def copy(open_stage: Stage, tmp_path: Path) -> Iterator[Copy]:
    if not _IS_POSTGRESQL:
        yield SqliteCopy(tmp_path, open_stage.fake.url)
        return
    if not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("pg_dump and pg_restore are not on this machine (Debian: apt-get install postgresql-client)")
    made = PostgresqlCopy(tmp_path, open_stage.fake.url)
    yield made
    made.drop()


def kinds(rows: list[str]) -> list[tuple[str, str]]:
    """What was found, and of what."""
    return sorted((kind, subject) for kind, subject in (row.split("  ")[:2] for row in rows))


def give_back(stage: Stage, purchase: Purchase, amount: int) -> None:
    purchases.refund_purchase(
        purchase=stage.fresh(purchase),
        amount_minor=amount,
        reason="asked for",
        actor_id=UUID(int=9),
        attempt_key="after the copy",
        now=stage.now,
    )


def test_a_restored_copy_catches_up_with_stripe(open_stage: Stage, copy: Copy) -> None:
    stage = open_stage
    stage.fake.advance(-3600)  # so that nothing is from just now
    settled, refunded, returned, disputed = (stage.buy(attempt=str(number)) for number in range(4))
    waiting = stage.start(attempt="waiting").purchase
    stage.fake.play.refund(stage.payment_of(settled), 100)
    stage.deliver()
    stage.spend(300_000)
    copy.make()

    stage.fake.play.pay(stage.page_of(waiting))
    stage.fake.play.refund(stage.payment_of(refunded), 250)
    give_back(stage, returned, 400)
    dispute = stage.fake.play.dispute_open(stage.payment_of(disputed))
    unknown = stage.payment_of(stage.buy(attempt="after the copy"))
    stage.spend(200_000)
    stage.deliver()
    assert stage.faults() == []

    copy.restore()
    assert copy.manage("migrate")[0] == 0
    assert copy.manage("ledger_check") == (0, ["The books add up."])
    status, rows = copy.manage("ledger_reconcile", "--stripe")
    standing = [("dispute-open", disputed.public_id), ("second-payment", unknown)]
    assert (status, kinds(rows)) == (
        1,
        sorted(
            [
                ("paid-without-lot", waiting.public_id),
                ("refunded-not-applied", refunded.public_id),
                ("refunded-not-applied", returned.public_id),
                ("dispute-not-applied", disputed.public_id),
                *standing,
            ]
        ),
    )
    status, rows = copy.manage("ledger_reconcile", "--stripe")
    assert (status, kinds(rows)) == (1, sorted(standing))  # what is for people

    stage.fake.play.refund(unknown)
    stage.fake.play.dispute_won(dispute["id"])
    status, rows = copy.manage("ledger_reconcile", "--stripe")
    assert kinds(rows) in ([], [("dispute-not-applied", disputed.public_id)])  # [] where the bank answered just now
    assert copy.manage("ledger_reconcile", "--stripe") == (0, ["The books and Stripe agree."])
    assert copy.manage("ledger_check") == (0, ["The books add up."])
