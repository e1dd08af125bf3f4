"""`make bench`: starts throw-away servers, then runs every benchmark there is, each in a process of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from config.env import ROOT
from tests.servers import NoServer, broker, postgres

BENCHES: Final = ("ledger", "jobs", "catalog")


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, or all, on a fresh database; return the worst exit status."""
    names = [name for name in BENCHES if (ROOT / "bench" / f"{name}.py").exists() and (not chosen or name in chosen)]
    if not names:
        sys.stderr.write(f"There is no such benchmark. Known: {', '.join(BENCHES)}\n")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="easel-bench-"))
    database = None
    try:
        redis = broker.ensure(folder)
        database = postgres.make_database(postgres.ensure(), "easel_bench")
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "EASEL_HOME": str(folder / "home"),
            "EASEL_SECRET_KEY": "a key for measuring, that signs nothing of worth",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        return max(_run(name, environment) for name in names)
    except NoServer as reason:
        sys.stderr.write(f"Nothing can be measured. {reason}\n")
        return 1
    finally:
        if database is not None:
            postgres.drop_database(database)
        shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, environment: dict[str, str]) -> int:
    sys.stdout.write(f"\n== {name} ==\n")
    sys.stdout.flush()
    return subprocess.call([sys.executable, "-m", f"bench.{name}"], cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
