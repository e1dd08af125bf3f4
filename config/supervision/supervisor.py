"""`make run`: prepares an installation, runs all its parts as one, and ends them as one."""

import contextlib
import errno
import http.client
import io
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from config import heartbeat
from config.payments import FAKE, has_fake
from config.supervision import broker, lock
from config.supervision.children import Child

_READY_SECONDS: Final = 90.0
_CELERY: Final = (sys.executable, "-m", "celery", "--quiet", "-A", "config")
# Celery advises against root. Who tries Easel in a container is root, and nobody else reaches this worker.
_QUIET: Final = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
_THREADS: Final = 8  # tasks at once in the embedded worker: most of them wait for a provider


class CannotRun(Exception):
    """The installation cannot be started, or one of its parts has ended; says why, for a person."""


@dataclass(frozen=True, slots=True)
class FakeStripe:
    """A stand-in for Stripe, to try buying with: where it listens and how it signs."""

    port: int
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it is and what it needs. ``broker_socket`` None: REDIS_URL names a broker that someone else runs."""

    home: Path
    port: int
    url: str
    broker_socket: Path | None
    redis_bin: str
    fake_stripe: FakeStripe | None
    is_shared: bool  # DATABASE_URL is set: other machines may have workers of their own
    parent: int | None = (
        None  # a process to end with, whoever kills it; for `make`, which stands between us and a terminal
    )


def run(installation: Installation, say: Callable[[str], None]) -> None:
    """Run until a signal (SIGINT, SIGTERM, SIGHUP) or the end of its parent, then stop everything in order and return.

    :raises CannotRun: something stands in the way, or a part ended by itself; nothing is left running then either.
    """
    try:
        descriptor = lock.hold(installation.home)
    except lock.AlreadyRuns as refusal:
        raise CannotRun(str(refusal)) from refusal
    _check_port(installation.port, "PORT")
    if installation.fake_stripe is not None:
        _check_fake(installation.fake_stripe)
    children: list[Child] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup is heeded
            signal.signal(number, signal.default_int_handler)
    try:
        _start(installation, children, descriptor, say)
        while installation.parent in {None, os.getppid()}:
            _check(children)
            time.sleep(0.2)
    except KeyboardInterrupt:
        say("Stopping…")
    except broker.BrokerFailed as fault:
        raise CannotRun(str(fault)) from fault
    finally:
        _stop(children)
        if installation.broker_socket is not None and installation.broker_socket.parent != installation.home:
            shutil.rmtree(installation.broker_socket.parent, ignore_errors=True)  # a short address elsewhere
    say("Stopped. Everything is kept in " + str(installation.home))


def _start(installation: Installation, children: list[Child], descriptor: int, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    keep = (descriptor,)
    if installation.broker_socket is not None:
        server = broker.find_server(installation.redis_bin)
        folder = installation.home / "broker"
        children.append(broker.start(server=server, socket=installation.broker_socket, folder=folder, keep_open=keep))
        say(f"  broker    {server}")
        heartbeat.forget()
    demo = _prepare(installation, say)
    if (fake := installation.fake_stripe) is not None:
        say(f"  stripe    TEST: a fake one, dashboard at http://127.0.0.1:{fake.port}/_fake/dashboard")
        children.append(Child("stripe", _fake_command(fake, installation.port), keep_open=keep))
    heartbeat.client().close()
    say("  web       starting on port " + str(installation.port))
    children.append(Child("web", _web_command(installation.port), keep_open=keep))
    say("  worker    starting")
    children.append(Child("worker", _worker_command(), environment=_QUIET, keep_open=keep))
    _wait_until_ready(installation.port, children)
    children.append(Child("clock", _clock_command(installation.home), keep_open=keep))
    say(f"\nEasel runs at {installation.url} (after {time.monotonic() - began:.1f} s)\n")
    for name in ("email", "password", "api_key", "test_api_key"):
        say(f"  {name.replace('_', ' '):<14}{demo[name]}")
    say("\nCtrl-C stops it and loses nothing.")


def _prepare(installation: Installation, say: Callable[[str], None]) -> Mapping[str, str]:
    """Bring database, catalogue and demo up to date; each step does nothing when there is nothing to do."""
    applied = _call("migrate", interactive=False, verbosity=1).count("  Applying ")
    say(f"  database  {applied} migrations applied" if applied else "  database  up to date")
    changes = _call("sync_catalog").splitlines()
    say("  catalogue " + (changes[0] if len(changes) == 1 else f"{len(changes)} changes"))
    demo: Mapping[str, str] = json.loads(_call("seed_demo", json=True))
    say(f"  demo      workspace {demo['workspace']} with credits and keys")
    if not installation.is_shared:
        say("  jobs      " + _call("release_leases"))  # the lock says that no worker of ours is alive
    connections.close_all()
    return demo


def _call(command: str, **options: object) -> str:
    output = io.StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue().strip()


def _web_command(port: int) -> list[str]:
    # An open event stream would keep it from ending for as long as the browser likes; hence the graceful time-out.
    return [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)),
        *("--timeout-graceful-shutdown", "2", "--lifespan", "off", "--no-access-log", "--no-proxy-headers"),
        *("--no-server-header", "--log-level", "warning"),
    ]


def _worker_command() -> list[str]:
    return [
        *(*_CELERY, "worker", "--pool", "threads", "--concurrency", str(_THREADS)),
        *("--queues", ",".join(settings.EASEL_QUEUES), "--without-gossip", "--without-mingle"),
    ]


def _clock_command(home: Path) -> list[str]:
    # A part of its own, not `worker --beat`: a worker does not notice when the clock inside it has died.
    return [*_CELERY, "beat", "--schedule", str(home / "beat-schedule"), "--pidfile", ""]


def _fake_command(fake: FakeStripe, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", FAKE, "--port", str(fake.port), "--webhook-secret", fake.webhook_secret),
        *("--webhook-url", f"http://127.0.0.1:{port}/stripe/webhook"),
    ]


def _check_fake(fake: FakeStripe) -> None:
    if not has_fake():
        raise CannotRun(
            "EASEL_FAKE_STRIPE=1 needs the folder tests of the source tree, where the fake Stripe is. It is not here;"
            " the Docker image leaves it out, too."
        )
    _check_port(fake.port, "EASEL_FAKE_STRIPE_PORT")


def _check_port(port: int, name: str) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as fault:
            if fault.errno == errno.EADDRINUSE:
                raise CannotRun(
                    f"Port {port} is taken by another program. Choose another: {name}={port + 1} make run"
                ) from None
            raise CannotRun(f"Port {port} cannot be used: {fault.strerror}.") from None


def _wait_until_ready(port: int, children: list[Child]) -> None:
    ends_at, state = time.monotonic() + _READY_SECONDS, "no answer"
    while time.monotonic() < ends_at:
        _check(children)
        status, state = _ask_health(port)
        if status == HTTPStatus.OK:
            return
        time.sleep(0.1)
    raise CannotRun(f"Not ready after {_READY_SECONDS:.0f} s: {state}")


def _ask_health(port: int) -> tuple[int, str]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, answer.read(1000).decode(errors="replace")
        except OSError as fault:
            return 0, f"no answer ({fault.strerror})"


def _check(children: list[Child]) -> None:
    for child in children:
        if child.has_ended:
            raise CannotRun(f"{child.reason}, so everything was stopped.")


def _stop(children: list[Child]) -> None:
    """Stop web, clock, worker, a fake Stripe and the broker, in this order; at a second Ctrl-C, by force."""
    try:
        for child in sorted(children, key=lambda one: ("web", "clock", "worker", "stripe", "broker").index(one.name)):
            child.stop()
    except KeyboardInterrupt:
        for child in children:
            child.kill()
