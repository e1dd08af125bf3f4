"""What spend limits look like, as JSON Schema, for the OpenAPI document."""

from typing import Final

from apps.api.shapes import CREDITS, FLAG, TEXT, TIME_OR_NULL, Schema, constant, record, ref
from apps.ledger.periods import Period

_PERIOD: Final[Schema] = {
    "enum": [*Period.values, None],
    "description": "Calendar days, weeks from Monday on, or months, all in UTC; or lifetime.",
}
_CREDITS_OR_NULL: Final[Schema] = {**CREDITS, "type": ["number", "null"]}
_AMOUNTS: Final[dict[str, Schema]] = {
    "limit_credits": {**_CREDITS_OR_NULL, "description": "null: no limit."},
    "period": {**_PERIOD, "description": f"{_PERIOD['description']} null: never limited, and not counted."},
    "used_credits": {**_CREDITS_OR_NULL, "description": "Charged for jobs begun in this period."},
    "held_credits": {**_CREDITS_OR_NULL, "description": "Held for jobs begun in this period that have not ended."},
    "remaining_credits": {**_CREDITS_OR_NULL, "description": "What can still be held; null: no limit."},
    "resets_at": {**TIME_OR_NULL, "description": "When it is counted anew; null: never."},
}

LIMITS: Final[Schema] = {
    "LimitAmounts": record(**_AMOUNTS),
    "Limit": record(
        id={**TEXT, "description": "Of the member (a person), the key or the project."},
        object=constant("limit"),
        kind={"enum": ["member", "key", "project"]},
        name=TEXT,
        binds={**FLAG, "description": "Whether it binds the key that asked."},
        **_AMOUNTS,
    ),
    "LimitRequest": {
        "type": "object",
        "properties": {
            "limit_credits": {**_CREDITS_OR_NULL, "minimum": 0, "description": "null lifts the limit."},
            "period": {**_PERIOD, "description": "By default the one there is, else a month."},
        },
        "required": ["limit_credits"],
        "additionalProperties": False,
        "examples": [{"limit_credits": 50, "period": "week"}],
    },
    "LimitMoveRequest": {
        "type": "object",
        "properties": {
            "source": {**TEXT, "description": "Whose limit is lowered: an id of GET /v1/limits."},
            "target": {**TEXT, "description": "Whose limit is raised."},
            "credits": {**CREDITS, "exclusiveMinimum": 0},
        },
        "required": ["source", "target", "credits"],
        "additionalProperties": False,
    },
    "LimitMove": record(object=constant("limit_move"), source=ref("Limit"), target=ref("Limit")),
}
