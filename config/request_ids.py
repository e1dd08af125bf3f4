"""An id for every request: on its answer, on every log line it causes, and in the error that a client reports."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from apps.ids import to_public, uuid7

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

_UNLOGGED: Final = ("/static/", "/healthz")  # asked for all the time, and the asker sees what comes back

log = structlog.get_logger("easel.requests")


@sync_and_async_middleware
def RequestIdMiddleware(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """Give each request ``request.request_id`` and each answer ``X-Request-Id``; log a line when it is answered.

    An id that a client sends is not taken over: it would let anyone write into our logs.
    """
    if iscoroutinefunction(get_response):
        answer_later: AsyncHandler = get_response

        async def wait(request: HttpRequest) -> HttpResponseBase:
            request_id, began = _begin(request), time.perf_counter()
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                return _end(request, await answer_later(request), request_id, began)

        return wait

    def handle(request: HttpRequest) -> HttpResponseBase:
        request_id, began = _begin(request), time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = get_response(request)
            assert isinstance(response, HttpResponseBase)
            return _end(request, response, request_id, began)

    return handle


def _begin(request: HttpRequest) -> str:
    request_id = to_public("req", uuid7())
    request.request_id = request_id  # type: ignore[attr-defined]  # ours, beside Django's own
    return request_id


def _end(request: HttpRequest, response: HttpResponseBase, request_id: str, began: float) -> HttpResponseBase:
    response["X-Request-Id"] = request_id
    if not request.path.startswith(_UNLOGGED):
        milliseconds = round((time.perf_counter() - began) * 1000)
        write = log.error if response.status_code >= 500 else log.info
        write("answered", method=request.method, path=request.path, status=response.status_code, ms=milliseconds)
    return response
