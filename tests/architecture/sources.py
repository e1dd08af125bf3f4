"""The files that the checks read: those of the repository, as git knows them or as they lie there."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.env import ROOT

_GENERATED: Final = {"__pycache__", "build", "node_modules"}


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file, read and parsed; ``path`` is relative to the repository."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)


@functools.cache
def files() -> tuple[Path, ...]:
    """List every file of the repository, relative to it; what git ignores is none."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = (Path(name) for name in listed.stdout.split("\0") if name)
        return tuple(sorted(path for path in paths if (ROOT / path).is_file()))
    return tuple(sorted(_walk(ROOT)))


def python(*folders: str) -> list[Source]:
    """Read the Python files of these folders, migrations left out: they are written once and never edited."""
    return [
        Source(str(path), (ROOT / path).read_text())
        for path in files()
        if path.suffix == ".py" and path.parts[0] in folders and "migrations" not in path.parts
    ]


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _GENERATED or (path.name.startswith(".") and path.name not in {".ci", ".env.example"}):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path.relative_to(ROOT)
