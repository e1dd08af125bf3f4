#!/usr/bin/env python3
"""Makes .venv and installs a lock into it, unless that lock is there already.

``bootstrap.py requirements.txt …`` runs on Python 3.7 and newer and on the standard library alone: a newcomer runs it
before anything else.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
OLDEST, NEWEST = (3, 11), (3, 13)
TRIED = ("python3.13", "python3.12", "python3.11")  # where python3 itself is another


def main(*locks: str) -> None:
    """Install the locks that are not installed yet; say what is done."""
    interpreter = find_python()
    VENV.mkdir(exist_ok=True)
    folder = os.open(VENV, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # two at once would build one environment
    try:
        if not works(PYTHON):
            make_environment(interpreter)
        for lock in locks:
            install(lock)
    finally:
        os.close(folder)


def find_python() -> str:
    """Return a Python that Easel runs on: this one, or another on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    found = [path for path in map(shutil.which, TRIED) if path]
    if not found:
        here = ".".join(map(str, sys.version_info[:2]))
        stop(f"Easel needs Python 3.11, 3.12 or 3.13; this is {here} ({sys.executable}) and no other is on PATH.")
    return found[0]


def make_environment(interpreter: str) -> None:
    """Make .venv afresh."""
    say(f"Making .venv with {interpreter}")
    # What is inside goes, the folder stays: we hold a lock on it.
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not run(interpreter, "-m", "venv", VENV):
        stop("This Python cannot make an environment. On Debian and Ubuntu: apt-get install python3-venv")


def install(name: str) -> None:
    """Install one lock with uv, or with plain pip where uv cannot be had. Every file's hash is checked either way."""
    lock, stamp = ROOT / name, VENV / f".{name}.installed"
    digest = digest_of(lock)
    if stamp.exists() and stamp.read_text() == digest:
        return
    began = time.monotonic()
    say(f"Installing {name}")
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes", "-r")
    if not works(UV):
        run(*pip, ROOT / "requirements-uv.txt", quiet=True)
    with_uv = (UV, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r")
    if not (works(UV) and run(*with_uv, lock)) and not run(*pip, lock):
        stop(f"The packages of {name} could not be installed; the lines above say why.")
    stamp.write_text(digest)
    say(f"Installed in {time.monotonic() - began:.0f} s")


def digest_of(lock: Path) -> str:
    """Identify a lock, with the one it adds to, and the Python it is installed for."""
    content = lock.read_bytes()
    if content.startswith(b"-r "):
        content += (ROOT / content.split(None, 2)[1].decode()).read_bytes()
    version = subprocess.check_output([str(PYTHON), "-c", "import sys; print(sys.version)"])
    return hashlib.sha256(content + version).hexdigest()


def works(program: Path) -> bool:
    """Tell whether a program is there and starts."""
    return program.exists() and run(program, "--version", quiet=True)


def run(*command: object, quiet: bool = False) -> bool:
    """Run a command; tell whether it went well."""
    output = subprocess.DEVNULL if quiet else None
    try:
        return (
            subprocess.call([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            == 0
        )
    except OSError:
        return False


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stop(text: str) -> NoReturn:
    sys.stderr.write(text + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
