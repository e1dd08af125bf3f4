"""What a form for a model is made of, and how its JSON Schema is read for that. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from apps.catalog.spec import ModelSpec
from apps.studio.shapes import Tile

PROMPT: Final = "prompt"
# Fields of a run through the API that make no sense on a page: the studio keeps what it makes.
LEFT_OUT: Final = frozenset({"sync_mode"})
CUSTOM: Final = "custom"  # the choice beside named sizes that stands for a width and a height

_LABELS: Final = {
    "aspect_ratio": "Shape",
    "image_size": "Shape",
    "resolution": "Size",
    "num_images": "Variants",
    "max_images": "Pictures a variant",
    "image_url": "Picture",
    "image_urls": "References",
    "mask_url": "Mask",
    "output_format": "Format",
    "enable_safety_checker": "Safety check",
    "enable_web_search": "Web search",
    "num_inference_steps": "Steps",
    "safety_tolerance": "Safety tolerance",
    "limit_generations": "One picture a prompt",
    "lora_scale": "Strength of the style",
    "raw": "Plain look",
    "autoprompt": "Write the prompt for me",
}


class Control(StrEnum):
    """The templates in components/fields, by name."""

    SEGMENTS = "segments"
    TILES = "tiles"
    SELECT = "select"
    SWITCH = "switch"
    SLIDER = "slider"
    STEPPER = "stepper"
    NUMBER = "number"
    SEED = "seed"
    TEXT = "text"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values. An empty value leaves the choice to the model."""

    value: str
    label: str
    is_chosen: bool
    tile: Tile | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One setting, ready to be drawn."""

    name: str
    label: str
    control: Control
    value: str  # as a person reads it; "on" for a switch that is on
    default: str
    help: str
    is_required: bool
    faults: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    max_length: int | None = None
    unit: str = ""
    width: str = ""  # of a custom size
    height: str = ""
    is_custom_offered: bool = False
    layout: str = ""  # "beside" and "narrow" share a line

    @property
    def template(self) -> str:
        return f"components/fields/{self.control}.html"

    @property
    def id(self) -> str:
        return f"field-{self.name}"

    @property
    def is_changed(self) -> bool:
        return self.value != self.default and (self.value != "" or self.control is Control.SWITCH)

    @property
    def spoken(self) -> str:
        """The value as the summary of a closed disclosure says it."""
        if self.control is Control.SWITCH:
            return f"{self.label} {'on' if self.value else 'off'}"
        chosen = next((choice.label for choice in self.choices if choice.is_chosen), self.value)
        return f"{self.label} {chosen}{self.unit}"


@dataclass(frozen=True, slots=True)
class Slots:
    """A field that takes pictures."""

    name: str
    label: str
    sources: tuple[str, ...]
    limit: int | None  # None: as many as one likes
    is_list: bool
    is_required: bool
    faults: tuple[str, ...]

    @property
    def has_room(self) -> bool:
        return self.limit is None or len(self.sources) < self.limit


@dataclass(frozen=True, slots=True)
class Form:
    """A model's inputs as a page shows them: words and pictures in the composer, settings in the inspector."""

    prompt: Field | None
    slots: tuple[Slots, ...]
    main: tuple[Field, ...]
    rest: tuple[Field, ...]
    faults: tuple[str, ...]  # those that belong to no field here

    @property
    def rest_label(self) -> str:
        """What the disclosure holds: ``Seed, format and 3 more``."""
        names = [field.label if index == 0 else field.label.lower() for index, field in enumerate(self.rest[:2])]
        more = f" and {len(self.rest) - 2} more" if len(self.rest) > 2 else ""
        return ", ".join(names) + more

    @property
    def rest_summary(self) -> str:
        """What is set in it, as far as it differs from the defaults."""
        changed = [field.spoken for field in self.rest if field.is_changed]
        return ", ".join(changed[:2]) + (f" and {len(changed) - 2} more" if len(changed) > 2 else "") or "Defaults"

    @property
    def is_rest_open(self) -> bool:
        return any(field.faults for field in self.rest)


def default_of(spec: ModelSpec, name: str) -> Any:  # JSON
    """What a field is when it is left out: the size preset's own default comes before the schema's."""
    preset = spec.format_map or {}
    if preset.get("field") == name and preset.get("default") is not None:
        return preset["default"]
    return spec.properties[name].get("default")


def root_of(path: str) -> str:
    """The field that a fault's path begins with: ``image_urls[2]`` → ``image_urls``."""
    return path.partition(".")[0].partition("[")[0]


def label_of(name: str) -> str:
    """What a field is called on a page."""
    return _LABELS.get(name) or name.removeprefix("enable_").replace("_", " ").capitalize()


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types a field takes, those of alternatives included."""
    branches = schema.get("anyOf", [schema])
    named = [branch.get("type", "string") for branch in branches]
    return {kind for kinds in named for kind in ([kinds] if isinstance(kinds, str) else kinds)}


def enum_of(schema: Mapping[str, Any]) -> list[Any]:  # JSON
    """The values a field offers, those of alternatives included."""
    return next((branch["enum"] for branch in [schema, *schema.get("anyOf", [])] if "enum" in branch), [])


def text_of(value: Any) -> str:  # JSON
    """Write a value as a form field holds it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if isinstance(value, dict):
        return f"{value.get('width')} × {value.get('height')}"
    return f"{value:g}" if isinstance(value, float) else str(value)
