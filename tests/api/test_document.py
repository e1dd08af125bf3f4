"""/openapi.json and /docs: the document is valid, whole, and readable in a browser under our policy."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from openapi_spec_validator import validate

from apps.api.errors import STATUS_BY_CODE
from apps.api.urls import urlpatterns


@pytest.fixture
def document() -> dict[str, Any]:
    answer = Client().get("/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def routes() -> dict[str, set[str]]:
    """Every route of /v1 and the methods its endpoint has."""
    found = {}
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        endpoint = getattr(pattern.callback, "cls", None)
        route = str(pattern.pattern)
        if endpoint is not None and not route.startswith("^"):
            methods = {name for name in ("get", "post", "put", "patch", "delete") if hasattr(endpoint, name)}
            found["/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route)] = methods
    return found


def test_it_lists_every_route_with_its_methods(document: dict[str, Any]) -> None:
    assert {path: set(operations) for path, operations in document["paths"].items()} == routes()
    assert len(routes()) == 28


def test_every_operation_has_a_name_of_its_own_and_the_refusals(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert operation["security"] == [{"apiKey": []}]
        assert operation["summary"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r'"#/components/schemas/(\w+)"', str(document).replace("'", '"')))
    assert names
    assert names <= set(document["components"]["schemas"])


def test_the_reference_page_comes_from_here_alone() -> None:
    answer = Client().get("/docs")
    assert answer.status_code == 200
    page = answer.content.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert all(link.startswith("/") for link in links)
    assert re.findall(r"<script(?![^>]*src=)", page) == []
    assert "style=" not in page
    assert "'unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("code", sorted(STATUS_BY_CODE))
def test_the_type_of_a_problem_leads_somewhere(code: str) -> None:
    answer = Client().get(f"/problems/{code.replace('_', '-')}")
    assert (answer.status_code, answer.json()["error_type"]) == (200, code)


def test_an_unknown_problem_is_not_there() -> None:
    assert Client().get("/problems/of-ours").status_code == 404
