"""Usage by whatever it is told by: exact, bounded, and as quick in a workspace with a long past."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, PriceVersion
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.jobs.usage import GroupBy, Made, PeriodTooLong, Usage, made, usage
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Entry
from apps.library.models import Project
from tests.builders import NOW
from tests.jobs.conftest import Stage
from tests.jobs.scripted import done, png
from tests.ledger.calls import grant, open_workspace, place, settle

DAY = timedelta(days=1)
PEOPLE = (UUID(int=1), UUID(int=2), None)
MODELS = ("flux_schnell", "flux_pro")


def charged_job(
    workspace: Workspace, amount_mc: int, *, at: datetime = NOW, ai_model_id: str = "flux_schnell", **fields: Any
) -> Job:
    """A job that ended when it was charged so much. ``fields`` are a job's."""
    hold = place(workspace, amount_mc + 5, now=at)
    settle(hold, amount_mc, now=at)
    version = PriceVersion.objects.filter(ai_model_id=ai_model_id).latest("number")
    return Job.objects.create(
        **{
            "id": hold.job_id,
            "workspace": workspace,
            "ai_model_id": ai_model_id,
            "state": State.SUCCEEDED,
            "inputs": {},
            "effective_inputs": {},
            "planned": {"count": 1, "width": 1, "height": 1, "content_type": "image/png"},
            "price_version": version,
            "sell_rule": version.sell_rule,
            "quoted_mc": amount_mc + 5,
            "charged_mc": amount_mc,
            "hold": hold,
            "queue": "providers",
            "due_at": at,
            "queue_deadline_at": at,
            "created_at": at,
            "ended_at": at,
        }
        | fields
    )


def give_back(job: Job, amount_mc: int, *, at: datetime, reason: str = "late") -> None:
    assert job.hold is not None
    posting.uncapture(hold=job.hold, amount_mc=Millicredits(amount_mc), reason=reason, actor_id=None, now=at)


def told(workspace: Workspace, by: GroupBy, **period: datetime) -> list[tuple[Any, int, int]]:
    """Group, what it spent and its jobs, over all days."""
    found = usage(workspace=workspace, by=by, **({"since": NOW - DAY, "until": NOW + DAY} | period))
    return [(one.group, one.spent_mc, one.jobs) for one in found]


def spent_by_the_books(workspace: Workspace, since: datetime, until: datetime) -> int:
    entries = Entry.objects.for_workspace(workspace).filter(created_at__gte=since, created_at__lt=until)
    captured = entries.filter(src="held", dst="spent").aggregate(sum=Sum("amount_mc", default=0))["sum"]
    back = entries.filter(src="spent", dst="available", hold__isnull=False)
    return int(captured) - int(back.aggregate(sum=Sum("amount_mc", default=0))["sum"])


@pytest.fixture
def workspace(catalog: None) -> Workspace:
    workspace = open_workspace()
    grant(workspace, 10**9)
    return workspace


def test_it_is_told_by_stage_model_person_key_project_and_day(workspace: Workspace) -> None:
    key = UUID(int=9)
    project = Project.objects.create(workspace=workspace, name="Launch", created_at=NOW)
    charged_job(workspace, 100, user_id=PEOPLE[0], stage="motion")
    charged_job(workspace, 20, user_id=PEOPLE[0], ai_model_id="flux_pro", project=project)
    charged_job(workspace, 3, user_id=PEOPLE[1], api_key_id=key, at=NOW - DAY)
    own_stages = dict(AIModel.objects.values_list("pk", "stage"))
    assert told(workspace, GroupBy.MODEL) == [("flux_schnell", 3, 1), ("flux_pro", 20, 1), ("flux_schnell", 100, 1)]
    assert {(group, spent) for group, spent, _ in told(workspace, GroupBy.STAGE)} == {
        (own_stages["flux_schnell"], 3),
        (own_stages["flux_pro"], 20),
        ("motion", 100),
    }
    assert told(workspace, GroupBy.MEMBER) == [(PEOPLE[1], 3, 1), (PEOPLE[0], 120, 2)]
    assert told(workspace, GroupBy.KEY) == [(key, 3, 1), (None, 120, 2)]
    assert told(workspace, GroupBy.PROJECT) == [(None, 3, 1), (project.pk, 20, 1), (None, 100, 1)]
    assert told(workspace, GroupBy.DAY) == [(date(2026, 11, 20), 3, 1), (date(2026, 11, 21), 120, 2)]


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(workspace: Workspace) -> None:
    for offset in (-DAY - timedelta(microseconds=1), -DAY, DAY - timedelta(microseconds=1), DAY):
        charged_job(workspace, 10, at=NOW + offset)
    charged_job(open_and_paid("Elsewhere"), 10)
    assert sum(spent for _, spent, _ in told(workspace, GroupBy.MODEL)) == 20


def open_and_paid(name: str) -> Workspace:
    workspace = open_workspace(name)
    grant(workspace, 1000)
    return workspace


def test_what_is_given_back_counts_on_its_day(workspace: Workspace) -> None:
    job = charged_job(workspace, 100, at=NOW - 40 * DAY, stage="refine", user_id=PEOPLE[0])
    charged_job(workspace, 7)
    give_back(job, 30, at=NOW)
    assert told(workspace, GroupBy.STAGE) == [("explore", 7, 1), ("refine", -30, 0)]
    assert told(workspace, GroupBy.MEMBER) == [(PEOPLE[0], -30, 0), (None, 7, 1)]
    assert told(workspace, GroupBy.DAY) == [(NOW.date(), -23, 1)]


