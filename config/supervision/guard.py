"""Runs one command and ends it once the pipe to its supervisor closes. For systems without PR_SET_PDEATHSIG.

A program of its own, on the standard library alone: ``guard.py DESCRIPTOR SECONDS COMMAND…``.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from types import FrameType
from typing import NoReturn


def main(lifeline: int, seconds: float, command: list[str]) -> NoReturn:
    """Run the command to its end and end the same way: with its status, or by its signal."""
    os.set_inheritable(lifeline, False)
    process = subprocess.Popen(command, close_fds=False)

    def pass_on(number: int, _: FrameType | None) -> None:
        process.send_signal(number)

    def watch() -> None:
        os.read(lifeline, 1)  # nothing is ever written: this returns when the supervisor is gone
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        os.killpg(0, signal.SIGKILL)  # the command's own children, and this guard

    signal.signal(signal.SIGTERM, pass_on)
    threading.Thread(target=watch, daemon=True).start()
    status = process.wait()
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
