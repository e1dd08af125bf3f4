"""What a person sent from the composer, as a model's inputs. It checks nothing: ``submit`` and ``price`` do."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from django.http import QueryDict

from apps.catalog.faults import InvalidInputs
from apps.catalog.inputs import clean
from apps.catalog.spec import ModelSpec, picture_fields
from apps.jobs.preparation import JobRequest
from apps.studio.fields import CUSTOM, LEFT_OUT, PROMPT, default_of, label_of, root_of, types_of

MOCK: Final = "mock"


def read_inputs(*, spec: ModelSpec, data: QueryDict) -> dict[str, Any]:  # JSON values
    """Read the fields of a model from a posted form; blanks and defaults are left out.

    What cannot be read as the field's type stays as it was typed, so that the check can name it.
    """
    pictures = picture_fields(spec.schema)
    inputs: dict[str, Any] = {}
    for name, schema in spec.properties.items():
        if name in LEFT_OUT or name not in data:
            continue
        if name in pictures:
            sources = [source for source in data.getlist(name) if source]
            value: Any = sources if "array" in types_of(schema) else next(iter(sources), None)
            if value:
                inputs[name] = value
            continue
        value = _read(schema, name, data)
        default = default_of(spec, name)
        if value not in (None, default) and (value, default) != (False, None):
            inputs[name] = value
    return inputs


def write_fields(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:  # JSON
    """Write inputs as a form or an address holds them: what ``read_inputs`` reads back."""
    fields: list[tuple[str, str]] = []
    for name, value in inputs.items():
        if isinstance(value, list):
            fields += [(name, str(one)) for one in value]
        elif isinstance(value, dict):
            fields += [(name, CUSTOM), *((f"{name}.{side}", str(value.get(side, ""))) for side in ("width", "height"))]
        else:
            fields.append((name, "on" if value is True else "" if value in (None, False) else str(value)))
    return fields


def read_request(*, spec: ModelSpec, data: QueryDict) -> JobRequest:
    """Read a whole request from a posted form."""
    return JobRequest(inputs=read_inputs(spec=spec, data=data), is_mock=data.get(MOCK) == "on")


def for_price(*, spec: ModelSpec, request: JobRequest) -> JobRequest:
    """The same request with a word where the prompt is still empty: the price does not depend on what it says."""
    schema = spec.properties.get(PROMPT)
    branches = [spec.schema, *spec.schema.get("anyOf", ())]  # some models can do without, if something else is given
    is_needed = any(PROMPT in branch.get("required", ()) for branch in branches)
    if schema is None or PROMPT in request.inputs or not is_needed:
        return request
    stand_in = "x" * max(1, schema.get("minLength", 1))
    return JobRequest(inputs={**request.inputs, PROMPT: stand_in}, is_mock=request.is_mock)


def carry_over(
    *, source: ModelSpec, target: ModelSpec, inputs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:  # JSON
    """Take what was set for one model along to another; returns it, and the labels of what the other does not take."""
    pictures = [picture for name in picture_fields(source.schema) for picture in _listed(inputs.get(name))]
    kept: dict[str, Any] = {}
    if pictures and (slots := picture_fields(target.schema)):
        slot, limit = slots[0], target.properties[slots[0]].get("maxItems")
        kept[slot] = pictures[:limit] if "array" in types_of(target.properties[slot]) else pictures[0]
    names = [name for name in inputs if name not in picture_fields(source.schema)]
    kept |= {name: inputs[name] for name in names if name in target.properties and name not in LEFT_OUT}
    for name in _unfit(target, kept):
        kept.pop(name, None)
    dropped = [label_of(name) for name in names if name not in kept and name != PROMPT]
    if pictures and not any(name in kept for name in picture_fields(target.schema)):
        dropped.append("references")
    return kept, dropped


def _unfit(spec: ModelSpec, inputs: Mapping[str, Any]) -> set[str]:  # JSON
    """The fields whose values this model refuses."""
    try:
        clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=None)
    except InvalidInputs as refusal:
        return {root_of(fault["path"]) for fault in refusal.details["fields"] if fault["code"] != "required"}
    return set()


def _read(schema: Mapping[str, Any], name: str, data: QueryDict) -> Any:  # JSON
    kinds, text = types_of(schema), data.getlist(name)[-1]
    if "boolean" in kinds:
        return text == "on"  # a hidden field of the same name says that the switch was there
    if text == CUSTOM and "object" in kinds:
        return {side: _number(data.get(f"{name}.{side}", ""), {"integer"}) for side in ("width", "height")}
    if not text.strip():
        return None
    # Browsers send line breaks as CR LF, whatever was typed.
    return _number(text.strip(), kinds) if kinds & {"integer", "number"} else text.replace("\r\n", "\n")


def _number(text: str, kinds: set[str]) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return text
    return value if "number" in kinds and isfinite(value) else text


def _listed(value: Any) -> list[str]:  # JSON
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
