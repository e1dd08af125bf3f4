"""Reading JSON bodies: strictly, with a limit on everything, so that nothing behind the edge meets a surprise."""

import json
import math
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from apps.api.answers import Json
from apps.api.faults import MalformedRequest, RequestTooLarge, UnsupportedMediaType

_MAX_DEPTH: Final = 32
_MAX_VALUES: Final = 20_000
_MAX_DIGITS: Final = 19  # of an integer: 64 bits


class _Refused(ValueError):
    """JSON that parses elsewhere and is refused here; the text says why."""


def read_object(request: HttpRequest) -> Json:
    """Read the JSON object that a request carries; no body at all is an empty one.

    :raises MalformedRequest: not JSON by RFC 8259 in UTF-8, not an object, a name twice, or nested beyond reason.
    :raises UnsupportedMediaType: it does not say that it is JSON.
    :raises RequestTooLarge: past ``DATA_UPLOAD_MAX_MEMORY_SIZE``.
    """
    body = _read(request)
    if not body.strip():
        return {}
    if request.content_type != "application/json":
        raise UnsupportedMediaType("The body must be JSON, sent with Content-Type: application/json.")
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_float=_finite,
            parse_int=_bounded,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as fault:
        raise MalformedRequest("The body is not UTF-8.") from fault
    except json.JSONDecodeError as fault:
        raise MalformedRequest(
            f"The body is not JSON: {fault.msg} at line {fault.lineno} column {fault.colno}."
        ) from fault
    except _Refused as fault:
        raise MalformedRequest(f"The body was not taken: {fault}.") from fault
    except RecursionError as fault:
        raise MalformedRequest(f"The body is nested deeper than {_MAX_DEPTH} levels.") from fault
    if not isinstance(value, dict):
        raise MalformedRequest("The body must be a JSON object.")
    _measure(value)
    return value


def _read(request: HttpRequest) -> bytes:
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    # Read past Django's own `body`, which trusts Content-Length: a chunked body has none.
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise RequestTooLarge(f"The body is larger than {limit:,} bytes. Upload pictures with POST /v1/uploads.")
    return body


def _once(pairs: list[tuple[str, Any]]) -> Json:  # JSON values
    value: Json = {}
    for name, item in pairs:
        if name in value:
            raise _Refused(f"{name[:40]!r} is there twice")
        value[name] = item
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused("a number is too large")
    return value


def _bounded(text: str) -> int:
    if len(text.lstrip("-")) > _MAX_DIGITS:
        raise _Refused("a number is too large")
    return int(text)


def _constant(text: str) -> float:
    raise _Refused(f"{text} is not a JSON value")


def _measure(value: Json) -> None:
    """Refuse what parses but could not be kept: depth, number of values, text that no database takes."""
    level: list[Any] = [value]  # JSON values
    seen = 0
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []  # JSON values
        for item in level:
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str) and not _is_storable(item):
                raise MalformedRequest(
                    "The body has a character that cannot be kept: NUL, or half of a surrogate pair."
                )
            if seen + len(below) > _MAX_VALUES:
                raise MalformedRequest(f"The body has more than {_MAX_VALUES:,} values.")
        if not below:
            return
        seen += len(below)
        level = below
    raise MalformedRequest(f"The body is nested deeper than {_MAX_DEPTH} levels.")


def _is_storable(text: str) -> bool:
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
