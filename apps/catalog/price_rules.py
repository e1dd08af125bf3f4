"""How one run is priced, as data: the rule, its JSON in whole units of money, and when a rule is fit to use. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from apps.catalog.sizes import EDGES
from apps.errors import DomainError

MEGAPIXEL: Final = 1_048_576  # pixels; a rule keeps the number it was made with
PARTS: Final = 1000  # factors are kept in thousandths
PER_DOLLAR: Final = 1_000_000  # micro-dollars


class Unit(StrEnum):
    """What the amounts of a rule are; the value ends the names of amounts in its JSON: ``per_call_mc``."""

    MILLICREDITS = "mc"  # what we charge: never nothing
    MICRODOLLARS = "microusd"  # what a provider charges us: may be nothing


class InvalidPriceRule(DomainError):
    """A price rule that cannot be charged by: something is missing, negative, too little or not a whole number.

    ``details["faults"]`` lists every fault: {field, message}; a field is a path within the rule.
    """

    code = "invalid_price_rule"


@dataclass(frozen=True, slots=True)
class PerCall:
    """The same for every output."""

    amount: int


@dataclass(frozen=True, slots=True)
class PerMegapixel:
    """By the pixels of each output: whole megapixels, or exact ones brought up to a multiple of ``step``."""

    amount: int
    is_rounded_up: bool
    step: int
    megapixel_px: int


@dataclass(frozen=True, slots=True)
class Tiers:
    """By the value of one input, or, where it may be left out, by the longest edge."""

    field: str
    default: str
    amounts: Mapping[str, int]
    is_by_longest_edge: bool


@dataclass(frozen=True, slots=True)
class Multiplier:
    when: Mapping[str, str | int | bool]  # input → value; all must hold
    thousandths: int


@dataclass(frozen=True, slots=True)
class Surcharge:
    """Added after the multipliers, once per call or for each output."""

    label: str
    when: Mapping[str, str | int | bool]
    amount: int
    is_per_output: bool


@dataclass(frozen=True, slots=True)
class PriceRule:
    """How one model is priced, in one unit. What we charge is more than zero, so that nothing is sold for nothing."""

    base: PerCall | PerMegapixel | Tiers
    is_per_output: bool  # else the price is of the whole call, whatever comes of it
    outputs: tuple[str, ...]  # inputs whose values, multiplied, are the number of outputs
    multipliers: tuple[Multiplier, ...]
    surcharges: tuple[Surcharge, ...]
    unit: Unit = Unit.MILLICREDITS

    @classmethod
    def from_json(cls, data: object, unit: Unit = Unit.MILLICREDITS) -> "PriceRule":
        """Read a rule as ``to_json`` writes it.

        :raises InvalidPriceRule: anything missing, unknown, not a whole number, negative, or a price of nothing.
        """
        faults = rule_faults(data, unit)
        if faults or not isinstance(data, Mapping):
            lines = "; ".join(f"{field}: {message}" if field else message for field, message in faults)
            raise InvalidPriceRule(lines, faults=[{"field": field, "message": message} for field, message in faults])
        return cls(
            base=_read_base(data["base"], unit),
            is_per_output=data["scope"] == "output_image",
            outputs=tuple(data["outputs"]),
            multipliers=tuple(Multiplier(one["when"], int(one["thousandths"])) for one in data["multipliers"]),
            surcharges=tuple(
                Surcharge(one["label"], one["when"], int(one[f"amount_{unit}"]), one["scope"] == "output_image")
                for one in data["surcharges"]
            ),
            unit=unit,
        )

    def to_json(self) -> dict[str, Any]:  # JSON
        """Write the rule for the database; the names of amounts end in the unit."""
        return {
            "base": _write_base(self.base, self.unit),
            "scope": _scope(self.is_per_output),
            "outputs": list(self.outputs),
            "multipliers": [{"when": dict(one.when), "thousandths": one.thousandths} for one in self.multipliers],
            "surcharges": [
                {
                    "label": one.label,
                    "when": dict(one.when),
                    f"amount_{self.unit}": one.amount,
                    "scope": _scope(one.is_per_output),
                }
                for one in self.surcharges
            ],
        }


def kept_rule(data: Mapping[str, Any], unit: Unit = Unit.MILLICREDITS) -> PriceRule:  # JSON
    """Read a rule as the database keeps it. The same content is checked once a process: it is asked for all the time.

    :raises InvalidPriceRule: as ``from_json``.
    """
    return _read_text(json.dumps(data), unit)


@lru_cache(maxsize=2048)
def _read_text(text: str, unit: Unit) -> PriceRule:
    return PriceRule.from_json(json.loads(text), unit)


def rule_faults(data: object, unit: Unit = Unit.MILLICREDITS) -> list[tuple[str, str]]:
    """List everything that is wrong with the JSON of a rule: (path within it, sentence). Empty: it can be read."""
    faults = [_explain(error) for error in _shape(unit).iter_errors(data)]
    if isinstance(data, Mapping) and isinstance(base := data.get("base"), Mapping):
        faults = [fault for fault in faults if fault[0] != "base"]
        faults += _base_faults(base, unit)
    return faults


def _closed(**properties: Any) -> dict[str, Any]:  # JSON Schema
    """An object of exactly these properties."""
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


def _amount(unit: Unit) -> dict[str, Any]:  # JSON Schema
    return {"type": "integer", "minimum": 1 if unit is Unit.MILLICREDITS else 0, "maximum": 10**12}


_WHEN: Final = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": ["string", "integer", "boolean"]},
}
_SCOPE: Final = {"enum": ["output_image", "call"]}
_COUNT: Final = {"type": "integer", "minimum": 1, "maximum": 10**12}


@cache
def _bases(unit: Unit) -> Mapping[str, Draft202012Validator]:
    """The shapes of a base, by the name of the amount that tells them apart."""
    amount = _amount(unit)
    shapes = {
        f"per_call_{unit}": _closed(**{f"per_call_{unit}": amount}),
        f"per_megapixel_{unit}": _closed(
            **{
                f"per_megapixel_{unit}": amount,
                "megapixels": {"enum": ["rounded_up", "exact"]},
                f"step_{unit}": _COUNT,
                "megapixel_px": _COUNT,
            }
        ),
        f"tiers_{unit}": _closed(
            **{
                "tier_field": {"type": "string"},
                "tier_default": {"type": "string"},
                f"tiers_{unit}": {"type": "object", "minProperties": 1, "additionalProperties": amount},
                "is_by_longest_edge": {"type": "boolean"},
            }
        ),
    }
    return {name: Draft202012Validator(shape) for name, shape in shapes.items()}


@cache
def _shape(unit: Unit) -> Draft202012Validator:
    multiplier = _closed(when=_WHEN, thousandths={"type": "integer", "minimum": 1, "maximum": 10**6})
    surcharge = _closed(
        **{"label": {"type": "string", "minLength": 1}, "when": _WHEN, f"amount_{unit}": _amount(unit), "scope": _SCOPE}
    )
    return Draft202012Validator(
        _closed(
            base={"type": "object"},
            scope=_SCOPE,
            outputs={"type": "array", "uniqueItems": True, "items": {"type": "string"}},
            multipliers={"type": "array", "items": multiplier},
            surcharges={"type": "array", "items": surcharge},
        )
    )


def _base_faults(base: Mapping[str, Any], unit: Unit) -> list[tuple[str, str]]:
    """What is wrong with the base: of the one kind it is, else that it is not of one kind."""
    kinds = [name for name in _bases(unit) if name in base]
    if len(kinds) != 1:
        return [("base", f"Needs exactly one of {', '.join(_bases(unit))}.")]
    faults = [_explain(error, "base") for error in _bases(unit)[kinds[0]].iter_errors(base)]
    if faults or not kinds[0].startswith("tiers_"):
        return faults
    tiers = base[f"tiers_{unit}"]
    if base["tier_default"] not in tiers:
        faults.append(("base.tier_default", f"The usual tier {base['tier_default']} has no price."))
    if base["is_by_longest_edge"] and not set(tiers) <= set(EDGES):
        faults.append((f"base.tiers_{unit}", f"Tiers by longest edge are named {', '.join(EDGES)}."))
    return faults


def _read_base(data: Mapping[str, Any], unit: Unit) -> PerCall | PerMegapixel | Tiers:
    if f"per_call_{unit}" in data:
        return PerCall(int(data[f"per_call_{unit}"]))
    if f"per_megapixel_{unit}" in data:
        amount, step = int(data[f"per_megapixel_{unit}"]), int(data[f"step_{unit}"])
        return PerMegapixel(amount, data["megapixels"] == "rounded_up", step, int(data["megapixel_px"]))
    amounts = {tier: int(amount) for tier, amount in data[f"tiers_{unit}"].items()}
    return Tiers(data["tier_field"], data["tier_default"], amounts, data["is_by_longest_edge"])


def _write_base(base: PerCall | PerMegapixel | Tiers, unit: Unit) -> dict[str, Any]:
    match base:
        case PerCall(amount):
            return {f"per_call_{unit}": amount}
        case PerMegapixel(amount, is_rounded_up, step, megapixel_px):
            megapixels = "rounded_up" if is_rounded_up else "exact"
            return {
                f"per_megapixel_{unit}": amount,
                "megapixels": megapixels,
                f"step_{unit}": step,
                "megapixel_px": megapixel_px,
            }
        case Tiers(field, default, amounts, is_by_longest_edge):
            return {
                "tier_field": field,
                "tier_default": default,
                f"tiers_{unit}": dict(amounts),
                "is_by_longest_edge": is_by_longest_edge,
            }


def _explain(error: Any, *above: str) -> tuple[str, str]:  # a jsonschema ValidationError
    """Say what is wrong, beside the path of the field that is."""
    path, message = [*above, *map(str, error.absolute_path)], error.message
    match error.validator:
        case "required":
            # One error a missing name, told apart by its message alone.
            path += [name for name in error.validator_value if error.message.startswith(f"{name!r} ")]
            message = "This is missing."
        case "minimum":
            message = f"Must be at least {error.validator_value}."
        case "maximum":
            message = f"Must be at most {error.validator_value}."
        case "type" if error.validator_value == "integer":
            message = "Must be a whole number."
        case "enum":
            message = f"Must be one of {', '.join(map(str, error.validator_value))}."
    return ".".join(path), message


def _scope(is_per_output: bool) -> str:
    return "output_image" if is_per_output else "call"