def test_a_test_run_and_one_that_failed_spent_nothing(stage: Stage) -> None:
    stage.provider.submits = [done(png(), png())]
    stage.run(stage.submit(inputs={"prompt": "a kite", "num_images": 2}))
    stage.run(stage.submit(is_mock=True))
    stage.run(stage.submit(inputs={"prompt": "mock:fail"}, is_mock=True))
    period = {"since": NOW - DAY, "until": NOW + DAY}
    assert usage(workspace=stage.actor.workspace, by=GroupBy.MODEL, **period) == [
        Usage(NOW.date(), "flux_schnell", 2000, 1)
    ]
    assert made(workspace=stage.actor.workspace, **period) == [Made("flux_schnell", pictures=2, clips=0)]


@pytest.mark.parametrize("until", [NOW - timedelta(microseconds=1), NOW + timedelta(days=401)])
def test_a_period_is_bounded(workspace: Workspace, until: datetime) -> None:
    for tell in (lambda **period: usage(by=GroupBy.DAY, **period), made):
        with pytest.raises(PeriodTooLong):
            tell(workspace=workspace, since=NOW, until=until)


def test_two_queries_tell_it(workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    give_back(charged_job(workspace, 10, user_id=PEOPLE[0]), 5, at=NOW)
    for by in GroupBy:
        with django_assert_num_queries(2):
            told(workspace, by)


history = st.lists(
    st.tuples(
        st.integers(1, 10**6),  # charged
        st.integers(-60, 2),  # days from now
        st.sampled_from(MODELS),
        st.sampled_from(PEOPLE),
        st.sampled_from(["", "motion", "refine"]),
        st.lists(st.tuples(st.integers(1, 10**5), st.integers(0, 30)), max_size=2),  # given back, so many days later
    ),
    max_size=8,
)


@given(past=history, begins=st.integers(-61, 1), lasts=st.integers(0, 70))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_by_whatever_it_is_told_it_sums_to_what_the_books_say(
    catalog: None, past: Any, begins: int, lasts: int
) -> None:
    workspace = open_workspace()
    grant(workspace, 10**9)
    for charged, day, ai_model_id, person, stage, backs in past:
        at = NOW + timedelta(days=day, hours=3 * len(backs))
        job = charged_job(workspace, charged, at=at, ai_model_id=ai_model_id, user_id=person, stage=stage)
        for number, (back, later) in enumerate(backs):
            if back <= charged:
                give_back(job, back, at=at + timedelta(days=later), reason=str(number))
                charged -= back
    since = NOW + timedelta(days=begins)
    until = since + timedelta(days=lasts)
    expected = spent_by_the_books(workspace, since, until)
    for by in GroupBy:
        found = usage(workspace=workspace, by=by, since=since, until=until)
        assert sum(one.spent_mc for one in found) == expected
        assert len({(one.day, one.group) for one in found}) == len(found)
        assert all(since.date() <= one.day <= until.date() for one in found)


def _long_past(workspace: Workspace, jobs: int) -> None:
    """Many charged jobs over five years, made by copying one; the last month has its share."""
    job = charged_job(workspace, 10, at=NOW - 2000 * DAY)
    assert job.hold is not None
    give_back(job, 1, at=NOW)
    entry = Entry.objects.for_workspace(workspace).get(src="held", dst="spent")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, gen_random_uuid() AS job, gen_random_uuid() AS hold, "
            "%s::timestamptz - n * interval '26 minutes' AS at FROM generate_series(1, %s) n",
            [NOW, jobs],
        )
        _copy(cursor, job.hold, {"id": "m.hold", "job_id": "m.job", "created_at": "m.at"})
        _copy(cursor, job, {"id": "m.job", "hold_id": "m.hold", "ended_at": "m.at"})
        _copy(cursor, entry, {"id": "DEFAULT", "seq": "m.n + 100", "hold_id": "m.hold", "created_at": "m.at"})
        cursor.execute("ANALYZE")


def _copy(cursor: CursorWrapper, row: Model, changed: dict[str, str]) -> None:
    table = row._meta.db_table
    columns = [name for field in row._meta.concrete_fields if changed.get(name := str(field.column)) != "DEFAULT"]
    chosen = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} t, made m WHERE t.id = %s", [row.pk]
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_long_past_costs_a_month_nothing(workspace: Workspace) -> None:
    _long_past(workspace, 100_000)
    with CaptureQueriesContext(connection) as queries:
        for by in GroupBy:
            found = usage(workspace=workspace, by=by, since=NOW - 30 * DAY, until=NOW)
            assert 1600 < sum(one.jobs for one in found) < 1700
    for query in list(queries.captured_queries):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(str(row[0]) for row in cursor.fetchall())
        assert re.search("job_charged|job_ended|entry_given_back", plan), plan
        assert not re.search(r"Seq Scan on (jobs_job|ledger_\w+)", plan), plan


def test_nobody_sees_anothers(workspace: Workspace) -> None:
    charged_job(workspace, 10)
    assert told(open_workspace("Elsewhere"), GroupBy.MODEL) == []
