"""What can be set is written down once, in config/env.py, and shown once, in .env.example."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.env import ROOT, Env

pytestmark = pytest.mark.once

_LINE = re.compile(r"^# ?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$", re.MULTILINE)


def read_example(text: str) -> dict[str, tuple[str, str]]:
    """Read the example as ``{name: (default, meaning)}``; the meaning is the comment line above."""
    lines = text.splitlines()
    return {
        found["name"]: (found["value"], lines[number - 1].removeprefix("# "))
        for number, line in enumerate(lines)
        if (found := _LINE.match(line))
    }


def expected() -> dict[str, tuple[str, str]]:
    return {str(field.alias): (_written(field.default), str(field.description)) for field in Env.model_fields.values()}


def test_the_example_shows_every_variable_with_its_default_and_meaning() -> None:
    assert read_example((ROOT / ".env.example").read_text()) == expected()


def test_the_check_can_fail() -> None:
    assert read_example("# Where it listens.\n# PORT=9000\n") == {"PORT": ("9000", "Where it listens.")}
    assert "PORT" in expected()
    assert expected()["PORT"] != ("9000", "Where it listens.")


def _written(value: Any) -> str:  # the default of whatever field
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return (
        ",".join(value) if isinstance(value, list) else str(value) if not isinstance(value, Path) else value.as_posix()
    )
