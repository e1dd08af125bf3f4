"""A model's file as columns of its row, and a row written as a file: one set of rules checks both. Pure.

Values are JSON on both sides: a day is text, a provider or a successor its id.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from apps.catalog.checks.problems import Problem
from apps.catalog.files.reading import spec_of
from apps.catalog.models import AIModel
from apps.catalog.price_rules import PerCall, PriceRule
from apps.catalog.spec import ORDER, ModelSpec

Values = Mapping[str, Any]  # column → JSON

COLUMNS: Final = (
    *("name", "developer", "provider", "kind", "also_kinds", "tool", "stage", "support_tier", "rating", "consistency"),
    *("average_seconds", "best_for", "tier_preset", "use_cases", "uses", "tags", "sample_prompts", "summary"),
    *("verdict", "capabilities", "max_references", "max_resolution", "mode", "timeout_seconds", "schema"),
    *("format_map", "limits", "price_status", "list_price_usd", "external_ids", "notes", "sources", "lifecycle"),
    *("retires_on", "successor", "position"),
)
# What decides which inputs a model takes, and so whether its price fits it.
SPEC_COLUMNS: Final = frozenset({"kind", "schema", "format_map", "limits", "max_references", "capabilities"})
_EMPTY_IS_NULL: Final = frozenset({"support_tier", "consistency", "tier_preset", "max_resolution", "verdict"})
_KEYS: Final = ("provider", "successor")
# Stands where a file has its price: a price has rows, and checks, of its own.
_NO_PRICE: Final = {"base": {"per_call": 1}, "scope": "call", "outputs": []}
ANY_PRICE: Final = PriceRule(
    base=PerCall(1), is_per_output=False, outputs=(), multipliers=(), surcharges=()
)  # fits every model


def values_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a model's file into the columns of its row."""
    special = {"format_map": data["format"], "price_status": data["price"]["status"]}
    values = {name: special[name] if name in special else data[name] for name in COLUMNS}
    return values | {name: values[name] or "" for name in _EMPTY_IS_NULL}


def row_values(ai_model: AIModel) -> dict[str, Any]:
    """Read the columns of a row."""
    values = {name: getattr(ai_model, _attribute(name)) for name in COLUMNS}
    return values | {"retires_on": ai_model.retires_on.isoformat() if ai_model.retires_on else None}


def write(ai_model: AIModel, values: Values) -> dict[str, Any]:
    """Put columns into a row that is not saved; returns them as its attributes, to update by."""
    attributes = {_attribute(name): _typed(name, value) for name, value in values.items()}
    for name, value in attributes.items():
        setattr(ai_model, name, value)
    return attributes


def as_file(ai_model_id: str, values: Values) -> dict[str, Any]:
    """Write columns as a file's content, without endpoints and with a price that says nothing."""
    data = {name: value for name, value in values.items() if name not in ("format_map", "price_status")}
    return {
        **data,
        **{name: values[name] or None for name in _EMPTY_IS_NULL},
        "id": ai_model_id,
        "format": values["format_map"],
        "price": {"status": values["price_status"], **_NO_PRICE},
        "cost": None,
        "endpoints": [],
    }


def endpoint_in_file(values: Values) -> dict[str, Any]:
    """Write the columns of an endpoint as a file does: without its switch, or a time-out that is the model's."""
    names = ("adapter", "provider_model", "parameter_map", "priority", "condition", "timeout_seconds")
    return {name: values[name] for name in names if name in values and values[name] is not None}


def spec_of_values(ai_model_id: str, values: Values) -> ModelSpec:
    """Make the pure view of a model from its columns, all of them."""
    return spec_of(as_file(ai_model_id, values))


def as_column(problem: Problem) -> Problem:
    """Name a problem of a file after the column that holds the field."""
    where, message = problem
    head, dot, tail = where.partition(".")
    if where == "price.status":
        return "price_status", message
    return f"{'format_map' if head == 'format' else head}{dot}{tail}", message


def numbered(schema: Any) -> Any:  # JSON, whatever an editor sent
    """Number the fields of a schema that have no number yet, after those that have: databases keep no order of keys."""
    fields = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(fields, Mapping) or not all(isinstance(field, Mapping) for field in fields.values()):
        return schema
    taken = [field[ORDER] for field in fields.values() if isinstance(field.get(ORDER), int)]
    number = max(taken, default=-1)
    made = {}
    for name, field in fields.items():
        if not isinstance(field.get(ORDER), int):
            number += 1
            field = {**field, ORDER: number}
        made[name] = field
    return {**schema, "properties": made}


def _attribute(name: str) -> str:
    return f"{name}_id" if name in _KEYS else name


def _typed(name: str, value: Any) -> Any:  # JSON in, what Django's field wants out
    return date.fromisoformat(value) if name == "retires_on" and value else value
