"""How a model is priced, as data: the rule, its JSON in whole millicredits, and when a rule is fit to use. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator

from apps.catalog.sizes import EDGES
from apps.errors import DomainError
from apps.ledger.amounts import Millicredits

MEGAPIXEL: Final = 1_048_576  # pixels; a rule keeps the number it was made with
PARTS: Final = 1000  # factors are kept in thousandths


def _closed(**properties: Any) -> dict[str, Any]:  # JSON Schema
    """An object of exactly these properties."""
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


_AMOUNT: Final = {"type": "integer", "minimum": 1, "maximum": 10**12}
_WHEN: Final = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": ["string", "integer", "boolean"]},
}
_SCOPE: Final = {"enum": ["output_image", "call"]}
_BASES: Final = [
    _closed(per_call_mc=_AMOUNT),
    _closed(
        per_megapixel_mc=_AMOUNT, megapixels={"enum": ["rounded_up", "exact"]}, step_mc=_AMOUNT, megapixel_px=_AMOUNT
    ),
    _closed(
        tier_field={"type": "string"},
        tier_default={"type": "string"},
        tiers_mc={"type": "object", "minProperties": 1, "additionalProperties": _AMOUNT},
        is_by_longest_edge={"type": "boolean"},
    ),
]
_MULTIPLIER: Final = _closed(when=_WHEN, thousandths={"type": "integer", "minimum": 1, "maximum": 10**6})
_SURCHARGE: Final = _closed(label={"type": "string", "minLength": 1}, when=_WHEN, amount_mc=_AMOUNT, scope=_SCOPE)
_RULE: Final = Draft202012Validator(
    _closed(
        base={"oneOf": _BASES},
        scope=_SCOPE,
        outputs={"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        multipliers={"type": "array", "items": _MULTIPLIER},
        surcharges={"type": "array", "items": _SURCHARGE},
    )
)


class InvalidPriceRule(DomainError):
    """A price rule that cannot be charged by: something is missing, negative, zero or not a whole number."""

    code = "invalid_price_rule"


@dataclass(frozen=True, slots=True)
class PerCall:
    """The same for every output."""

    amount_mc: Millicredits


@dataclass(frozen=True, slots=True)
class PerMegapixel:
    """By the pixels of each output: whole megapixels, or exact ones brought up to a multiple of ``step_mc``."""

    amount_mc: Millicredits
    is_rounded_up: bool
    step_mc: Millicredits
    megapixel_px: int


@dataclass(frozen=True, slots=True)
class Tiers:
    """By the value of one input, or, where it may be left out, by the longest edge."""

    field: str
    default: str
    amounts_mc: Mapping[str, Millicredits]
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
    amount_mc: Millicredits
    is_per_output: bool


@dataclass(frozen=True, slots=True)
class PriceRule:
    """How one model is priced. Every amount is more than zero, so that nothing is ever sold for nothing by mistake."""

    base: PerCall | PerMegapixel | Tiers
    is_per_output: bool  # else the price is of the whole call, whatever comes of it
    outputs: tuple[str, ...]  # inputs whose values, multiplied, are the number of outputs
    multipliers: tuple[Multiplier, ...]
    surcharges: tuple[Surcharge, ...]

    @classmethod
    def from_json(cls, data: object) -> "PriceRule":
        """Read a rule as ``to_json`` writes it.

        :raises InvalidPriceRule: anything missing, unknown, not a whole number, or not more than zero.
        """
        error = next(_RULE.iter_errors(data), None)
        if error is not None or not isinstance(data, Mapping):
            raise InvalidPriceRule(_explain(error) if error else "A price rule is an object.")
        rule = cls(
            base=_read_base(data["base"]),
            is_per_output=data["scope"] == "output_image",
            outputs=tuple(data["outputs"]),
            multipliers=tuple(Multiplier(one["when"], int(one["thousandths"])) for one in data["multipliers"]),
            surcharges=tuple(
                Surcharge(
                    one["label"], one["when"], Millicredits(int(one["amount_mc"])), one["scope"] == "output_image"
                )
                for one in data["surcharges"]
            ),
        )
        if isinstance(rule.base, Tiers) and rule.base.default not in rule.base.amounts_mc:
            raise InvalidPriceRule(f"The usual tier {rule.base.default} has no price.")
        if (
            isinstance(rule.base, Tiers)
            and rule.base.is_by_longest_edge
            and not set(rule.base.amounts_mc) <= set(EDGES)
        ):
            raise InvalidPriceRule(f"Tiers by longest edge are named {', '.join(EDGES)}.")
        return rule

    def to_json(self) -> dict[str, Any]:  # JSON
        """Write the rule for the database; amounts in millicredits."""
        return {
            "base": _write_base(self.base),
            "scope": _scope(self.is_per_output),
            "outputs": list(self.outputs),
            "multipliers": [{"when": dict(one.when), "thousandths": one.thousandths} for one in self.multipliers],
            "surcharges": [
                {
                    "label": one.label,
                    "when": dict(one.when),
                    "amount_mc": one.amount_mc,
                    "scope": _scope(one.is_per_output),
                }
                for one in self.surcharges
            ],
        }


def _read_base(data: Mapping[str, Any]) -> PerCall | PerMegapixel | Tiers:
    if "per_call_mc" in data:
        return PerCall(Millicredits(int(data["per_call_mc"])))
    if "per_megapixel_mc" in data:
        amount, step = Millicredits(int(data["per_megapixel_mc"])), Millicredits(int(data["step_mc"]))
        return PerMegapixel(amount, data["megapixels"] == "rounded_up", step, int(data["megapixel_px"]))
    amounts = {tier: Millicredits(int(amount)) for tier, amount in data["tiers_mc"].items()}
    return Tiers(data["tier_field"], data["tier_default"], amounts, data["is_by_longest_edge"])


def _write_base(base: PerCall | PerMegapixel | Tiers) -> dict[str, Any]:
    match base:
        case PerCall(amount_mc):
            return {"per_call_mc": amount_mc}
        case PerMegapixel(amount_mc, is_rounded_up, step_mc, megapixel_px):
            megapixels = "rounded_up" if is_rounded_up else "exact"
            return {
                "per_megapixel_mc": amount_mc,
                "megapixels": megapixels,
                "step_mc": step_mc,
                "megapixel_px": megapixel_px,
            }
        case Tiers(field, default, amounts_mc, is_by_longest_edge):
            return {
                "tier_field": field,
                "tier_default": default,
                "tiers_mc": dict(amounts_mc),
                "is_by_longest_edge": is_by_longest_edge,
            }


def _explain(error: Any) -> str:  # a jsonschema ValidationError
    where = ".".join(str(step) for step in error.absolute_path) or "the rule"
    if error.validator == "oneOf":
        return "base needs exactly one of per_call_mc, per_megapixel_mc and tiers_mc, with amounts above zero."
    return f"{where}: {error.message}"


def _scope(is_per_output: bool) -> str:
    return "output_image" if is_per_output else "call"
