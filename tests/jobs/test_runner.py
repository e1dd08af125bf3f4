"""Steps of a job against a provider that behaves in every way a provider can."""

import pytest

from apps.jobs import limits, runner
from apps.jobs.cancellation import JobHasEnded, request_cancel
from apps.jobs.checks import check_jobs
from apps.jobs.models import AttemptState, Job
from apps.jobs.states import State
from apps.ledger.balances import read_balance
from apps.ledger.check import check_books
from apps.providers.contract import (
    Accepted,
    Artifact,
    Cancellation,
    Done,
    OutcomeUnknown,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
)
from tests.jobs.conftest import Stage
from tests.jobs.scripted import done, png

BALANCE = 1_000_000
ACCEPTED = Accepted("ref-1", {"status": "http://127.0.0.1/status"})


def assert_books(stage: Stage, spent_mc: int) -> None:
    balance = read_balance(workspace=stage.actor.workspace, now=stage.clock())
    assert (balance.available_mc, balance.held_mc) == (BALANCE - spent_mc, 0)
    assert check_books(now=stage.clock()) == []
    assert check_jobs(now=stage.clock()) == []


def failure_of(job: Job) -> str:
    assert job.error is not None
    return str(job.error["type"])


def story(job: Job) -> list[str]:
    return list(job.transitions.order_by("pk").values_list("target", flat=True))


def test_a_job_is_sent_polled_stored_and_charged(stage: Stage) -> None:
    stage.provider.submits = [ACCEPTED]
    stage.provider.polls = [Pending(1, is_started=False), Pending(1, progress=40), done(png(), png(color="navy"))]
    job = stage.submit(inputs={"prompt": "a red kite", "num_images": 2})
    assert read_balance(workspace=stage.actor.workspace, now=stage.clock()).held_mc == 2000
    stage.run(job)
    assert (job.state, job.charged_mc, job.outputs.count()) == (State.SUCCEEDED, 2000, 2)
    assert story(job) == ["queued", "sending", "running", "succeeded"]
    assert len(stage.provider.submitted) == 1
    attempt = job.attempts.get()
    assert (attempt.state, attempt.reference, attempt.facts) == (AttemptState.DONE, "ref-1", {"seed": 7})
    assert_books(stage, 2000)


def test_fewer_pictures_cost_less(stage: Stage) -> None:
    stage.provider.submits = [done(png())]
    job = stage.run(stage.submit(inputs={"prompt": "a red kite", "num_images": 4}))
    assert (job.state, job.charged_mc) == (State.SUCCEEDED, 1000)
    assert any(warning.startswith("fewer_pictures") for warning in job.warnings)
    assert_books(stage, 1000)


def test_more_pictures_than_asked_are_neither_kept_nor_charged(stage: Stage) -> None:
    stage.provider.submits = [done(png(), png(), png())]
    job = stage.run(stage.submit())
    assert (job.charged_mc, job.outputs.count()) == (1000, 1)
    assert_books(stage, 1000)


@pytest.mark.parametrize("delivery", [Done(()), done(b"<html>not a picture</html>"), done(png()[:60])])
def test_nothing_usable_costs_nothing(stage: Stage, delivery: Done) -> None:
    stage.provider.submits = [delivery]
    job = stage.run(stage.submit())
    assert (job.state, job.charged_mc) == (State.FAILED, 0)
    assert failure_of(job) == "provider_error"
    assert_books(stage, 0)


@pytest.mark.parametrize("refusal", [Refusal.INVALID_INPUT, Refusal.CONTENT_REJECTED, Refusal.PROVIDER_ERROR])
def test_a_refusal_ends_the_job_uncharged(stage: Stage, refusal: Refusal) -> None:
    stage.provider.submits = [ProviderRejected("No.", refusal=refusal)]
    job = stage.run(stage.submit())
    assert (job.state, failure_of(job)) == (State.FAILED, refusal.value)
    assert_books(stage, 0)


def test_a_provider_that_is_away_is_asked_again_and_not_charged_twice(stage: Stage) -> None:
    stage.provider.submits = [ProviderUnavailable("busy", retry_after=3), ProviderUnavailable("busy"), done(png())]
    job = stage.run(stage.submit())
    assert (job.state, job.charged_mc, job.attempts.count()) == (State.SUCCEEDED, 1000, 3)
    assert story(job) == ["queued", "sending", "queued", "sending", "queued", "sending", "running", "succeeded"]
    assert_books(stage, 1000)


def test_a_provider_that_stays_away_ends_the_job(stage: Stage) -> None:
    stage.provider.submits = [ProviderUnavailable("busy")]
    job = stage.run(stage.submit())
    assert (job.state, failure_of(job)) == (State.FAILED, "provider_unavailable")
    assert len(stage.provider.submitted) == limits.MAX_TRIES
    assert_books(stage, 0)


def test_an_unknown_outcome_is_never_sent_again(stage: Stage) -> None:
    stage.provider.submits = [OutcomeUnknown("the line broke")]
    job = stage.run(stage.submit())
    assert (job.state, failure_of(job)) == (State.FAILED, "outcome_unknown")
    assert len(stage.provider.submitted) == 1
    assert job.attempts.get().state == AttemptState.LOST
    assert_books(stage, 0)


def test_a_worker_killed_while_sending_never_sends_twice(stage: Stage) -> None:
    class Killed(BaseException):
        pass

    def die() -> Accepted:
        raise Killed

    stage.provider.submits = [die]
    job = stage.submit()
    with pytest.raises(Killed):
        stage.step(job)
    job.refresh_from_db()
    assert job.state == State.SENDING
    stage.run(job)
    assert (job.state, failure_of(job)) == (State.FAILED, "outcome_unknown")
    assert len(stage.provider.submitted) == 1
    assert_books(stage, 0)


