"""What real jobs say about a model: the figures that stand beside its rating, and are kept with a change of it."""

from dataclasses import dataclass
from typing import Any

from apps.catalog.models import ModelStatistics
from apps.catalog.statistics import WINDOWS, Measurement, measurement_of


@dataclass(frozen=True, slots=True)
class Figures:
    """One window, in percents. None: too few runs to say, or nothing was delivered."""

    days: int
    runs: int
    keep: int | None
    rerun: int | None
    success: int | None
    p95_seconds: float | None


def figures_of(rows: list[ModelStatistics]) -> list[Figures]:
    """The windows of one model, the shorter first; one without any run is empty."""
    found = {row.window_days: row for row in rows}
    return [_figures(days, found.get(days)) for days in WINDOWS]


def read_figures(model_id: str) -> list[Figures]:
    """Read the windows of a model over the whole installation. One query."""
    return figures_of(list(ModelStatistics.objects.filter(ai_model_id=model_id, workspace=None)))


def evidence_of(model_id: str) -> dict[str, Any]:  # JSON
    """What a rating rests on, as it is kept in the audit log; windows of too few runs say nothing."""
    return {
        f"{one.days}_days": {
            "runs": one.runs,
            "keep_percent": one.keep,
            "rerun_percent": one.rerun,
            "success_percent": one.success,
        }
        for one in read_figures(model_id)
        if one.success is not None
    }


def percent(share: float | None) -> int | None:
    """Write a share, 0 to 1, in whole percents."""
    return None if share is None else round(100 * share)


def seconds(milliseconds: int | None) -> float | None:
    """Write a time in seconds, to a tenth."""
    return None if milliseconds is None else round(milliseconds / 1000, 1)


def _figures(days: int, row: ModelStatistics | None) -> Figures:
    found: Measurement | None = measurement_of(row) if row else None
    return Figures(
        days=days,
        runs=row.runs if row else 0,
        keep=percent(found.keep_rate) if found else None,
        rerun=percent(found.rerun_rate) if found else None,
        success=percent(found.success_rate) if found else None,
        p95_seconds=seconds(found.p95_ms) if found else None,
    )
