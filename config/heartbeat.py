"""How a web process knows that workers are there: each consumer leaves a key that expires, and keeps renewing it.

Celery's own ``inspect ping`` broadcasts and waits for a second or more; these keys are read in one round trip.
The signal comes from the timer of the consumer itself, so a worker that is stuck or cut off stops renewing.
"""

import functools
from typing import Final

import redis
import structlog
from celery import current_app
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_TTL_SECONDS: Final = 10  # Celery beats every 2 s

log = structlog.get_logger(__name__)


def renew(**_: object) -> None:
    """Say that this worker consumes its queues. Connected to Celery's ``heartbeat_sent``."""
    try:
        with client().pipeline(transaction=False) as pipeline:
            for queue in current_app.amqp.queues.consume_from:
                pipeline.set(_key(queue), "1", ex=_TTL_SECONDS)
            pipeline.execute()
    except redis.RedisError as fault:
        log.warning("heartbeat_lost", fault=str(fault))


def queues_without_worker() -> list[str]:
    """Name the queues that nobody consumes just now.

    :raises redis.RedisError: the broker does not answer.
    """
    queues = settings.EASEL_QUEUES
    beats = client().mget([_key(queue) for queue in queues])
    assert isinstance(beats, list)  # the stubs cover the asynchronous client too
    return [queue for queue, beat in zip(queues, beats, strict=True) if beat is None]


def forget() -> None:
    """Drop the beats of workers that are gone for sure, so that a quick restart waits for its own."""
    client().delete(*(_key(queue) for queue in settings.EASEL_QUEUES))


@functools.cache
def client() -> redis.Redis:
    """The broker, with little patience: a health check has none. One more try, for a connection that was dropped."""
    once_more = Retry(NoBackoff(), retries=1)
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, retry=once_more)


def _key(queue: str) -> str:
    return f"easel:worker:{queue}"
