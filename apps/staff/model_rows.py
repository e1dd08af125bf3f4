"""The catalogue as staff see it: a line a model, with price, margin and what real jobs showed; sorted, filtered."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from apps.catalog.margins import usual_margin
from apps.catalog.models import AIModel, DefaultModel, ModelStatistics, PriceState, PriceVersion, Switch, SwitchedOff
from apps.catalog.money import current_terms
from apps.catalog.price_rules import kept_rule
from apps.catalog.prices import current_prices
from apps.catalog.pricing import price_from, usual_price
from apps.catalog.statistics import MONTH, measurement_of
from apps.staff.evidence import percent, seconds


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model in the list. Shares are percents; None: not known, or of too few runs to say."""

    id: str
    name: str
    developer: str
    provider_id: str
    provider: str
    stage: str
    rating: int | None
    is_enabled: bool
    from_mc: int | None  # None: no price is in force
    usual_mc: int | None
    margin: Decimal | None
    drafts: int
    default_of: tuple[str, ...]
    runs: int
    success: int | None
    p95_seconds: float | None
    lifecycle: str
    price_status: str
    is_family_off: bool
    position: int


@dataclass(frozen=True, slots=True)
class Sort:
    """A head that sorts: its words, where a click leads, and which way the list is sorted now."""

    key: str
    label: str
    url: str
    direction: str  # ascending, descending, or empty
    is_number: bool


_SORTS: Final[Mapping[str, tuple[str, Callable[[ModelRow], Any], bool]]] = {  # whatever can be compared
    "name": ("Model", lambda row: row.name.lower(), False),
    "rating": ("Rating", lambda row: row.rating or 0, True),
    "price": ("Price", lambda row: row.usual_mc or 0, True),
    "margin": ("Margin", lambda row: Decimal(-1_000) if row.margin is None else row.margin, True),
    "runs": ("30 days", lambda row: row.runs, True),
    "success": ("Success", lambda row: -1 if row.success is None else row.success, True),
    "p95": ("p95", lambda row: -1.0 if row.p95_seconds is None else row.p95_seconds, True),
}

_NOT_SHOWN: Final = ("notes", "sources", "synced", "sample_prompts", "summary", "use_cases", "uses", "tags")


def read_rows(*, now: datetime) -> list[ModelRow]:
    """Read every model, sold or not, in the catalogue's order. Six queries, however many models there are."""
    prices, usd_per_credit = current_prices(now=now), current_terms().usd_per_credit
    defaults, drafts = defaultdict(list), defaultdict[str, int](int)
    for one in DefaultModel.objects.filter(workspace=None).order_by("surface", "task", "stage"):
        words = [one.get_surface_display(), one.get_task_display().lower()]
        defaults[one.ai_model_id].append(", ".join([*words, *([one.stage] if one.stage else [])]))
    for model_id in PriceVersion.objects.filter(state=PriceState.DRAFT).values_list("ai_model_id", flat=True):
        drafts[model_id] += 1
    statistics = {one.ai_model_id: one for one in ModelStatistics.objects.filter(workspace=None, window_days=MONTH)}
    off = SwitchedOff.objects.filter(by=Switch.INSTALLATION).values_list("tool", "ai_model_id")
    switched_off = {one for pair in off for one in pair if one}
    return [
        _row(
            one,
            prices.get(one.pk),
            defaults=tuple(defaults[one.pk]),
            drafts=drafts[one.pk],
            measured=statistics.get(one.pk),
            is_family_off=bool({one.tool, one.pk} & switched_off),
            usd_per_credit=usd_per_credit,
        )
        for one in AIModel.objects.select_related("provider").defer(*_NOT_SHOWN).order_by("position", "pk")
    ]


def filtered(rows: Iterable[ModelRow], wanted: Mapping[str, str]) -> list[ModelRow]:
    """Keep what fits every filter that is set: q, stage, provider, state, lifecycle, price_status."""
    words = wanted.get("q", "").strip().lower()
    checks: dict[str, Callable[[ModelRow, str], bool]] = {
        "stage": lambda row, value: row.stage == value,
        "provider": lambda row, value: row.provider_id == value,
        "state": _is_in_state,
        "lifecycle": lambda row, value: row.lifecycle == value,
        "price_status": lambda row, value: row.price_status == value,
    }
    return [
        row
        for row in rows
        if (not words or words in f"{row.id} {row.name} {row.developer} {row.provider}".lower())
        and all(check(row, wanted[name]) for name, check in checks.items() if wanted.get(name))
    ]


def ordered(rows: Iterable[ModelRow], sort: str) -> list[ModelRow]:
    """Sort by a key of the heads, ``-`` before it for the largest first; any other keeps the catalogue's order."""
    name = sort.removeprefix("-")
    if name not in _SORTS:
        return list(rows)
    return sorted(rows, key=_SORTS[name][1], reverse=sort.startswith("-"))


def heads_of(sort: str, link: Callable[[str], str]) -> dict[str, Sort]:
    """The heads that sort; a number begins with its largest."""
    heads = {}
    for key, (label, _, is_number) in _SORTS.items():
        now = "descending" if sort == f"-{key}" else "ascending" if sort == key else ""
        first, second = (f"-{key}", key) if is_number else (key, f"-{key}")
        heads[key] = Sort(key, label, link(second if sort == first else first), now, is_number)
    return heads


def _is_in_state(row: ModelRow, state: str) -> bool:
    match state:
        case "on":
            return row.is_enabled and row.usual_mc is not None
        case "off":
            return not row.is_enabled
        case "unpriced":
            return row.usual_mc is None
        case "draft":
            return row.drafts > 0
        case _:
            return True


def _row(
    ai_model: AIModel,
    price: PriceVersion | None,
    *,
    defaults: tuple[str, ...],
    drafts: int,
    measured: ModelStatistics | None,
    is_family_off: bool,
    usd_per_credit: Decimal,
) -> ModelRow:
    spec = ai_model.spec()
    rule = kept_rule(price.sell_rule) if price else None
    found = measurement_of(measured) if measured else None
    return ModelRow(
        id=ai_model.pk,
        name=ai_model.name,
        developer=ai_model.developer,
        provider_id=ai_model.provider_id,
        provider=ai_model.provider.name,
        stage=ai_model.stage,
        rating=ai_model.rating,
        is_enabled=ai_model.is_enabled,
        from_mc=price_from(rule=rule, spec=spec) if rule else None,
        usual_mc=usual_price(rule=rule, spec=spec) if rule else None,
        margin=usual_margin(ai_model=ai_model, price=price, usd_per_credit=usd_per_credit) if price else None,
        drafts=drafts,
        default_of=defaults,
        runs=measured.runs if measured else 0,
        success=percent(found.success_rate) if found else None,
        p95_seconds=seconds(found.p95_ms) if found else None,
        lifecycle=ai_model.lifecycle,
        price_status=ai_model.price_status,
        is_family_off=is_family_off,
        position=ai_model.position,
    )
