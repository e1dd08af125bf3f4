"""Requests becoming jobs: priced, held, once; or refused, with nothing left behind."""

from base64 import b64encode
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey
from apps.accounts.roles import Role
from apps.catalog.inputs import InvalidInputs
from apps.catalog.models import AIModel
from apps.jobs import limits, quotes
from apps.jobs.models import Job, Submission
from apps.jobs.preparation import JobRequest, ModelDisabled, ModelNotFound, NotAllowed, ProviderNotConfigured
from apps.jobs.quotes import QuoteExpired, QuoteMismatch
from apps.jobs.states import State
from apps.jobs.submission import IdempotencyKeyReused, MaxCreditsExceeded, TooManyOpenJobs, retry, submit
from apps.ledger.balances import read_balance
from apps.ledger.models import Hold
from apps.ledger.posting import InsufficientCredits
from apps.library.models import Asset
from apps.library.uploads import receive
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.jobs.conftest import START, Stage
from tests.jobs.scripted import done, png

KITE = {"prompt": "a red kite"}


def upload(stage: Stage, picture: bytes | None = None) -> Asset:
    return receive(
        workspace=stage.actor.workspace,
        file=BytesIO(picture or png()),
        name="photo.png",
        created_by_id=stage.actor.user_id,
        now=START,
        max_bytes=1_000_000,
    )


def assert_nothing_left(stage: Stage) -> None:
    assert (Job.objects.count(), Submission.objects.count(), Hold.objects.count()) == (0, 0, 0)
    assert read_balance(workspace=stage.actor.workspace, now=START).held_mc == 0


def test_the_quote_the_hold_and_the_charge_are_one_amount(stage: Stage) -> None:
    request = JobRequest(inputs=KITE | {"num_images": 3})
    quoted = quotes.price(actor=stage.actor, ai_model_id="flux_pro", request=request, now=START)
    job = submit(actor=stage.actor, ai_model_id="flux_pro", request=request, key=None, now=START).job
    assert job.hold is not None
    assert (quoted.amount_mc, job.quoted_mc, job.hold.amount_mc) == (36_000, 36_000, 36_000)
    stage.provider.submits = [done(png(), png(), png())]
    assert stage.run(job).charged_mc == 36_000


def test_the_same_key_makes_one_job(stage: Stage) -> None:
    request = JobRequest(inputs=KITE)
    first = submit(actor=stage.actor, ai_model_id="flux_schnell", request=request, key="once", now=START)
    second = submit(actor=stage.actor, ai_model_id="flux_schnell", request=request, key="once", now=START)
    assert (first.job.pk, first.is_replay, second.is_replay) == (second.job.pk, False, True)
    assert Hold.objects.count() == 1


def test_a_key_with_another_request_is_refused(stage: Stage) -> None:
    stage.submit(key="once")
    with pytest.raises(IdempotencyKeyReused):
        stage.submit(key="once", inputs={"prompt": "a blue kite"})
    assert Job.objects.count() == 1


def test_a_key_is_free_again_after_its_day(stage: Stage) -> None:
    first = stage.submit(key="once")
    stage.clock.forward(limits.KEY_STANDS.total_seconds() + 1)
    assert stage.submit(key="once", inputs={"prompt": "a blue kite"}).pk != first.pk


def test_a_refused_hold_leaves_nothing_and_the_key_works_after_a_grant(stage: Stage) -> None:
    dear: dict[str, Any] = {"prompt": "a red kite", "num_images": 4, "resolution": "4K"}  # 240 credits
    for _ in range(4):
        stage.submit("nano_banana", inputs=dear)
    with pytest.raises(InsufficientCredits) as refusal:
        stage.submit("nano_banana", inputs=dear, key="late")
    assert refusal.value.details == {"required": 240, "balance": 40}
    assert (Job.objects.count(), Submission.objects.count()) == (4, 0)
    stage.submit("flux_schnell", key="late")


def test_every_fault_is_told_at_once_and_nothing_is_held(stage: Stage) -> None:
    with pytest.raises(InvalidInputs) as refusal:
        stage.submit(inputs={"num_images": 9, "wings": True, "image_size": "huge"})
    assert {fault["path"] for fault in refusal.value.details["fields"]} >= {
        "prompt",
        "num_images",
        "wings",
        "image_size",
    }
    assert_nothing_left(stage)


def test_pictures_are_stored_once_and_become_parents(stage: Stage) -> None:
    photo = upload(stage)
    job = stage.submit("local_upscale", inputs={"image_url": photo.public_id, "upscale_factor": 2})
    parent = job.parents.get()
    assert (parent.asset_id, parent.role, parent.position) == (photo.pk, "image_url", 0)
    stage.run(job)
    output = job.outputs.get().asset
    assert (output.width, output.height) == (photo.width * 2, photo.height * 2)
    assert job.charged_mc == job.quoted_mc > 0


def test_a_data_uri_is_kept_as_an_asset_and_not_in_the_row(stage: Stage) -> None:
    uri = "data:image/png;base64," + b64encode(png()).decode()
    job = stage.submit("local_upscale", inputs={"image_url": uri})
    assert job.inputs["image_url"] == job.effective_inputs["image_url"] == job.parents.get().asset.public_id


