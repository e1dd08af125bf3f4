"""What is wrong with a model's endpoints: conditions that never hold, maps that make no sense. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from apps.catalog.checks.problems import Problem, is_count
from apps.catalog.parameter_maps import PLACE, as_key, fields_of
from apps.catalog.sizes import read_ratio
from apps.catalog.spec import ModelSpec, picture_fields

_VERBS: Final = ("always", "text", "values", "nearest", "edges", "as")
_BOUNDS: Final = {"total_px", "axis_px", "longest_shape", "multiple_of"}
_CONDITIONS: Final[tuple[dict[str, str], ...]] = ({}, {"pictures": "some"}, {"pictures": "none"})


def endpoint_problems(spec: ModelSpec, endpoints: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Name everything that keeps these endpoints, as a model's file writes them, from serving the model.

    :param spec: of a model whose schema is one.
    """
    seen: set[tuple[str, str]] = set()
    for index, endpoint in enumerate(endpoints):
        where = f"endpoints.{index}"
        address = endpoint["adapter"], endpoint["provider_model"]
        if address in seen:
            yield where, f"{address[1]} at {address[0]} is there twice."
        seen.add(address)
        condition = endpoint.get("condition", {})
        if condition not in _CONDITIONS:
            yield f"{where}.condition", "Must be empty, or say pictures: some, or pictures: none."
        elif condition.get("pictures") == "some" and not picture_fields(spec.schema):
            yield f"{where}.condition", "The schema takes no pictures."
        for theirs, rule in endpoint.get("parameter_map", {}).items():
            for sentence in _rule_problems(spec, rule):
                yield f"{where}.parameter_map.{theirs}", sentence


def _rule_problems(spec: ModelSpec, rule: object, *, is_alone: bool = True) -> Iterator[str]:
    if isinstance(rule, list):
        if not rule:
            yield "A list of rules needs one."
        for one in rule:
            if isinstance(one, str | dict):
                yield from _rule_problems(spec, one, is_alone=False)
            else:
                yield "A list of rules holds names of fields and rules only."
    elif isinstance(rule, dict):
        broken = list(_form_problems(rule))
        yield from broken or _field_problems(spec, rule)
        if not broken and "values" in rule:
            yield from _value_problems(spec, rule, is_alone=is_alone)
    elif isinstance(rule, str):
        yield from _field_problems(spec, rule)
    elif rule is not None:
        yield "Must be the name of a field, a rule, a list of rules, or null."


def _form_problems(rule: Mapping[str, Any]) -> Iterator[str]:
    """What a rule must look like."""
    verbs = [verb for verb in _VERBS if verb in rule]
    if len(verbs) != 1:
        yield f"A rule says exactly one of {', '.join(_VERBS)}."
        return
    (verb,) = verbs
    is_pixels = rule.get("as") == "pixels"
    known = {verb} | ({"of"} if verb not in ("always", "text") else set()) | ({"within"} if is_pixels else set())
    if unknown := sorted(set(rule) - known):
        yield f"{', '.join(unknown)} does not belong in a rule of {verb}."
    names = rule.get("of", "")
    if not (isinstance(names, str) or (isinstance(names, list) and all(isinstance(name, str) for name in names))):
        yield "of must name a field, or be a list of fields."
    elif (verb == "values" or rule.get("as") == "list") and (not names or isinstance(names, list)):
        yield f"A rule of {verb} needs of: the name of one field."
    yield from _verb_problems(verb, rule[verb])
    yield from _bound_problems(rule.get("within", {}))


def _verb_problems(verb: str, said: object) -> Iterator[str]:
    if verb == "always" and said is None:
        yield "always needs a value; null alone sends nothing."
    elif verb == "as" and said not in ("list", "pixels"):
        yield "as must be list or pixels."
    elif verb == "values" and not (isinstance(said, dict) and said and None not in said.values()):
        yield "values must say theirs for each of ours, and none of them is null."
    elif verb == "nearest" and not (isinstance(said, list) and said and all(map(read_ratio, said))):
        yield 'nearest must be a list of shapes such as "16:9".'
    elif verb == "edges" and not (isinstance(said, dict) and said and all(map(is_count, said.values()))):
        yield "edges must give each name its longest edge in pixels."
    elif verb == "text" and not (isinstance(said, str) and said):
        yield "text must be words."
    elif verb == "text" and set("{}") & set(PLACE.sub("", str(said))):
        yield "text may hold braces only around the name of a field."


def _bound_problems(bounds: object) -> Iterator[str]:
    if not isinstance(bounds, dict) or set(bounds) - _BOUNDS:
        yield f"within may say {', '.join(sorted(_BOUNDS))}."
        return
    for name, bound in bounds.items():
        if name in ("longest_shape", "multiple_of"):
            is_fit = is_count(bound)
        else:
            is_fit = isinstance(bound, dict) and not set(bound) - {"min", "max"} and all(map(is_count, bound.values()))
            is_fit = is_fit and bound.get("min", 0) <= bound.get("max", bound.get("min", 0))
        if not is_fit:
            yield f"within.{name} is no bound."


def _field_problems(spec: ModelSpec, rule: str | dict[str, Any]) -> Iterator[str]:
    for name in fields_of(rule):
        if name not in spec.properties:
            yield f"The schema has no field {name}."


def _value_problems(spec: ModelSpec, rule: Mapping[str, Any], *, is_alone: bool) -> Iterator[str]:
    """A rule that stands alone must know every value of its field; one with others beside it, only values of it."""
    name = rule["of"]
    if name not in spec.properties:
        return
    choices = {as_key(choice) for choice in _choices(spec.properties[name])}
    if not choices:
        yield f"{name} has no list of values."
        return
    if unknown := [value for value in rule["values"] if value not in choices]:
        yield f"{', '.join(map(str, unknown))} is no value of {name}."
    if is_alone and (missing := sorted(choices - set(rule["values"]))):
        yield f"Nothing is said for {', '.join(missing)} of {name}."


def _choices(schema: Mapping[str, Any]) -> Iterator[object]:
    for branch in (schema, *schema.get("anyOf", [])):
        yield from (value for value in branch.get("enum", []) if value is not None)
        if branch.get("type") == "boolean":
            yield from (True, False)
