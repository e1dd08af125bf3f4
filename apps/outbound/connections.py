"""Connections that keep one deadline over everything an exchange does, and go only where they are told."""

import contextlib
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any

import httpcore
import httpx

CONNECTIONS_PER_POOL = 10  # a pool is searched from end to end: ten of ten cost a fraction of one of a hundred
IDLE_SECONDS = 5.0

Find = Callable[[str, int, float], Sequence[str]]
"""Host, port and seconds to the addresses that may be called, as text. Whatever it raises ends the exchange."""

NOT_CONNECTED = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL),
    *(httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, httpcore.UnsupportedProtocol),
)
FAULTS = (*NOT_CONNECTED, httpx.RequestError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

_deadline: ContextVar[float] = ContextVar("outbound_deadline")  # on the clock of time.monotonic()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound everything a Transport does in this block, waits, slow bytes and redirects together."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left(limit: float | None = None, error: type[httpcore.TimeoutException] = httpcore.ReadTimeout) -> float:
    """How long the next wait may take: httpx limits each wait alone, so a byte now and then would keep us for ever."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise error("the time for the whole exchange is over")
    return left if limit is None else min(left, limit)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, seconds_left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, seconds_left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = seconds_left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:  # httpcore's own type
        return self._inner.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    """Opens connections. ``find`` is asked once a connection, and its answer is what is called: no second look-up can
    give another address than the one it checked."""

    def __init__(self, find: Find | None) -> None:
        self._find = find
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = (
            [host] if self._find is None else self._find(host, port, seconds_left(timeout, httpcore.ConnectTimeout))
        )
        fault: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("the name has no address")
        for address in addresses:
            limit = seconds_left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(self._backend.connect_tcp(address, port, limit, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reading the certificates takes longer than most requests: once a process


class Transport(httpx.BaseTransport):
    """httpx over one small pool of such connections. Every use stands in a ``within`` block. No proxy, no retries."""

    def __init__(self, find: Find | None = None) -> None:
        # Servers keep an idle connection longer than IDLE_SECONDS: a request that must not be sent twice hardly ever
        # meets one that is closed under it.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_connections=CONNECTIONS_PER_POOL,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Network(find),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()
