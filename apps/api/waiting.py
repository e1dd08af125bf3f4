"""Answers that may wait for a job to end: an ordinary endpoint works, an async view around it waits."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from apps.api.endpoint import Endpoint
from apps.jobs.wakeups import release_connection, wait_until_ended

MAX_WAIT_SECONDS: Final = 60


class MayWait(HttpResponse):
    """An answer about a job that has not ended, to a caller who is willing to wait for it.

    ``again`` makes the same answer from the job as it is by then.
    """

    job_id: UUID
    seconds: float
    again: Callable[[], HttpResponseBase]

    @classmethod
    def until_ended(cls, *, job_id: UUID, seconds: float, again: Callable[[], HttpResponseBase]) -> "MayWait":
        answer = cls()
        answer.job_id, answer.seconds, answer.again = job_id, seconds, again
        return answer


def waiting(
    endpoint: type[Endpoint],
) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:  # Any: what await returns
    """Make the view of an endpoint whose handlers may return ``MayWait``.

    Nothing is held while it waits, not even a database connection. Under WSGI it waits as well, in its thread.
    """
    inner = endpoint.as_view()

    def begin(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        answer: HttpResponseBase = inner(request, **kwargs)
        if isinstance(answer, MayWait):
            release_connection()
        return answer

    @wraps(inner)  # with the marks that Django and drf-spectacular look for: csrf_exempt, cls
    async def view(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        answer = await sync_to_async(begin)(request, **kwargs)
        if isinstance(answer, MayWait):
            await wait_until_ended(answer.job_id, answer.seconds)
            answer = await sync_to_async(answer.again)()
        return answer

    return view
