"""Child processes that never outlive their parent, however it ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from config.env import ROOT

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_STOP_SECONDS: Final = 8.0
_LINUX: Final = sys.platform == "linux"

# Loaded before any fork: between fork and exec nothing may be imported.
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """One running program, the leader of a process group of its own, so that a terminal's Ctrl-C reaches us alone.

    On Linux the kernel ends it when we are gone (PR_SET_PDEATHSIG). Elsewhere a small guard process does: it holds the
    reading end of a pipe whose writing end is ours alone, and sees the end of the file whatever we died of.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | os.PathLike[str]],
        *,
        environment: Mapping[str, str] | None = None,
        keep_open: Sequence[int] = (),
        log: IO[bytes] | None = None,
        use_guard: bool = not _LINUX,
    ) -> None:
        """Start it. ``keep_open`` are descriptors it inherits; ``log`` takes its output, which is ours otherwise."""
        self.name = name
        self._lifeline: int | None = None
        whole = {**os.environ, **(environment or {})}
        if use_guard:
            reading, self._lifeline = os.pipe()
            guard = Path(__file__).with_name("guard.py")
            command = [sys.executable, "-IS", guard, str(reading), str(_STOP_SECONDS), *command]
            keep_open = [*keep_open, reading]
        self.process = subprocess.Popen(
            command,
            env=whole,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log and subprocess.STDOUT,
            pass_fds=keep_open,
            process_group=0,
            preexec_fn=None if use_guard else _follow(os.getpid()),  # safe: one thread, and it calls libc alone
        )
        if use_guard:
            os.close(reading)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def reason(self) -> str:
        """Say in words how it ended: ``web ended with status 3``."""
        status = self.process.poll()
        if status is None:
            return f"{self.name} is running"
        if status < 0:
            return f"{self.name} was killed by {signal.Signals(-status).name}"
        return f"{self.name} ended with status {status}"

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Ask it to end, wait, and end by force what is left of its group. Harmless when it has ended."""
        if not self.has_ended:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        with contextlib.suppress(ProcessLookupError):  # the whole group is gone already
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def _follow(parent: int) -> Callable[[], None]:
    def follow() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we died before the kernel was told
            os._exit(1)

    return follow