def test_a_reference_that_a_stalled_worker_left_is_followed(stage: Stage) -> None:
    """The lease ended before the provider answered: the worker may not move the job, but its reference counts."""

    def stall() -> Accepted:
        Job.objects.filter(pk=job.pk).update(claim=99, lease_until=None)
        return ACCEPTED

    stage.provider.submits = [stall]
    stage.provider.polls = [done(png())]
    job = stage.submit()
    stage.step(job)
    assert job.state == State.SENDING
    stage.run(job)
    assert (job.state, job.charged_mc, len(stage.provider.submitted)) == (State.SUCCEEDED, 1000, 1)
    assert_books(stage, 1000)


def test_a_repeatable_adapter_just_runs_again(stage: Stage) -> None:
    class Killed(BaseException):
        pass

    def die() -> Accepted:
        raise Killed

    stage.provider.repeatable = True
    stage.provider.submits = [die, done(png())]
    job = stage.submit()
    with pytest.raises(Killed):
        stage.step(job)
    stage.run(job)
    assert (job.state, job.charged_mc, len(stage.provider.submitted)) == (State.SUCCEEDED, 1000, 2)
    assert_books(stage, 1000)


def test_a_job_that_keeps_breaking_its_worker_is_stopped(stage: Stage) -> None:
    class Killed(BaseException):
        pass

    def die() -> Accepted:
        raise Killed

    stage.provider.repeatable = True
    stage.provider.submits = [die]
    job = stage.submit()
    for _ in range(40):
        try:
            stage.step(job)
        except Killed:
            job.refresh_from_db()
        if job.has_ended:
            break
    assert (job.state, failure_of(job)) == (State.FAILED, "internal")
    assert_books(stage, 0)


def test_polls_that_fail_do_not_end_a_job_but_its_deadline_does(stage: Stage) -> None:
    stage.provider.submits = [ACCEPTED]
    stage.provider.polls = [Pending(1), ProviderUnavailable("503"), OutcomeUnknown("garbage"), Pending(5)]
    job = stage.run(stage.submit())
    assert (job.state, failure_of(job)) == (State.FAILED, "timeout")
    assert stage.provider.canceled == [ACCEPTED]
    assert job.attempts.get().state == AttemptState.LOST
    assert_books(stage, 0)


def test_a_queued_job_is_canceled_at_once(stage: Stage) -> None:
    job = request_cancel(job=stage.submit(), now=stage.clock())
    assert job.state == State.CANCELED
    assert_books(stage, 0)
    assert request_cancel(job=job, now=stage.clock()).state == State.CANCELED
    runner.advance(job_id=job.pk, clock=stage.clock)
    assert stage.provider.submitted == []


def test_a_running_job_is_canceled_when_the_provider_says_so(stage: Stage) -> None:
    stage.provider.submits = [ACCEPTED]
    stage.provider.polls = [Pending(1), ProviderRejected("canceled", refusal=Refusal.CANCELED)]
    job = stage.submit()
    stage.step(job)
    request_cancel(job=job, now=stage.clock())
    stage.run(job)
    assert (job.state, stage.provider.canceled) == (State.CANCELED, [ACCEPTED])
    assert_books(stage, 0)


def test_a_provider_that_stops_for_sure_ends_the_job_without_another_poll(stage: Stage) -> None:
    stage.provider.submits, stage.provider.cancels = [ACCEPTED], [Cancellation.STOPPED]
    job = stage.submit()
    stage.step(job)
    request_cancel(job=job, now=stage.clock())
    assert stage.step(job).state == State.CANCELED
    assert_books(stage, 0)


def test_a_canceled_job_that_finishes_anyway_is_charged_and_says_so(stage: Stage) -> None:
    stage.provider.submits = [ACCEPTED]
    stage.provider.polls = [Pending(1), done(png())]
    job = stage.submit()
    stage.step(job)
    request_cancel(job=job, now=stage.clock())
    stage.run(job)
    assert (job.state, job.charged_mc) == (State.SUCCEEDED, 1000)
    assert any(warning.startswith("canceled_too_late") for warning in job.warnings)
    assert_books(stage, 1000)
    with pytest.raises(JobHasEnded):
        request_cancel(job=job, now=stage.clock())


def test_a_result_that_is_gone_was_not_delivered(stage: Stage) -> None:
    stage.provider.submits = [Done((Artifact(url="http://127.0.0.1:9/gone.png"),))]
    job = stage.run(stage.submit(), most=400)
    assert (job.state, job.charged_mc) == (State.FAILED, 0)
    assert_books(stage, 0)


def test_a_job_that_waits_too_long_for_its_turn_ends(stage: Stage) -> None:
    job = stage.submit()
    stage.clock.forward(limits.QUEUE_TIME.total_seconds() + 1)
    stage.run(job)
    assert (job.state, failure_of(job)) == (State.FAILED, "timeout")
    assert stage.provider.submitted == []
    assert_books(stage, 0)


def test_a_job_that_a_worker_holds_is_left_alone(stage: Stage) -> None:
    job = stage.submit()

    def look_meanwhile() -> Done:
        runner.advance(job_id=job.pk, clock=stage.clock)
        return done(png())

    stage.provider.submits = [look_meanwhile]
    stage.run(job)
    assert (job.state, len(stage.provider.submitted)) == (State.SUCCEEDED, 1)
    assert_books(stage, 1000)
