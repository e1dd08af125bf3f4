"""The steps of a job: claim one that is due, take one step with its adapter, say when to look again.

A step reads the clock again after each remote call, so it takes the clock itself; everything below takes ``now``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db.models import F

from apps.ids import to_public, uuid7
from apps.jobs import dispatch, failures, handover, lifecycle, limits, outputs
from apps.jobs.models import Attempt, AttemptState, Job
from apps.jobs.states import State
from apps.library.storage import StorageUnavailable
from apps.providers import registry
from apps.providers.contract import (
    Accepted,
    Adapter,
    Cancellation,
    Done,
    OutcomeUnknown,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
)

Clock = Callable[[], datetime]

# A lease outlives its step's own time-outs; past it, another worker may take the job over.
_LEASE: Final = timedelta(seconds=150)
_FIRST_POLL: Final = timedelta(milliseconds=500)
_LOST_LOOK: Final = timedelta(seconds=15)

log = structlog.get_logger(__name__)


def advance(*, job_id: UUID, clock: Clock) -> None:
    """Take the next step of a job if it is due and no other worker holds it; else do nothing, whoever asked.

    Asked again at any time, also after a crash in the middle: the row says how far the job came.
    """
    now = clock()
    if not Job.objects.due(now).filter(pk=job_id).update(lease_until=now + _LEASE, claim=F("claim") + 1):
        return
    jobs = Job.objects.select_related("ai_model", "hold", "workspace", "price_version")
    job = jobs.defer("price_version__sell_rule", "price_version__cases").get(pk=job_id)  # of the price, only the cost
    try:
        _Step(job, clock).take()
    except lifecycle.JobMoved as moved:
        log.info("step_superseded", job=job.public_id, why=str(moved))


@dataclass(frozen=True, slots=True)
class _Step:
    job: Job
    clock: Clock

    def take(self) -> None:
        job, now = self.job, self.clock()
        match State(job.state):
            case State.QUEUED if job.cancel_requested_at:
                lifecycle.cancel(job=job, now=now)
            case State.QUEUED if now >= job.queue_deadline_at:
                lifecycle.fail(job=job, failure=failures.QUEUE_TIMEOUT, now=now)
            case State.QUEUED:
                self.send()
            case State.SENDING:
                self.recover(self._attempt())
            case State.RUNNING if job.delivered_at is None:
                self.poll(self._attempt())
            case State.RUNNING:
                self.store(self._attempt())
            case ended:
                raise AssertionError(f"a job that is {ended} cannot be due")

    def send(self) -> None:
        """Hand the job over: the attempt is written first, so that a crash cannot hide it."""
        job, now = self.job, self.clock()
        endpoint = handover.find_endpoint(job)
        if endpoint is None and not job.is_mock:
            lifecycle.fail(job=job, failure=failures.NOT_SERVED, now=now)
            return
        slug = endpoint.adapter if endpoint else handover.MOCK
        attempt_id = uuid7()
        request = handover.request_of(job, endpoint, reference=to_public("att", attempt_id))
        attempt = lifecycle.send(
            job=job,
            attempt_id=attempt_id,
            endpoint=endpoint,
            adapter=slug,
            provider_model=request.provider_model,
            deadline_at=now + timedelta(seconds=request.timeout_seconds),
            now=now,
        )
        try:
            adapter = registry.get(slug)
            answer = adapter.submit(request)
        except ProviderUnavailable as fault:
            self._later(attempt, fault)
        except ProviderRejected as fault:
            self._refuse(attempt, fault)
        except OutcomeUnknown as fault:
            log.warning("outcome_unknown", job=job.public_id, fault=str(fault))
            self._wait_as_lost(attempt)
        else:
            if isinstance(answer, Done):
                self._deliver(attempt, answer, adapter)
            else:
                self._accept(attempt, answer)

    def recover(self, attempt: Attempt) -> None:
        """Take over a job whose worker was lost while it handed the job over: never ask the provider twice."""
        now = self.clock()
        if attempt.reference:
            # The stalled worker came back and left the provider's reference: go on from there.
            lifecycle.start(job=self.job, attempt=attempt, due_at=now, now=now)
        elif registry.get(attempt.adapter).repeatable:
            if self.job.tries >= limits.MAX_CRASHES:
                lifecycle.fail(job=self.job, failure=failures.CRASHED, attempt=attempt, now=now)
            else:
                lifecycle.requeue(job=self.job, attempt=attempt, due_at=now, note="worker lost", now=now)
        elif self.job.deadline_at is None or now >= self.job.deadline_at:
            lifecycle.fail(
                job=self.job,
                failure=failures.OUTCOME_UNKNOWN,
                attempt=attempt,
                attempt_state=AttemptState.LOST,
                now=now,
            )
        else:
            self._wait_as_lost(attempt)

    def poll(self, attempt: Attempt) -> None:
        """Ask the provider how the job is, once; past its deadline, stop it."""
        job = self.job
        adapter = registry.get(attempt.adapter)
        accepted = Accepted(attempt.reference, attempt.urls)
        is_late = self.clock() >= (job.deadline_at or job.queue_deadline_at)
        if is_late or (job.cancel_requested_at and not job.cancel_sent_at):
            stopped = self._cancel_with_provider(adapter, accepted)
            if is_late:
                log.warning("job_timed_out", job=job.public_id, adapter=adapter.slug, reference=attempt.reference)
                lost = AttemptState.REFUSED if stopped else AttemptState.LOST
                failure = failures.RUN_TIMEOUT if job.deadline_at else failures.QUEUE_TIMEOUT
                lifecycle.fail(job=job, failure=failure, attempt=attempt, attempt_state=lost, now=self.clock())
                return
            if stopped:
                lifecycle.cancel(job=job, attempt=attempt, now=self.clock())
                return
        request = handover.request_of(job, attempt.endpoint, reference=to_public("att", attempt.pk))
        try:
            answer = adapter.poll(request, accepted)
        except (ProviderUnavailable, OutcomeUnknown) as fault:
            # The job is theirs and may well be running: only its deadline ends the asking.
            log.info("poll_unanswered", job=job.public_id, fault=str(fault))
            lifecycle.wait(
                job=job, due_at=self.clock() + limits.backoff(job.tries), tries=job.tries + 1, now=self.clock()
            )
        except ProviderRejected as fault:
            self._refuse(attempt, fault)
        else:
            if isinstance(answer, Done):
                self._deliver(attempt, answer, adapter)
            else:
                self._note_pending(request.timeout_seconds, answer)

    def store(self, attempt: Attempt) -> None:
        """Copy what was delivered into our storage and end the job, charged for what arrived."""
        job = self.job
        planned = job.planned_outputs.count
        offered = attempt.artifacts or []
        try:
            delivered = outputs.store(job=job, artifacts=offered[:planned], limits=limits.current(), now=self.clock())
        except (outputs.NotFetched, StorageUnavailable) as fault:
            self._store_later(attempt, fault)
            return
        now = self.clock()
        if delivered == 0:
            lifecycle.fail(
                job=job, failure=failures.NOTHING_DELIVERED, attempt=attempt, attempt_state=AttemptState.DONE, now=now
            )
            return
        warnings = []
        if delivered < planned:
            warnings.append(f"fewer_pictures: {planned} asked, {delivered} delivered and charged")
        if len(offered) > planned:
            warnings.append(f"more_pictures: the provider sent {len(offered)}, the first {planned} were kept")
        if job.cancel_requested_at:
            warnings.append("canceled_too_late: the provider delivered all the same, so the job is charged")
        lifecycle.succeed(job=job, delivered=delivered, warnings=warnings, now=now)

    def _attempt(self) -> Attempt:
        attempt = self.job.attempts.select_related("endpoint").order_by("-pk").first()
        assert attempt is not None, "a job leaves the queue with an attempt"
        return attempt

    def _accept(self, attempt: Attempt, accepted: Accepted) -> None:
        """Keep the provider's reference first and under no claim: it must survive even if the job moved meanwhile."""
        attempt.reference, attempt.urls, attempt.state = accepted.reference, dict(accepted.urls), AttemptState.ACCEPTED
        attempt.save(update_fields=["reference", "urls", "state"])
        now = self.clock()
        lifecycle.start(job=self.job, attempt=attempt, due_at=now + _FIRST_POLL, now=now)

    def _deliver(self, attempt: Attempt, done: Done, adapter: Adapter) -> None:
        try:
            artifacts = outputs.spool(job=self.job, artifacts=done.artifacts[: self.job.planned_outputs.count + 1])
        except StorageUnavailable as fault:
            self._store_later(attempt, fault)
            return
        lifecycle.deliver(job=self.job, attempt=attempt, artifacts=artifacts, facts=done.facts, now=self.clock())
        if adapter.queue == dispatch.PICTURES:
            self.store(attempt)  # this worker is made for it
        else:
            now = self.clock()
            lifecycle.wait(job=self.job, due_at=now, now=now)  # for a worker that is

    def _note_pending(self, timeout_seconds: int, pending: Pending) -> None:
        now = self.clock()
        fields: dict[str, Any] = {"progress": pending.progress, "tries": 0}  # model field values
        if pending.is_started and self.job.provider_started_at is None:
            fields |= {"provider_started_at": now, "deadline_at": now + timedelta(seconds=timeout_seconds)}
        lifecycle.wait(job=self.job, due_at=now + timedelta(seconds=pending.poll_after), now=now, **fields)

    def _later(self, attempt: Attempt, fault: ProviderUnavailable) -> None:
        """The provider surely did not take the job: back to the queue, for a while."""
        now = self.clock()
        log.info("provider_unavailable", job=self.job.public_id, tries=self.job.tries, fault=str(fault))
        if self.job.tries + 1 >= limits.MAX_TRIES:
            lifecycle.fail(job=self.job, failure=failures.UNAVAILABLE, attempt=attempt, now=now)
            return
        pause = max(limits.backoff(self.job.tries), timedelta(seconds=min(fault.retry_after or 0, 120)))
        lifecycle.requeue(job=self.job, attempt=attempt, due_at=now + pause, note=str(fault), now=now)

    def _refuse(self, attempt: Attempt, fault: ProviderRejected) -> None:
        attempt.facts = dict(fault.facts)
        if fault.refusal is Refusal.CANCELED:
            lifecycle.cancel(job=self.job, attempt=attempt, now=self.clock())
        else:
            failure = failures.refused(fault.refusal, str(fault))
            lifecycle.fail(job=self.job, failure=failure, attempt=attempt, now=self.clock())

    def _wait_as_lost(self, attempt: Attempt) -> None:
        """Leave the job SENDING until its deadline: a stalled worker may yet bring the provider's reference."""
        now = self.clock()
        Attempt.objects.filter(pk=attempt.pk, reference="").update(state=AttemptState.LOST)
        lifecycle.wait(job=self.job, due_at=min(now + _LOST_LOOK, self.job.deadline_at or now), now=now)

    def _store_later(self, attempt: Attempt, fault: Exception) -> None:
        """Storage, or the provider's file server, is away: nothing is lost by asking again, for a while."""
        job, now = self.job, self.clock()
        log.warning("store_later", job=job.public_id, tries=job.tries, fault=str(fault))
        pause = limits.backoff(job.tries)
        if State(job.state) is State.SENDING and registry.get(attempt.adapter).repeatable:
            lifecycle.requeue(job=job, attempt=attempt, due_at=now + pause, note="storage away", now=now)
        elif job.state == State.SENDING or (job.delivered_at and now > job.delivered_at + limits.STORE_TIME):
            failure = failures.NOT_FETCHED if isinstance(fault, outputs.NotFetched) else failures.NOT_STORED
            lifecycle.fail(job=job, failure=failure, attempt=attempt, attempt_state=AttemptState.DONE, now=now)
        else:
            lifecycle.wait(job=job, due_at=now + pause, tries=job.tries + 1, now=now)

    def _cancel_with_provider(self, adapter: Adapter, accepted: Accepted) -> bool:
        """Ask the provider to stop; True when it surely will not deliver."""
        try:
            answer = adapter.cancel(accepted)
        except ProviderUnavailable as fault:
            log.info("cancel_unanswered", job=self.job.public_id, fault=str(fault))
            return False
        lifecycle.note_cancel_sent(job=self.job, now=self.clock())
        return answer is Cancellation.STOPPED
