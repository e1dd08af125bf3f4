"""What answers about models look like, as JSON Schema, for the OpenAPI document."""

from typing import Final

from apps.api.shapes import (
    ANYTHING,
    COUNT,
    COUNT_OR_NULL,
    CREDITS,
    FLAG,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    TIME_OR_NULL,
    Schema,
    constant,
    record,
    several,
)
from apps.catalog.models import Kind, Lifecycle, Stage

_OBJECT_OR_NULL: Final[Schema] = {"type": ["object", "null"], "additionalProperties": True}
_USD: Final[Schema] = {**TEXT, "description": "US dollars, as text.", "examples": ["0.032"]}
_RATE: Final[Schema] = {**NUMBER_OR_NULL, "minimum": 0, "maximum": 1}
_SPAN: Final[Schema] = {
    "oneOf": [{"type": "null"}, record(low=_USD, high=_USD)],
    "description": "In US dollars, from the least to the most; null where no list price is known.",
}
_FIGURES: Final[Schema] = {
    "oneOf": [
        {"type": "null"},
        record(
            runs=COUNT,
            median_s=NUMBER_OR_NULL,
            p95_s=NUMBER_OR_NULL,
            success_rate=_RATE,
            keep_rate=_RATE,
            rerun_rate=_RATE,
        ),
    ],
    "description": "Null for fewer than 20 runs.",
}
_CHOICE: Final[Schema] = {"label": TEXT_OR_NULL, "inputs": ANYTHING}

MODELS: Final[Schema] = {
    "Model": record(
        id=TEXT,
        object=constant("model"),
        created={**COUNT, "description": "When its price took effect, in seconds since 1970."},
        owned_by=TEXT,
        name=TEXT,
        developer=TEXT,
        provider=record(id=TEXT, name=TEXT),
        external_ids={**TEXTS, "description": "What other services call it."},
        kind={"enum": Kind.values},
        also_kinds={"type": "array", "items": {"enum": Kind.values}},
        tool={**TEXT, "description": "Its family, which can be switched off as one."},
        tool_name=TEXT,
        tool_group={"enum": ["core", "specialized", "other"]},
        stage={"enum": Stage.values},
        support_tier={"enum": ["recommended", "supported", None]},
        rating={"type": ["integer", "null"], "minimum": 1, "maximum": 5},
        consistency=TEXT_OR_NULL,
        best_for=TEXT,
        verdict={**TEXT_OR_NULL, "description": "When to choose it over the others."},
        summary={**_OBJECT_OR_NULL, "description": "Its strength, its moment and its value, a line each."},
        use_cases={**ANYTHING, "description": "Use case: rank among the models that fit it, 1 is first."},
        uses=TEXTS,
        tags=TEXTS,
        sample_prompts=several(record(title=TEXT, prompt=TEXT, inputs=ANYTHING)),
        default_for={**TEXTS, "description": "surface:task, or surface:task:stage, that it is the default of."},
        tier_preset=TEXT_OR_NULL,
        capabilities={**ANYTHING, "description": "true, false, null (nobody says), `limited`, or {min, max}."},
        matrix={
            "type": "object",
            "additionalProperties": {"enum": ["yes", "no", "limited", None]},
            "description": "The capabilities in one word each.",
        },
        max_references=COUNT_OR_NULL,
        max_resolution=TEXT_OR_NULL,
        mode={"enum": ["sync", "async"]},
        timeout_s=COUNT,
        formats={**TEXTS, "description": "The shapes by name that `format` takes."},
        format={**_OBJECT_OR_NULL, "description": "The field that `format` sets, and to what."},
        limits=ANYTHING,
        average_s={**COUNT_OR_NULL, "description": "How long a run takes, as an editor says."},
        measured={
            **record(**{"7": _FIGURES, "30": _FIGURES}),
            "description": "What real jobs of the last 7 and 30 days showed.",
        },
        measured_here={
            **record(**{"7": _FIGURES, "30": _FIGURES}),
            "description": "The same, of your workspace alone.",
        },
        price={
            **record(
                **{"from": CREDITS},
                usual=CREDITS,
                status={"enum": ["stated", "converted", "inferred", "assumed"]},
                version=COUNT,
                effective_at=TIME_OR_NULL,
                rows=several(record(what=TEXT, credits=CREDITS)),
                choices=several(record(**_CHOICE, credits=CREDITS, list_usd=_SPAN)),
                list_price_usd={"description": "The provider's own price, where one is published."},
            ),
            "description": (
                "`from` is the least that a job can cost, `usual` its price when everything is left as it is; `rows` "
                "is the price as a table, `choices` the price of one picture at each tier."
            ),
        },
        lifecycle=record(
            state={"enum": Lifecycle.values},
            retires_on={"type": ["string", "null"], "format": "date"},
            successor=TEXT_OR_NULL,
        ),
        served_by={**TEXTS, "description": "Who runs it here, the first choice first; a mock job needs nobody."},
        enabled={**FLAG, "description": "Whether you may use it."},
        disabled_by={**TEXT_OR_NULL, "description": "Who switched it off."},
        available={**FLAG, "description": "Whether you may use it and somebody here can run it."},
        updated_at=TIME_OR_NULL,
        urls=record(self=TEXT, schema=TEXT),
    ),
    "RecommendationRequest": {
        "type": "object",
        "properties": {
            "task": TEXT,
            "stage": {"enum": Stage.values},
            "use_case": TEXT,
            "needs": TEXTS,
            "references": {"type": "integer", "minimum": 0, "maximum": 100},
            "max_credits": {**CREDITS, "minimum": 0},
            "deadline_s": {"type": "integer", "minimum": 1},
            "images": {"type": "integer", "minimum": 1, "default": 1},
        },
        "additionalProperties": False,
        "examples": [{"task": "image_edit", "needs": ["text_in_picture", "character_consistency"], "images": 4}],
    },
    "Recommendation": record(
        object=constant("recommendation"),
        data=several(
            record(
                model=TEXT,
                name=TEXT,
                credits=CREDITS,
                inputs={**ANYTHING, "description": "What has to be set for it."},
                seconds=COUNT_OR_NULL,
                reasons=TEXTS,
                cautions=TEXTS,
                available=FLAG,
                unavailable=TEXT_OR_NULL,
            )
        ),
        advice=several(record(code=TEXT, message=TEXT, model=TEXT_OR_NULL)),
        nothing={**TEXT_OR_NULL, "description": "Why nothing fits."},
    ),
    "Calculation": record(
        object=constant("calculation"),
        usd_per_credit=_USD,
        data=several(
            record(
                model=TEXT,
                name=TEXT,
                **_CHOICE,
                credits_each=CREDITS,
                list_usd_each=_SPAN,
                pictures=COUNT,
                credits=CREDITS,
                usd=_USD,
                list_pictures={"oneOf": [{"type": "null"}, record(low=COUNT, high=COUNT)]},
                list_usd=_SPAN,
                list_credits={"oneOf": [{"type": "null"}, record(low=CREDITS, high=CREDITS)]},
            )
        ),
    ),
}
