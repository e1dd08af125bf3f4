"""The price in a model's file against the price in force: a new version, its worked cases, or staff's price stays."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.catalog import pricing
from apps.catalog.differences import differences
from apps.catalog.files.reading import ModelFile
from apps.catalog.models import PriceState, PriceVersion
from apps.catalog.money import format_usd
from apps.catalog.price_rules import PriceRule, Unit
from apps.catalog.spec import ModelSpec
from apps.ledger.amounts import format_credits


@dataclass(frozen=True, slots=True)
class PricePlan:
    """What becomes of a model's price. ``save`` is what is left to do."""

    in_force: PriceVersion | None  # afterwards; one that is new has no number yet
    changes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    is_new: bool = False
    cases: list[Any] | None = None  # JSON, for the version in force
    base: dict[str, Any] = field(default_factory=dict)  # JSON: what the file says now, for the next time

    @property
    def checked(self) -> PriceVersion | None:
        """The version in force with the cases it will have."""
        version = self.in_force
        if version is None or self.cases is None:
            return version
        return PriceVersion(number=version.number, sell_rule=version.sell_rule, cases=self.cases)

    def save(self, *, last_number: int) -> None:
        """Write the version, numbered after the last one, or the cases."""
        version = self.in_force
        if version is not None and self.is_new:
            version.number = last_number + 1
            version.save(force_insert=True)
        elif version is not None and self.cases is not None:
            version.cases = self.cases
            version.save(update_fields=["cases"])


def plan_price(
    *, model: ModelFile, current: PriceVersion | None, base: Any, is_untouched: bool, overwrite: bool, now: datetime
) -> PricePlan:
    """Decide, and write nothing.

    :param base: what the file said last, as ``PricePlan.base``; None: nobody noted it.
    """
    wanted = {
        "sell_rule": model.rule.to_json(),
        "cost_rule": model.cost.to_json() if model.cost is not None else None,
    }
    cases = [case.to_json() for case in model.cases]
    fresh = PriceVersion(
        ai_model_id=model.data["id"],
        state=PriceState.PUBLISHED,
        cases=cases,
        effective_at=now,
        created_at=now,
        **wanted,
    )
    if current is None:
        return PricePlan(fresh, tuple(words(None, fresh, model.spec)), is_new=True, base=wanted)
    said = {"sell_rule": current.sell_rule, "cost_rule": current.cost_rule}
    if said == wanted:
        if current.created_by_id is None and current.cases != cases:
            told = (f"worked prices of version {current.number}: {len(current.cases)} → {len(cases)}",)
            return PricePlan(current, told, cases=cases, base=wanted)
        return PricePlan(current, base=wanted)
    lines = tuple(words(current, fresh, model.spec))
    is_files = said == base if base is not None else is_untouched or current.created_by_id is None
    if overwrite or is_files:
        return PricePlan(fresh, lines, is_new=True, base=wanted)
    return PricePlan(current, kept=lines, base=wanted)


def words(before: PriceVersion | None, after: PriceVersion, spec: ModelSpec) -> list[str]:
    """Write what moves between two versions, row by row of their tables: ``price, Each picture: 12 → 13.5 credits``."""
    sold = differences("price", _sold(before, spec), _sold(after, spec))
    paid = differences("cost", _paid(before, spec), _paid(after, spec))
    lines = [line.replace("price.", "price, ", 1).replace("cost.", "cost, ", 1) for line in (*sold, *paid)]
    return lines or ["price: another rule that comes to the same"]


def _sold(version: PriceVersion | None, spec: ModelSpec) -> dict[str, str]:
    if version is None:
        return {}
    rule = PriceRule.from_json(version.sell_rule)
    rows = pricing.in_words(rule=rule, spec=spec)
    return {row.what: f"{format_credits(row.amount_mc)} credits" for row in rows}


def _paid(version: PriceVersion | None, spec: ModelSpec) -> dict[str, str]:
    if version is None or version.cost_rule is None:
        return {}
    rule = PriceRule.from_json(version.cost_rule, Unit.MICRODOLLARS)
    rows = pricing.cost_in_words(rule=rule, spec=spec)
    return {row.what: f"USD {format_usd(row.microusd)}" for row in rows}
