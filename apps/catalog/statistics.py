"""What real jobs showed of a model, and when it is enough to tell. Pure but for the row it reads."""

from dataclasses import dataclass
from typing import Final

from apps.catalog.models import ModelStatistics

WEEK: Final = 7  # days
MONTH: Final = 30
WINDOWS: Final = (WEEK, MONTH)
FEWEST_RUNS: Final = 20  # fewer say nothing: no figure is shown


@dataclass(frozen=True, slots=True)
class Measurement:
    """Figures of at least ``FEWEST_RUNS`` runs."""

    runs: int
    median_ms: int | None  # from acceptance to the last file stored; None: nothing was delivered
    p95_ms: int | None
    success_rate: float  # 0 to 1: delivered, of those that the caller did not cancel
    keep_rate: float | None  # 0 to 1: outputs kept or built upon; None: nothing was delivered
    rerun_rate: float  # 0 to 1: runs that were asked for again


def measurement_of(row: ModelStatistics) -> Measurement | None:
    """Read a row; None where it counts too few runs to be shown."""
    if row.runs < FEWEST_RUNS:
        return None
    return Measurement(
        runs=row.runs,
        median_ms=row.median_ms,
        p95_ms=row.p95_ms,
        success_rate=row.succeeded / row.runs,
        keep_rate=row.kept / row.outputs if row.outputs else None,
        rerun_rate=row.rerun / row.runs,
    )
