"""A price tried on the real jobs of the last weeks, before anyone pays it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import AIModel, PriceVersion
from apps.catalog.price_changes import draft_price
from apps.catalog.prices import current_price
from apps.errors import NotFound
from apps.ids import uuid7
from apps.jobs.models import Job
from apps.jobs.rehearsal import Affected, Money, Rehearsal, Unpriced, rehearse
from tests.jobs.conftest import START, Stage
from tests.jobs.scripted import done, png
from tests.jobs.test_price_moves import publish

EDITOR = uuid7()
KITE = {"prompt": "a red kite"}


def draft(amount: int, cost: int | None = 50_000) -> PriceVersion:
    rule: dict[str, Any] = current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=START).sell_rule
    return draft_price(
        ai_model_id="flux_pro",
        sell_rule=rule | {"base": {"per_call_mc": amount}},
        cost_rule=None if cost is None else rule | {"base": {"per_call_microusd": cost}},
        note="",
        editor_id=EDITOR,
        now=START,
    )


def run(stage: Stage, asked: int, delivered: int, **fields: Any) -> Job:
    job = stage.submit("flux_pro", inputs=KITE | {"num_images": asked}, **fields)
    stage.provider.submits = [done(*[png() for _ in range(delivered)])]
    return stage.run(job)


def rehearsed(stage: Stage, version: PriceVersion, **fields: Any) -> Rehearsal:
    return rehearse(version_id=version.pk, now=stage.clock() + timedelta(seconds=1), **fields)


def test_each_job_is_priced_anew_by_what_it_delivered(stage: Stage, other_stage: Stage) -> None:
    publish(cost=40_000)
    run(stage, 3, 3)
    run(stage, 3, 2)
    run(other_stage, 1, 1)
    found = rehearsed(other_stage, draft(15_000))
    assert (found.jobs, found.failed_to_price, found.unpriced) == (3, 0, ())
    # USD 0.06 and 0.075 a picture, of which the provider asks 0.04 and would ask 0.05
    assert found.before == Money(72_000, 240_000, Decimal("33.3"))
    assert found.after == Money(90_000, 300_000, Decimal("33.3"))
    assert found.workspaces == (
        Affected(stage.actor.workspace.pk, "Acme", 2, 60_000, 75_000),
        Affected(other_stage.actor.workspace.pk, "Elsewhere", 1, 12_000, 15_000),
    )
    assert not PriceVersion.objects.filter(sell_rule__base__per_call_mc=15_000, effective_at__isnull=False)


def test_mock_failed_and_old_jobs_count_for_nothing(stage: Stage) -> None:
    publish(cost=40_000)
    run(stage, 1, 1)
    run(stage, 1, 1, is_mock=True)
    run(stage, 1, 0)
    old = run(stage, 1, 1)
    Job.objects.filter(pk=old.pk).update(created_at=START - timedelta(days=31))
    stage.submit("flux_pro", inputs=KITE)
    found = rehearsed(stage, draft(15_000))
    assert (found.jobs, found.before.revenue_mc, found.after.revenue_mc) == (1, 12_000, 15_000)
    assert rehearsed(stage, draft(15_000), days=60).jobs == 2


def test_a_price_nobody_notices_affects_nobody(stage: Stage) -> None:
    publish(cost=40_000)
    run(stage, 1, 1)
    assert rehearsed(stage, draft(12_000)).workspaces == ()


def test_a_job_that_the_rule_cannot_price_is_named_and_in_neither_sum(stage: Stage) -> None:
    job = run(stage, 1, 1)
    run(stage, 1, 1)
    Job.objects.filter(pk=job.pk).update(effective_inputs=job.effective_inputs | {"aspect_ratio": "7:5"})
    version = draft(15_000)
    rule = {
        "tier_field": "aspect_ratio",
        "tier_default": "9:16",
        "tiers_mc": {"9:16": 14_000},
        "is_by_longest_edge": False,
    }
    PriceVersion.objects.filter(pk=version.pk).update(sell_rule=version.sell_rule | {"base": rule})
    found = rehearsed(stage, version)
    assert (found.jobs, found.failed_to_price, found.before.revenue_mc) == (1, 1, 12_000)
    assert found.unpriced == (Unpriced(job.public_id, "aspect_ratio 7:5 has no price"),)


def test_without_a_cost_there_is_no_margin(stage: Stage) -> None:
    publish(cost=None)
    run(stage, 1, 1)
    found = rehearsed(stage, draft(15_000, cost=None))
    assert (found.before, found.after) == (Money(12_000, None, None), Money(15_000, None, None))


def test_the_cost_of_older_runs_is_told_by_the_price_in_force(stage: Stage) -> None:
    publish(cost=None)
    run(stage, 1, 1)
    publish(cost=30_000, now=stage.clock())
    assert rehearsed(stage, draft(15_000)).before == Money(12_000, 30_000, Decimal("50.0"))


def test_models_under_the_floor_are_named_with_this_price_in_force(stage: Stage) -> None:
    publish(cost=40_000)
    run(stage, 1, 1)
    assert "flux_pro" not in [one.ai_model_id for one in rehearsed(stage, draft(12_000)).below_floor]
    found = rehearsed(stage, draft(8_000))  # USD 0.04 for what costs 0.05
    assert {one.ai_model_id: one.margin_percent for one in found.below_floor}["flux_pro"] == Decimal("-25.0")
    margins = [one.margin_percent for one in found.below_floor]
    assert margins == sorted(margins)
    with override_settings(EASEL_MARGIN_FLOOR_PERCENT=Decimal(-30)):
        assert rehearsed(stage, draft(8_000)).below_floor == ()


def test_more_jobs_are_not_more_queries(stage: Stage) -> None:
    publish(cost=40_000)
    counts = []
    for _ in range(2):
        run(stage, 1, 1)
        run(stage, 2, 2)
        version = draft(15_000)
        with CaptureQueriesContext(connection) as queries:
            rehearsed(stage, version)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_a_version_that_is_not_there_cannot_be_rehearsed(stage: Stage) -> None:
    with pytest.raises(NotFound):
        rehearse(version_id=uuid7(), now=START)
