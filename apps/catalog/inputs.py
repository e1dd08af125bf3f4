"""A customer's inputs against a model: every fault at once, or what the provider will get, each change named. Pure."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from apps.catalog.faults import Fault, InvalidInputs, refusal, schema_faults
from apps.catalog.limits import counting_faults, edge_faults, pixel_faults
from apps.catalog.screening import screen
from apps.catalog.sizes import (
    NAMED,
    PlannedOutputs,
    Size,
    delivered,
    legal,
    planned_outputs,
    read_ratio,
    read_size,
)
from apps.catalog.spec import (
    FORMATS,
    TRUNCATE,
    Measured,
    ModelSpec,
    path_of,
    picture_fields,
    pictures_in,
)

__all__ = [
    "CleanInputs",
    "InvalidInputs",
    "Measured",
    "ModelSpec",
    "PlannedOutputs",
    "Reference",
    "clean",
    "default_inputs",
    "picture_fields",
    "planned_outputs",
]


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that the provider will get."""

    path: tuple[str | int, ...]  # ("image_url",) or ("image_urls", 2), within the effective inputs
    field: str
    source: str  # an https address, a data URI or an asset id, exactly as it was given


@dataclass(frozen=True, slots=True)
class CleanInputs:
    """Inputs that a model takes."""

    effective: dict[str, Any]  # JSON: after defaults, format, trimming and scaling
    warnings: tuple[str, ...]  # «code: sentence», one for each thing we changed or could not check
    references: tuple[Reference, ...]


def clean(
    *,
    spec: ModelSpec,
    inputs: Mapping[str, Any],
    wrapper_format: str | None,
    pictures: Mapping[str, Measured] | None,
) -> CleanInputs:
    """Check inputs against a model and complete them. Nothing hostile gets past, whatever its type or size.

    A size comes from the model's own field, else from the format, else from the model's usual format, else from its
    default. ``inputs`` are not changed.

    :param pictures: source → measure. None: nothing was measured yet. A source that is missing from a mapping (a mock
        of an address) is not checked, and the warnings say so.
    :raises InvalidInputs: with every fault at once.
    """
    values, faults = screen(spec, inputs)
    unfit = {fault.field for fault in faults if fault.field}
    found = schema_faults(spec.schema, values, instead=spec.limits.get("edits_with"))
    faults += [fault for fault in found if not (fault.code == "required" and fault.field in unfit)]
    faults += _format_faults(wrapper_format)
    unfit = {fault.field for fault in faults if fault.field}
    known = spec.properties
    draft = _Draft(
        spec, {name: deepcopy(value) for name, value in values.items() if name in known and name not in unfit}
    )
    draft.complete(wrapper_format if wrapper_format in FORMATS else None, unfit)
    faults += counting_faults(spec, draft.effective)
    faults += edge_faults(spec, draft.effective)
    faults += pixel_faults(spec, draft.effective, pictures)
    if faults:
        raise refusal(faults)
    draft.name_unmeasured(pictures)
    references = tuple(
        Reference((name,) if index is None else (name, index), name, source)
        for name, index, source in pictures_in(spec.schema, draft.effective)
    )
    return CleanInputs(draft.effective, tuple(draft.warnings), references)


def default_inputs(spec: ModelSpec) -> dict[str, Any]:
    """What a model gets when a caller leaves out everything that may be left out."""
    draft = _Draft(spec, {})
    draft.complete(None, set())
    return draft.effective


