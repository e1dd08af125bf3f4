"""The fields of a model as a table, read from its schema. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.catalog.spec import ordered_properties

Schema = Mapping[str, Any]  # JSON Schema


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table; ``default`` and ``allowed`` are empty where there is nothing to say."""

    name: str
    type: str
    is_required: bool
    default: str
    allowed: str
    description: str


def parameters_of(schema: Schema) -> list[Parameter]:
    """Every field that the model takes, in the order of forms."""
    required = schema.get("required", [])
    return [
        Parameter(
            name=name,
            type=_type(field),
            is_required=name in required,
            default=_default(field),
            allowed=_allowed(field),
            description=str(field.get("description", "")),
        )
        for name, field in ordered_properties(schema).items()
    ]


def _type(field: Schema) -> str:
    if branches := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(branch) for branch in branches))
    given = field.get("type")
    types = [one for one in (given if isinstance(given, list) else [given]) if one and one != "null"]
    if not types and "enum" in field:
        types = list(dict.fromkeys(_json_type(one) for one in field["enum"]))
    if types == ["array"]:
        return f"list of {_type(field.get('items', {}))}"
    if types == ["string"] and field.get("format") == "uri":
        return "address"
    return " or ".join(types) or "anything"


def _default(field: Schema) -> str:
    return _written(field["default"]) if field.get("default") is not None else ""


def _allowed(field: Schema) -> str:
    """The range in words: ``1 to 4``, ``at most 14``, or the values themselves."""
    if branches := field.get("anyOf") or field.get("oneOf"):
        return "; or ".join(words for branch in branches if (words := _allowed(branch)))
    parts = []
    if "enum" in field:
        parts.append(", ".join(_written(one) for one in field["enum"] if one is not None))
    if "const" in field:
        parts.append(_written(field["const"]))
    parts.append(_between(field.get("minimum"), field.get("maximum"), ""))
    parts.append(_between(field.get("minLength"), field.get("maxLength"), " characters"))
    parts.append(_between(field.get("minItems"), field.get("maxItems"), " items"))
    if "x-truncate-to-last" in field:
        parts.append(f"of more than {field['x-truncate-to-last']:,}, the last ones are used")
    parts += [f"{name}: {words}" for name, inner in field.get("properties", {}).items() if (words := _allowed(inner))]
    return "; ".join(part for part in parts if part)


def _between(least: float | None, most: float | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}{unit}"
    if most is not None:
        return f"at most {most:,}{unit}"
    return f"at least {least:,}{unit}" if least is not None else ""


def _written(value: Any) -> str:  # JSON
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_written(one)}" for name, one in value.items())
    return "empty" if value == "" else str(value)


def _json_type(value: Any) -> str:  # JSON
    return {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")
