"""Celery's side of jobs: a few lines a task; ids in, rows are the truth. Queues are chosen where a task is sent."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.jobs import dispatch, runner, statistics, sweeping
from apps.ledger import posting


@shared_task(name=dispatch.ADVANCE)
def advance(*, job_id: str, **_: object) -> None:
    runner.advance(job_id=UUID(job_id), clock=timezone.now)


@shared_task(name=dispatch.SWEEP)
def sweep(**_: object) -> None:
    sweeping.sweep(now=timezone.now())


@shared_task(name=dispatch.EXPIRE_CREDITS)
def expire_credits(**_: object) -> None:
    posting.expire_due(now=timezone.now())


@shared_task(name=dispatch.MEASURE)
def measure(**_: object) -> None:
    statistics.measure(now=timezone.now())
