"""What each operation is called, takes and answers, for the OpenAPI document: decorators for the handlers."""

from collections.abc import Callable
from typing import Any, Final, Literal, Protocol, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from apps.api.job_headers import MAX_KEY_LENGTH
from apps.api.parameters import DEFAULT_LIMIT, MAX_LIMIT
from apps.api.shapes import Schema, page, ref
from apps.api.waiting import MAX_WAIT_SECONDS
from apps.catalog.models import Kind

Handler = TypeVar("Handler", bound=Callable[..., Any])  # any method of an endpoint


class Described(Protocol):
    """A decorator that leaves its handler as it is."""

    def __call__(self, handler: Handler, /) -> Handler: ...


def _parameter(
    where: Literal["query", "path", "header"], name: str, description: str, schema: Schema | None = None
) -> OpenApiParameter:
    return OpenApiParameter(name, schema or OpenApiTypes.STR, where, description=description, required=where == "path")


def _query(name: str, description: str, schema: Schema | None = None) -> OpenApiParameter:
    return _parameter("query", name, description, schema)


def _answers(name: str, *statuses: int) -> dict[int, OpenApiResponse]:
    said = {
        200: "Here it is.",
        201: "Made.",
        202: "Accepted, not ended yet: ask again at `Location`, or with `?wait=`.",
    }
    return {status: OpenApiResponse(ref(name), description=said[status]) for status in statuses}


def _list(name: str) -> dict[int, OpenApiResponse]:
    return {200: OpenApiResponse(page(name), description="A page, newest first.")}


