"""Waking workers and waiters: hints sent after commit. A lost one costs time, never a job."""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.jobs import wakeups

ADVANCE: Final = "jobs.advance"
SWEEP: Final = "jobs.sweep"
EXPIRE_CREDITS: Final = "jobs.expire_credits"
MEASURE: Final = "jobs.measure"

PROVIDERS: Final = "providers"  # waits on the network: many threads
PICTURES: Final = "pictures"  # works on pictures: one process a core

log = structlog.get_logger(__name__)


def nudge(*, job_id: UUID, queue: str, delay_seconds: float = 0) -> None:
    """Ask a worker to look at a job once this transaction has committed; without one, at once.

    A broker that is away is logged and survived: the sweep finds the job by its ``due_at``.
    """

    def send() -> None:
        try:
            current_app.send_task(
                ADVANCE, kwargs={"job_id": str(job_id)}, queue=queue, countdown=delay_seconds or None, retry=False
            )
        except (OperationalError, RedisError, OSError) as fault:
            log.warning("nudge_lost", job_id=str(job_id), fault=str(fault))

    transaction.on_commit(send, robust=True)


def announce(*, job_id: UUID) -> None:
    """Tell everyone who waits for a job that it has changed, once this transaction has committed."""

    def publish() -> None:
        wakeups.publish(job_id)

    transaction.on_commit(publish, robust=True)


def delay_until(*, due_at: datetime, now: datetime) -> float:
    """The seconds from now until a job is due, a little over so that a nudge never comes early."""
    return max(0.0, (due_at - now).total_seconds()) + 0.02
