"""Quotes and jobs across a change of price: each keeps the version it was made with. And what runs cost us."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.catalog.models import AIModel, PriceVersion
from apps.catalog.price_changes import draft_price, publish_price
from apps.catalog.prices import current_price
from apps.ids import uuid7
from apps.jobs import quotes
from apps.jobs.models import AttemptState, Job
from apps.jobs.preparation import JobRequest
from apps.jobs.quotes import QuoteExpired
from apps.jobs.states import State
from apps.jobs.submission import submit
from apps.providers.contract import OutcomeUnknown
from tests.jobs.conftest import START, Stage
from tests.jobs.scripted import done, png

EDITOR = uuid7()
KITES = {"prompt": "a red kite", "num_images": 3}
DEARER = {"per_call_mc": 20_000}


def publish(
    *, sell: dict[str, int] | None = None, cost: int | None = None, at: datetime | None = None, now: datetime = START
) -> PriceVersion:
    """Publish another price of flux_pro, or another cost."""
    rule: dict[str, Any] = current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=now).sell_rule
    drafted = draft_price(
        ai_model_id="flux_pro",
        sell_rule=rule | {"base": sell or rule["base"]},
        cost_rule=None if cost is None else rule | {"base": {"per_call_microusd": cost}},
        note="",
        editor_id=EDITOR,
        now=now,
    )
    return publish_price(version_id=drafted.pk, effective_at=at, editor_id=EDITOR, now=now, accept_cases=True)


def test_a_quote_keeps_its_price_for_its_five_minutes(stage: Stage) -> None:
    request = JobRequest(inputs=KITES)
    quote = quotes.quote(actor=stage.actor, ai_model_id="flux_pro", request=request, now=START)
    publish(sell=DEARER)

    def ordered(now: datetime) -> Job:
        return submit(
            actor=stage.actor, ai_model_id="flux_pro", request=request, key=None, quote_id=quote.pk, now=now
        ).job

    assert quotes.price(actor=stage.actor, ai_model_id="flux_pro", request=request, now=START).amount_mc == 60_000
    job = ordered(START + timedelta(minutes=4, seconds=59))
    assert (job.quoted_mc, job.price_version_id) == (quote.amount_mc, quote.price_version_id)
    with pytest.raises(QuoteExpired):
        ordered(START + timedelta(minutes=5))
    stage.provider.submits = [done(png(), png(), png())]
    assert stage.run(job).charged_mc == 36_000


def test_a_job_keeps_the_price_it_was_made_with(stage: Stage) -> None:
    job = stage.submit("flux_pro", inputs=KITES)
    version = publish(sell=DEARER)
    stage.provider.submits = [done(png(), png(), png())]
    assert stage.run(job).charged_mc == job.quoted_mc == 36_000
    assert job.price_version_id != version.pk
    assert stage.submit("flux_pro", inputs=KITES).quoted_mc == 60_000


def test_a_price_for_later_counts_from_its_moment_on(stage: Stage) -> None:
    publish(sell=DEARER, at=START + timedelta(hours=1))
    assert stage.submit("flux_pro", inputs=KITES).quoted_mc == 36_000
    stage.clock.forward(3600)
    assert stage.submit("flux_pro", inputs=KITES).quoted_mc == 60_000


def test_a_run_is_noted_with_what_its_provider_asks_for_what_it_delivered(stage: Stage) -> None:
    publish(cost=50_000)
    job = stage.submit("flux_pro", inputs=KITES)
    publish(cost=70_000)
    stage.provider.submits = [done(png(), png())]
    assert stage.run(job).charged_mc == 24_000
    assert job.attempts.get().cost_microusd == 100_000


def test_nothing_is_noted_where_nobody_knows_the_cost(stage: Stage) -> None:
    publish(cost=None)
    job = stage.submit("flux_pro", inputs=KITES)
    stage.provider.submits = [done(png())]
    stage.run(job)
    assert job.attempts.get().cost_microusd is None


def test_a_mock_run_is_on_nobodys_bill(stage: Stage) -> None:
    publish(cost=50_000)
    job = stage.run(stage.submit("flux_pro", inputs=KITES, is_mock=True))
    assert (job.state, job.attempts.get().cost_microusd) == (State.SUCCEEDED, None)


def test_a_lost_run_is_estimated_in_full(stage: Stage) -> None:
    publish(cost=50_000)
    job = stage.submit("flux_pro", inputs=KITES)
    stage.provider.submits = [OutcomeUnknown("the line broke")]
    assert stage.run(job).state == State.FAILED
    attempt = job.attempts.get()
    assert (job.charged_mc, attempt.state, attempt.cost_microusd) == (0, AttemptState.LOST, 150_000)
