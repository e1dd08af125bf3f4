"""What switches and defaults look like, as JSON Schema, for the OpenAPI document."""

from typing import Final

from apps.accounts.roles import Role
from apps.api.shapes import FLAG, TEXT, TEXT_OR_NULL, TEXTS, Schema, constant, record
from apps.catalog.models import Stage, Surface, Switch, Task

_DISABLED_BY: Final[Schema] = {
    "enum": [*Switch.values, None],
    "description": "Who switched it off for you, the narrowest first; null while it is on.",
}
_WHOSE: Final = ["workspace", "role", "me", "key"]
_STAGE: Final[Schema] = {"enum": [*Stage.values, None], "description": "null: at any stage."}

ACCESS: Final[Schema] = {
    "Tool": record(
        id=TEXT,
        object=constant("tool"),
        name=TEXT,
        group={"enum": ["core", "specialized", "other"]},
        models={**TEXTS, "description": "The ids of its models."},
        enabled=FLAG,
        disabled_by=_DISABLED_BY,
    ),
    "SwitchRequest": {
        "type": "object",
        "properties": {
            "enabled": FLAG,
            "for": {"enum": _WHOSE, "description": "Whose switch this is."},
            "role": {"enum": Role.values, "description": "Needed with for: role."},
            "key": {**TEXT, "description": "The id of an API key; needed with for: key."},
        },
        "required": ["enabled", "for"],
        "additionalProperties": False,
        "examples": [{"enabled": False, "for": "me"}],
    },
    "Access": record(
        object=constant("access"),
        model=TEXT_OR_NULL,
        tool=TEXT_OR_NULL,
        **{"for": {"enum": _WHOSE}},
        role=TEXT_OR_NULL,
        key=TEXT_OR_NULL,
        switched_on={**FLAG, "description": "How this one switch stands now."},
        enabled={**FLAG, "description": "Whether you may use it; other switches may say no."},
        disabled_by=_DISABLED_BY,
    ),
    "Default": record(
        object=constant("default"),
        surface={"enum": Surface.values},
        task={"enum": Task.values},
        stage=_STAGE,
        model=TEXT,
        set_by={"enum": ["workspace", "installation"]},
        enabled={**FLAG, "description": "Whether you may use it; if not, the next wider default is used."},
    ),
    "DefaultRequest": {
        "type": "object",
        "properties": {
            "surface": {"enum": Surface.values},
            "task": {"enum": Task.values},
            "stage": _STAGE,
            "model": {**TEXT_OR_NULL, "description": "null: none of the workspace's own."},
        },
        "required": ["surface", "task", "model"],
        "additionalProperties": False,
        "examples": [{"surface": "studio", "task": "image_edit", "stage": "refine", "model": "nano_banana_edit"}],
    },
}
