"""Measured facts: counted from real jobs that ended in a window, for everybody and for each workspace."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.tenancy import Workspace
from apps.catalog.models import ModelStatistics, PriceVersion
from apps.catalog.shelf import read_shelf
from apps.ids import uuid7
from apps.jobs.models import Job, Output, Parent
from apps.jobs.states import State
from apps.jobs.statistics import measure
from apps.ledger.models import Hold
from apps.library.models import Asset
from tests.jobs.conftest import Stage

DAY = timedelta(days=1)


class Past:
    """Jobs that ended, written as rows: what measures them only reads."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def job(
        self,
        workspace: Workspace,
        ai_model_id: str = "flux_schnell",
        *,
        seconds: float = 10,
        ago: timedelta = DAY,
        state: State = State.SUCCEEDED,
        is_mock: bool = False,
        retry_of: Job | None = None,
        outputs: int = 0,
    ) -> Job:
        ended_at = self.now - ago
        job = Job.objects.create(
            workspace=workspace,
            ai_model_id=ai_model_id,
            state=state,
            inputs={},
            effective_inputs={},
            planned={},
            is_mock=is_mock,
            retry_of=retry_of,
            price_version=PriceVersion.objects.get(ai_model=ai_model_id, number=1),
            sell_rule={},
            quoted_mc=0,
            hold=None if is_mock else self._hold(workspace),
            due_at=ended_at,
            queue="providers",
            queue_deadline_at=ended_at,
            created_at=ended_at - timedelta(seconds=seconds),
            ended_at=ended_at if state in {State.SUCCEEDED, State.FAILED, State.CANCELED} else None,
        )
        for index in range(outputs):
            Output.objects.create(job=job, index=index, asset=self.asset(workspace))
        return job

    def asset(self, workspace: Workspace) -> Asset:
        return Asset.objects.create(
            workspace=workspace,
            origin="made",
            name="a.png",
            content_type="image/png",
            width=1,
            height=1,
            size_bytes=1,
            sha256="0" * 64,
            created_at=self.now,
        )

    def _hold(self, workspace: Workspace) -> Hold:
        return Hold.objects.create(
            workspace=workspace, job_id=uuid7(), amount_mc=1, quote={}, deadline_at=self.now, created_at=self.now
        )


@pytest.fixture
def past(stage: Stage, now: datetime) -> Past:
    return Past(now)


def row(ai_model_id: str, days: int, workspace: Workspace | None = None) -> ModelStatistics:
    return ModelStatistics.objects.get(ai_model=ai_model_id, window_days=days, workspace=workspace)


def figures(found: ModelStatistics) -> tuple[int | None, ...]:
    return (found.runs, found.succeeded, found.outputs, found.kept, found.rerun, found.median_ms, found.p95_ms)


def test_everything_is_counted_for_all_and_for_each(
    past: Past, acme: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    for seconds in range(1, 21):
        past.job(acme, seconds=seconds, outputs=1)
    past.job(elsewhere, seconds=100.25, outputs=2)
    past.job(elsewhere, state=State.FAILED, seconds=500)

    assert measure(now=now) == 6
    # The 11th of 21 in the middle, the 20th of them at 95 percent.
    assert figures(row("flux_schnell", 7)) == (22, 21, 22, 0, 0, 11_000, 20_000)
    assert figures(row("flux_schnell", 7, acme)) == (20, 20, 20, 0, 0, 10_000, 19_000)
    assert figures(row("flux_schnell", 7, elsewhere)) == (2, 1, 2, 0, 0, 100_250, 100_250)
    assert figures(row("flux_schnell", 30)) == figures(row("flux_schnell", 7))
    assert row("flux_schnell", 7).measured_at == now


def test_windows_end_now_and_begin_a_week_and_a_month_ago(past: Past, acme: Workspace, now: datetime) -> None:
    past.job(acme, ago=timedelta(0))
    past.job(acme, ago=7 * DAY - timedelta(seconds=1))
    past.job(acme, ago=7 * DAY)
    past.job(acme, ago=30 * DAY - timedelta(seconds=1))
    past.job(acme, ago=30 * DAY)
    past.job(acme, ago=-timedelta(seconds=1))
    measure(now=now)
    assert (row("flux_schnell", 7).runs, row("flux_schnell", 30).runs) == (2, 4)


def test_tests_cancellations_and_open_jobs_do_not_count(past: Past, acme: Workspace, now: datetime) -> None:
    past.job(acme, is_mock=True)
    past.job(acme, state=State.CANCELED)
    past.job(acme, state=State.RUNNING)
    assert measure(now=now) == 0
    past.job(acme, state=State.FAILED)
    measure(now=now)
    assert figures(row("flux_schnell", 7)) == (1, 0, 0, 0, 0, None, None)


def test_kept_is_what_was_marked_or_built_upon_once_each(past: Past, acme: Workspace, now: datetime) -> None:
    made = past.job(acme, outputs=4)
    kept, used, both, _ = (output.asset for output in made.outputs.order_by("index"))
    Asset.objects.filter(pk__in=[kept.pk, both.pk]).update(kept_at=now)
    for asset in (used, both):
        for ago in (1, 2):
            later = past.job(acme, "nano_banana_edit", ago=timedelta(hours=ago))
            Parent.objects.create(job=later, position=0, role="image_urls", asset=asset)
    measure(now=now)
    assert (row("flux_schnell", 7).outputs, row("flux_schnell", 7).kept) == (4, 3)
    assert (row("nano_banana_edit", 7).runs, row("nano_banana_edit", 7).outputs) == (4, 0)


def test_a_run_that_was_asked_for_again_counts_once(past: Past, acme: Workspace, now: datetime) -> None:
    first = past.job(acme, state=State.FAILED, ago=2 * DAY)
    past.job(acme, retry_of=first)
    past.job(acme, retry_of=first)
    measure(now=now)
    assert (row("flux_schnell", 7).runs, row("flux_schnell", 7).rerun) == (3, 1)


def test_rows_without_runs_go_and_a_second_time_changes_nothing(past: Past, acme: Workspace, now: datetime) -> None:
    past.job(acme, outputs=1)
    assert measure(now=now) == measure(now=now) == 4
    assert ModelStatistics.objects.count() == 4
    later = now + 10 * DAY
    assert measure(now=later) == 2
    assert set(ModelStatistics.objects.values_list("window_days", flat=True)) == {30}
    assert measure(now=now + 40 * DAY) == 0
    assert not ModelStatistics.objects.exists()


def test_fewer_than_twenty_runs_are_counted_and_not_shown(past: Past, acme: Workspace, now: datetime) -> None:
    for _ in range(19):
        past.job(acme)
    measure(now=now)
    assert row("flux_schnell", 7).runs == 19
    assert shown(now) == {}
    past.job(acme, state=State.FAILED)
    measure(now=now)
    assert shown(now) == {7: 0.95, 30: 0.95}


def shown(now: datetime) -> dict[int, float]:
    shelf = read_shelf(now=now)
    one = next(one for one in shelf if one.ai_model.pk == "flux_schnell")
    return {days: found.success_rate for days, found in one.measured.items()}


def test_queries_do_not_grow_with_jobs_and_workspaces(
    past: Past, acme: Workspace, elsewhere: Workspace, now: datetime, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for workspace in (acme, elsewhere):
        for ai_model_id in ("flux_schnell", "flux_pro", "nano_banana_edit"):
            for seconds in range(1, 8):
                past.job(workspace, ai_model_id, seconds=seconds, outputs=1)
    with django_assert_max_num_queries(24):  # two windows: two counts, four times, a swap in its transaction
        assert measure(now=now) == 18
