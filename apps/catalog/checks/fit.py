"""What must hold within one model's file beyond its shape: schema, sizes, limits and price fit together. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from apps.catalog.checks.endpoints import endpoint_problems
from apps.catalog.checks.problems import Problem, is_count
from apps.catalog.price_rules import PriceRule, Tiers
from apps.catalog.sizes import NAMED, read_size
from apps.catalog.spec import DIALECT, OUTPUT_COUNTS, TRUNCATE, WRAPPER_FIELDS, ModelSpec, picture_fields


def fit_problems(spec: ModelSpec, rule: PriceRule, *, endpoints: Sequence[Mapping[str, Any]] = ()) -> list[Problem]:
    """List everything that does not fit together in a model; nothing when it may be sold."""
    schema_problems = list(_schema_problems(spec.schema))
    if schema_problems:
        return schema_problems  # the rest reads the schema
    checks: list[Callable[[], Iterator[Problem]]] = [
        lambda: _default_problems(spec.schema),
        lambda: _format_problems(spec),
        lambda: _limit_problems(spec),
        lambda: _price_problems(spec, rule),
        lambda: endpoint_problems(spec, endpoints),
    ]
    return [problem for check in checks for problem in check()]


def _schema_problems(schema: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as fault:
        yield f"schema.{'.'.join(map(str, fault.absolute_path))}", fault.message
        return
    if schema.get("$schema") != DIALECT:
        yield "schema.$schema", f"Must be {DIALECT}."
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        yield "schema", "Must be an object that takes no additional properties."
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield "schema.required", f"There is no field {name}."
    for name, field in schema.get("properties", {}).items():
        where = f"schema.properties.{name}"
        if name in WRAPPER_FIELDS:
            yield where, f"{name} is a name of Easel's own in a request; no model may use it."
        if not field.get("description"):
            yield where, "A field needs a description."
        if field.get("format", "uri") != "uri":
            yield where, "The only format known is uri: a picture."
        if TRUNCATE in field and (field.get("type") != "array" or not is_count(field[TRUNCATE])):
            yield where, f"{TRUNCATE} is a count and belongs to a list."


def _default_problems(schema: Mapping[str, Any]) -> Iterator[Problem]:
    for name, field in schema["properties"].items():
        if "default" in field and not _accepts(field, field["default"]):
            yield f"schema.properties.{name}.default", f"{field['default']!r} does not satisfy the field's own schema."


def _format_problems(spec: ModelSpec) -> Iterator[Problem]:
    mapping, presets = spec.format_map, spec.limits.get("format_preset_px", {})
    if mapping is None:
        if presets:
            yield "limits.format_preset_px", "There is no format to give exact pixels for."
        return
    field = spec.schema["properties"].get(mapping["field"])
    if field is None:
        yield "format.field", f"The schema has no field {mapping['field']}."
        return
    for preset, value in mapping["map"].items():
        exact = read_size(_as_size(presets[preset])) if preset in presets else None
        if not _accepts(field, value) and not (exact and _accepts(field, exact.to_json())):
            yield f"format.map.{preset}", f"{value!r} is not a value of {mapping['field']}."
    if mapping["default"] is not None and not _accepts(field, mapping["default"]):
        yield "format.default", f"{mapping['default']!r} is not a value of {mapping['field']}."


def _limit_problems(spec: ModelSpec) -> Iterator[Problem]:
    fields, limits = spec.schema["properties"], spec.limits
    for name, conditions in limits.get("applies_when", {}).items():
        where = f"limits.applies_when.{name}"
        if name not in fields:
            yield where, f"The schema has no field {name}."
        for other, values in conditions.items():
            if other not in fields:
                yield where, f"The schema has no field {other}."
            elif not all(_accepts(fields[other], value) for value in values):
                yield where, f"{values!r} are not all values of {other}."
    for name in ("axis_px", "total_px", "custom_edge_px"):
        bounds = limits.get(name, {})
        if bounds.get("min", 0) > bounds.get("max", bounds.get("min", 0)):
            yield f"limits.{name}", "The least is more than the most."
    if spec.max_references == 0 and picture_fields(spec.schema):
        yield "max_references", "The schema takes pictures."
    if "image_size" in fields:
        names = [name for branch in fields["image_size"].get("anyOf", []) for name in branch.get("enum", [])]
        unknown = [name for name in names if name not in NAMED and not name.startswith("auto_")]
        if unknown:
            yield "schema.properties.image_size", f"Nobody knows how large {', '.join(unknown)} is."


def _price_problems(spec: ModelSpec, rule: PriceRule) -> Iterator[Problem]:
    fields = spec.schema["properties"]
    for name in rule.outputs:
        field = fields.get(name, {})
        if (
            field.get("type") != "integer"
            or field.get("minimum", 0) < 1
            or "maximum" not in field
            or "default" not in field
        ):
            yield "price.outputs", f"{name} must be a bounded whole number of at least 1 with a default."
    if rule.is_per_output and set(rule.outputs) != set(OUTPUT_COUNTS) & set(fields):
        yield "price.outputs", "Must name exactly the fields that multiply the pictures."
    for place, conditions in (
        *((f"price.multipliers.{index}", one.when) for index, one in enumerate(rule.multipliers)),
        *((f"price.surcharges.{index}", one.when) for index, one in enumerate(rule.surcharges)),
    ):
        for name, value in conditions.items():
            if name not in fields or not _accepts(fields[name], value):
                yield place, f"{name} can never be {value!r}."
    if isinstance(rule.base, Tiers):
        choices = fields.get(rule.base.field, {}).get("enum", [])
        if set(choices) != set(rule.base.amounts):
            yield "price.tiers", f"Must price exactly the values of {rule.base.field}: {', '.join(map(str, choices))}."


def _accepts(schema: Mapping[str, Any], value: object) -> bool:
    return Draft202012Validator(schema).is_valid(value)


def _as_size(text: str) -> dict[str, int]:
    width, _, height = text.partition("x")
    return {"width": int(width), "height": int(height)}
