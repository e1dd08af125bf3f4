"""What requests and answers look like, as JSON Schema, for the OpenAPI document."""

from typing import Any, Final

Schema = dict[str, Any]  # JSON Schema 2020-12

TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
TIME_OR_NULL: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Final[Schema] = {"type": ["integer", "null"], "minimum": 0}
NUMBER_OR_NULL: Final[Schema] = {"type": ["number", "null"]}
FLAG: Final[Schema] = {"type": "boolean"}
CREDITS: Final[Schema] = {"type": "number", "description": "Credits, with at most three decimals."}
ANYTHING: Final[Schema] = {"type": "object", "additionalProperties": True}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
TEXTS_OR_NULL: Final[Schema] = {"type": ["array", "null"], "items": TEXT}
LINK_OR_NULL: Final[Schema] = {"type": ["string", "null"], "format": "uri"}


def record(**properties: Schema) -> Schema:
    """An object that always has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def several(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def constant(word: str) -> Schema:
    return {"type": "string", "const": word}


def ref(name: str) -> Schema:
    """Point to one of ``COMPONENTS``."""
    return {"$ref": f"#/components/schemas/{name}"}


def page(name: str) -> Schema:
    """A page of a list: newest first; ask on with ``after`` = ``last_id`` while ``has_more``."""
    return record(
        object=constant("list"), data=several(ref(name)), has_more=FLAG, first_id=TEXT_OR_NULL, last_id=TEXT_OR_NULL
    )


_WRAPPER: Final[Schema] = {
    "out": {**TEXT, "description": "The relative name under which results are filed in the workspace's library."},
    "mock": {**FLAG, "default": False, "description": "Check everything, deliver free placeholders."},
    "format": {
        "enum": ["shorts", "reels", "horizontal"],
        "description": "A shape by name, where the model has shapes.",
    },
}
_WRAPPER_BESIDE: Final[Schema] = {
    "project": {**TEXT, "maxLength": 80, "description": "File the job under this project; made when it is new."},
    "metadata": {**ANYTHING, "description": "Your own data, at most 4 KB of JSON; given back with the job."},
    "webhook_url": {"type": "null", "description": "Not available in this version: any address is refused."},
}
_PICTURE: Final[Schema] = {
    "content_type": TEXT,
    "width": COUNT,
    "height": COUNT,
    "bytes": COUNT,
    "duration_s": NUMBER_OR_NULL,
    "blurhash": TEXT_OR_NULL,
    "sha256": TEXT,
}

COMPONENTS: Final[Schema] = {
    "JobRequest": {
        "type": "object",
        "description": (
            "The model's own inputs, as GET /v1/models/{id}/schema has them, and beside them these. Wherever a picture "
            "is expected: an https URL, a data URI, or the id of an asset. A field that neither has is refused."
        ),
        "properties": {**_WRAPPER, **_WRAPPER_BESIDE},
        "additionalProperties": True,
        "examples": [{"prompt": "A lighthouse in fog, ink drawing", "out": "covers/lighthouse.png"}],
    },
    "Job": record(
        id=TEXT,
        object=constant("job"),
        model=TEXT,
        status={"enum": ["queued", "running", "succeeded", "failed", "canceled"]},
        input=ANYTHING,
        effective_input={**ANYTHING, "description": "What the provider gets, after defaults, format and trimming."},
        warnings={**TEXTS, "description": "Whatever was changed or could not be checked."},
        outputs=several(
            record(
                id=TEXT,
                asset=TEXT,
                url={
                    **LINK_OR_NULL,
                    "description": "Answers without a key until `expires_at`; null when the file is gone.",
                },
                thumbnail_url=LINK_OR_NULL,
                **_PICTURE,
            )
        ),
        credits=record(quoted=CREDITS, held=CREDITS, charged=CREDITS, released=CREDITS),
        price_version=COUNT,
        provider=record(name=TEXT, model=TEXT_OR_NULL, request_id=TEXT_OR_NULL),
        mock=FLAG,
        retry_of=TEXT_OR_NULL,
        parents=several(record(asset=TEXT, role=TEXT)),
        batch=TEXT_OR_NULL,
        project=TEXT_OR_NULL,
        metadata=ANYTHING,
        error={"type": ["object", "null"], "properties": {"type": TEXT, "message": TEXT}, "additionalProperties": True},
        timings=record(
            queued_ms=COUNT_OR_NULL, provider_ms=COUNT_OR_NULL, ingest_ms=COUNT_OR_NULL, total_ms=COUNT_OR_NULL
        ),
        created_at=TIME,
        started_at=TIME_OR_NULL,
        ended_at=TIME_OR_NULL,
        cancel_requested_at=TIME_OR_NULL,
        expires_at={**TIME_OR_NULL, "description": "When the links of this answer end; ask again for fresh ones."},
        urls=record(self=TEXT, cancel=TEXT, events=TEXT_OR_NULL),
    ),
    "QuoteRequest": {
        "type": "object",
        "properties": {
            "model": TEXT,
            "input": {**ANYTHING, "description": "The model's own inputs."},
            "wrapper": {"type": "object", "properties": {**_WRAPPER, **_WRAPPER_BESIDE}, "additionalProperties": False},
        },
        "required": ["model"],
        "additionalProperties": False,
    },
    "Quote": record(
        id=TEXT,
        object=constant("quote"),
        model=TEXT,
        credits=CREDITS,
        lines=several(record(label=TEXT, quantity=COUNT, unit_credits=CREDITS, credits=CREDITS)),
        price_version=COUNT,
        created_at=TIME,
        expires_at=TIME,
    ),
    "Asset": record(
        id=TEXT,
        object=constant("asset"),
        name=TEXT,
        origin={"enum": ["uploaded", "fetched", "made"]},
        url=LINK_OR_NULL,
        thumbnail_url=LINK_OR_NULL,
        **_PICTURE,
        project=TEXT_OR_NULL,
        created_at=TIME,
        kept_at={**TIME_OR_NULL, "description": "When somebody said: this one."},
        expires_at=TIME_OR_NULL,
    ),
    "Credits": record(
        object=constant("credits"),
        available=CREDITS,
        held=CREDITS,
        expiring=several(record(credits=CREDITS, at=TIME)),
        low_balance={
            "type": ["number", "null"],
            "description": "People are told when less than this is available; null: never.",
        },
        lasts_days={
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": 365,
            "description": "About how many days the available credits last, at the pace of the last four weeks; 365 "
            "stands for that and more, null for too little use to tell.",
        },
    ),
    "LedgerLine": record(
        id=TEXT,
        object=constant("ledger_line"),
        kind=TEXT,
        credits={**CREDITS, "minimum": 0, "description": "The amount it was about; of a settlement, the charge."},
        available_change=CREDITS,
        held_change=CREDITS,
        balance={**CREDITS, "description": "What could be spent once it was done."},
        job=TEXT_OR_NULL,
        purchase=TEXT_OR_NULL,
        reason=TEXT_OR_NULL,
        created_at=TIME,
    ),
    "Usage": {
        "type": "object",
        "properties": {
            "object": constant("usage"),
            "group_by": TEXT,
            "from": TIME,
            "to": TIME,
            "credits": CREDITS,
            "jobs": COUNT,
            "data": several(
                record(
                    id={**TEXT_OR_NULL, "description": "Of the group; null: jobs that have no such thing."},
                    name=TEXT_OR_NULL,
                    credits={**CREDITS, "description": "Below zero where more was given back than charged."},
                    jobs={**COUNT, "description": "That were charged."},
                )
            ),
        },
        "required": ["object", "group_by", "from", "to", "credits", "jobs", "data"],
    },
    "Key": record(
        id=TEXT,
        object=constant("key"),
        name=TEXT,
        prefix=TEXT,
        mode={"enum": ["live", "test"]},
        workspace=record(id=TEXT, name=TEXT),
        allowed_models=TEXTS_OR_NULL,
        allowed_networks=TEXTS_OR_NULL,
        limit={"oneOf": [ref("LimitAmounts"), {"type": "null"}], "description": "Its own spend limit."},
        requests_per_minute=COUNT,
        created_at=TIME,
        expires_at=TIME_OR_NULL,
        last_used_at=TIME_OR_NULL,
    ),
    "Problem": {
        **record(
            type={"type": "string", "format": "uri"},
            title=TEXT,
            status=COUNT,
            detail=TEXT,
            instance=TEXT,
            error_type=TEXT,
            request_id=TEXT,
            error=record(
                type=TEXT,
                code=TEXT,
                message=TEXT,
                param=TEXT_OR_NULL,
                retryable=FLAG,
                details={
                    **ANYTHING,
                    "properties": {
                        "fields": several(record(path=TEXT, code=TEXT, message=TEXT, allowed={})),
                    },
                },
            ),
        ),
        "description": "Every refusal: RFC 9457, and beside it what SDKs read.",
    },
}
