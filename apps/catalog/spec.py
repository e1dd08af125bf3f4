"""A model as the pure parts of the catalogue see it: its inputs as JSON Schema, and what a schema cannot say. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FORMATS: Final = ("shorts", "reels", "horizontal")  # the size presets that every model with a format map knows
# Names that belong to Easel in a request's flat body; no model may use them.
WRAPPER_FIELDS: Final = frozenset({"out", "mock", "format", "project", "metadata", "webhook_url"})
OUTPUT_COUNTS: Final = ("num_images", "max_images")  # fields that multiply the pictures asked for
TRUNCATE: Final = "x-truncate-to-last"  # schema keyword of a list: of more items than this, the last ones are used
ORDER: Final = "x-order"  # schema keyword: where a field stands in forms and tables; databases keep no order of keys


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a picture that a caller named."""

    width: int
    height: int
    content_type: str = ""
    size_bytes: int = 0


@dataclass(frozen=True)  # no slots: what is worked out of the schema stays
class ModelSpec:
    """Everything that decides which inputs a model takes and what comes out. ``AIModel.spec()`` makes it."""

    id: str
    kind: str  # a value of models.Kind
    schema: Mapping[str, Any]  # JSON Schema 2020-12
    format_map: Mapping[str, Any] | None = None  # {field, map: {preset: value}, default: value or null}
    limits: Mapping[str, Any] = field(default_factory=dict)  # JSON; the keys are listed in data/model_file.schema.yaml
    max_references: int | None = None
    capabilities: Mapping[str, Any] = field(default_factory=dict)  # JSON

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        """Schemas of the fields, in the order of forms and tables."""
        return ordered_properties(self.schema)

    @property
    def truncate_to_last(self) -> int | None:
        """How many references a list is cut to; None where longer lists are refused."""
        return next((schema[TRUNCATE] for schema in self.properties.values() if TRUNCATE in schema), None)


def ordered_properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields of a model's schema in the order of forms and tables: name → schema."""
    fields = schema.get("properties", {})
    return dict(sorted(fields.items(), key=lambda item: item[1].get(ORDER, len(fields))))


def picture_fields(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the fields that hold pictures: texts of format uri, or lists of them."""
    return tuple(
        name
        for name, field_schema in ordered_properties(schema).items()
        if _is_picture(field_schema) or _is_picture(field_schema.get("items"))
    )


def pictures_in(schema: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[str, int | None, str]]:
    """Walk the pictures of valid inputs in order, as (field, index in its list or None, source)."""
    for name in picture_fields(schema):
        value = values.get(name)
        if isinstance(value, str):
            yield name, None, value
        elif isinstance(value, list):
            yield from ((name, index, source) for index, source in enumerate(value))


def path_of(name: str, index: int | None = None) -> str:
    """Write where a value stands, for people and programs: ``image_url`` or ``image_urls[2]``."""
    return name if index is None else f"{name}[{index}]"


def _is_picture(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("format") == "uri"
