"""Whether jobs and the ledger tell the same story (I11); rows that break it."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q

from apps.jobs.models import Job
from apps.jobs.states import ENDED
from apps.ledger.check import Fault
from apps.ledger.models import Hold

_LATE: Final = timedelta(minutes=15)


def check_jobs(*, now: datetime) -> list[Fault]:
    """List jobs and holds that contradict each other. Reads only.

    An ended job has a closed hold that captured what the job was charged; an open job has an open one; no hold is open
    past its deadline; no open hold is without its job.
    """
    paid = Job.objects.exclude(hold=None)
    wrong = paid.filter(
        Q(state__in=ENDED) & (Q(hold__status=Hold.Status.OPEN) | ~Q(hold__captured_mc=F("charged_mc")))
        | ~Q(state__in=ENDED) & Q(hold__status=Hold.Status.CLOSED)
    )
    faults = [
        Fault("I11", job.public_id, f"the job {job.state} with {job.charged_mc} mc, its hold says otherwise")
        for job in wrong.iterator()
    ]
    open_holds = Hold.objects.filter(status=Hold.Status.OPEN)
    faults += [
        Fault("I11", str(hold.pk), "open past its deadline")
        for hold in open_holds.filter(deadline_at__lt=now - _LATE).iterator()
    ]
    orphans = open_holds.exclude(job_id__in=Job.objects.exclude(hold=None).values("pk"))
    return faults + [Fault("I11", str(hold.pk), "open without a job") for hold in orphans.iterator()]
