"""The only writers of ``Job.state``: each function checks the move, makes it, logs it, and settles what it must.

Every write asks that the job still be in the state it was read in, under the claim it was read with: a
worker that stalled and lost its lease gets ``JobMoved`` and has changed nothing. Locks go job, then wallet.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.catalog import pricing
from apps.catalog.models import Endpoint
from apps.catalog.price_rules import Unit, kept_rule
from apps.errors import DomainError
from apps.jobs import dispatch
from apps.jobs.failures import Failure
from apps.jobs.models import Attempt, AttemptState, Job, Transition
from apps.jobs.states import MOVES, State
from apps.ledger import posting
from apps.ledger.amounts import ZERO, Millicredits
from apps.ledger.operations import retry_conflicts


class JobMoved(DomainError):
    """The job is no longer in the state, or under the claim, that this step began with."""

    code = "job_moved"


@transaction.atomic
def send(
    *,
    job: Job,
    attempt_id: UUID,
    endpoint: Endpoint | None,
    adapter: str,
    provider_model: str,
    deadline_at: datetime,
    now: datetime,
) -> Attempt:
    """Note that a job is about to be handed over: QUEUED → SENDING, with its Attempt. Called before the provider is."""
    _move(job, State.SENDING, now, note=adapter, deadline_at=deadline_at, started_at=job.started_at or now)
    return Attempt.objects.create(
        id=attempt_id,
        job=job,
        endpoint=endpoint,
        adapter=adapter,
        provider_model=provider_model,
        state=AttemptState.SENDING,
        submitted_at=now,
    )


@transaction.atomic
def requeue(*, job: Job, attempt: Attempt, due_at: datetime, note: str, now: datetime) -> None:
    """Put a job back that surely was not accepted: SENDING → QUEUED, due later."""
    _move(job, State.QUEUED, now, note=note, due_at=due_at, lease_until=None, tries=job.tries + 1, deadline_at=None)
    _finish(attempt, AttemptState.REFUSED, now)
    _nudge(job, due_at, now)


@transaction.atomic
def start(*, job: Job, attempt: Attempt, due_at: datetime, now: datetime) -> None:
    """Note that the provider has the job: SENDING → RUNNING. Its reference is on the attempt already.

    The deadline goes: it counts from the provider's own start, which a poll will tell.
    """
    _move(job, State.RUNNING, now, note=attempt.reference, due_at=due_at, deadline_at=None, lease_until=None, tries=0)
    _nudge(job, due_at, now)


@transaction.atomic
def wait(*, job: Job, due_at: datetime, now: datetime, **fields: Any) -> None:  # model field values
    """Let go of a job until ``due_at``; its state stays, ``fields`` are noted."""
    _touch(job, due_at=due_at, lease_until=None, **fields)
    _nudge(job, due_at, now)


@transaction.atomic
def deliver(
    *, job: Job, attempt: Attempt, artifacts: Sequence[Mapping[str, Any]], facts: Mapping[str, Any], now: datetime
) -> None:
    """Save what the provider offers before anything of it is fetched, and what it will ask for that.

    A job that is SENDING becomes RUNNING.

    ``artifacts`` are ``{url}`` or ``{key}`` of bytes already stored, with ``content_type``. The caller goes on to store
    them under the same claim, or lets go with ``wait`` and a worker for pictures does.
    """
    fields: dict[str, Any] = {  # model field values
        "delivered_at": now,
        "provider_started_at": job.provider_started_at or job.started_at,
        "queue": dispatch.PICTURES,
        "progress": None,
        "tries": 0,
    }
    if State(job.state) is State.SENDING:
        _move(job, State.RUNNING, now, note="delivered", **fields)
    else:
        _touch(job, **fields)
    attempt.artifacts, attempt.facts = list(artifacts), dict(facts)
    attempt.cost_microusd = _cost(job, delivered=len(artifacts))
    _finish(attempt, AttemptState.DONE, now)


def note_cancel_sent(*, job: Job, now: datetime) -> None:
    """Note that the provider was asked to stop, so that it is asked once."""
    _touch(job, cancel_sent_at=now)


@retry_conflicts
def succeed(*, job: Job, delivered: int, warnings: Sequence[str] = (), now: datetime) -> None:
    """End a job whose outputs are stored: RUNNING → SUCCEEDED, charged for what was delivered, in one transaction."""
    assert delivered > 0
    rule = kept_rule(job.sell_rule)
    charge = pricing.charge(rule=rule, effective=job.effective_inputs, planned=job.planned_outputs, delivered=delivered)
    with _all_or_nothing(job):
        warned = [*job.warnings, *warnings]
        _end(job, State.SUCCEEDED, now, actual_mc=charge, is_our_fault=True, warnings=warned)


@retry_conflicts
def fail(
    *,
    job: Job,
    failure: Failure,
    now: datetime,
    attempt: Attempt | None = None,
    attempt_state: str = AttemptState.REFUSED,
) -> None:
    """End a job that came to nothing: any open state → FAILED, settled at zero in the same transaction."""
    with _all_or_nothing(job):
        error = failure.to_json()
        _end(job, State.FAILED, now, actual_mc=ZERO, is_our_fault=failure.is_ours, note=failure.type, error=error)
        if attempt is not None:
            if attempt_state == AttemptState.LOST:
                attempt.cost_microusd = _cost(job, delivered=job.planned_outputs.count)  # the most it can be billed
            _finish(attempt, attempt_state, now)


@retry_conflicts
def cancel(*, job: Job, now: datetime, attempt: Attempt | None = None) -> None:
    """End a job that will not be delivered because its owner said so: any open state → CANCELED, at zero."""
    with _all_or_nothing(job):
        asked_at = job.cancel_requested_at or now
        _end(job, State.CANCELED, now, actual_mc=ZERO, is_our_fault=False, cancel_requested_at=asked_at)
        if attempt is not None:
            _finish(attempt, AttemptState.REFUSED, now)


@contextmanager
def _all_or_nothing(job: Job) -> Generator[None]:
    """A transaction after whose failure the job in hand, too, is what it was: it may be tried again at once."""
    before = dict(job.__dict__)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        job.__dict__.update(before)
        raise


def _end(
    job: Job,
    target: State,
    now: datetime,
    *,
    actual_mc: Millicredits,
    is_our_fault: bool,
    note: str = "",
    **fields: Any,  # model field values
) -> None:
    charged = actual_mc if job.hold_id is not None else ZERO
    _move(job, target, now, note=note, ended_at=now, lease_until=None, charged_mc=charged, **fields)
    if job.hold is not None:
        settlement = posting.settle(hold=job.hold, actual_mc=actual_mc, is_our_fault=is_our_fault, now=now)
        assert settlement.charged_mc == charged, "the hold was settled before, for another amount"
    dispatch.announce(job_id=job.pk)


def _move(job: Job, target: State, now: datetime, *, note: str = "", **fields: Any) -> None:  # model field values
    source = State(job.state)
    if target not in MOVES[source]:
        raise JobMoved(f"A job that is {source} cannot become {target}.")
    _touch(job, state=target, **fields)
    Transition.objects.create(job=job, source=source, target=target, note=note[:200], created_at=now)


def _touch(job: Job, **fields: Any) -> None:  # model field values
    """Write fields of a job under the claim and state it was read with; the job in hand follows."""
    if not Job.objects.filter(pk=job.pk, state=job.state, claim=job.claim).update(**fields):
        raise JobMoved("The job has moved on since it was read.")
    for name, value in fields.items():
        setattr(job, name, value)


def _cost(job: Job, *, delivered: int) -> int | None:
    """What the provider asks for so many files, by the price that the job was made with; None: nobody knows."""
    rule = job.price_version.cost_rule
    if job.is_mock or rule is None:
        return None
    return pricing.cost(
        rule=kept_rule(rule, Unit.MICRODOLLARS),
        effective=job.effective_inputs,
        planned=job.planned_outputs,
        delivered=delivered,
    )


def _finish(attempt: Attempt, state: str, now: datetime) -> None:
    attempt.state, attempt.finished_at = state, now
    attempt.save(update_fields=["state", "finished_at", "artifacts", "facts", "cost_microusd"])


def _nudge(job: Job, due_at: datetime, now: datetime) -> None:
    delay = dispatch.delay_until(due_at=due_at, now=now) if due_at > now else 0
    dispatch.nudge(job_id=job.pk, queue=job.queue, delay_seconds=delay)
