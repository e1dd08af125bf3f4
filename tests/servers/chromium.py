"""A real browser."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.servers import NoServer

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_INSTALL_SECONDS: Final = 600

# Without a sandbox as root, and without the calls home that a browser makes by itself.
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


def ensure() -> Path:
    """Return a Chromium, and put it into CHROMIUM for our children.

    In this order: CHROMIUM; one on PATH; Debian's, installed now when we may; Playwright's own, downloaded now.

    :raises NoServer: none can be had.
    """
    found = _named() or _on_path() or _from_debian() or _from_playwright()
    if found is None:
        raise NoServer(
            "No Chromium for the browser tests. Install one (Debian: apt-get install chromium fonts-dejavu-core; "
            "elsewhere: .venv/bin/playwright install chromium), or set CHROMIUM to the program."
        )
    os.environ["CHROMIUM"] = str(found)
    return found


def _named() -> Path | None:
    named = os.environ.get("CHROMIUM")
    if not named:
        return None
    if found := shutil.which(named):
        return Path(found)
    raise NoServer(f"CHROMIUM names {named}, which cannot be run.")


def _on_path() -> Path | None:
    return next((Path(found) for name in _NAMES if (found := shutil.which(name))), None)


def _from_debian() -> Path | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    sys.stdout.write("Installing Chromium for the browser tests…\n")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
        done = _try(["apt-get", *command], quiet)
        if not done:
            return None
    return _on_path()


def _from_playwright() -> Path | None:
    if not _try([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ)):
        return None
    shown = subprocess.run(
        [sys.executable, "-c", "from playwright.sync_api import sync_playwright as start\n"
         "with start() as one: print(one.chromium.executable_path)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Path(shown.stdout.strip())


def _try(command: list[str], environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
