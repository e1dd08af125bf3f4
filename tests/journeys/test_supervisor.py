"""`make run` from the first start to the last: one command starts everything, and nothing outlives it."""

import os
import signal
import socket
import sys

import pytest

from tests.journeys.installation import Installed, free_port, wait_for

pytestmark = pytest.mark.once


def test_one_command_runs_everything_and_ctrl_c_ends_it(installed: Installed) -> None:
    installed.start()

    status, health = installed.get("/healthz")
    assert status == 200
    assert health["parts"] == {"web": "ready", "database": "ready", "broker": "ready", "worker": "ready"}
    assert (installed.home / "secret_key").stat().st_mode & 0o777 == 0o600
    assert installed.home.stat().st_mode & 0o777 == 0o700
    wait_for("supervisor, broker, web, worker and clock", lambda: len(installed.processes()) == 5)

    second = installed.manage("dev")
    assert second.returncode == 1
    assert "already runs" in second.stderr
    books = installed.manage("ledger_check")  # typed by hand, without any environment but the home
    assert books.returncode == 0, books.stdout + books.stderr

    assert installed.interrupt() == 0
    assert installed.processes() == []
    first = installed.output
    assert first.rstrip().endswith(f"Stopped. Everything is kept in {installed.home}")
    assert "Traceback" not in first

    installed.start()
    again = installed.output.removeprefix(first)
    assert "database  up to date" in again
    for start in ("  email", "  password", "  api key", "  test api key"):  # the same people and keys, told once more
        told = [[line for line in output.splitlines() if line.startswith(start)] for output in (first, again)]
        assert told[0] == told[1] != []


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_goes_on(installed: Installed) -> None:
    deep = installed.home / ("a folder with a long name, " * 5)  # too long for a socket
    installed.environment["EASEL_HOME"] = str(deep)
    installed.home = deep
    installed.start()
    assert installed.process is not None
    os.kill(installed.process.pid, signal.SIGKILL)
    installed.process.wait()

    wait_for("every process is gone", lambda: installed.processes() == [], seconds=15)
    installed.start(below=[sys.executable, "-c", "import subprocess, sys; subprocess.call(sys.argv[1:])"])
    assert installed.get("/healthz")[0] == 200
    os.kill(installed.process.pid, signal.SIGKILL)  # what runs the supervisor, as make does
    wait_for("every process is gone again", lambda: installed.processes() == [], seconds=30)


@pytest.mark.parametrize(
    ("part", "word"), [("broker", "-server"), ("web", "uvicorn"), ("worker", " worker "), ("clock", " beat ")]
)
def test_the_end_of_one_part_ends_all_and_says_why(installed: Installed, part: str, word: str) -> None:
    installed.start()
    assert installed.process is not None
    wait_for("the part is there", lambda: bool(installed.processes(word)))
    os.kill(installed.processes(word)[0], signal.SIGKILL)

    assert installed.process.wait(30) == 1
    assert f"{part} was killed by SIGKILL" in installed.output
    assert installed.processes() == []


def test_a_busy_port_is_reported_before_anything_starts(installed: Installed) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", installed.port))
        other.listen()
        refused = installed.manage("dev")

    assert refused.returncode == 1
    assert f"Port {installed.port} is taken by another program" in refused.stderr
    assert "broker" not in refused.stdout
    assert installed.processes() == []


def test_a_fake_stripe_runs_beside_the_app_and_ends_with_it(installed: Installed) -> None:
    port = free_port()
    installed.environment |= {"EASEL_FAKE_STRIPE": "1", "EASEL_FAKE_STRIPE_PORT": str(port)}
    installed.start()
    assert f"http://127.0.0.1:{port}/_fake/dashboard" in installed.output
    wait_for("the fake is one of six", lambda: len(installed.processes()) == 6)
    assert len(installed.processes("tests.emulators.stripe")) == 1
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        pass  # it listens

    assert installed.interrupt() == 0
    assert installed.processes() == []
    assert "Traceback" not in installed.output
