"""What a run costs: the price before (``quote``), after (``charge``), and what it costs us (``cost``). Pure.

one    = price of one output, times the multipliers that apply
quote  = one x outputs + surcharges
charge = one x delivered + surcharges; nothing when nothing was delivered
cost   = the same as charge, by the provider's rule
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from apps.catalog.inputs import default_inputs
from apps.catalog.price_rules import (
    PARTS,
    PER_DOLLAR,
    InvalidPriceRule,
    PerCall,
    PerMegapixel,
    PriceRule,
    Tiers,
    Unit,
)
from apps.catalog.sizes import EDGES, NAMED, PlannedOutputs, Size, planned_outputs
from apps.catalog.spec import ModelSpec
from apps.ledger.amounts import PER_CREDIT, Millicredits, format_credits

__all__ = [
    "CostRow",
    "InvalidPriceRule",
    "Line",
    "PriceRow",
    "PriceRule",
    "Quote",
    "charge",
    "cost",
    "cost_in_words",
    "in_words",
    "price_from",
    "quote",
    "unpriceable",
    "usual_price",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt: ``amount_mc`` is ``quantity`` times ``unit_mc``."""

    label: str
    quantity: int
    unit_mc: Millicredits
    amount_mc: Millicredits


@dataclass(frozen=True, slots=True)
class Quote:
    """The most a run can cost, and what it is made of; the lines add up to the amount."""

    amount_mc: Millicredits
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row of a price table."""

    what: str
    amount_mc: Millicredits


@dataclass(frozen=True, slots=True)
class CostRow:
    """One row of a table of what a provider asks of us."""

    what: str
    microusd: int


def quote(*, rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs) -> Quote:
    """Price a run before it starts: as if everything asked for is delivered. More than zero.

    :param effective: as ``inputs.clean`` returns them.
    """
    assert rule.unit is Unit.MILLICREDITS, "customers pay in credits"
    lines = _parts(rule, effective, planned, _asked(rule, effective))
    return Quote(
        Millicredits(sum(one.amount * one.quantity for one in lines)),
        tuple(
            Line(one.label, one.quantity, Millicredits(one.amount), Millicredits(one.amount * one.quantity))
            for one in lines
        ),
    )


def charge(*, rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs, delivered: int) -> Millicredits:
    """Price a run after it ended, by the number of files that came back: never above the quote, 0 for none.

    A size is charged as it was quoted, whatever the provider made of it.
    """
    assert rule.unit is Unit.MILLICREDITS, "customers pay in credits"
    return Millicredits(_delivered(rule, effective, planned, delivered))


def cost(*, rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs, delivered: int) -> int:
    """Tell what a run costs us, in micro-dollars, by the provider's rule and the files that it delivered."""
    assert rule.unit is Unit.MICRODOLLARS, "providers are paid in dollars"
    return _delivered(rule, effective, planned, delivered)


def unpriceable(*, rule: PriceRule, effective: Mapping[str, Any]) -> str:
    """Say why a rule has no price for inputs that were valid once; empty when it has one.

    A rule would fall back to its usual tier: right for an input that was left out, wrong for a value it never heard of.
    """
    base = rule.base
    named = effective.get(base.field) if isinstance(base, Tiers) else None
    if isinstance(base, Tiers) and named is not None and named not in base.amounts:
        return f"{base.field} {named} has no price"
    return ""


def price_from(*, rule: PriceRule, spec: ModelSpec) -> Millicredits:
    """The lowest price any run of this model can have."""
    match rule.base:
        case PerCall():
            amount = rule.base.amount
        case PerMegapixel():
            amount = _by_pixels(rule.base, Size(1, 1))
        case Tiers():
            amount = min(rule.base.amounts.values())
    for multiplier in rule.multipliers:
        amount = min(amount, _times(amount, multiplier.thousandths))
    fewest = [spec.properties.get(name, {}).get("minimum", 1) for name in rule.outputs] if rule.is_per_output else []
    return Millicredits(amount * prod(fewest))


def usual_price(*, rule: PriceRule, spec: ModelSpec) -> Millicredits:
    """The price of a run that leaves out everything that may be left out."""
    effective = default_inputs(spec)
    planned = planned_outputs(spec=spec, effective=effective, pictures=None)
    return quote(rule=rule, effective=effective, planned=planned).amount_mc


def in_words(*, rule: PriceRule, spec: ModelSpec) -> list[PriceRow]:
    """Write the rule as a price table for people; the first row is the base price."""
    assert rule.unit is Unit.MILLICREDITS, "customers pay in credits"
    return [PriceRow(what, Millicredits(amount)) for what, amount in _rows(rule, spec)]


def cost_in_words(*, rule: PriceRule, spec: ModelSpec) -> list[CostRow]:
    """Write a provider's rule as such a table, for staff."""
    assert rule.unit is Unit.MICRODOLLARS, "providers are paid in dollars"
    return [CostRow(what, amount) for what, amount in _rows(rule, spec)]


