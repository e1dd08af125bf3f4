"""Runs tests on copies of the source from which a safeguard was taken: the tests would notice."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

_ROOT: Final = Path(__file__).resolve().parents[1]
_PATIENCE_SECONDS: Final = 200
_SETTINGS: Final = """
SECRET_KEY = "signs nothing"
USE_TZ = True
AUTH_USER_MODEL = "accounts.User"
INSTALLED_APPS = {apps}
FILTERS = {{name: f"apps.studio.templatetags.{{name}}" for name in ("credits", "money")}}
TEMPLATES = [
    {{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": ["templates"],
        "OPTIONS": {{"libraries": FILTERS}},
    }}
]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
"""


class Mutation(NamedTuple):
    """What is taken out: from which file of ``apps``, the text that does it, what stands there instead.

    ``tests`` are those that must notice, each ``file::name``.
    """

    file: str
    safeguard: str
    instead: str
    tests: Sequence[str]


@dataclass(frozen=True, slots=True)
class Kernel:
    """The files and folders that are copied: enough for the tests to run with these ``apps`` installed.

    Tests are in the folder of ``tests`` that is named as the last of ``apps`` is.
    """

    names: Sequence[str]
    apps: Sequence[str]

    def passes(self, tests: Iterable[str], *, folder: Path) -> None:
        """With every safeguard in place the tests pass."""
        run = self._run(folder, tests)
        assert run.returncode == 0, run.stdout

    def notices(self, mutation: Mutation, *, folder: Path) -> None:
        """Without its safeguard at least one of its tests fails."""
        run = self._run(folder, mutation.tests, mutation)
        assert run.returncode == 1, run.stdout
        assert " failed" in run.stdout, run.stdout

    def _run(
        self, folder: Path, tests: Iterable[str], mutation: Mutation | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Copy, take out, and run the tests under settings that know nothing else."""
        for name in self.names:
            source, target = _ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        installed = ["django.contrib.auth", "django.contrib.contenttypes", *self.apps]
        (folder / "kernel.py").write_text(_SETTINGS.format(apps=installed))
        if mutation:
            changed = folder / "apps" / mutation.file
            text = changed.read_text()
            assert mutation.safeguard in text, f"{mutation.file} has changed: say anew what is to be taken out"
            changed.write_text(text.replace(mutation.safeguard, mutation.instead))
        place = f"tests/{self.apps[-1].rpartition('.')[2]}"
        return subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--ds=kernel"),
                *("-c", "/dev/null", f"--rootdir={folder}", "--no-migrations"),
                *(f"{place}/{test}" for test in tests),
            ],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
