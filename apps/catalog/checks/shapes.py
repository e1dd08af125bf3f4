"""What the catalogue's files must look like; a model's own shape is data/model_file.schema.yaml. Pure."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from apps.catalog.checks.problems import Problem
from apps.catalog.kinds import Stage, Surface, Task

_MODEL: Final = Path(__file__).parents[1] / "data" / "model_file.schema.yaml"
PROVIDERS: Final = Draft202012Validator(
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": 40},
                "name": {"type": "string", "minLength": 1, "maxLength": 80, "pattern": "^[^\\x00-\\x1f]*$"},
            },
        },
    }
)
DEFAULTS: Final = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["surface", "task", "model"],
            "properties": {
                "surface": {"enum": Surface.values},
                "task": {"enum": Task.values},
                "stage": {"enum": Stage.values},
                "model": {"type": "string"},
            },
        },
    }
)


@cache
def model_shape() -> Draft202012Validator:
    """What a model's file must look like."""
    return Draft202012Validator(yaml.safe_load(_MODEL.read_text()))


def shape_problems(data: object) -> list[Problem]:
    """List what keeps a file's content from being a model at all; nothing when its parts can be checked."""
    errors = [inner for error in model_shape().iter_errors(data) if (inner := best_match([error]))]
    return [*((_where(error.absolute_path), error.message) for error in errors), *_unstorable(data)]


def shape_problem(data: object, shape: Draft202012Validator) -> Problem | None:
    """Name the one thing that most keeps a file's content from its shape."""
    error = best_match(shape.iter_errors(data))
    return (_where(error.absolute_path), error.message) if error else None


def _unstorable(data: object) -> Iterator[Problem]:
    """Find texts, and names of parts, that no database row can hold; what an alias repeats is walked once."""
    left: list[tuple[str, object]] = [("", data)]
    seen: set[int] = set()
    while left:
        where, part = left.pop()
        if isinstance(part, str):
            if "\x00" in part:  # PostgreSQL stores no NUL
                yield where, "Must not contain the character U+0000."
        elif isinstance(part, Mapping | list) and id(part) not in seen:
            seen.add(id(part))
            named = part.items() if isinstance(part, Mapping) else enumerate(part)
            left += [(f"{where}.{name}".lstrip("."), value) for name, value in named]
            left += [(where, name) for name in part if isinstance(part, Mapping)]


def _where(path: Any) -> str:  # a deque of names and indexes
    return ".".join(str(step) for step in path)
