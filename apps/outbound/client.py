"""Client: one request at a time to an address the operator chose, with every limit said out loud."""

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from apps.outbound.connections import CONNECTIONS_PER_POOL, FAULTS, NOT_CONNECTED, Transport, within

POOLS = 10


class NotSent(Exception):
    """No connection could be made: the other side has seen nothing of the request."""


class NoAnswer(Exception):
    """A connection stood, and no usable answer came: the other side may have done what was asked."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # whatever the other side sent
        """Read the body. :raises ValueError: it is not JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class _Pool:
    client: httpx.Client
    in_flight: int = 0


class Client:
    """Up to a hundred exchanges at once, in pools of ten connections that are made when they are needed.

    May be shared by threads; a process makes its own. ``transport`` replaces the network in tests.
    """

    def __init__(self, *, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport
        self._pools: list[_Pool] = []
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | Iterable[bytes] | None = None,
        connect_seconds: float = 5.0,
        answer_seconds: float = 30.0,
        max_bytes: int = 5_000_000,
    ) -> Response:
        """Send one request, once, and read the whole answer; redirects are answers like any other.

        The connection is made within ``connect_seconds``, everything together takes at most both times. ``json`` or
        ``content`` is the body; a ``content`` in pieces wants a Content-Length among the headers.

        :raises NotSent: surely nothing was sent.
        :raises NoAnswer: sent, at least in part; no answer in time, a broken one, or one of more than ``max_bytes``.
        """
        wanted = {"User-Agent": "Easel", "Accept-Encoding": "identity", **(headers or {})}
        timeout = httpx.Timeout(answer_seconds, connect=connect_seconds, pool=connect_seconds)
        host = url.partition("://")[2].partition("/")[0]
        try:
            with within(connect_seconds + answer_seconds), self._pool() as client:
                sending = client.stream(method, url, headers=wanted, json=json, content=content, timeout=timeout)
                with sending as answer:
                    body = _read(answer, max_bytes)
        except NOT_CONNECTED as error:
            raise NotSent(f"{host} cannot be reached: {type(error).__name__}") from error
        except FAULTS as error:
            raise NoAnswer(f"{host} did not answer: {type(error).__name__}") from error
        return Response(answer.status_code, dict(answer.headers), body)

    def close(self) -> None:
        """Drop all connections; the next request makes new ones."""
        with self._lock:
            pools, self._pools = self._pools, []
        for pool in pools:
            pool.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _pool(self) -> Iterator[httpx.Client]:
        """Take the first pool with a free connection, so that few connections stay in use while few are needed."""
        with self._lock:
            pool = next((one for one in self._pools if one.in_flight < CONNECTIONS_PER_POOL), None)
            if pool is None and len(self._pools) < POOLS:
                transport = self._transport or Transport()
                pool = _Pool(httpx.Client(transport=transport, trust_env=False, follow_redirects=False))
                self._pools.append(pool)
            elif pool is None:
                pool = min(self._pools, key=lambda one: one.in_flight)
            pool.in_flight += 1
        try:
            yield pool.client
        finally:
            with self._lock:
                pool.in_flight -= 1


def _read(answer: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > max_bytes:
            raise httpx.RemoteProtocolError(f"more than {max_bytes} bytes")
    return bytes(body)
