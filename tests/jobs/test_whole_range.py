"""Random requests over all models, from the request to the settled ledger: held as quoted, charged as delivered."""

from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.catalog.inputs import InvalidInputs
from apps.catalog.models import AIModel, Endpoint
from apps.catalog.pricing import PriceRule, charge
from apps.jobs import quotes
from apps.jobs.models import Job
from apps.jobs.preparation import JobRequest
from apps.jobs.states import State
from apps.ledger import posting
from apps.ledger.amounts import from_credits
from apps.ledger.balances import read_balance
from apps.ledger.check import check_books
from apps.ledger.models import Hold, LotKind
from tests.catalog.shelf import models
from tests.catalog.strategies import valid_inputs
from tests.jobs.conftest import START, Stage
from tests.jobs.scripted import done, png
from tests.jobs.test_submission import upload

_PICTURE: Final = png()
# The local models work on real pictures and have tests of their own; here a provider delivers what it likes.
_REQUESTS: Final = st.sampled_from(sorted(one for one in models() if not one.startswith("local_"))).flatmap(
    lambda model_id: st.tuples(st.just(model_id), valid_inputs(models()[model_id].spec))
)


def test_what_is_quoted_is_held_and_what_is_delivered_charged(stage: Stage) -> None:
    photo = upload(stage, png(320, 240)).public_id
    workspace = stage.actor.workspace
    posting.grant(workspace=workspace, kind=LotKind.PROMO, amount_mc=from_credits(10**7), key="grant:range", now=START)
    for ai_model in AIModel.objects.all():  # some are served by nobody yet
        Endpoint.objects.create(ai_model=ai_model, adapter="fal", provider_model="any", priority=99)
    ended: list[Job] = []

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(asked=_REQUESTS, part=st.sampled_from([0.0, 0.4, 1.0, 1.0]))
    def run(asked: tuple[str, dict[str, Any]], part: float) -> None:
        model_id, inputs = asked[0], with_photo(asked[1], photo)
        before = read_balance(workspace=workspace, now=stage.clock())
        request = JobRequest(inputs=inputs)
        try:
            quote = quotes.quote(actor=stage.actor, ai_model_id=model_id, request=request, now=stage.clock())
        except InvalidInputs:
            assert read_balance(workspace=workspace, now=stage.clock()) == before
            return
        job = stage.submit(model_id, inputs=inputs)
        assert job.hold is not None
        assert job.quoted_mc == job.hold.amount_mc == quote.amount_mc
        assert (
            read_balance(workspace=workspace, now=stage.clock()).available_mc == before.available_mc - quote.amount_mc
        )

        delivered = int(job.planned["count"] * part)
        stage.provider.submits = [done(*[_PICTURE] * delivered)]
        ended.append(stage.run(job))
        check(job, delivered)
        after = read_balance(workspace=workspace, now=stage.clock())
        assert (after.available_mc, after.held_mc) == (before.available_mc - job.charged_mc, 0)

    run()
    assert len(ended) >= 50
    assert {job.state for job in ended} == {State.SUCCEEDED, State.FAILED}
    assert check_books(now=stage.clock()) == []


def check(job: Job, delivered: int) -> None:
    """Compare the charge of a job that has ended with its hold, by what was delivered."""
    held = Hold.objects.get(job_id=job.pk).amount_mc
    rule = PriceRule.from_json(job.sell_rule)
    planned = job.planned_outputs
    assert job.charged_mc == charge(rule=rule, effective=job.effective_inputs, planned=planned, delivered=delivered)
    if delivered == planned.count:
        assert (job.state, job.charged_mc) == (State.SUCCEEDED, held)
    elif delivered:
        assert job.state == State.SUCCEEDED
        assert 0 < job.charged_mc <= held
    else:
        assert (job.state, job.charged_mc) == (State.FAILED, 0)


def with_photo(value: Any, photo: str) -> Any:  # JSON in, JSON out
    """Put a picture of the workspace wherever the inputs name one of the net."""
    if isinstance(value, dict):
        return {name: with_photo(item, photo) for name, item in value.items()}
    if isinstance(value, list):
        return [with_photo(item, photo) for item in value]
    return photo if isinstance(value, str) and value.startswith("https://example.com/") else value
