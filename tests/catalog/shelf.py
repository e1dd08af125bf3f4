"""The catalogue's own files, read once, and short ways to ask them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from apps.catalog.files.reading import ModelFile, read_catalog
from apps.catalog.inputs import CleanInputs, InvalidInputs, Measured, PlannedOutputs, clean, planned_outputs
from apps.catalog.pricing import Quote, quote
from apps.catalog.spec import picture_fields

URL = "https://example.com/a.png"
URLS = tuple(f"https://example.com/{number}.png" for number in range(1, 16))


@cache
def models() -> Mapping[str, ModelFile]:
    return {model.data["id"]: model for model in read_catalog().models}


def every_field() -> Iterator[tuple[str, str, dict[str, Any]]]:  # a schema is JSON
    """(model id, field, its schema) of everything a model takes."""
    for model_id, model in models().items():
        for name, schema in model.spec.properties.items():
            yield model_id, name, schema


def needed(model_id: str) -> dict[str, Any]:  # JSON
    """The least a model wants; where it leaves a choice, the first."""
    values = {"prompt": "a red kite", "image_url": URL, "image_urls": [URL], "aspect_ratio": "16:9"}
    schema = models()[model_id].spec.schema
    return {name: values[name] for name in schema.get("required") or schema["anyOf"][0]["required"]}


def with_companions(model_id: str, name: str) -> dict[str, Any]:  # JSON
    """The least a model wants, and what a field may not come without."""
    values = {"width": 1024, "height": 1024, "image_urls": [URL]}
    needs = models()[model_id].spec.schema.get("dependentRequired", {}).get(name, [])
    return needed(model_id) | {other: values[other] for other in needs}


def with_pictures(model_id: str) -> dict[str, Any]:  # JSON
    """The least a model wants, and a picture wherever it takes one."""
    fields = models()[model_id].spec.schema["properties"]
    names = picture_fields(models()[model_id].spec.schema)
    return needed(model_id) | {name: [URL] if fields[name]["type"] == "array" else URL for name in names}


def cleaned(
    model_id: str, inputs: Mapping[str, Any], *, preset: str | None = None, size: tuple[int, int] | None = None
) -> CleanInputs:
    """Clean inputs; with a size, as if every picture were measured with it."""
    spec = models()[model_id].spec
    if size is None:
        return clean(spec=spec, inputs=inputs, wrapper_format=preset, pictures=None)
    return clean(spec=spec, inputs=inputs, wrapper_format=preset, pictures=measured(*size))


def measured(width: int, height: int) -> dict[str, Measured]:
    """Give every picture of these tests one size."""
    return {source: Measured(width, height, "image/png", 1000) for source in (URL, *URLS)}


def planned(
    model_id: str, inputs: Mapping[str, Any], *, preset: str | None = None, size: tuple[int, int] | None = None
) -> PlannedOutputs:
    pictures = measured(*size) if size else None
    effective = cleaned(model_id, inputs, preset=preset, size=size).effective
    return planned_outputs(spec=models()[model_id].spec, effective=effective, pictures=pictures)


def quoted(model_id: str, inputs: Mapping[str, Any]) -> Quote:
    effective = cleaned(model_id, inputs).effective
    return quote(rule=models()[model_id].rule, effective=effective, planned=planned(model_id, inputs))


def refused(
    model_id: str, inputs: Any, *, preset: Any = None, size: tuple[int, int] | None = None
) -> list[dict[str, Any]]:  # what a caller may send is anything; faults are JSON
    """The faults of inputs that are refused, as a client sees them."""
    with pytest.raises(InvalidInputs) as caught:
        cleaned(model_id, inputs, preset=preset, size=size)
    fields: list[dict[str, Any]] = caught.value.details["fields"]
    return fields


def codes(faults: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(fault["path"], fault["code"]) for fault in faults]
