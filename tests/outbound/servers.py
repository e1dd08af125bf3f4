"""Servers and a name server that behave as a test wants, and one call that fetches from them."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from apps.outbound import (
    Fetched,
    fetch_public,
)
from tests.emulators.http import Answer, EmulatorServer, Incoming, Respond


@contextmanager
def serving(respond: Respond) -> Iterator[EmulatorServer]:
    server = EmulatorServer(respond)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then does what it likes with the connection; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    talk(connection)
            except OSError:
                return  # the test is over, or hung up

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.close()
        thread.join(5)


def dribble(connection: socket.socket, start: bytes, piece: bytes) -> None:
    """Send a piece every 20 ms for ten seconds, or until the other side hangs up."""
    connection.sendall(start)
    connection.settimeout(0.02)
    ends_at = time.monotonic() + 10
    while time.monotonic() < ends_at:
        connection.sendall(piece)
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            continue


@dataclass
class Names:
    """A name server that a test fills; keeps what it was asked."""

    addresses: dict[str, list[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int, seconds: float) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.addresses:
            raise OSError("no such host")
        return self.addresses[host]


def fetch(url: str, *, max_bytes: int = 1000, seconds: float = 5.0, is_local: bool = True) -> tuple[Fetched, bytes]:
    file = io.BytesIO()
    fetched = fetch_public(url, into=file, max_bytes=max_bytes, timeout_seconds=seconds, allow_private=is_local)
    return fetched, file.getvalue()


def png(incoming: Incoming) -> Answer:
    return Answer(200, b"picture", {"Content-Type": "image/PNG; charset=x"})


def redirecting(times: int, last: str = "/end") -> Respond:
    def answer(incoming: Incoming) -> Answer:
        step = int(incoming.path.strip("/") or 0) if incoming.path != "/end" else times
        if step >= times:
            return Answer(200, b"end")
        return Answer(302, b"", {"Location": last if step + 1 == times else f"/{step + 1}", "Set-Cookie": "a=b"})

    return answer
