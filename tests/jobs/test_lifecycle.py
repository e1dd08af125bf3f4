"""Every function of the lifecycle, called from every state: the table of moves decides, and nothing else happens."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.ids import uuid7
from apps.jobs import failures, lifecycle
from apps.jobs.models import Attempt, AttemptState, Job
from apps.jobs.states import ENDED, MOVES, State
from apps.ledger import posting, seams
from apps.ledger.amounts import Millicredits
from apps.ledger.balances import read_balance
from apps.ledger.models import LotKind
from apps.ledger.operations import Conflict
from apps.providers.contract import Refusal
from tests.jobs.conftest import START, Stage

Step = Callable[[Job, Attempt], object]

STEPS: dict[str, tuple[State, Step]] = {
    "send": (
        State.SENDING,
        lambda job, attempt: lifecycle.send(
            job=job, attempt_id=uuid7(), endpoint=None, adapter="mock", provider_model="m", deadline_at=START, now=START
        ),
    ),
    "requeue": (
        State.QUEUED,
        lambda job, attempt: lifecycle.requeue(job=job, attempt=attempt, due_at=START, note="later", now=START),
    ),
    "start": (State.RUNNING, lambda job, attempt: lifecycle.start(job=job, attempt=attempt, due_at=START, now=START)),
    "succeed": (State.SUCCEEDED, lambda job, attempt: lifecycle.succeed(job=job, delivered=1, now=START)),
    "fail": (State.FAILED, lambda job, attempt: lifecycle.fail(job=job, failure=failures.CRASHED, now=START)),
    "cancel": (State.CANCELED, lambda job, attempt: lifecycle.cancel(job=job, now=START)),
}


@pytest.fixture
def job(stage: Stage) -> Job:
    return stage.submit()


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("source", State)
def test_only_the_moves_of_the_table_are_made(job: Job, source: State, name: str) -> None:
    target, step = STEPS[name]
    attempt = Attempt.objects.create(
        job=job, adapter="mock", provider_model="m", state=AttemptState.SENDING, submitted_at=START
    )
    Job.objects.filter(pk=job.pk).update(state=source)
    job.refresh_from_db()
    before = job.transitions.count()
    if target in MOVES[source]:
        step(job, attempt)
        job.refresh_from_db()
        assert job.state == target
        assert job.transitions.count() == before + 1
        held = read_balance(workspace=job.workspace, now=START).held_mc
        assert held == (0 if target in ENDED else job.quoted_mc)
    else:
        with pytest.raises(lifecycle.JobMoved):
            step(job, attempt)
        job.refresh_from_db()
        assert (job.state, job.transitions.count()) == (source, before)


@pytest.mark.parametrize("name", ["send", "fail", "cancel"])
def test_a_stalled_worker_writes_nothing(job: Job, name: str) -> None:
    attempt = Attempt(job=job)
    Job.objects.filter(pk=job.pk).update(claim=job.claim + 1)
    with pytest.raises(lifecycle.JobMoved):
        STEPS[name][1](job, attempt)
    job.refresh_from_db()
    assert (job.state, job.attempts.count(), job.transitions.count()) == (State.QUEUED, 0, 1)
    assert read_balance(workspace=job.workspace, now=START).held_mc == job.quoted_mc


def test_the_end_settles_the_hold_with_it(job: Job) -> None:
    lifecycle.fail(job=job, failure=failures.CRASHED, now=START)
    assert job.hold is not None
    job.hold.refresh_from_db()
    assert (job.hold.captured_mc, job.hold.released_mc) == (0, job.quoted_mc)
    assert job.error == {"type": "internal", "message": failures.CRASHED.message, "is_retryable": False}


def test_an_end_that_collides_with_another_writer_is_tried_again(job: Job) -> None:
    collisions = [Conflict("another writer came between"), None]

    def collide_once(step: str) -> None:
        if step == "locked" and (collision := collisions.pop(0)) is not None:
            raise collision

    with seams.listening(collide_once):
        lifecycle.fail(job=job, failure=failures.CRASHED, now=START)
    job.refresh_from_db()
    assert (job.state, collisions) == (State.FAILED, [])
    assert list(job.transitions.values_list("target", flat=True)) == [State.QUEUED, State.FAILED]


@pytest.mark.parametrize(
    ("failure", "given_anew_mc"),
    [(failures.RUN_TIMEOUT, 1000), (failures.refused(Refusal.CONTENT_REJECTED, "No."), 0)],
)
def test_credits_that_expired_while_we_failed_are_given_anew(
    stage: Stage, failure: failures.Failure, given_anew_mc: int
) -> None:
    ends_at = START + timedelta(hours=1)
    posting.grant(
        workspace=stage.actor.workspace,
        kind=LotKind.PROMO,
        amount_mc=Millicredits(1000),
        key="short",
        expires_at=ends_at,
        now=START,
    )
    before = read_balance(workspace=stage.actor.workspace, now=ends_at).available_mc
    job = stage.submit()  # takes what expires first
    lifecycle.fail(job=job, failure=failure, now=ends_at)
    after = read_balance(workspace=stage.actor.workspace, now=ends_at).available_mc
    assert after - before == given_anew_mc
