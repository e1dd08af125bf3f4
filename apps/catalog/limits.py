"""Rules that a schema cannot say: how many pictures in and out, and how many pixels. Pure."""

from collections.abc import Mapping
from math import prod
from typing import Any, Final

from apps.catalog.faults import Fault
from apps.catalog.sizes import PlannedOutputs, Size, largest_factor, planned_outputs, source_size
from apps.catalog.spec import OUTPUT_COUNTS, Measured, ModelSpec, path_of, picture_fields, pictures_in

MAX_PIXELS: Final = 89_478_485  # of any picture given, on any model
MAX_EDGE: Final = 16_384  # of any picture asked for, where the model's schema names no maximum of its own
MAX_REFERENCES: Final = 10  # where nobody knows how many a model takes


def counting_faults(spec: ModelSpec, effective: Mapping[str, Any]) -> list[Fault]:
    """Pictures in and out, where the model bounds their number."""
    faults = []
    most = MAX_REFERENCES if spec.max_references is None else spec.max_references
    for name in picture_fields(spec.schema):
        value = effective.get(name)
        if isinstance(value, list) and "maxItems" not in spec.properties[name] and len(value) > most:
            message = f"{name} must hold at most {most}."
            faults.append(Fault(name, "max_items", message, {"max_items": most}, field=name))
    total = spec.limits.get("total_images_max")
    given = sum(1 for _ in pictures_in(spec.schema, effective))
    made = prod(effective[name] for name in OUTPUT_COUNTS if name in effective)
    if total and given + made > total:
        message = f"{given} in and {made} out are {given + made} pictures; this model handles at most {total} in all."
        allowed = {"max_images_in_all": total}
        faults.append(Fault("num_images", "too_many_images", message, allowed, field="num_images"))
    return faults


def edge_faults(spec: ModelSpec, effective: Mapping[str, Any]) -> list[Fault]:
    """Edges asked for that are longer than any picture is made, where the model's schema leaves that open."""
    asked = effective.get("image_size")
    places = [("", spec.properties, effective)]
    if isinstance(asked, Mapping):
        places.append(("image_size.", _fields_within(spec.properties.get("image_size", {})), asked))
    faults = []
    for prefix, fields, values in places:
        for edge in ("width", "height"):
            value, schema = values.get(edge), fields.get(edge, {})
            is_open = "maximum" not in schema and "exclusiveMaximum" not in schema
            if is_open and isinstance(value, int | float) and value > MAX_EDGE:
                path = f"{prefix}{edge}"
                message = f"{path} must be at most {MAX_EDGE:,} pixels."
                faults.append(
                    Fault(path, "image_too_large", message, {"maximum": MAX_EDGE}, field=path.partition(".")[0])
                )
    return faults


def pixel_faults(spec: ModelSpec, effective: Mapping[str, Any], pictures: Mapping[str, Measured] | None) -> list[Fault]:
    """What the measures of the pictures forbid."""
    faults = []
    most = min(MAX_PIXELS, spec.limits.get("max_input_px", MAX_PIXELS))
    for name, index, source in pictures_in(spec.schema, effective):
        measured = (pictures or {}).get(source)
        if measured and measured.width * measured.height > most:
            path = path_of(name, index)
            message = f"{path} has {measured.width * measured.height:,} pixels; at most {most:,} are taken."
            faults.append(Fault(path, "image_too_large", message, {"max_pixels": most}, field=name))
    size, most_out = source_size(spec, effective, pictures), spec.limits.get("max_output_px")
    if size is None or most_out is None or faults:
        return faults
    planned = planned_outputs(spec=spec, effective=effective, pictures=pictures)
    if planned.width * planned.height > most_out:
        faults.append(_output_fault(planned, size, most_out, effective))
    return faults


def _output_fault(planned: PlannedOutputs, source: Size, most: int, effective: Mapping[str, Any]) -> Fault:
    result = f"The result would be {planned.width}x{planned.height}; at most {most:,} pixels are made."
    factor = largest_factor(source, most)
    if "upscale_factor" in effective and factor is not None:
        message = f"{result} The largest upscale_factor that fits this picture is {factor}."
        return Fault("upscale_factor", "output_too_large", message, {"maximum": factor}, field="upscale_factor")
    message = f"{result} Send a smaller picture."
    return Fault("image_url", "output_too_large", message, {"max_pixels": most}, field="image_url")


def _fields_within(schema: Mapping[str, Any]) -> dict[str, Any]:  # JSON Schema in and out
    """The fields of an object, in whichever of its shapes they stand."""
    return {
        name: field
        for shape in (schema, *schema.get("anyOf", []), *schema.get("oneOf", []))
        for name, field in shape.get("properties", {}).items()
    }
