"""A web server on this machine that behaves as badly as a test wants."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Exchange(BaseHTTPRequestHandler):
    """One request being answered."""

    server: "_Server"

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.asked.append(self.path)
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(404)
        else:
            page(self)

    def give(self, content: bytes, content_type: str = "image/png") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def never_answer(self) -> None:
        """Keep the connection without a word until the server closes."""
        self.server.closing.wait(30)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


Page = Callable[[Exchange], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: dict[str, Page]
    asked: list[str]
    lock: threading.Lock
    closing: threading.Event

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has hung up is what some tests want."""


@dataclass
class Web:
    """The running server: set ``pages`` by path, read what was ``asked``."""

    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def offer(self, path: str, content: bytes, content_type: str = "image/png") -> str:
        """Serve content under a path; return its URL."""
        return self.on(path, lambda exchange: exchange.give(content, content_type))

    def on(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return self.address + path


@contextmanager
def serve_web() -> Iterator[Web]:
    with _Server(("127.0.0.1", 0), Exchange) as server:
        web = Web(f"http://127.0.0.1:{server.server_port}")
        server.pages, server.asked, server.lock, server.closing = (
            web.pages,
            web.asked,
            threading.Lock(),
            threading.Event(),
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield web
        server.closing.set()
        server.shutdown()
        thread.join()
