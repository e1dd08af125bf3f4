"""fal.ai as one HTTP server on loopback: queue, storage and file server, told by a test how to behave.

``with FalEmulator() as fal:`` starts and stops it. Its answers follow fal's documentation; ``fal_client`` 1.0.3 works
with it (``tests/providers/test_fal_client.py``). A run advances with each question for its status, so nothing waits
unless ``Behavior.seconds`` says so.
"""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from tests.emulators.fal_inputs import refusals
from tests.emulators.fal_output import make_output, picture
from tests.emulators.fal_runs import CANCELED, Behavior, Failure, Json, Progress, Run
from tests.emulators.http import Answer, EmulatorServer, Incoming

KEY = "emulated:secret"


class Route(StrEnum):
    """What a request is about."""

    SUBMIT = "submit"
    STATUS = "status"
    RESULT = "result"
    CANCEL = "cancel"
    TOKEN = "token"
    UPLOAD = "upload"
    INITIATE = "initiate"
    PUT = "put"
    FILE = "file"


_FIXED = {
    "/storage/auth/token": Route.TOKEN,
    "/storage/upload/initiate": Route.INITIATE,
    "/files/upload": Route.UPLOAD,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request instead of its answer."""

    answer: Answer | None = None  # None: the connection breaks
    seconds: float = 0.0  # that pass before
    is_handled: bool = False  # it is carried out all the same; without an ``answer`` of the fault's own, nobody is told
    is_late: bool = False  # it is carried out and answered, only after ``seconds``

    @classmethod
    def of(cls, status: int, body: Json | bytes = b"", headers: Mapping[str, str] | None = None) -> Self:
        """Answer this; nothing is carried out."""
        return cls(Answer(status, body, headers or {}))

    @classmethod
    def gateway(cls, status: int = 502) -> Self:
        """The page of a proxy in between."""
        return cls(Answer(status, b"<html><center>nginx</center></html>", {"Content-Type": "text/html"}))

    @classmethod
    def dropped(cls) -> Self:
        """The connection breaks before anything is carried out."""
        return cls()

    @classmethod
    def lost(cls) -> Self:
        """It is carried out, and the connection breaks before the answer."""
        return cls(is_handled=True)

    @classmethod
    def slow(cls, seconds: float) -> Self:
        """It is carried out, and answered so much later."""
        return cls(seconds=seconds, is_handled=True, is_late=True)


class FalEmulator:
    """The server. ``requests`` and ``runs`` are what it has seen, in order; both may be read at any time.

    A strict one refuses inputs that its endpoints are not documented to take, and endpoints that it does not know.
    """

    def __init__(self, *, key: str = KEY, is_strict: bool = False) -> None:
        self.key = key
        self.is_strict = is_strict
        self.behavior = Behavior()
        self.requests: list[tuple[Route, Incoming]] = []
        self.runs: dict[str, Run] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        self._faults: dict[Route, deque[Fault]] = defaultdict(deque)
        self._lock = threading.RLock()
        self._server = EmulatorServer(self._answer)

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of all three hosts, without a slash at the end."""
        return self._server.url

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point an installation here."""
        names = ("EASEL_FAL_QUEUE_URL", "EASEL_FAL_REST_URL", "EASEL_FAL_CDN_URL")
        return {"FAL_KEY": self.key, **dict.fromkeys(names, self.url)}

    def fail_next(self, route: Route, *faults: Fault) -> None:
        """Let the next requests of this kind go wrong, one fault each."""
        with self._lock:
            self._faults[route].extend(faults)

    def count(self, route: Route) -> int:
        """How many requests of this kind came, those that went wrong included."""
        return len(self.seen(route))

    def seen(self, route: Route) -> Sequence[Incoming]:
        with self._lock:
            return [incoming for kind, incoming in self.requests if kind is route]

    def _answer(self, incoming: Incoming) -> Answer | None:
        path = urlsplit(incoming.path).path
        route = _route(incoming.method, path)
        with self._lock:
            self.requests.append((route, incoming))
            fault = self._faults[route].popleft() if self._faults[route] else None
        if fault is None:
            return self._handle(route, incoming, path)
        answer = self._handle(route, incoming, path) if fault.is_handled else None
        self._server.wait(fault.seconds)
        return answer if fault.is_late else fault.answer

    def _handle(self, route: Route, incoming: Incoming, path: str) -> Answer:
        is_open = route in {Route.FILE, Route.PUT} or (
            route is Route.UPLOAD and incoming.headers.get("authorization") == "Bearer emulated-token"
        )
        if not is_open and incoming.headers.get("authorization") != f"Key {self.key}":
            return Answer(401, {"detail": "Cannot access application. Authentication is required to access it."})
        with self._lock:
            match route:
                case Route.SUBMIT:
                    return self._submit(incoming, path.strip("/"))
                case Route.STATUS | Route.RESULT | Route.CANCEL:
                    return self._about_run(route, path)
                case Route.FILE:
                    return self._file(path)
                case _:
                    return self._store(route, incoming, path)

    def _submit(self, incoming: Incoming, endpoint: str) -> Answer:
        inputs = json.loads(incoming.body)
        run = Run(str(uuid4()), endpoint, inputs, self.behavior, time.monotonic(), failure=self.behavior.failure)
        if run.failure is None and not any(name in inputs for name in ("prompt", "image_url", "image_urls")):
            run.failure = Failure.of_model("missing", message="Field required")
        if self.is_strict and (faults := refusals(endpoint, inputs)):
            run.failure = Failure.of_model("value_error", message="; ".join(faults))
        self.runs[run.request_id] = run
        base = (self.behavior.urls_at or self.url) + run.path
        answer = {"request_id": run.request_id, "status": "IN_QUEUE", "queue_position": 0, "response_url": base}
        urls = {"status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
        return Answer(200, {**answer, **urls}, {"x-fal-request-id": run.request_id})

    def _about_run(self, route: Route, path: str) -> Answer:
        head, _, tail = path.partition("/requests/")
        run = self.runs.get(tail.partition("/")[0])
        if run is None or not run.path.startswith(f"{head}/requests/"):
            return Answer(404, {"status": "NOT_FOUND"})
        if route is Route.CANCEL:
            return _cancel(run)
        progress = run.progress
        if route is Route.RESULT:
            return self._result(run, progress)
        run.polls += 1
        match progress:
            case Progress.IN_QUEUE:
                return Answer(202, {"status": progress, "queue_position": run.behavior.polls_in_queue - run.polls})
            case Progress.IN_PROGRESS:
                return Answer(202, {"status": progress, "logs": None})
        said = run.failure.status_fields if run.failure else {}
        return Answer(200, {"status": progress, "logs": None, "metrics": {"inference_time": 0.5}, **said})

    def _result(self, run: Run, progress: Progress) -> Answer:
        headers = {"x-fal-request-id": run.request_id}
        if progress is not Progress.COMPLETED:
            return Answer(400, {"detail": "Request is still in progress"}, headers)
        if run.failure:
            return Answer(run.failure.status, run.failure.body, {**headers, **run.failure.headers})
        behavior = run.behavior
        output = make_output(
            run.endpoint,
            run.inputs,
            files_url=f"{self.url}/files",
            pictures=behavior.pictures,
            size=behavior.size,
            is_nsfw=behavior.is_nsfw,
            is_inline=behavior.is_inline,
        )
        return Answer(200, output, {**headers, "x-fal-billable-units": behavior.billable_units})

    def _file(self, path: str) -> Answer:
        name = path.removeprefix("/files/")
        if name in self.files:
            content, content_type = self.files[name]
            return Answer(200, content, {"Content-Type": content_type})
        made = picture(name)
        return Answer(200, made[0], {"Content-Type": made[1]}) if made else Answer(404, {"detail": "Not Found"})

    def _store(self, route: Route, incoming: Incoming, path: str) -> Answer:
        content_type = incoming.headers.get("content-type", "application/octet-stream")
        match route:
            case Route.TOKEN:
                token = {"token": "emulated-token", "token_type": "Bearer", "base_url": self.url}
                return Answer(200, {**token, "expires_at": "2100-01-01T00:00:00+00:00"})
            case Route.INITIATE:
                name = f"{uuid4()}/{json.loads(incoming.body)['file_name']}"
                return Answer(200, {"upload_url": f"{self.url}/put/{name}", "file_url": f"{self.url}/files/{name}"})
            case Route.PUT:
                self.files[path.removeprefix("/put/")] = (incoming.body, content_type)
                return Answer(200, {})
        name = f"{uuid4()}/{incoming.headers.get('x-fal-file-name', 'file')}"
        self.files[name] = (incoming.body, content_type)
        return Answer(200, {"access_url": f"{self.url}/files/{name}"})


def _route(method: str, path: str) -> Route:
    if "/requests/" in path:
        return Route.CANCEL if method == "PUT" else Route.STATUS if path.endswith("/status") else Route.RESULT
    fixed = {
        "/storage/auth/token": Route.TOKEN,
        "/storage/upload/initiate": Route.INITIATE,
        "/files/upload": Route.UPLOAD,
    }
    if path in fixed:
        return fixed[path]
    return {"GET": Route.FILE, "PUT": Route.PUT}.get(method, Route.SUBMIT)


def _cancel(run: Run) -> Answer:
    if run.progress is Progress.COMPLETED:
        return Answer(400, {"status": "ALREADY_COMPLETED"})
    is_waiting = run.progress is Progress.IN_QUEUE
    if is_waiting or not run.behavior.finishes_although_canceled:
        run.failure = CANCELED
    return Answer(200, {"status": "OK"}) if is_waiting else Answer(202, {"status": "CANCELLATION_REQUESTED"})
