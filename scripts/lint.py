"""`make lint`: every check that runs none of the code. All of them run; the first failure does not hide the next."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PROGRAMS: Final = Path(sys.executable).parent

CHECKS: Final = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports", "--no-logo"),
    ("mypy",),
    ("djlint", "--lint", "--quiet", "templates"),
    ("python", "manage.py", "makemigrations", "--check", "--dry-run"),
    ("python", "scripts/lock.py", "check"),
)


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory(
        prefix="easel-lint-"
    ) as home:  # settings are read, nothing of a real home is touched
        environment = {**os.environ, "EASEL_HOME": home, "EASEL_SECRET_KEY": "for reading the settings"}
        environment.pop("DATABASE_URL", None)
        for program, *arguments in CHECKS:
            shown, began = " ".join((program, *arguments)), time.monotonic()
            done = subprocess.run(
                [PROGRAMS / program, *arguments], cwd=ROOT, env=environment, text=True, capture_output=True, check=False
            )
            word = "FAILED" if done.returncode else "ok"
            sys.stdout.write(f"{word:<7}{shown}  ({time.monotonic() - began:.1f} s)\n")
            if done.returncode:
                failed.append(shown)
                sys.stdout.write(f"{done.stdout}{done.stderr}\n")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
