"""What differs between two values, in words: leaf by leaf, before and after. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_LONGEST: Final = 80  # characters of a value
_ABSENT: Final = object()


def differences(name: str, before: Any, after: Any) -> list[str]:  # JSON
    """Write each leaf that differs as ``name.path: before → after``; lists are one leaf."""
    return [f"{where}: {_text(old)} → {_text(new)}" for where, old, new in _leaves(name, before, after)]


def _leaves(where: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _leaves(f"{where}.{name}", before.get(name, _ABSENT), after.get(name, _ABSENT))
    elif before != after or type(before) is not type(after):
        yield where, before, after


def _text(value: Any) -> str:
    if value is _ABSENT or value is None or value == "":
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
