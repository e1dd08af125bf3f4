"""Bounds on anything a caller may send, checked before a schema looks at it: depth, size, numbers, characters. Pure."""

import math
from collections.abc import Mapping
from typing import Any, Final

from apps.catalog.faults import Fault, shown
from apps.catalog.spec import ModelSpec, picture_fields

MAX_TEXT: Final = 50_000  # characters, where the model's own schema names no limit
_MAX_SOURCE: Final = 70_000_000  # characters: a data URI of a 50 MB picture
_MAX_FIELDS: Final = 100
_MAX_DEPTH: Final = 6
_MAX_VALUES: Final = 2_000  # within one field
_MAX_NUMBER: Final = 2**63 - 1


def screen(spec: ModelSpec, inputs: object) -> tuple[dict[str, Any], list[Fault]]:
    """Find what no schema should have to look at: nesting, sizes, numbers and characters that break programs.

    :returns: the inputs without the fields at fault (unknown fields with their value left out), and the faults.
    """
    if not isinstance(inputs, Mapping):
        return {}, [Fault("", "type", "The inputs must be an object.")]
    if len(inputs) > _MAX_FIELDS:
        return {}, [
            Fault(
                "", "too_many_fields", f"The inputs may have at most {_MAX_FIELDS} fields.", {"max_fields": _MAX_FIELDS}
            )
        ]
    known, sources = spec.schema.get("properties", {}), picture_fields(spec.schema)
    sound: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in inputs.items():
        if name not in known:
            sound[shown(name)] = None  # refused by the schema, whatever it holds
            continue
        longest = _MAX_SOURCE if name in sources else max(MAX_TEXT, known[name].get("maxLength", 0))
        fault = _first_fault(name, value, longest)
        if fault:
            faults.append(fault)
        else:
            sound[name] = value
    return sound, faults


def _first_fault(name: str, value: object, longest: int) -> Fault | None:
    pending: list[tuple[object, int]] = [(value, 0)]
    seen = 0
    while pending:
        item, depth = pending.pop()
        seen += 1
        if depth > _MAX_DEPTH or seen > _MAX_VALUES:
            return Fault(name, "too_complex", f"{name} is nested too deeply or holds too many values.", field=name)
        problem = _problem(item, longest)
        if problem:
            return Fault(name, problem[0], f"{name} {problem[1]}.", problem[2], field=name)
        inner = [*item.keys(), *item.values()] if isinstance(item, dict) else item if isinstance(item, list) else []
        if len(inner) > _MAX_VALUES:
            return Fault(name, "too_complex", f"{name} holds too many values.", {"max_items": _MAX_VALUES}, field=name)
        pending.extend((one, depth + 1) for one in inner)
    return None


def _problem(item: object, longest: int) -> tuple[str, str, dict[str, int] | None] | None:
    """What is wrong with one value by itself: (code, words, allowed)."""
    if item is None or isinstance(item, bool | dict | list):
        return None
    if isinstance(item, int | float):
        if isinstance(item, float) and not math.isfinite(item):
            return "type", "must be a finite number", None
        bounds = {"minimum": -_MAX_NUMBER, "maximum": _MAX_NUMBER}
        return None if abs(item) <= _MAX_NUMBER else ("out_of_range", "is too large a number", bounds)
    if isinstance(item, str):
        return _text_problem(item, longest)
    return "type", "is not a JSON value", None


def _text_problem(text: str, longest: int) -> tuple[str, str, dict[str, int] | None] | None:
    if len(text) > longest:
        return "max_length", f"must have at most {longest:,} characters", {"max_length": longest}
    if "\x00" in text:  # PostgreSQL stores no NUL
        return "characters", "must not contain the character U+0000", None
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return "characters", "must be valid Unicode text", None
    return None
