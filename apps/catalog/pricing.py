"""What a run costs: the price before (``quote``), after (``charge``), and as a table in words, from one rule. Pure.

one    = price of one output, times the multipliers that apply
quote  = one x outputs + surcharges
charge = one x delivered + surcharges; nothing when nothing was delivered
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from apps.catalog.inputs import default_inputs
from apps.catalog.price_rules import PARTS, InvalidPriceRule, PerCall, PerMegapixel, PriceRule, Tiers
from apps.catalog.sizes import EDGES, NAMED, PlannedOutputs, Size, planned_outputs
from apps.catalog.spec import ModelSpec
from apps.ledger.amounts import PER_CREDIT, ZERO, Millicredits, format_credits

__all__ = [
    "InvalidPriceRule",
    "Line",
    "PriceRow",
    "PriceRule",
    "Quote",
    "charge",
    "in_words",
    "price_from",
    "quote",
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


def quote(*, rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs) -> Quote:
    """Price a run before it starts: as if everything asked for is delivered. More than zero.

    :param effective: as ``inputs.clean`` returns them.
    """
    return _price(rule, effective, planned, _asked(rule, effective))


def charge(*, rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs, delivered: int) -> Millicredits:
    """Price a run after it ended, by the number of files that came back: never above the quote, 0 for none.

    A size is charged as it was quoted, whatever the provider made of it.
    """
    if delivered <= 0:
        return ZERO
    return _price(rule, effective, planned, min(delivered, _asked(rule, effective))).amount_mc


def price_from(*, rule: PriceRule, spec: ModelSpec) -> Millicredits:
    """The lowest price any run of this model can have."""
    match rule.base:
        case PerCall(amount_mc):
            amount = amount_mc
        case PerMegapixel():
            amount = _by_pixels(rule.base, Size(1, 1))
        case Tiers():
            amount = min(rule.base.amounts_mc.values())
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
    each = "Each picture" if rule.is_per_output else "Each run"
    match rule.base:
        case PerCall(amount_mc):
            rows = _multiplied_rows(rule, spec, each, amount_mc)
        case PerMegapixel():
            rows = [PriceRow(f"{each}, {_per_megapixel(rule.base)}", rule.base.amount_mc)]
            rows += [
                PriceRow(f"{each} of {name}, {size}", _by_pixels(rule.base, size)) for name, size in _named_sizes(spec)
            ]
            rows += _multiplied_rows(rule, spec, each, rule.base.amount_mc)[1:]
        case Tiers(field, _, amounts_mc):
            tiers = sorted(amounts_mc, key=lambda tier: amounts_mc[tier])
            rows = [PriceRow(f"{each} at {field} {tier}", amounts_mc[tier]) for tier in tiers]
    for extra in rule.surcharges:
        rows.append(
            PriceRow(
                f"{extra.label}, added {'for each picture' if extra.is_per_output else 'once per run'}", extra.amount_mc
            )
        )
    return rows


def _price(rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs, outputs: int) -> Quote:
    one, label = _one(rule, effective, planned)
    quantity = outputs if rule.is_per_output else 1
    lines = [Line(label, quantity, one, Millicredits(one * quantity))]
    for extra in rule.surcharges:
        if _holds(extra.when, effective):
            quantity = outputs if extra.is_per_output else 1
            lines.append(Line(extra.label, quantity, extra.amount_mc, Millicredits(extra.amount_mc * quantity)))
    return Quote(Millicredits(sum(line.amount_mc for line in lines)), tuple(lines))


def _one(rule: PriceRule, effective: Mapping[str, Any], planned: PlannedOutputs) -> tuple[Millicredits, str]:
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
) -> tuple[Millicredits, list[str]]:
    match base:
        case PerCall(amount_mc):
            return amount_mc, []
        case PerMegapixel():
            size = Size(planned.width, planned.height)
            return _by_pixels(base, size), [str(size)]
        case Tiers():
            tier = _tier(base, effective, planned)
            return base.amounts_mc[tier], [f"{base.field} {tier}"]


def _by_pixels(base: PerMegapixel, size: Size) -> Millicredits:
    pixels = max(1, size.pixels)
    if base.is_rounded_up:
        return Millicredits(base.amount_mc * _ceil(pixels, base.megapixel_px))
    return Millicredits(_ceil(base.amount_mc * pixels, base.megapixel_px * base.step_mc) * base.step_mc)


def _tier(base: Tiers, effective: Mapping[str, Any], planned: PlannedOutputs) -> str:
    """The tier of these inputs: the one named, else the smallest that holds the longest edge, else the usual one."""
    named = effective.get(base.field)
    if named in base.amounts_mc:
        return str(named)
    if not base.is_by_longest_edge:
        return base.default
    by_edge = sorted(base.amounts_mc, key=EDGES.__getitem__)
    return next((tier for tier in by_edge if max(planned.width, planned.height) <= EDGES[tier]), by_edge[-1])


def _asked(rule: PriceRule, effective: Mapping[str, Any]) -> int:
    return max(1, prod(int(effective.get(name, 1)) for name in rule.outputs))


def _holds(when: Mapping[str, str | int | bool], effective: Mapping[str, Any]) -> bool:
    return all(name in effective and effective[name] == value for name, value in when.items())


def _multiplied_rows(rule: PriceRule, spec: ModelSpec, each: str, amount: Millicredits) -> list[PriceRow]:
    """The base price, named by the choices that leave it as it is, and the price under each multiplier."""
    plain = each
    if len(rule.multipliers) == 1 and len(rule.multipliers[0].when) == 1:
        name, value = next(iter(rule.multipliers[0].when.items()))
        others = [str(one) for one in spec.properties.get(name, {}).get("enum", []) if one != value]
        plain = f"{each} at {' or '.join(others)}" if others else each
    rows = [PriceRow(plain, amount)]
    for multiplier in rule.multipliers:
        chosen = " and ".join(str(value) for value in multiplier.when.values())
        rows.append(PriceRow(f"{each} at {chosen}", _times(amount, multiplier.thousandths)))
    return rows


def _per_megapixel(base: PerMegapixel) -> str:
    if base.is_rounded_up:
        return f"for every megapixel begun ({base.megapixel_px:,} pixels)"
    words = f"for every megapixel ({base.megapixel_px:,} pixels)"
    if base.step_mc == 1:
        return words
    step = "a whole credit" if base.step_mc == PER_CREDIT else f"a multiple of {format_credits(base.step_mc)} credits"
    return f"{words}, rounded up to {step}"


def _named_sizes(spec: ModelSpec) -> list[tuple[str, Size]]:
    branches = spec.properties.get("image_size", {}).get("anyOf", [])
    names = [name for branch in branches for name in branch.get("enum", [])]
    return [(name, NAMED[name]) for name in names if name in NAMED]


def _times(amount: Millicredits, thousandths: int) -> Millicredits:
    return Millicredits(_ceil(amount * thousandths, PARTS))


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)
