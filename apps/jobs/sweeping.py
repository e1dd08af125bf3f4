"""The back-up for every lost hint: what is due is woken, what was given up is ended, what was not to be kept goes."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F, Q

from apps.jobs import cancellation, dispatch, outputs
from apps.jobs.models import Job

_GRACE: Final = timedelta(seconds=4)  # a job's own nudge comes first
_REPEAT: Final = timedelta(seconds=60)  # a nudge waiting in a long queue is not sent again at every sweep
_MOST: Final = 500

log = structlog.get_logger(__name__)


def sweep(*, now: datetime) -> int:
    """Wake a worker for every job that is overdue; return how many. Safe at any time, any number of times."""
    _cancel_impatient(now)
    quiet = Q(nudged_at=None) | Q(nudged_at__lt=now - _REPEAT)
    overdue = list(Job.objects.due(now - _GRACE).filter(quiet).order_by("due_at").values_list("pk", "queue")[:_MOST])
    Job.objects.filter(pk__in=[pk for pk, _ in overdue]).update(nudged_at=now)
    for pk, queue in overdue:
        dispatch.nudge(job_id=pk, queue=queue)
    outputs.discard_unkept(now=now)
    if overdue:
        log.info("swept", jobs=len(overdue))
    return len(overdue)


def release_leases() -> int:
    """Make every interrupted job due at once; return how many. Only for when surely no worker is alive.

    The claim number moves on, so that a worker which is alive after all can no longer write.
    """
    interrupted = Job.objects.open().exclude(lease_until=None)
    return interrupted.update(lease_until=None, claim=F("claim") + 1, nudged_at=None)


def _cancel_impatient(now: datetime) -> None:
    """Cancel the jobs whose callers said how long they would wait."""
    for job in Job.objects.open().filter(cancel_after_at__lte=now, cancel_requested_at=None)[:_MOST]:
        try:
            cancellation.request_cancel(job=job, now=now)
        except cancellation.JobHasEnded:
            log.info("ended_before_cancel", job=job.public_id)
