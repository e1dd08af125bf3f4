"""One run at a time in one EASEL_HOME: two would write to the same broker file."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from config.home import make_home

_PATIENCE_SECONDS: Final = 15.0  # a killed run's children need a moment to end


class AlreadyRuns(Exception):
    """Another run holds this home."""


def hold(home: Path, *, patience_seconds: float = _PATIENCE_SECONDS) -> int:
    """Take the home for this process and every child that inherits the descriptor returned.

    The lock is let go by the kernel once all of them have ended, so that a start after a ``kill -9`` waits for what was
    left of the killed run.

    :raises AlreadyRuns: someone has it.
    """
    make_home(home)
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    ends_at = time.monotonic() + patience_seconds
    while not _try(descriptor):
        owner = int(os.pread(descriptor, 20, 0) or b"0")
        if _is_alive(owner):
            os.close(descriptor)
            raise AlreadyRuns(
                f"Easel already runs in {home} (process {owner}). Stop that one, or start with another EASEL_HOME."
            )
        if time.monotonic() >= ends_at:
            os.close(descriptor)
            raise AlreadyRuns(f"What an earlier run in {home} left behind has not ended yet. Try again in a moment.")
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
