"""The whole catalogue as its readers need it: models with their price, defaults and measured facts, in one query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from apps.accounts.tenancy import Workspace
from apps.catalog.gathering import Gathered
from apps.catalog.limits import MAX_REFERENCES
from apps.catalog.models import AIModel, DefaultModel, Lifecycle, ModelStatistics, PriceVersion
from apps.catalog.price_rules import PriceRule, kept_rule
from apps.catalog.prices import prices_in_force
from apps.catalog.pricing import price_from, usual_price
from apps.catalog.spec import ModelSpec, picture_fields
from apps.catalog.statistics import MONTH, Measurement, measurement_of
from apps.ledger.amounts import Millicredits

_FIGURES = ("window_days", "runs", "succeeded", "outputs", "kept", "rerun", "median_ms", "p95_ms")
# Half of a row's bytes, and nothing that customers see. Who asks for one of them all the same pays a query.
_LEFT_OUT = (
    *("cost_rule", "cases", "note", "ai_model__notes", "ai_model__sources", "ai_model__synced"),
    *(f"ai_model__successor__{one.name}" for one in AIModel._meta.concrete_fields if one.name not in ("id", "name")),
)


@dataclass(frozen=True)
class OnShelf:
    """A model with everything that is said of it."""

    ai_model: AIModel  # with its provider and its successor's name; what only staff read comes when asked for
    price: PriceVersion
    defaults: tuple[DefaultModel, ...] = ()  # of the installation; surface, task and stage only
    measured: Mapping[int, Measurement] = field(default_factory=dict)  # window in days → what real jobs showed
    measured_here: Mapping[int, Measurement] = field(default_factory=dict)  # the same, of one workspace

    @cached_property
    def spec(self) -> ModelSpec:
        return self.ai_model.spec()

    @cached_property
    def rule(self) -> PriceRule:
        return kept_rule(self.price.sell_rule)

    @cached_property
    def from_mc(self) -> Millicredits:
        """The least a run costs."""
        return price_from(rule=self.rule, spec=self.spec)

    @cached_property
    def usual_mc(self) -> Millicredits:
        """What a run costs when everything that may be left out is left out."""
        return usual_price(rule=self.rule, spec=self.spec)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of work it does, its own first."""
        return (self.ai_model.kind, *self.ai_model.also_kinds)

    @property
    def is_on_sale(self) -> bool:
        """Whether anybody at all may use it: not switched off by staff, not retired."""
        return self.ai_model.is_enabled and self.ai_model.lifecycle != Lifecycle.RETIRED

    @property
    def seconds(self) -> int | None:
        """How long a run takes: as measured over the last month where enough ran, else as the catalogue says."""
        month = self.measured.get(MONTH)
        if month is not None and month.median_ms is not None:
            return max(1, round(month.median_ms / 1000))
        return self.ai_model.average_seconds

    @cached_property
    def most_pictures(self) -> int:
        """How many references it works with."""
        slots = picture_fields(self.ai_model.schema)
        if not slots:
            return 0
        slot = self.spec.properties[slots[0]]
        if "items" not in slot:
            return 1
        most = self.ai_model.max_references
        return int(slot.get("maxItems", MAX_REFERENCES if most is None else most))


def read_shelf(
    *, now: datetime, ai_models: Iterable[AIModel] | None = None, workspace: Workspace | None = None
) -> list[OnShelf]:
    """Read the models on sale, in the catalogue's order; one without a price is not for sale. One query.

    :param ai_models: these instead, whether on sale or not. :param workspace: what was measured there, too.
    """
    chosen = AIModel.objects.enabled() if ai_models is None else ai_models
    versions = prices_in_force(now=now).filter(ai_model__in=chosen)
    rows = versions.select_related("ai_model__provider", "ai_model__successor").annotate(
        defaults=Gathered(_installation_defaults(), "surface", "task", "stage"),
        everywhere=Gathered(_statistics(Q(workspace=None)), *_FIGURES),
        here=Gathered(_statistics(Q(workspace=workspace, workspace__isnull=False)), *_FIGURES),
    )
    rows = rows.defer(*_LEFT_OUT).order_by("ai_model__position", "ai_model_id")
    return [_on_shelf(row) for row in rows]


def _installation_defaults() -> QuerySet[DefaultModel]:
    rows = DefaultModel.objects.filter(workspace=None, ai_model=OuterRef("ai_model_id"))
    return rows.order_by("surface", "task", "stage")


def _statistics(whose: Q) -> QuerySet[ModelStatistics]:
    return ModelStatistics.objects.filter(whose, ai_model=OuterRef("ai_model_id")).order_by("window_days")


def _on_shelf(row: Any) -> OnShelf:  # Any: a PriceVersion with what was gathered for it
    return OnShelf(
        ai_model=row.ai_model,
        price=row,
        defaults=tuple(DefaultModel(ai_model_id=row.ai_model_id, **one) for one in row.defaults),
        measured=_windows(row.everywhere),
        measured_here=_windows(row.here),
    )


def _windows(rows: Iterable[Mapping[str, Any]]) -> dict[int, Measurement]:  # figures by column
    read = ((row["window_days"], measurement_of(ModelStatistics(**row))) for row in rows)
    return {days: found for days, found in read if found}