@dataclass(slots=True)
class _Draft:
    """Valid inputs on their way to what the provider gets."""

    spec: ModelSpec
    effective: dict[str, Any]
    warnings: list[str]

    def __init__(self, spec: ModelSpec, values: Mapping[str, Any]) -> None:
        self.spec = spec
        self.effective = {name: _whole(value, spec.properties[name]) for name, value in values.items()}
        self.warnings = []

    def complete(self, preset: str | None, unfit: set[str]) -> None:
        """Fill in what was left out, take out what has no effect; fields at fault stay out."""
        given = set(self.effective)
        self._apply_format(preset, unfit)
        for name, schema in self.spec.properties.items():
            if name not in self.effective and name not in unfit and "default" in schema:
                self.effective[name] = deepcopy(schema["default"])
        self._trim()
        self._drop_idle(given)
        self._scale(preset)
        self._advise()
        self.effective = {name: self.effective[name] for name in self.spec.properties if name in self.effective}

    def name_unmeasured(self, pictures: Mapping[str, Measured] | None) -> None:
        """Warn of each picture that a check would have needed."""
        if pictures is None:
            return
        unknown = [
            path_of(name, at)
            for name, at, source in pictures_in(self.spec.schema, self.effective)
            if source not in pictures
        ]
        if unknown:
            are = "was" if len(unknown) == 1 else "were"
            self.warnings.append(
                f"not_measured: {', '.join(unknown)} {are} not fetched, so the size in pixels was not checked"
            )

    def _apply_format(self, preset: str | None, unfit: set[str]) -> None:
        mapping = self.spec.format_map
        if mapping is None:
            if preset:
                self.warnings.append(
                    f"format_ignored: this model has no sizes to choose from, so {preset} changes nothing"
                )
            return
        name = mapping["field"]
        if name in self.effective or name in unfit:
            if preset:
                self.warnings.append(f"format_ignored: {name} was given, so {preset} was not used")
            return
        value = mapping["map"].get(preset) if preset else mapping.get("default")
        if value is not None:
            self.effective[name] = deepcopy(value)

    def _trim(self) -> None:
        for name, schema in self.spec.properties.items():
            kept, value = schema.get(TRUNCATE), self.effective.get(name)
            if kept and isinstance(value, list) and len(value) > kept:
                self.effective[name] = value[-kept:]
                self.warnings.append(f"references_trimmed: {len(value)} given, the last {kept} used")

    def _drop_idle(self, given: set[str]) -> None:
        """Take out settings that belong to another choice than the one made; say so of those that were given."""
        rules: Mapping[str, Mapping[str, list[Any]]] = self.spec.limits.get("applies_when", {})
        idle: dict[str, str] = {}
        while True:  # one setting may hang on another that goes
            more = {
                name: other
                for name, conditions in rules.items()
                for other, values in conditions.items()
                if name in self.effective and self.effective.get(other) not in values
            }
            if not more:
                break
            idle |= more
            self.effective = {name: value for name, value in self.effective.items() if name not in more}
        for name in rules:
            if name in idle and name in given:
                self.warnings.append(
                    f"setting_ignored: {name} has no effect with this {idle[name]}, so it was left out"
                )

    def _scale(self, preset: str | None) -> None:
        """Bring a size the model forbids to the nearest it allows, or say what the model will make of it."""
        limits, asked = self.spec.limits, self.effective.get("image_size")
        size = read_size(asked)
        if size is None:
            return
        if limits.get("out_of_range") == "scale":  # the model does it by itself
            if (made := delivered(size, limits)) != size:
                self.warnings.append(
                    f"size_scaled: {_named(asked, size)} is outside what this model makes; it delivers {made}"
                )
            return
        exact = limits.get("format_preset_px", {}).get(preset) if self._is_from_format(preset, asked) else None
        made = _parse_size(exact) if exact else legal(size, limits)
        if made != size:
            self.effective["image_size"] = made.to_json()
            self.warnings.append(f"size_scaled: {_named(asked, size)} is outside what this model makes; {made} is used")

    def _is_from_format(self, preset: str | None, asked: object) -> bool:
        mapping = self.spec.format_map
        return preset is not None and mapping is not None and mapping["map"].get(preset) == asked

    def _advise(self) -> None:
        size, best = read_size(self.effective.get("image_size")), self.spec.limits.get("recommended_max_px")
        if size and best and size.pixels > best:
            self.warnings.append(f"large_output: {size} is more than the {best:,} pixels this model is made for")
        ratio = self.effective.get("aspect_ratio")
        if isinstance(ratio, str) and ratio != "auto" and read_ratio(ratio) is None:
            self.warnings.append(
                "shape_unknown: aspect_ratio is passed on as it is; the shape of the result cannot be told in advance"
            )


def _format_faults(preset: object) -> list[Fault]:
    if preset is None or preset in FORMATS:
        return []
    return [Fault("format", "enum", f"format must be one of {', '.join(FORMATS)}.", list(FORMATS))]


def _whole(value: Any, schema: Mapping[str, Any]) -> Any:  # JSON in, JSON out
    """Write 2.0 as 2 where a whole number is meant: JSON Schema takes both."""
    if isinstance(value, float) and schema.get("type") in ("integer", ["integer", "null"]):
        return int(value)
    if isinstance(value, dict):
        shapes = [branch.get("properties", {}) for branch in (schema, *schema.get("anyOf", []))]
        fields = {name: inner for shape in shapes for name, inner in shape.items()}
        return {name: _whole(inner, fields.get(name, {})) for name, inner in value.items()}
    return value


def _parse_size(text: str) -> Size:
    width, _, height = text.partition("x")
    return Size(int(width), int(height))


def _named(asked: object, size: Size) -> str:
    return f"{asked} ({size})" if isinstance(asked, str) and asked in NAMED else str(size)
