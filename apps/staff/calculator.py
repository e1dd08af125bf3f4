"""What a run of a model costs by several rules at once, for inputs that one chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from jsonschema import Draft202012Validator

from apps.catalog import pricing
from apps.catalog.inputs import default_inputs
from apps.catalog.money import current_terms, margin_percent
from apps.catalog.price_rules import PriceRule, Unit, rule_faults
from apps.catalog.pricing import Line
from apps.catalog.sizes import planned_outputs
from apps.catalog.spec import ModelSpec, picture_fields

Json = Any  # a rule as it is kept, or a value of an input

_PREFIX: Final = "input-"


@dataclass(frozen=True, slots=True)
class Control:
    """An input to choose a value of; ``choices`` are all there are, or none where any number does."""

    name: str
    label: str
    value: str
    choices: tuple[str, ...]
    minimum: str
    maximum: str


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What one rule makes of the inputs. No lines: ``problem`` says why."""

    label: str
    amount_mc: int
    lines: tuple[Line, ...]
    cost_microusd: int | None
    margin: Decimal | None
    problem: str = ""


def controls_of(spec: ModelSpec, chosen: Mapping[str, str]) -> list[Control]:
    """The inputs that a price can hang on: everything but words and pictures."""
    defaults, pictures, found = default_inputs(spec), set(picture_fields(spec.schema)), []
    for name, schema in spec.properties.items():
        choices = _choices(schema)
        is_number = "minimum" in schema and schema.get("type") in {"integer", "number"}
        if name in pictures or name == "seed" or not (choices or is_number):
            continue
        value = chosen.get(_PREFIX + name, _text(defaults.get(name)))
        low, high = _text(schema.get("minimum")), _text(schema.get("maximum"))
        found.append(Control(_PREFIX + name, name, value, choices, low, high))
    return found


def reckon(
    spec: ModelSpec, chosen: Mapping[str, str], *, label: str, sell_rule: Json, cost_rule: Json = None
) -> Reckoned:
    """Price the chosen inputs by a rule; what was not chosen is as the model has it."""
    if faults := rule_faults(sell_rule):
        return Reckoned(label, 0, (), None, None, " ".join(f"{path}: {sentence}" for path, sentence in faults))
    effective, wrong = _effective(spec, chosen)
    if wrong:
        return Reckoned(label, 0, (), None, None, wrong)
    planned = planned_outputs(spec=spec, effective=effective, pictures=None)
    priced = pricing.quote(rule=PriceRule.from_json(sell_rule), effective=effective, planned=planned)
    cost = None
    if cost_rule is not None and not rule_faults(cost_rule, Unit.MICRODOLLARS):
        rule = PriceRule.from_json(cost_rule, Unit.MICRODOLLARS)
        cost = pricing.cost(rule=rule, effective=effective, planned=planned, delivered=planned.count)
    margin = margin_percent(
        revenue_mc=priced.amount_mc, cost_microusd=cost, usd_per_credit=current_terms().usd_per_credit
    )
    return Reckoned(label, priced.amount_mc, priced.lines, cost, margin)


def _effective(spec: ModelSpec, chosen: Mapping[str, str]) -> tuple[dict[str, Json], str]:
    effective = default_inputs(spec)
    for name, schema in spec.properties.items():
        text = chosen.get(_PREFIX + name, "")
        if not text:
            continue
        value = _value(schema, text)
        if not Draft202012Validator(schema).is_valid(value):
            return {}, f"{name} cannot be {text}."
        effective[name] = value
    return effective, ""


def _choices(schema: Mapping[str, Json]) -> tuple[str, ...]:
    if schema.get("type") == "boolean":
        return ("false", "true")
    branches = [schema, *schema.get("anyOf", ())]
    return tuple(_text(value) for branch in branches for value in branch.get("enum", ()) if value is not None)


def _value(schema: Mapping[str, Json], text: str) -> Json:
    """Read a text as the one of the schema's values that it writes."""
    for branch in (schema, *schema.get("anyOf", ())):
        for value in branch.get("enum", ()):
            if _text(value) == text:
                return value
    if schema.get("type") == "boolean":
        return text == "true"
    try:
        return float(text) if schema.get("type") == "number" else int(text)
    except ValueError:
        return text


def _text(value: Json) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