def _rows(rule: PriceRule, spec: ModelSpec) -> list[tuple[str, int]]:
    each = "Each picture" if rule.is_per_output else "Each run"
    match rule.base:
        case PerCall():
            rows = _multiplied_rows(rule, spec, each, rule.base.amount)
        case PerMegapixel():
            rows = [(f"{each}, {_per_megapixel(rule.base, rule.unit)}", rule.base.amount)]
            rows += [(f"{each} of {name}, {size}", _by_pixels(rule.base, size)) for name, size in _named_sizes(spec)]
            rows += _multiplied_rows(rule, spec, each, rule.base.amount)[1:]
        case Tiers(field, _, amounts):
            tiers = sorted(amounts, key=lambda tier: amounts[tier])
            rows = [(f"{each} at {field} {tier}", amounts[tier]) for tier in tiers]
    for extra in rule.surcharges:
        often = "for each picture" if extra.is_per_output else "once per run"
        rows.append((f"{extra.label}, added {often}", extra.amount))
    return rows


@dataclass(frozen=True, slots=True)
class _Part:
    """A line of a price, in the unit of its rule."""

    label: str
    quantity: int
    amount: int  # of one


def _parts(rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs, outputs: int) -> list[_Part]:
    one, label = _one(rule, effective, planned)
    parts = [_Part(label, outputs if rule.is_per_output else 1, one)]
    for extra in rule.surcharges:
        if _holds(extra.when, effective):
            parts.append(_Part(extra.label, outputs if extra.is_per_output else 1, extra.amount))
    return parts


def _delivered(rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs, delivered: int) -> int:
    if delivered <= 0:
        return 0
    parts = _parts(rule, effective, planned, min(delivered, _asked(rule, effective)))
    return sum(part.amount * part.quantity for part in parts)


def _one(rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs) -> tuple[int, str]:
    """The price of one output with its multipliers, and the words for it."""
    amount, words = _base_price(rule.base, effective, planned)
    for multiplier in rule.multipliers:
        if _holds(multiplier.when, effective):
            amount = _times(amount, multiplier.thousandths)
            words.append(
                f"{' and '.join(str(value) for value in multiplier.when.values())} x {multiplier.thousandths / PARTS:g}"
            )
    return amount, ", ".join(["Picture" if rule.is_per_output else "Run", *words])


def _base_price(
    base: PerCall | PerMegapixel | Tiers, effective: Mapping[str, Any], planned: PlannedOutputs
) -> tuple[int, list[str]]:
    match base:
        case PerCall():
            return base.amount, []
        case PerMegapixel():
            size = Size(planned.width, planned.height)
            return _by_pixels(base, size), [str(size)]
        case Tiers():
            tier = _tier(base, effective, planned)
            return base.amounts[tier], [f"{base.field} {tier}"]


def _by_pixels(base: PerMegapixel, size: Size) -> int:
    pixels = max(1, size.pixels)
    if base.is_rounded_up:
        return base.amount * _ceil(pixels, base.megapixel_px)
    return _ceil(base.amount * pixels, base.megapixel_px * base.step) * base.step


def _tier(base: Tiers, effective: Mapping[str, Any], planned: PlannedOutputs) -> str:
    """The tier of these inputs: the one named, else the smallest that holds the longest edge, else the usual one."""
    named = effective.get(base.field)
    if named in base.amounts:
        return str(named)
    if not base.is_by_longest_edge:
        return base.default
    by_edge = sorted(base.amounts, key=EDGES.__getitem__)
    return next((tier for tier in by_edge if max(planned.width, planned.height) <= EDGES[tier]), by_edge[-1])


def _asked(rule: PriceRule, effective: Mapping[str, Any]) -> int:
    return max(1, prod(int(effective.get(name, 1)) for name in rule.outputs))


def _holds(when: Mapping[str, str | int | bool], effective: Mapping[str, Any]) -> bool:
    return all(name in effective and effective[name] == value for name, value in when.items())


def _multiplied_rows(rule: PriceRule, spec: ModelSpec, each: str, amount: int) -> list[tuple[str, int]]:
    """The base price, named by the choices that leave it as it is, and the price under each multiplier."""
    plain = each
    if len(rule.multipliers) == 1 and len(rule.multipliers[0].when) == 1:
        name, value = next(iter(rule.multipliers[0].when.items()))
        others = [str(one) for one in spec.properties.get(name, {}).get("enum", []) if one != value]
        plain = f"{each} at {' or '.join(others)}" if others else each
    rows = [(plain, amount)]
    for multiplier in rule.multipliers:
        chosen = " and ".join(str(value) for value in multiplier.when.values())
        rows.append((f"{each} at {chosen}", _times(amount, multiplier.thousandths)))
    return rows


def _per_megapixel(base: PerMegapixel, unit: Unit) -> str:
    if base.is_rounded_up:
        return f"for every megapixel begun ({base.megapixel_px:,} pixels)"
    words = f"for every megapixel ({base.megapixel_px:,} pixels)"
    if base.step == 1:
        return words
    if unit is Unit.MICRODOLLARS:
        return f"{words}, rounded up to a multiple of USD {base.step / PER_DOLLAR:f}"
    step = "a whole credit" if base.step == PER_CREDIT else f"a multiple of {format_credits(base.step)} credits"
    return f"{words}, rounded up to {step}"


def _named_sizes(spec: ModelSpec) -> list[tuple[str, Size]]:
    branches = spec.properties.get("image_size", {}).get("anyOf", [])
    names = [name for branch in branches for name in branch.get("enum", [])]
    return [(name, NAMED[name]) for name in names if name in NAMED]


def _times(amount: int, thousandths: int) -> int:
    return _ceil(amount * thousandths, PARTS)


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)
