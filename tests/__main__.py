"""`make test`: finds or starts the servers, runs the whole suite on SQLite, then what needs a database on PostgreSQL.

Nothing is left out in silence: what cannot be had fails the run and says how to get it. Arguments go to pytest.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from config.env import ROOT
from tests.servers import NoServer, broker, chromium, postgres

_WORKERS: Final = min(4, os.cpu_count() or 1)


def main(arguments: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="easel-tests-"))
    try:
        _report("broker", broker.ensure(folder))
        _report("PostgreSQL", urlsplit(postgres.ensure())._replace(query="").geturl())
        _report("browser", str(chromium.ensure()))
        statuses = [_run("sqlite", arguments), _run("postgres", ["-m", "not once", *arguments])]
        if arguments and statuses[1] == pytest.ExitCode.NO_TESTS_COLLECTED:
            statuses[1] = 0  # none of those asked for needs a database
    except NoServer as reason:
        sys.stderr.write(f"\nThe tests cannot run. {reason}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return max(statuses)


def _run(database: str, arguments: list[str]) -> int:
    sys.stdout.write(f"\n== the suite on {database} ==\n")
    sys.stdout.flush()
    began = time.monotonic()
    environment = {**os.environ, "EASEL_TEST_DATABASE": database}
    command = [sys.executable, "-m", "pytest", "--numprocesses", str(_WORKERS), "--dist", "worksteal", *arguments]
    status = subprocess.call(command, cwd=ROOT, env=environment)
    sys.stdout.write(f"== {database}: status {status} after {time.monotonic() - began:.0f} s ==\n")
    return status


def _report(what: str, which: str) -> None:
    sys.stdout.write(f"{what:<12}{which}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
