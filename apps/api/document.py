"""/openapi.json, /docs and /problems: the contract for programs, and the same to read and try."""

import functools
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

from apps.api.access_shapes import ACCESS
from apps.api.answers import json_answer
from apps.api.errors import STATUS_BY_CODE
from apps.api.limit_shapes import LIMITS
from apps.api.model_shapes import MODELS
from apps.api.promo_operations import PROMO_CODES
from apps.api.purchase_shapes import PURCHASES
from apps.api.shapes import COMPONENTS, Schema, ref

_TAGS: Final = {
    "Jobs": "One run of one model: priced, its credits held, run, charged for what was delivered.",
    "Models": "What can be run, with which inputs, for how much.",
    "Library": "The pictures of the workspace, made and uploaded.",
    "Credits": "What there is to spend, where it went, and by which key.",
}


def openapi(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI document; it is the same for everyone."""
    answer = json_answer(document(settings.EASEL_BASE_URL))
    answer["Cache-Control"] = "public, max-age=300"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def docs(request: HttpRequest) -> HttpResponse:
    """Show the document with a form to try each call. Everything on the page comes from this installation."""
    return render(request, "api/docs.html")


def kind_of_problem(request: HttpRequest, name: str) -> HttpResponse:
    """Answer what the ``type`` of a refusal leads to: its status, and whether the same request may work later."""
    code = name.replace("-", "_")
    row = STATUS_BY_CODE.get(code)
    if row is None:
        raise Http404
    return json_answer(
        {
            "type": f"{settings.EASEL_BASE_URL}/problems/{name}",
            "title": row.title,
            "status": row.status,
            "error_type": code,
            "retryable": row.is_retryable,
        }
    )


@functools.cache
def document(base_url: str) -> Schema:
    """Build the OpenAPI document of /v1, once a process."""
    found: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # has no types
    found["servers"] = [{"url": base_url}]
    return found


def complete(result: Schema, generator: Any, request: Any, public: bool) -> Schema:  # Any: the library's own
    """Add what all operations share: our components, and the refusals. A hook of drf-spectacular."""
    result["tags"] = [{"name": name, "description": words} for name, words in _TAGS.items()]
    result.setdefault("components", {}).setdefault("schemas", {}).update(
        COMPONENTS | MODELS | ACCESS | LIMITS | PURCHASES | PROMO_CODES
    )
    refusal = {
        "description": "Refused; the body says why. 429 and 503 come with `Retry-After`.",
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = refusal
    return result
