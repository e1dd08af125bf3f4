"""Requests by which a price can be checked: the least one, and one for each choice that the price hangs on. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from apps.catalog.price_cases import PriceCase, worked
from apps.catalog.price_rules import PriceRule, Tiers
from apps.catalog.spec import ModelSpec

_PICTURE: Final = "https://example.com/picture.png"
_WORDS: Final = "a red kite"


def sample_cases(*, spec: ModelSpec, rule: PriceRule, beside: Iterable[PriceCase] = ()) -> tuple[PriceCase, ...]:
    """Make worked cases for what no case asks for yet: the least request, one for each tier, multiplier and surcharge,
    and one for several pictures of which one arrives. What the model refuses is left out.

    :param beside: the cases there are.
    """
    known = list(beside)
    least = {name: _least(spec.properties[name]) for name in spec.schema.get("required", [])}
    fresh = [] if known else [PriceCase(inputs=least)]
    fresh += [
        PriceCase(inputs=least | dict(choice))
        for choice in _choices(rule)
        if not any(choice.items() <= case.inputs.items() for case in known)
    ]
    if rule.outputs and not any(name in case.inputs for case in known for name in rule.outputs):
        fresh.append(PriceCase(inputs=least | {rule.outputs[0]: 2}, delivered=1))
    return tuple(case for case in worked(fresh, spec=spec, rule=rule) if case.outcome == "charged")


def _choices(rule: PriceRule) -> Iterator[Mapping[str, Any]]:
    if isinstance(rule.base, Tiers):
        yield from ({rule.base.field: tier} for tier in rule.base.amounts)
    yield from (one.when for one in rule.multipliers)
    yield from (one.when for one in rule.surcharges)


def _least(schema: Mapping[str, Any]) -> Any:  # JSON
    """A value that a field takes, as plain as can be."""
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "uri":
        return _PICTURE
    match schema.get("type"):
        case "array":
            return [_least(schema.get("items", {}))] * schema.get("minItems", 1)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return _WORDS
