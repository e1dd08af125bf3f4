"""A real Redis or Valkey."""

import atexit
import os
from pathlib import Path

from config.supervision import broker


def ensure(folder: Path) -> str:
    """Return the URL of a server: REDIS_URL, else one of our own on a socket, which ends with this process.

    The URL is put into the environment, for every process that is started from here.
    """
    if url := os.environ.get("REDIS_URL"):
        return url
    server = broker.find_server(os.environ.get("REDIS_BIN", ""))
    socket = folder / "broker.sock"
    child = broker.start(server=server, socket=socket, folder=folder / "broker", is_durable=False)
    atexit.register(child.stop)
    os.environ["REDIS_URL"] = url = f"unix://{socket}"
    return url
