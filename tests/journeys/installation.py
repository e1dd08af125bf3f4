"""One installation as its operator has it: started by the command, seen from outside, ended by signals."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from config.env import ROOT, Env

PATIENCE_SECONDS: Final = 60.0


def wait_for(what: str, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Look again until it is so.

    :raises AssertionError: it was not, in time.
    """
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, f"waited {seconds:.0f} s for: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Installed:
    """An EASEL_HOME and the `manage.py dev` in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.log = home.with_name("output.txt")
        names = {field.alias for field in Env.model_fields.values()} | {"DJANGO_SETTINGS_MODULE", "EASEL_TEST_HOME"}
        inherited = {name: value for name, value in os.environ.items() if name not in names}
        self.environment = {**inherited, "EASEL_HOME": str(home), "PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, *, below: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start it, as in a terminal of its own, and do not wait. ``below``: a program that runs it, as make does."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*below, sys.executable, "manage.py", "dev", *(["--with-parent"] if below else [])],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self.process

    def start(self, *, below: Sequence[str] = ()) -> None:
        """Start it and wait until it says that it runs."""
        before = self.output.count("Easel runs at")
        process = self.launch(below=below)

        def runs() -> bool:
            assert process.poll() is None, self.output
            return self.output.count("Easel runs at") > before

        wait_for("the address is printed", runs, seconds=120)

    def interrupt(self) -> int:
        """Press Ctrl-C in its terminal, and wait; return the exit status."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Type a command by hand, in the same home."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    def get(self, path: str) -> tuple[int, dict[str, Any]]:  # JSON
        """Ask it; status 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}
        finally:
            connection.close()

    @property
    def output(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def processes(self, word: str = "") -> list[int]:
        """Every process of this installation, by its environment, whose command has this word; orphans too."""
        return [pid for pid, command in self._all() if word in command]

    def clear(self) -> None:
        """End what is left, by force."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait(PATIENCE_SECONDS)

    def _all(self) -> Iterator[tuple[int, str]]:
        mark = f"EASEL_HOME={self.home}"
        if not Path("/proc/self/environ").exists():
            listed = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], text=True, capture_output=True, check=True)
            yield from ((int(line.split()[0]), line) for line in listed.stdout.splitlines() if mark in line)
            return
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = mark.encode() in (folder / "environ").read_bytes().split(b"\0")
                # A Redis writes its title over its environment; it works in the folder of its files.
                if is_ours or self.home in (folder / "cwd").readlink().parents:
                    yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue  # ended meanwhile, or someone else's