_JOB: Final = _parameter("path", "ref", "The id of a job: job_….")
_MODEL: Final = _parameter("path", "ref", "The id of a model.")
_PAGING: Final = [
    _query("limit", "Items a page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
    _query("after", "The `last_id` of the page before."),
]
_PREFER: Final = _parameter(
    "header",
    "Prefer",
    f"`wait=N`: answer 200 when the job ends within N seconds, at most {MAX_WAIT_SECONDS}. `respond-async`: do not "
    "wait, though the model's mode is sync.",
)
_KEY: Final = _parameter(
    "header",
    "Idempotency-Key",
    "The same key and body within 24 hours is the same job; answered with `Idempotent-Replayed: true`.",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
)
_MAX: Final = _parameter(
    "header", "X-Max-Credits", "Refuse the job (402) if it may cost more.", {"type": "number", "minimum": 0}
)
_QUOTE: Final = _parameter(
    "header", "X-Quote-Id", "Charge by this quote; 409 when it has expired or is for something else."
)
_CANCEL_AFTER: Final = _parameter(
    "header", "Cancel-After", "Cancel the job when it has not ended by then: 90s, 5m, 1h30m."
)
_MAKING: Final = [_PREFER, _KEY, _MAX, _QUOTE, _CANCEL_AFTER]
_JOB_BODY: Final = {"application/json": ref("JobRequest")}


def _operation(
    tag: str, operation_id: str, summary: str, *, description: str, **more: Any
) -> Described:  # Any: what the library takes
    return extend_schema(tags=[tag], operation_id=operation_id, summary=summary, description=description, **more)


create_job = _operation(
    "Jobs",
    "create_job",
    "Run a model",
    description=(
        "By default the answer is 202 at once. A model whose mode is sync waits as `Prefer: wait` does, as long as its "
        "time-out."
    ),
    parameters=[_MODEL, *_MAKING],
    request=_JOB_BODY,
    responses=_answers("Job", 200, 202),
)
put_job = _operation(
    "Jobs",
    "put_job",
    "Run a model, at an address of your own",
    description="The address is the idempotency key: a second call answers with the same job, for ever.",
    parameters=[
        _MODEL,
        _parameter("path", "client_id", "Your own id of the job."),
        _PREFER,
        _MAX,
        _QUOTE,
        _CANCEL_AFTER,
    ],
    request=_JOB_BODY,
    responses=_answers("Job", 200, 202),
)
get_job = _operation(
    "Jobs",
    "get_job",
    "Look at a job",
    description="Links to outputs are fresh each time. With `wait` the answer comes when the job ends.",
    parameters=[
        _JOB,
        _query(
            "wait",
            "Answer when the job ends, or after so many seconds.",
            {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS},
        ),
    ],
    responses=_answers("Job", 200),
)
list_jobs = _operation(
    "Jobs",
    "list_jobs",
    "List jobs",
    description="All that are given have to fit. Pictures of `sync_mode` jobs are left out of lists.",
    parameters=[
        _query("status", "Only these.", {"enum": ["queued", "running", "succeeded", "failed", "canceled"]}),
        _query("model", "Only of this model."),
        _query("project", "Only of this project, by name."),
        _query("created_after", "Only later ones.", {"type": "string", "format": "date-time"}),
        *_PAGING,
    ],
    responses=_list("Job"),
)
cancel_job = _operation(
    "Jobs",
    "cancel_job",
    "Cancel a job",
    description=(
        "A queued job ends at once, free. A running one goes on until its provider answers (202), and is charged only "
        "if that delivers."
    ),
    parameters=[_JOB],
    request=None,
    responses=_answers("Job", 200, 202),
)
retry_job = _operation(
    "Jobs",
    "retry_job",
    "Run a job again",
    description="A new job with the same request, at today's price; `retry_of` names the first.",
    parameters=[_JOB, _PREFER, _KEY, _MAX],
    request=None,
    responses=_answers("Job", 200, 202),
)
create_quote = _operation(
    "Jobs",
    "create_quote",
    "Price a job",
    description="The price stands for five minutes: send the id as `X-Quote-Id` with the same request.",
    request={"application/json": ref("QuoteRequest")},
    responses=_answers("Quote", 201),
)
list_models = _operation(
    "Models",
    "list_models",
    "List models",
    description="Everything on sale here, in the order of the catalog. All filters that are given have to fit.",
    parameters=[
        _query("kind", "What it does.", {"enum": Kind.values}),
        _query("stage", "Where in the work it belongs."),
        _query("provider", "Only of this provider."),
        _query("tool", "Only of this family."),
        _query("support_tier", "Only of this tier."),
        _query("capability", "Only with this capability."),
        _query(
            "max_price", "Only those whose least price is at most so many credits.", {"type": "number", "minimum": 0}
        ),
        _query("limit", "Items a page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": MAX_LIMIT}),
        _query("after", "The `last_id` of the page before."),
    ],
    responses=_list("Model"),
)
get_model = _operation(
    "Models",
    "get_model",
    "Look at a model",
    description="One that is switched off answers as well, and says so.",
    parameters=[_MODEL],
    responses=_answers("Model", 200),
)
get_model_schema = _operation(
    "Models",
    "get_model_schema",
    "Read the JSON Schema of a model's inputs",
    description="JSON Schema 2020-12; what else a job takes stands beside it in `JobRequest`.",
    parameters=[_MODEL],
    responses={
        200: OpenApiResponse({"type": "object", "additionalProperties": True}, description="JSON Schema 2020-12.")
    },
)
create_upload = _operation(
    "Library",
    "create_upload",
    "Upload a picture",
    description="PNG, JPEG, WebP, GIF or AVIF. The id of the asset is taken wherever a picture is expected.",
    request={
        "multipart/form-data": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
            },
            "required": ["file"],
        }
    },
    responses=_answers("Asset", 201),
)
list_assets = _operation(
    "Library",
    "list_assets",
    "List pictures",
    description="Uploads, pictures fetched for jobs, and results.",
    parameters=_PAGING,
    responses=_list("Asset"),
)
get_asset = _operation(
    "Library",
    "get_asset",
    "Look at a picture",
    description="Links are fresh each time, and null once the file is gone.",
    parameters=[_parameter("path", "ref", "The id of an asset: asset_….")],
    responses=_answers("Asset", 200),
)
get_credits = _operation(
    "Credits",
    "get_credits",
    "Read the balance",
    description="What can be spent, what is held for open jobs, and what will expire when.",
    responses=_answers("Credits", 200),
)
list_ledger = _operation(
    "Credits",
    "list_ledger",
    "Read the ledger",
    description="One line for each grant, hold, settlement and correction.",
    parameters=_PAGING,
    responses=_list("LedgerLine"),
)
get_key = _operation(
    "Credits",
    "get_key",
    "Look at the key in use",
    description="Everything but its secret.",
    responses=_answers("Key", 200),
)
