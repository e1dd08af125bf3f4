"""JSON answers, and how times, addresses and lists are written in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpResponse

Row = TypeVar("Row")
Json = dict[str, Any]  # an object of JSON values


def json_answer(body: object, *, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    """Answer with JSON in UTF-8."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return HttpResponse(text.encode(), status=status, content_type=content_type)


def list_body(rows: Sequence[Row], *, limit: int, render: Callable[[Row], Mapping[str, Any]]) -> Json:  # JSON values
    """Write a page of a list from up to ``limit + 1`` rows: the one too many only tells that there is more."""
    data = [render(row) for row in rows[:limit]]
    return {
        "object": "list",
        "data": data,
        "has_more": len(rows) > limit,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def timestamp(value: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC, whole, so that what is asked with it later is exact."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if value else None


def absolute(address: str) -> str:
    """Make an address of this installation whole; one that is whole already, as a bucket's, stays as it is."""
    return settings.EASEL_BASE_URL + address if address.startswith("/") else address
