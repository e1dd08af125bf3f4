"""What real jobs showed of each model: counted here, off the request path, and read from the rows this writes."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Window
from django.db.models import DurationField as Duration
from django.db.models.functions import RowNumber

from apps.catalog.models import ModelStatistics
from apps.catalog.statistics import WINDOWS
from apps.jobs.models import Job, Output, Parent
from apps.jobs.states import State

_MEDIAN, _P95 = 50, 95  # percent
_ROWS_AT_ONCE: Final = 1000

_Place = tuple[UUID | None, str]  # a workspace, or None for the whole installation; and a model


@dataclass(slots=True)
class _Figures:
    counts: Counter[str] = field(default_factory=Counter)
    times: dict[int, int] = field(default_factory=dict)  # percentile → milliseconds


def measure(*, now: datetime) -> int:
    """Count the jobs that ended in the last 7 and 30 days anew; return how many rows that made.

    For each model, and for each model within each workspace. Tests and what the caller canceled do not count. A model
    that ran nothing in a window has no row. May run at any time, and twice at once.
    """
    return sum(_measure(days, now) for days in WINDOWS)


def _measure(days: int, now: datetime) -> int:
    ended = Job.objects.filter(is_mock=False, ended_at__gt=now - timedelta(days=days), ended_at__lte=now)
    jobs = ended.filter(state__in=(State.SUCCEEDED, State.FAILED))
    found: defaultdict[_Place, _Figures] = defaultdict(_Figures)
    for workspace_id, ai_model_id, counts in (*_runs(jobs), *_outputs(jobs)):
        found[workspace_id, ai_model_id].counts.update(counts)
        found[None, ai_model_id].counts.update(counts)
    for place, percentile, milliseconds in _times(jobs):
        found[place].times[percentile] = milliseconds
    rows = [_row(place, figures, days, now) for place, figures in found.items()]
    # All or none of a window is replaced. Where two runs meet, the rows of the first stand: both counted the same jobs.
    with transaction.atomic():
        ModelStatistics.objects.filter(window_days=days).delete()
        ModelStatistics.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE, ignore_conflicts=True)
    return len(rows)


def _runs(jobs: QuerySet[Job]) -> Iterable[tuple[UUID, str, dict[str, int]]]:
    """Runs, those that delivered, and those that were asked for again; by workspace and model."""
    asked_again = Exists(Job.objects.filter(retry_of=OuterRef("pk")))
    grouped = jobs.values("workspace_id", "ai_model_id").annotate(
        runs=Count("pk"),
        succeeded=Count("pk", filter=Q(state=State.SUCCEEDED)),
        rerun=Count("pk", filter=Q(asked_again)),
    )
    for row in grouped.iterator():
        yield row["workspace_id"], row["ai_model_id"], {name: row[name] for name in ("runs", "succeeded", "rerun")}


def _outputs(jobs: QuerySet[Job]) -> Iterable[tuple[UUID, str, dict[str, int]]]:
    """Outputs, and those that were kept or that another job was given; by workspace and model."""
    built_upon = Exists(Parent.objects.filter(asset=OuterRef("asset")).exclude(job=OuterRef("job")))
    grouped = (
        Output.objects.filter(job__in=jobs)
        .values("job__workspace_id", "job__ai_model_id")
        .annotate(outputs=Count("pk"), kept=Count("pk", filter=Q(asset__kept_at__isnull=False) | Q(built_upon)))
    )
    for row in grouped.iterator():
        counts = {name: row[name] for name in ("outputs", "kept")}
        yield row["job__workspace_id"], row["job__ai_model_id"], counts


def _times(jobs: QuerySet[Job]) -> Iterable[tuple[_Place, int, int]]:
    """The median and the 95th percentile of runs that delivered, from acceptance to the last file stored.

    Each is the time of one run, by nearest rank. SQLite has no percentiles, so the ranks are numbered in the query.
    """
    delivered = jobs.filter(state=State.SUCCEEDED).annotate(
        took=ExpressionWrapper(F("ended_at") - F("created_at"), output_field=Duration())
    )
    for group in (["workspace_id", "ai_model_id"], ["ai_model_id"]):
        ranked = delivered.annotate(
            rank=Window(RowNumber(), partition_by=group, order_by=[F("took").asc(), F("pk").asc()]),
            runs=Window(Count("*"), partition_by=group),
        )
        for percentile in (_MEDIAN, _P95):
            wanted = F("runs") * percentile  # in hundredths of a rank; the next whole rank is taken
            at = ranked.annotate(place=F("rank") * 100).filter(place__gte=wanted, place__lt=wanted + 100)
            for row in at.values("took", *group).iterator():
                place = row.get("workspace_id"), row["ai_model_id"]
                yield place, percentile, round(row["took"].total_seconds() * 1000)


def _row(place: _Place, figures: _Figures, days: int, now: datetime) -> ModelStatistics:
    workspace_id, ai_model_id = place
    return ModelStatistics(
        workspace_id=workspace_id,
        ai_model_id=ai_model_id,
        window_days=days,
        median_ms=figures.times.get(_MEDIAN),
        p95_ms=figures.times.get(_P95),
        measured_at=now,
        **{name: figures.counts[name] for name in ("runs", "succeeded", "outputs", "kept", "rerun")},
    )
