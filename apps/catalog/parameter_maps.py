"""Which runs an endpoint takes, and how it wants them written: its condition and its parameter map. Pure.

A parameter map is keyed by the provider's names; each says where its value comes from. A field of ours that no rule
reads, and whose name is no key, goes along under its own name.

=========================================  =============================================================================
``mask_image_url: mask_url``               our field's value, under their name
``upscale_factor: null``                   nothing is sent under this name
``duration: {always: 8s}``                 this value, whatever the run holds
``image_urls: {of: image_url, as: list}``  one value as a list
``size: {of: resolution, values: {…}}``    their value for each of ours: ``{2K: auto_2K, 4K: auto_4K}``
``image_size: {as: pixels}``               ``{width, height}`` of the picture that is planned; ``within:`` names the
                                           provider's own bounds: ``total_px`` and ``axis_px`` with ``min`` and ``max``,
                                           ``longest_shape: 3`` (at most so many times as long as wide), ``multiple_of``
``aspect_ratio: {nearest: ["1:1", …]}``    the one of these shapes that is nearest to that of the planned picture
``resolution: {edges: {1K: 1024, …}}``     the smallest of these that holds the planned picture's longest edge
``prompt: {text: "{prompt} 2 times"}``     words, with our fields' values in them
``prompt: [rule, rule]``                   the first of these rules that says anything
=========================================  =============================================================================

The three rules about the planned picture take ``of: [width, height]``, too: then they speak only when the run holds one
of these fields. Without ``of`` they read no field: those that the size came from need a ``null`` of their own. A rule
whose fields are all empty says nothing, and then nothing is sent.

A condition is ``{}`` (any run), ``{pictures: some}`` or ``{pictures: none}``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from math import log
from typing import Any, Final

from apps.catalog.sizes import Size, legal, read_ratio, with_shape
from apps.catalog.spec import picture_fields

Rule = str | Mapping[str, Any] | list[Any] | None  # JSON, as the table above says
PLACE: Final = re.compile(r"\{([a-z0-9_]+)\}")  # of a field's value in words


def takes(condition: Mapping[str, Any], *, schema: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Tell whether an endpoint of this condition takes a run with these inputs."""
    wanted = condition.get("pictures")
    return wanted is None or (wanted == "some") == any(inputs.get(name) for name in picture_fields(schema))


def write_inputs(
    parameter_map: Mapping[str, Rule], *, inputs: Mapping[str, Any], planned: Size | None
) -> dict[str, Any]:  # JSON and whatever else stands in the inputs
    """Write inputs as a provider wants them. A field without a value says nothing.

    :param planned: the size that the run is expected to make; None where the model decides.
    """
    given = {name: value for name, value in inputs.items() if value is not None}
    taken = {*parameter_map, *(name for rule in parameter_map.values() for name in fields_of(rule))}
    written = {name: value for name, value in given.items() if name not in taken}
    for theirs, rule in parameter_map.items():
        value = _say(rule, given, planned)
        if value is not None:
            written[theirs] = value
    return written


def fields_of(rule: Rule) -> Iterator[str]:
    """Name our fields that a rule reads."""
    if isinstance(rule, str):
        yield rule
    elif isinstance(rule, list):
        for one in rule:
            yield from fields_of(one)
    elif rule is not None:
        yield from _of(rule)
        yield from PLACE.findall(str(rule.get("text", "")))


def as_key(value: object) -> str:
    """Write a value as ``values`` names it: keys of JSON are texts."""
    return value if isinstance(value, str) else json.dumps(value)


def _say(rule: Rule, given: Mapping[str, Any], planned: Size | None) -> Any:  # JSON, or None: nothing
    if rule is None:
        return None
    if isinstance(rule, str):
        return given.get(rule)
    if isinstance(rule, list):
        return next((value for one in rule if (value := _say(one, given, planned)) is not None), None)
    if "always" in rule:
        return rule["always"]
    if "text" in rule:
        return _filled(rule["text"], given)
    values = [given[name] for name in _of(rule) if name in given]
    if "of" in rule and not values:
        return None
    if "values" in rule:
        return rule["values"].get(as_key(values[0]))
    if rule.get("as") == "list":
        return values[0] if isinstance(values[0], list) else values[:1]
    return _sized(rule, planned) if planned else None


def _sized(rule: Mapping[str, Any], planned: Size) -> Any:  # JSON
    if "nearest" in rule:
        return min(rule["nearest"], key=lambda name: _distance(read_ratio(name) or planned, planned))
    if "edges" in rule:
        longest, edges = max(planned.width, planned.height), rule["edges"]
        large_enough = [name for name, edge in edges.items() if edge >= longest]
        return min(large_enough, key=edges.__getitem__) if large_enough else max(edges, key=edges.__getitem__)
    return _within(planned, rule.get("within", {})).to_json()


def _filled(template: str, given: Mapping[str, Any]) -> str | None:
    if not all(name in given for name in PLACE.findall(template)):
        return None
    return PLACE.sub(lambda place: _word(given[place[1]]), template)


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _of(rule: Mapping[str, Any]) -> list[str]:
    names = rule.get("of", [])
    return [names] if isinstance(names, str) else list(names)


def _distance(one: Size, other: Size) -> float:
    """How far two shapes are apart; half as wide is as far as twice as wide."""
    return abs(log(one.width * other.height / (one.height * other.width)))


def _within(size: Size, bounds: Mapping[str, Any]) -> Size:
    """The nearest size to this that keeps a provider's bounds."""
    longest, step = bounds.get("longest_shape"), bounds.get("multiple_of", 1)
    if longest:
        size = Size(max(size.width, -(-size.height // longest)), max(size.height, -(-size.width // longest)))
    most = bounds.get("axis_px", {}).get("max")
    if most and max(size.width, size.height) > most:
        size = with_shape(size, most)
    size = legal(size, bounds)
    if step == 1:
        return size
    near = [
        Size(width, height)
        for width, height in product(_steps_near(size.width, step), _steps_near(size.height, step))
        if _keeps(Size(width, height), bounds)
    ]
    return min(near, key=lambda one: abs(one.width - size.width) + abs(one.height - size.height), default=size)


def _steps_near(edge: int, step: int) -> list[int]:
    below = edge // step
    return [count * step for count in range(max(1, below - 1), below + 3)]


def _keeps(size: Size, bounds: Mapping[str, Any]) -> bool:
    axis, total = bounds.get("axis_px", {}), bounds.get("total_px", {})
    edges, longest = (size.width, size.height), bounds.get("longest_shape")
    return (
        min(edges) >= axis.get("min", 0)
        and max(edges) <= axis.get("max", max(edges))
        and total.get("min", 0) <= size.pixels <= total.get("max", size.pixels)
        and (not longest or max(edges) <= longest * min(edges))
    )
