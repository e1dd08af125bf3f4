"""What fal.ai's error bodies mean. The type decides, never the text, which its documentation calls unstable."""

from typing import Any

from apps.outbound import Response
from apps.providers.contract import Refusal
from apps.providers.http import Reason

_LONGEST_MESSAGE = 400
_BY_TYPE = {
    "content_policy_violation": Refusal.CONTENT_REJECTED,
    "client_cancelled": Refusal.CANCELED,
    "no_media_generated": Refusal.PROVIDER_ERROR,  # the documents' advice is another prompt
    "downstream_service_error": Refusal.PROVIDER_ERROR,
}
_INPUT_STATUSES = frozenset({400, 413, 422})


def refusal_of(error_type: str, status: int | None) -> Refusal:
    """Tell whose fault a run's end is, from fal's type and the HTTP status it came with, if it came with one."""
    if error_type in _BY_TYPE:
        return _BY_TYPE[error_type]
    if status == 499:
        return Refusal.CANCELED
    return Refusal.INVALID_INPUT if status in _INPUT_STATUSES or error_type == "bad_request" else Refusal.PROVIDER_ERROR


def read_reason(response: Response) -> Reason | None:
    """Read one of the two shapes, or a bare status word; None for what fal did not write.

    A model's error: ``{"detail": [{"loc", "msg", "type"}]}``. The platform's: ``{"detail": "…", "error_type": "…"}``.
    Source: fal documentation, «Model Errors» and «Request Error Types».
    """
    try:
        body = response.json()
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    detail = body.get("detail")
    faults = [fault for fault in detail if isinstance(fault, dict)] if isinstance(detail, list) else []
    first_type = faults[0].get("type") if faults else None
    error_type = str(body.get("error_type") or response.headers.get("x-fal-error-type") or first_type or "")
    if not error_type and response.status == 400 and "detail" in body:
        return None  # «still in progress» comes so: not the end of a run
    message = "; ".join(_sentence(fault) for fault in faults) or str(detail or body.get("status") or "")
    if not (error_type or message):
        return None
    return Reason(
        message=f"fal.ai: {message or error_type}"[:_LONGEST_MESSAGE],
        refusal=refusal_of(error_type, response.status),
        is_typed=bool(error_type),
        facts=_facts(response, error_type),
    )


def _sentence(fault: dict[str, Any]) -> str:  # JSON, as fal says it
    place = fault.get("loc")
    field = str(place[-1]) if isinstance(place, list) and place else ""
    message = str(fault.get("msg") or fault.get("type") or "refused")
    return f"{field}: {message}" if field and field != "body" else message


def _facts(response: Response, error_type: str) -> dict[str, Any]:  # JSON
    facts: dict[str, Any] = {"status": response.status}
    if error_type:
        facts["error_type"] = error_type
    for name in ("x-fal-retryable", "x-fal-billable-units"):
        if name in response.headers:
            facts[name.removeprefix("x-fal-").replace("-", "_")] = response.headers[name]
    return facts
