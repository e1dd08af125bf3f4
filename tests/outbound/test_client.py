"""Client: one request, one answer, and whether anything was sent when there is none."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from apps.outbound import (
    Client,
    NoAnswer,
    NotSent,
)
from tests.emulators.http import Answer, Incoming
from tests.outbound.servers import dribble, redirecting, serving, talking

pytestmark = pytest.mark.once


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


def test_a_request_and_its_answer(client: Client) -> None:
    seen: list[Incoming] = []

    def answer(incoming: Incoming) -> Answer:
        seen.append(incoming)
        return Answer(418, {"a": 1}, {"X-Fal-Thing": "Yes"})

    with serving(answer) as server:
        response = client.request("POST", f"{server.url}/b?c=d", headers={"X-E": "f"}, json={"g": [1]})
    assert (response.status, response.headers["x-fal-thing"], response.json()) == (418, "Yes", {"a": 1})
    assert [(one.method, one.path, one.headers["x-e"], one.json()) for one in seen] == [
        ("POST", "/b?c=d", "f", {"g": [1]})
    ]


def test_a_redirect_is_an_answer(client: Client) -> None:
    with serving(redirecting(1)) as server:
        assert client.request("GET", f"{server.url}/").status == 302


def test_nothing_listens_so_nothing_was_sent(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotSent):
        client.request("POST", f"http://127.0.0.1:{port}/", json={})


def test_a_broken_connection_is_no_answer(client: Client) -> None:
    with serving(lambda _: None) as server, pytest.raises(NoAnswer):
        client.request("POST", server.url, json={})


def test_silence_is_no_answer_after_its_time(client: Client) -> None:
    with talking(lambda connection: dribble(connection, b"", b"H")) as url:
        started = time.monotonic()
        with pytest.raises(NoAnswer):
            client.request("GET", url, connect_seconds=0.1, answer_seconds=0.3)
        assert time.monotonic() - started < 2


def test_too_long_an_answer_is_none(client: Client) -> None:
    with serving(lambda _: Answer(200, b"x" * 2000)) as server, pytest.raises(NoAnswer):
        client.request("GET", server.url, max_bytes=1999)


def test_more_calls_at_once_than_one_pool_holds(client: Client) -> None:
    together = threading.Barrier(25)

    def answer(_: Incoming) -> Answer:
        together.wait(10)  # nobody is answered before all have come
        return Answer(200, b"x")

    statuses: list[int] = []
    with serving(answer) as server:
        threads = [
            threading.Thread(target=lambda: statuses.append(client.request("GET", server.url).status))
            for _ in range(25)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(15)
    assert statuses == [200] * 25


def test_the_transport_can_be_replaced() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"path": request.url.path}))
    with Client(transport=transport) as client:
        assert client.request("GET", "https://queue.example/a").json() == {"path": "/a"}
