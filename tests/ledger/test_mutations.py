"""The tests would notice: each safeguard that is taken out of a copy of the source turns at least one of them red."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = (
    *("apps/__init__.py", "apps/errors.py", "apps/ids.py", "apps/accounts", "apps/ledger"),
    *("tests/__init__.py", "tests/builders.py", "tests/ledger"),
)
SETTINGS = """
SECRET_KEY = "signs nothing"
USE_TZ = True
AUTH_USER_MODEL = "accounts.User"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "apps.accounts", "apps.ledger"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""

GUARD = "test_operations.py::test_a_wallet_that_has_changed_is_not_written"
REPLAY = "test_lots.py::test_the_same_grant_again_is_the_same_lot"
SPENDABLE = "test_reading.py::test_a_lot_is_spendable_until_it_expires_and_due_from_then_on"
REFUND = "test_lots.py::test_a_refund_takes_back_what_is_unused"
ONCE = "test_lines.py::test_a_line_is_told_once_until_the_balance_was_well_above_it"

# What is taken out: from which file, the text that does it, what stands there instead, and the tests that must notice.
MUTATIONS = {
    "nothing": ("writing.py", "", "", (GUARD, REPLAY, SPENDABLE, REFUND, ONCE)),
    "the guard of the wallet": ("writing.py", "AND seq = %s AND available_mc >= %s", "AND %s <> %s", (GUARD,)),
    "the look for an earlier operation": ("operations.py", "if done is not None:", "if False:", (REPLAY,)),
    "the filter of expired lots": (
        "reading.py",
        "l.expires_at IS NULL OR l.expires_at > %s",
        "l.created_at <> %s",
        (SPENDABLE,),
    ),
    "normalising": (
        "journal.py",
        "        after = buckets.normalise(",
        "        return\n        after = buckets.normalise(",
        (REFUND,),
    ),
    "the disarming of an alert": ("crossing.py", "Line(line.at, is_armed=False), True", "line, True", (ONCE,)),
    "the arming again": ("crossing.py", "available * of_line > line.at * above", "False", (ONCE,)),
}


@pytest.mark.once
def test_each_safeguard_is_tested(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(MUTATIONS))]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        runs = dict(zip(MUTATIONS, pool.map(_run, folders, MUTATIONS.values()), strict=True))
    control = runs.pop("nothing")
    assert control.returncode == 0, control.stdout
    survivors = {what: run.stdout for what, run in runs.items() if run.returncode != 1 or " failed" not in run.stdout}
    assert survivors == {}


def _run(folder: Path, mutation: tuple[str, str, str, tuple[str, ...]]) -> subprocess.CompletedProcess[str]:
    """Run the tests on a copy of the kernel without a safeguard, under settings that know nothing else."""
    for name in KERNEL:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / "kernel.py").write_text(SETTINGS)
    file, safeguard, instead, tests = mutation
    changed = folder / "apps" / "ledger" / file
    text = changed.read_text()
    assert safeguard in text, f"{file} has changed: say anew what is to be taken out"
    changed.write_text(text.replace(safeguard, instead) if safeguard else text)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--ds=kernel", "-c", "/dev/null"),
            *(f"--rootdir={folder}", "--no-migrations", *(f"tests/ledger/{test}" for test in tests)),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
