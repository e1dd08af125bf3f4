"""The tests would notice: each safeguard that is taken out of a copy of the source turns at least one of them red."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = [f"tests/ledger/test_{name}.py" for name in ("reading", "lots", "holds", "operations")]

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

# What is taken out: from which file, the text that does it, and what stands there instead.
MUTATIONS = {
    "nothing": ("writing.py", "", ""),
    "the guard of the wallet": ("writing.py", "AND seq = %s AND available_mc >= %s", "AND %s <> %s"),
    "the look for an earlier operation": ("operations.py", "            if done is not None:", "            if False:"),
    "the comparison of the request": ("operations.py", "done[0] != request_hash", "False"),
    "the filter of expired lots": ("reading.py", "l.expires_at IS NULL OR l.expires_at > %s", "l.id <> %s"),
    "expiry": ("buckets.py", "expires_at is not None and expires_at <= now", "False"),
    "normalising": (
        "journal.py",
        "        after = buckets.normalise(",
        "        return\n        after = buckets.normalise(",
    ),
}


@pytest.mark.once
def test_each_safeguard_is_tested(tmp_path: Path) -> None:
    runs = {what: _run(tmp_path / str(number), *MUTATIONS[what]) for number, what in enumerate(MUTATIONS)}
    outcomes = {what: (run.communicate(timeout=120)[0], run.returncode) for what, run in runs.items()}
    control, status = outcomes.pop("nothing")
    assert status == 0, control
    survivors = {what: output for what, (output, status) in outcomes.items() if status != 1 or " failed" not in output}
    assert survivors == {}


def _run(folder: Path, file: str, safeguard: str, instead: str) -> subprocess.Popen[str]:
    """Start the tests on a copy of the kernel without a safeguard, under settings that know nothing else."""
    for name in KERNEL:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / "kernel.py").write_text(SETTINGS)
    changed = folder / "apps" / "ledger" / file
    text = changed.read_text()
    assert safeguard in text, f"{file} has changed: say anew what is to be taken out"
    changed.write_text(text.replace(safeguard, instead) if safeguard else text)
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--ds=kernel", "-c", "/dev/null"]
        + [f"--rootdir={folder}", "--no-migrations", *TESTS],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
