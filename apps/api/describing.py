"""How operations are described for the OpenAPI document: the words that every file of operations is written with."""

from collections.abc import Callable
from typing import Any, Final, Literal, Protocol, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from apps.api.parameters import DEFAULT_LIMIT, MAX_LIMIT
from apps.api.shapes import Schema, page, ref

Handler = TypeVar("Handler", bound=Callable[..., Any])  # any method of an endpoint


class Described(Protocol):
    """A decorator that leaves its handler as it is."""

    def __call__(self, handler: Handler, /) -> Handler: ...


def parameter(
    where: Literal["query", "path", "header"], name: str, description: str, schema: Schema | None = None
) -> OpenApiParameter:
    return OpenApiParameter(name, schema or OpenApiTypes.STR, where, description=description, required=where == "path")


def query(name: str, description: str, schema: Schema | None = None) -> OpenApiParameter:
    return parameter("query", name, description, schema)


def answers(name: str, *statuses: int) -> dict[int, OpenApiResponse]:
    said = {
        200: "Here it is.",
        201: "Made.",
        202: "Accepted, not ended yet: ask again at `Location`, or with `?wait=`.",
    }
    return {status: OpenApiResponse(ref(name), description=said[status]) for status in statuses}


def listing(name: str) -> dict[int, OpenApiResponse]:
    return {200: OpenApiResponse(page(name), description="A page, newest first.")}


def operation(
    tag: str, operation_id: str, summary: str, *, description: str, **more: Any
) -> Described:  # Any: what the library takes
    """Describe a handler: its tag, name and words; ``more`` is what ``extend_schema`` takes."""
    return extend_schema(tags=[tag], operation_id=operation_id, summary=summary, description=description, **more)


PAGING: Final = [
    query("limit", "Items a page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
    query("after", "The `last_id` of the page before."),
]
