"""The locks: `lock.py write` makes them from pyproject.toml, `lock.py check` tells where they differ from it."""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
BASE: Final = "requirements.txt"
LOCKS: Final = {"requirements.txt": ("embedded",), "requirements-dev.txt": ("embedded", "dev")}
_PIN = re.compile(r"^(?P<name>[\w.-]+)(\[.*\])?==(?P<version>\S+)(?P<marker> ; .+?)? \\$", re.MULTILINE)


def main(verb: str) -> int:
    """Write the locks, or compare them; return the exit status."""
    if verb == "write":
        for name in LOCKS:
            fresh = _compile(name)
            if fresh is None:
                sys.stdout.write("No package index could be asked: nothing was written.\n")
                return 1
            (ROOT / name).write_text(fresh)
        return 0
    faults = [fault for name in LOCKS for fault in [*find_hosts(name, (ROOT / name).read_text()), *_compare(name)]]
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def find_hosts(name: str, text: str) -> list[str]:
    """Name the lines of a lock that say where packages come from: that is for each machine to know."""
    return [f"{name}: names a place: {line}" for line in text.splitlines() if "://" in line or "index-url" in line]


def read_pins(text: str) -> dict[str, str]:
    """Read a lock as ``{name and marker: version}``. Hashes are left out: an index adds files to old versions."""
    return {f"{pin['name']}{pin['marker'] or ''}": pin["version"] for pin in _PIN.finditer(text)}


def leave_out(text: str, base: str) -> str:
    """Write a lock as what it adds to another: ``-r`` and the pins that the other one has not."""
    known = read_pins(base)
    blocks = re.split(r"\n(?=\S)", text.rstrip("\n"))
    added = [block for block in blocks if not read_pins(block + "\n").items() <= known.items()]
    return "\n".join([f"-r {BASE}", *added, ""])


def find_unmet(name: str, text: str, project: dict[str, Any]) -> list[str]:  # Any: what TOML holds
    """Compare a lock with pyproject.toml, without an index: every direct dependency is there, within its bounds."""
    asked = list(project["dependencies"])
    for extra in LOCKS[name]:
        asked += project["optional-dependencies"][extra]
    versions = {canonicalize_name(pin["name"]): pin["version"] for pin in _PIN.finditer(text)}
    faults = []
    for requirement in map(Requirement, asked):
        version = versions.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            faults.append(f"{name}: pyproject.toml asks for {requirement}, the lock has {version}")
    return faults


def _compare(name: str) -> list[str]:
    text, fresh = (ROOT / name).read_text(), _compile(name)
    if fresh is None:
        sys.stdout.write(f"{name}: no package index could be asked; direct dependencies alone were compared.\n")
        whole = text if name == BASE else text + (ROOT / BASE).read_text()
        return find_unmet(name, whole, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])
    ours, theirs = read_pins(text), read_pins(fresh)
    return [
        f"{name}: {pin} is {ours.get(pin)}, from pyproject.toml it would be {theirs.get(pin)} (make lock)"
        for pin in sorted(ours.keys() | theirs.keys())
        if ours.get(pin) != theirs.get(pin)
    ]


def _compile(name: str) -> str | None:
    """Resolve a lock anew, keeping what is pinned; None when no package index answers."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    extras = [part for extra in LOCKS[name] for part in ("--extra", extra)]
    base = (ROOT / BASE).read_text()
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / name
        into.write_text(base + (ROOT / name).read_text().removeprefix(f"-r {BASE}\n") if name != BASE else base)
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", *options, *extras]
        try:
            done = subprocess.run(
                [*command, "pyproject.toml", "-o", str(into)],
                cwd=ROOT,
                text=True,
                capture_output=True,
                check=False,
                timeout=120,
            )
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            sys.stdout.write(done.stderr)
            return None
        fresh = into.read_text()
    return fresh if name == BASE else leave_out(fresh, base)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
