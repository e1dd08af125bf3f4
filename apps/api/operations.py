"""What each operation is called, takes and answers, for the OpenAPI document: decorators for the handlers."""

from typing import Final

from apps.api.describing import PAGING, answers, listing, operation, parameter, query
from apps.api.job_headers import MAX_KEY_LENGTH
from apps.api.shapes import FLAG, record, ref
from apps.api.waiting import MAX_WAIT_SECONDS

_JOB: Final = parameter("path", "ref", "The id of a job: job_….")
_MODEL: Final = parameter("path", "ref", "The id of a model.")
_PREFER: Final = parameter(
    "header",
    "Prefer",
    f"`wait=N`: answer 200 when the job ends within N seconds, at most {MAX_WAIT_SECONDS}. `respond-async`: do not "
    "wait, though the model's mode is sync.",
)
_KEY: Final = parameter(
    "header",
    "Idempotency-Key",
    "The same key and body within 24 hours is the same job; answered with `Idempotent-Replayed: true`.",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
)
_MAX: Final = parameter(
    "header", "X-Max-Credits", "Refuse the job (402) if it may cost more.", {"type": "number", "minimum": 0}
)
_QUOTE: Final = parameter(
    "header", "X-Quote-Id", "Charge by this quote; 409 when it has expired or is for something else."
)
_CANCEL_AFTER: Final = parameter(
    "header", "Cancel-After", "Cancel the job when it has not ended by then: 90s, 5m, 1h30m."
)
_MAKING: Final = [_PREFER, _KEY, _MAX, _QUOTE, _CANCEL_AFTER]
_JOB_BODY: Final = {"application/json": ref("JobRequest")}


create_job = operation(
    "Jobs",
    "create_job",
    "Run a model",
    description=(
        "By default the answer is 202 at once. A model whose mode is sync waits as `Prefer: wait` does, as long as its "
        "time-out."
    ),
    parameters=[_MODEL, *_MAKING],
    request=_JOB_BODY,
    responses=answers("Job", 200, 202),
)
put_job = operation(
    "Jobs",
    "put_job",
    "Run a model, at an address of your own",
    description="The address is the idempotency key: a second call answers with the same job, for ever.",
    parameters=[
        _MODEL,
        parameter("path", "client_id", "Your own id of the job."),
        _PREFER,
        _MAX,
        _QUOTE,
        _CANCEL_AFTER,
    ],
    request=_JOB_BODY,
    responses=answers("Job", 200, 202),
)
get_job = operation(
    "Jobs",
    "get_job",
    "Look at a job",
    description="Links to outputs are fresh each time. With `wait` the answer comes when the job ends.",
    parameters=[
        _JOB,
        query(
            "wait",
            "Answer when the job ends, or after so many seconds.",
            {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS},
        ),
    ],
    responses=answers("Job", 200),
)
list_jobs = operation(
    "Jobs",
    "list_jobs",
    "List jobs",
    description="All that are given have to fit. Pictures of `sync_mode` jobs are left out of lists.",
    parameters=[
        query("status", "Only these.", {"enum": ["queued", "running", "succeeded", "failed", "canceled"]}),
        query("model", "Only of this model."),
        query("project", "Only of this project, by name."),
        query("created_after", "Only later ones.", {"type": "string", "format": "date-time"}),
        *PAGING,
    ],
    responses=listing("Job"),
)
cancel_job = operation(
    "Jobs",
    "cancel_job",
    "Cancel a job",
    description=(
        "A queued job ends at once, free. A running one goes on until its provider answers (202), and is charged only "
        "if that delivers."
    ),
    parameters=[_JOB],
    request=None,
    responses=answers("Job", 200, 202),
)
retry_job = operation(
    "Jobs",
    "retry_job",
    "Run a job again",
    description="A new job with the same request, at today's price; `retry_of` names the first.",
    parameters=[_JOB, _PREFER, _KEY, _MAX],
    request=None,
    responses=answers("Job", 200, 202),
)
create_quote = operation(
    "Jobs",
    "create_quote",
    "Price a job",
    description="The price stands for five minutes: send the id as `X-Quote-Id` with the same request.",
    request={"application/json": ref("QuoteRequest")},
    responses=answers("Quote", 201),
)
create_upload = operation(
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
    responses=answers("Asset", 201),
)
list_assets = operation(
    "Library",
    "list_assets",
    "List pictures",
    description="Uploads, pictures fetched for jobs, and results.",
    parameters=PAGING,
    responses=listing("Asset"),
)
get_asset = operation(
    "Library",
    "get_asset",
    "Look at a picture",
    description="Links are fresh each time, and null once the file is gone.",
    parameters=[parameter("path", "ref", "The id of an asset: asset_….")],
    responses=answers("Asset", 200),
)
update_asset = operation(
    "Library",
    "update_asset",
    "Keep a picture",
    description="Say that this is the one, or take it back. What people keep is counted in the facts of its model.",
    parameters=[parameter("path", "ref", "The id of an asset: asset_….")],
    request={"application/json": record(kept=FLAG)},
    responses=answers("Asset", 200),
)
get_credits = operation(
    "Credits",
    "get_credits",
    "Read the balance",
    description="What can be spent, what is held for open jobs, what will expire when, and about how long it lasts.",
    responses=answers("Credits", 200),
)
get_key = operation(
    "Credits",
    "get_key",
    "Look at the key in use",
    description="Everything but its secret.",
    responses=answers("Key", 200),
)
