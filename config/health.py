"""Whether this installation can take and finish work: for load balancers, container engines and `make run`."""

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import heartbeat

READY = "ready"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 once every part is ready, else 503 and which is not."""
    broker, worker = _broker_and_worker()
    parts = {"web": READY, "database": _database(), "broker": broker, "worker": worker}
    is_ready = all(state == READY for state in parts.values())
    return JsonResponse({"status": READY if is_ready else "not ready", "parts": parts}, status=200 if is_ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return READY


def _broker_and_worker() -> tuple[str, str]:
    try:
        idle = heartbeat.queues_without_worker()
    except redis.RedisError:
        return "does not answer", "unknown"
    return READY, f"nobody works on {' and '.join(idle)}" if idle else READY