def test_a_strangers_asset_is_as_unknown_as_no_asset(stage: Stage, other_stage: Stage) -> None:
    theirs = upload(other_stage)
    faults = []
    for source in (theirs.public_id, "asset_" + "0" * 26):
        with pytest.raises(InvalidInputs) as refusal:
            stage.submit("local_upscale", inputs={"image_url": source})
        faults.append([(fault["path"], fault["code"]) for fault in refusal.value.details["fields"]])
    assert faults[0] == faults[1]
    assert_nothing_left(stage)


def test_a_refused_job_keeps_no_fetched_picture(stage: Stage) -> None:
    uri = "data:image/png;base64," + b64encode(png()).decode()
    with pytest.raises(MaxCreditsExceeded):
        submit(
            actor=stage.actor,
            ai_model_id="local_upscale",
            request=JobRequest(inputs={"image_url": uri}),
            key=None,
            max_mc=0,
            now=START,
        )
    assert_nothing_left(stage)
    assert Asset.objects.count() == 0


def test_a_test_key_runs_everything_as_mock_and_holds_nothing(stage: Stage) -> None:
    test_key = ApiKey(workspace=stage.actor.workspace, created_by=stage.actor.user, is_test=True)
    actor = Actor(workspace=stage.actor.workspace, api_key=test_key)
    request = JobRequest(inputs=KITE)
    job = submit(actor=actor, ai_model_id="flux_schnell", request=request, key=None, now=START).job
    assert (job.is_mock, job.hold, job.quoted_mc) == (True, None, 0)
    assert stage.provider.submitted == []


def test_who_may_not_is_refused(stage: Stage) -> None:
    viewer = Actor(workspace=stage.actor.workspace, user=stage.actor.user, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        submit(actor=viewer, ai_model_id="flux_schnell", request=JobRequest(inputs=KITE), key=None, now=START)
    narrow = Actor(
        workspace=stage.actor.workspace,
        api_key=ApiKey(created_by=stage.actor.user, allowed_models=["flux_pro"]),
    )
    with pytest.raises(ModelDisabled):
        submit(actor=narrow, ai_model_id="flux_schnell", request=JobRequest(inputs=KITE), key=None, now=START)
    with pytest.raises(ModelNotFound):
        stage.submit("no_such_model")
    AIModel.objects.filter(pk="flux_schnell").update(is_enabled=False)
    with pytest.raises(ModelDisabled):
        stage.submit()
    assert_nothing_left(stage)


def test_a_provider_without_a_key_is_refused_before_anything_is_held(stage: Stage) -> None:
    configure_providers(ENV)  # the installation's own: no key in tests
    with pytest.raises(ProviderNotConfigured) as refusal:
        stage.submit()
    mock = stage.submit(is_mock=True)
    assert refusal.value.details["setting"] == "FAL_KEY"
    assert mock.is_mock


def test_what_the_caller_can_mend_is_told_before_a_missing_provider(stage: Stage) -> None:
    configure_providers(ENV)
    with pytest.raises(InvalidInputs) as refusal:
        stage.submit(inputs={**KITE, "num_images": 9})
    assert [fault["path"] for fault in refusal.value.details["fields"]] == ["num_images"]
    assert_nothing_left(stage)


def test_a_quote_stands_for_its_request_and_its_time(stage: Stage) -> None:
    request = JobRequest(inputs=KITE)
    quote = quotes.quote(actor=stage.actor, ai_model_id="flux_schnell", request=request, now=START)
    accepted = submit(
        actor=stage.actor, ai_model_id="flux_schnell", request=request, key=None, quote_id=quote.pk, now=START
    )
    assert accepted.job.quoted_mc == quote.amount_mc == 1000
    with pytest.raises(QuoteMismatch):
        submit(
            actor=stage.actor,
            ai_model_id="flux_schnell",
            request=JobRequest(inputs=KITE | {"num_images": 2}),
            key=None,
            quote_id=quote.pk,
            now=START,
        )
    with pytest.raises(QuoteExpired):
        submit(
            actor=stage.actor,
            ai_model_id="flux_schnell",
            request=request,
            key=None,
            quote_id=quote.pk,
            now=START + timedelta(minutes=6),
        )


def test_a_full_queue_refuses_politely(stage: Stage, settings: Any) -> None:
    settings.EASEL_MAX_OPEN_JOBS = 2
    stage.submit()
    stage.submit()
    with pytest.raises(TooManyOpenJobs):
        stage.submit()
    assert Job.objects.count() == 2


def test_a_retry_is_a_new_job_of_the_same_request(stage: Stage) -> None:
    job = stage.submit(inputs=KITE | {"num_images": 2}, out="kites/red", project="Kites", metadata={"shot": 3})
    stage.provider.submits = [done(png(), png())]
    stage.run(job)
    again = retry(actor=stage.actor, job=job, key=None, now=stage.clock()).job
    assert again.pk != job.pk
    assert (again.retry_of_id, again.state, again.quoted_mc) == (job.pk, State.QUEUED, job.quoted_mc)
    assert (again.inputs, again.out, again.project_id, again.metadata) == (
        job.inputs,
        job.out,
        job.project_id,
        job.metadata,
    )
