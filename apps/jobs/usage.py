"""What was spent, and on what: the credits that jobs were charged, less what was given back of them later."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import TruncDate

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.jobs.models import Job, Output
from apps.ledger.models import Entry

LONGEST: Final = timedelta(days=400)  # a period, at most: a year and a month


class PeriodTooLong(DomainError):
    """A period has to begin before it ends, and to last no longer than 400 days."""

    code = "period_too_long"


class GroupBy(StrEnum):
    """What usage is told by."""

    STAGE = "stage"
    MODEL = "model"
    MEMBER = "member"
    KEY = "key"
    PROJECT = "project"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one group spent on one day, in UTC.

    ``group`` is a stage, the id of a model, person, key or project, or a day; None: the job had none. What was given
    back counts on the day on which it was, so ``spent_mc`` may be below zero; ``jobs`` counts those that were charged.
    """

    day: date
    group: str | UUID | date | None
    spent_mc: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Made:
    """What charged jobs of one model delivered."""

    ai_model_id: str
    pictures: int
    clips: int


# The stage that the studio noted; jobs that came without one belong to their model's.
_STAGE: Final = Case(When(stage="", then=F("ai_model__stage")), default=F("stage"), output_field=CharField())
_COLUMNS: Final[dict[GroupBy, Any]] = {  # expressions
    GroupBy.STAGE: _STAGE,
    GroupBy.MODEL: F("ai_model_id"),
    GroupBy.MEMBER: F("user_id"),
    GroupBy.KEY: F("api_key_id"),
    GroupBy.PROJECT: F("project_id"),
}


def usage(*, workspace: Workspace, by: GroupBy, since: datetime, until: datetime) -> list[Usage]:
    """Tell what was spent from ``since`` until just before ``until``, by day and group, the first day first.

    Two queries. All together is what the ledger says was captured in this time, less what it says was given back.

    :raises PeriodTooLong: the period ends before it begins, or lasts longer than 400 days.
    """
    sums: dict[tuple[date, Any], list[int]] = defaultdict(lambda: [0, 0])  # a group is as its column has it
    for day, group, spent, jobs in (
        *_charged(workspace, by, since, until),
        *_given_back(workspace, by, since, until),
    ):
        sums[day, day if by is GroupBy.DAY else group][0] += spent
        sums[day, day if by is GroupBy.DAY else group][1] += jobs
    found = [Usage(day, group, *both) for (day, group), both in sums.items()]
    return sorted(found, key=lambda one: (one.day, one.group is None, str(one.group)))


def charges(*, workspace: Workspace, since: datetime, until: datetime) -> dict[str, int]:
    """Sum up what jobs were charged, by model, whatever was given back of it; one query.

    :raises PeriodTooLong: as ``usage``.
    """
    sums: dict[str, int] = defaultdict(int)
    for _, ai_model_id, spent, _ in _charged(workspace, GroupBy.MODEL, since, until):
        sums[ai_model_id] += spent
    return dict(sums)


def made(*, workspace: Workspace, since: datetime, until: datetime) -> list[Made]:
    """Count what the jobs charged in a period delivered, by model, in one query.

    :raises PeriodTooLong: as ``usage``.
    """
    jobs = _jobs(workspace, since, until)
    outputs = Output.objects.filter(job__in=jobs).values("job__ai_model_id").order_by("job__ai_model_id")
    is_clip = Q(asset__content_type__startswith="video/")
    counted = outputs.annotate(pictures=Count("pk", filter=~is_clip), clips=Count("pk", filter=is_clip))
    return [Made(*row) for row in counted.values_list("job__ai_model_id", "pictures", "clips")]


def _charged(
    workspace: Workspace, by: GroupBy, since: datetime, until: datetime
) -> Iterator[tuple[date, Any, int, int]]:  # a group
    rows = _jobs(workspace, since, until).annotate(day=TruncDate("ended_at", tzinfo=UTC))
    rows = rows.annotate(grouped=_COLUMNS.get(by, Value(None, output_field=CharField())))
    sums = rows.values("day", "grouped").order_by().annotate(sum=Sum("charged_mc"), count=Count("pk"))
    for day, group, spent, count in sums.values_list("day", "grouped", "sum", "count"):
        yield day, group, int(spent), count


def _given_back(
    workspace: Workspace, by: GroupBy, since: datetime, until: datetime
) -> Iterator[tuple[date, Any, int, int]]:  # a group
    """What was given back of charges, whenever those were. There is little of it, so each is looked up by itself."""
    back = Entry.objects.for_workspace(workspace).filter(src="spent", dst="available", hold__isnull=False)
    back = back.filter(created_at__gte=since, created_at__lt=until)
    rows = back.annotate(day=TruncDate("created_at", tzinfo=UTC), grouped=_of_job(by))
    for day, group, amount in rows.order_by().values_list("day", "grouped", "amount_mc"):
        yield day, group, -amount, 0


def _of_job(by: GroupBy) -> Subquery | Value:
    column = _COLUMNS.get(by)
    if column is None:
        return Value(None, output_field=CharField())
    job = Job.objects.filter(pk=OuterRef("hold__job_id")).annotate(grouped=column)
    return Subquery(job.values("grouped")[:1])


def _jobs(workspace: Workspace, since: datetime, until: datetime) -> QuerySet[Job]:
    """The jobs that were charged in a period."""
    if not timedelta() <= until - since <= LONGEST:
        raise PeriodTooLong("A period begins before it ends, and lasts 400 days at most.")
    return Job.objects.for_workspace(workspace).filter(charged_mc__gt=0, ended_at__gte=since, ended_at__lt=until)
