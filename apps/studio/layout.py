"""A model's inputs laid out as a form: which control suits each of them, and where it stands. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from apps.catalog.spec import ModelSpec, picture_fields
from apps.studio.fields import (
    CUSTOM,
    LEFT_OUT,
    PROMPT,
    Choice,
    Control,
    Field,
    Form,
    Slots,
    default_of,
    enum_of,
    label_of,
    root_of,
    text_of,
    types_of,
)
from apps.studio.shapes import tile_of

_SHAPES: Final = ("aspect_ratio", "image_size")
_MAIN: Final = (*_SHAPES, "resolution", "quality", "upscale_factor", "num_images", "width", "height")  # in this order
_UNITS: Final = {"upscale_factor": "×"}
_SHORT_TEXT: Final = 200  # characters; a longer text gets a box that grows
_FREE_SHAPES: Final = ("1:1", "4:5", "3:2", "16:9", "9:16")  # offered where a model takes any ratio
_STEPPED: Final = 10  # whole numbers in a wider range get a slider
_FILES: Final = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP"}
_SEGMENTS: Final = 4
_SEGMENTS_LENGTH: Final = 32  # characters of all their labels


@dataclass(frozen=True, slots=True)
class _Input:
    """An input of a model, and what was asked of it so far."""

    name: str
    schema: Mapping[str, Any]  # JSON Schema
    default: Any  # JSON
    value: Any  # JSON; None: nothing was asked
    is_required: bool
    faults: tuple[str, ...]

    @property
    def kinds(self) -> set[str]:
        return types_of(self.schema)

    @property
    def shown(self) -> Any:  # JSON
        return self.default if self.value is None else self.value

    @property
    def is_custom(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_shape(self) -> bool:
        return self.name in _SHAPES


def form_of(*, spec: ModelSpec, inputs: Mapping[str, Any], faults: Sequence[Mapping[str, Any]] = ()) -> Form:
    """Lay a model's inputs out. ``inputs`` hold what was asked so far; ``faults`` are those of ``InvalidInputs``."""
    by_field: dict[str, list[str]] = {}
    for fault in faults:
        by_field.setdefault(root_of(fault["path"] or ""), []).append(fault["message"])
    pictures, required = picture_fields(spec.schema), set(spec.schema.get("required", ()))
    slots, fields = [], {}
    for name, schema in spec.properties.items():
        if name in LEFT_OUT:
            continue
        said = tuple(by_field.pop(name, ()))
        one = _Input(name, schema, default_of(spec, name), inputs.get(name), name in required, said)
        if name in pictures:
            slots.append(_slots(one))
        else:
            fields[name] = _field(one)
    prompt = fields.pop(PROMPT, None)
    main = [fields.pop(name) for name in (*_MAIN, *required) if name in fields]
    others = tuple(message for messages in by_field.values() for message in messages)
    return Form(prompt, tuple(slots), _side_by_side(main), tuple(fields.values()), others)


def _slots(one: _Input) -> Slots:
    is_list = "array" in one.kinds
    sources = one.value if isinstance(one.value, list) else [one.value] if one.value else []
    return Slots(
        name=one.name,
        label=label_of(one.name),
        sources=tuple(sources),
        limit=one.schema.get("maxItems") if is_list else 1,
        is_list=is_list,
        is_required=one.is_required,
        faults=one.faults,
    )


def _field(one: _Input) -> Field:
    return Field(
        name=one.name,
        label=label_of(one.name),
        control=_control(one),
        value=text_of(one.shown),
        default=text_of(one.default),
        help=one.schema.get("description", ""),
        is_required=one.is_required,
        faults=one.faults,
        choices=_choices(one),
        minimum=text_of(one.schema.get("minimum")),
        maximum=text_of(one.schema.get("maximum")),
        step=_step(one),
        max_length=one.schema.get("maxLength"),
        unit=_UNITS.get(one.name, ""),
        width=text_of(one.value.get("width")) if one.is_custom else "",
        height=text_of(one.value.get("height")) if one.is_custom else "",
        is_custom_offered="object" in one.kinds,
    )


def _control(one: _Input) -> Control:
    values = enum_of(one.schema)
    if one.is_shape:
        return Control.TILES
    if values:
        is_short = len(values) <= _SEGMENTS and sum(len(str(value)) for value in values) <= _SEGMENTS_LENGTH
        return Control.SEGMENTS if is_short else Control.SELECT
    if "boolean" in one.kinds:
        return Control.SWITCH
    if one.name == "seed":
        return Control.SEED
    if one.kinds & {"integer", "number"}:
        return _number_control(one)
    return Control.LINE if one.schema.get("maxLength", _SHORT_TEXT + 1) <= _SHORT_TEXT else Control.TEXT


def _number_control(one: _Input) -> Control:
    """A slider needs two ends and a place to stand; a few whole numbers are stepped through."""
    if one.default is None or "minimum" not in one.schema or "maximum" not in one.schema:
        return Control.NUMBER
    is_stepped = "number" not in one.kinds and one.schema["maximum"] - one.schema["minimum"] <= _STEPPED
    return Control.STEPPER if is_stepped else Control.SLIDER


def _choices(one: _Input) -> tuple[Choice, ...]:
    """The values on offer. The default is sent as nothing, so that it stays the model's own."""
    default, chosen = text_of(one.default), CUSTOM if one.is_custom else text_of(one.shown)
    values = [text_of(value) for value in enum_of(one.schema) if value is not None]
    if one.name == "aspect_ratio" and not values:
        values = list(_FREE_SHAPES)
    if not values:
        return ()
    if default not in values and not one.is_required:
        values.insert(0, default)
    if chosen not in {*values, CUSTOM}:
        values.append(chosen)
    found = [_choice(one, value, default=default, chosen=chosen) for value in values]
    if one.is_shape and "object" in one.kinds:
        found.append(Choice(CUSTOM, "Custom", chosen == CUSTOM, tile_of("")))
    return tuple(found)


def _choice(one: _Input, value: str, *, default: str, chosen: str) -> Choice:
    tile = tile_of(value) if one.is_shape else None
    label = tile.label if tile else _FILES.get(value) or (value.capitalize() if value.islower() else value)
    return Choice("" if value == default else value, label or "Auto", value == chosen, tile)


def _step(one: _Input) -> str:
    """How fine a number moves: fine enough for the value it has."""
    if "number" not in one.kinds or "minimum" not in one.schema or "maximum" not in one.schema:
        return "1" if "integer" in one.kinds else "any"
    least, span = one.schema["minimum"], one.schema["maximum"] - one.schema["minimum"]
    step = 0.05 if span <= 1 else 0.1 if span <= 5 else 0.5
    if isinstance(one.shown, int | float):
        steps = (one.shown - least) / step
        if abs(steps - round(steps)) > 1e-6:
            step = 0.01
    return f"{step:g}"


def _side_by_side(fields: list[Field]) -> tuple[Field, ...]:
    """Let size and variants share a line when both are narrow enough."""
    laid = list(fields)
    for index, (left, right) in enumerate(pairwise(fields)):
        if left.control is Control.SEGMENTS and len(left.choices) <= 3 and right.control is Control.STEPPER:
            laid[index], laid[index + 1] = replace(left, layout="beside"), replace(right, layout="narrow")
    return tuple(laid)
