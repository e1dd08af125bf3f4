"""From the body of a job to the domain's JobRequest: the wrapper's shape is checked here, inputs by the catalogue."""

from typing import Any, Final

from apps.api.answers import Json
from apps.api.faults import Faults
from apps.catalog.faults import InvalidInputs
from apps.catalog.inputs import clean
from apps.catalog.models import AIModel
from apps.catalog.spec import WRAPPER_FIELDS
from apps.jobs.preparation import JobRequest, ModelNotFound
from apps.library.names import InvalidName, clean_name

_TYPES: Final[dict[str, tuple[type, str]]] = {
    "out": (str, "text"),
    "mock": (bool, "true or false"),
    "format": (str, "text"),
    "project": (str, "text"),
    "metadata": (dict, "an object"),
}


def read_flat(body: Json, faults: Faults) -> JobRequest:
    """Split the body of POST /v1/jobs/{model}: the wrapper's names are ours, everything else is the model's."""
    wrapper = {name: body[name] for name in body if name in WRAPPER_FIELDS}
    return read_parts({name: body[name] for name in body if name not in WRAPPER_FIELDS}, wrapper, faults)


def read_parts(inputs: Json, wrapper: Json, faults: Faults, *, prefix: str = "") -> JobRequest:
    """Read inputs and wrapper that come apart; ``null`` is as good as not there."""
    for name in sorted(set(wrapper) - WRAPPER_FIELDS):
        faults.add(f"{prefix}{name[:64]}", "unknown_parameter", "There is no such field.", sorted(_TYPES))
    if wrapper.get("webhook_url") is not None:
        faults.add(
            f"{prefix}webhook_url",
            "not_available",
            "Webhooks are not available in this version. Ask for the job with GET /v1/jobs/{id}?wait=60 instead.",
        )
    given: dict[str, Any] = {}  # JSON values
    for name, (kind, words) in _TYPES.items():
        value = wrapper.get(name)
        if value is None:
            continue
        if not isinstance(value, kind):
            faults.add(f"{prefix}{name}", "type", f"This must be {words}.")
        else:
            given[name] = value
    if "out" in given:
        try:
            given["out"] = clean_name(given["out"])
        except InvalidName as refusal:
            faults.add(f"{prefix}out", "invalid_name", str(refusal))
    return JobRequest(
        inputs=inputs,
        out=given.get("out", ""),
        is_mock=given.get("mock", False),
        format=given.get("format"),
        project=given.get("project"),
        metadata=given.get("metadata", {}),
    )


def refuse(*, ai_model_id: str, request: JobRequest, faults: Faults) -> None:
    """Where the edge has found faults, find those of the inputs as well, so that the caller hears of all at once.

    :raises InvalidRequest: with every fault. :raises ModelNotFound: there is no such model to begin with.
    """
    if not faults:
        return
    ai_model = AIModel.objects.filter(pk=ai_model_id).first()
    if ai_model is None:
        raise ModelNotFound("There is no such model. GET /v1/models lists them.")
    try:
        clean(spec=ai_model.spec(), inputs=request.inputs, wrapper_format=request.format, pictures=None)
    except InvalidInputs as refusal:
        faults.extend(refusal.details["fields"])
    faults.refuse()
