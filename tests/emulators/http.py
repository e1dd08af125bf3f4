"""A small HTTP/1.1 server for emulators: threads, keep-alive, one function that answers everything."""

import json
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came. The names of headers are in lower case; ``path`` has its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # whatever was sent
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; a body that is not bytes is written as JSON."""

    status: int
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Respond = Callable[[Incoming], Answer | None]
"""Answer a request; None breaks the connection off."""


class EmulatorServer:
    """Serves on a port of 127.0.0.1 from ``start`` to ``stop``: a free one, unless one is told.

    ``tell`` hears of what goes wrong in the emulator itself; without it, a test sees the connection end.
    """

    def __init__(self, respond: Respond, *, port: int = 0, tell: Callable[[str], None] | None = None) -> None:
        self._respond = respond
        self._port = port
        self._tell = tell
        self._server: _Server | None = None
        self._is_stopping = threading.Event()

    @property
    def url(self) -> str:
        assert self._server is not None, "the server has not been started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._is_stopping.clear()
        self._server = _Server(self._respond, self._port, self._tell)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Stop listening and end every connection, also those that are waiting."""
        self._is_stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None

    def wait(self, seconds: float) -> None:
        """Let time pass, or the server end."""
        self._is_stopping.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, respond: Respond, port: int, tell: Callable[[str], None] | None) -> None:
        self.respond = respond
        self._tell = tell
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # socketserver's own types
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # socketserver's own type
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other side was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:  # socketserver's own types
        """A client that goes away is nothing to speak of; a fault of ours ends the connection, which a test sees."""
        if self._tell and not isinstance(sys.exception(), OSError):
            self._tell(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.respond(Incoming(self.command, self.path, headers, self.rfile.read(length)))
        if answer is None:
            self.close_connection = True
            return
        is_raw = isinstance(answer.body, bytes)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        sent = {"Content-Type": "application/octet-stream" if is_raw else "application/json", **answer.headers}
        for name, value in {**sent, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        pass
