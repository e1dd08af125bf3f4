"""Asking a job to stop."""

from datetime import datetime

from apps.errors import DomainError
from apps.jobs import dispatch, lifecycle
from apps.jobs.models import Job
from apps.jobs.states import State


class JobHasEnded(DomainError):
    """The job has ended; there is nothing to cancel."""

    code = "job_ended"


def request_cancel(*, job: Job, now: datetime) -> Job:
    """Ask that a job stop, and return it as it is then.

    Queued: it ends at once, free. Running: the provider is asked, and the job goes on until it answers; delivered
    anyway means charged, with a warning. Asking again changes nothing.

    :raises JobHasEnded: it has ended already (a canceled one is simply returned).
    """
    if State(job.state) is State.QUEUED:
        try:
            lifecycle.cancel(job=job, now=now)
        except lifecycle.JobMoved:
            job.refresh_from_db()
        else:
            return job
    if State(job.state) is State.CANCELED:
        return job
    # The schedule moves, the lease does not: a worker that holds the job sees the wish at its next step.
    asked = Job.objects.open().filter(pk=job.pk, cancel_requested_at=None)
    if asked.update(cancel_requested_at=now, due_at=now):
        dispatch.nudge(job_id=job.pk, queue=job.queue)
    job.refresh_from_db()
    if State(job.state) in {State.SUCCEEDED, State.FAILED}:
        raise JobHasEnded(f"This job has ended already: it {job.state}.")
    return job
