"""Refusals: every code has its status, and every status one body."""

import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from apps.api import errors
from apps.api.errors import STATUS_BY_CODE, problem
from tests.api.conftest import Caller

BODY_FIELDS = {"type", "title", "status", "detail", "instance", "error_type", "request_id", "error"}
ERROR_FIELDS = {"type", "code", "message", "param", "retryable", "details"}


@pytest.mark.parametrize("code", sorted(STATUS_BY_CODE))
def test_every_code_has_the_one_body(code: str) -> None:
    request = RequestFactory().get("/v1/jobs/flux_pro")
    answer = problem(request=request, code=code, message="So it is.", details={"required": 12})
    body = json_of(answer)
    row = STATUS_BY_CODE[code]
    assert answer.status_code == row.status
    assert answer["Content-Type"] == "application/problem+json"
    assert set(body) == BODY_FIELDS
    assert set(body["error"]) == ERROR_FIELDS
    assert body["type"] == f"http://127.0.0.1:8000/problems/{code.replace('_', '-')}"
    assert (body["title"], body["status"], body["detail"]) == (row.title, row.status, "So it is.")
    assert (body["instance"], body["error_type"], body["request_id"]) == (
        "/v1/jobs/flux_pro",
        code,
        answer["X-Request-Id"],
    )
    assert body["error"] | {"retryable": None} == {
        "type": code,
        "code": code,
        "message": "So it is.",
        "param": None,
        "retryable": None,
        "details": {"required": 12},
    }


def test_what_sdks_would_repeat_in_vain_says_so() -> None:
    for code, row in STATUS_BY_CODE.items():
        answer = problem(request=RequestFactory().get("/v1"), code=code, message="")
        is_repeated = row.status in {402, 408, 409, 429} or row.status >= 500
        assert ("x-should-retry" in answer) == (is_repeated and not row.is_retryable), code
        if row.status in {429, 503}:
            assert int(answer["Retry-After"]) > 0
        assert ("WWW-Authenticate" in answer) == (row.status == 401)


def json_of(answer: Any) -> dict[str, Any]:  # any response
    body: dict[str, Any] = json.loads(answer.content)
    return body


def test_one_reason_for_all_faults_is_the_code() -> None:
    fields = [
        {"path": "image_urls[0]", "code": "image_too_large"},
        {"path": "image_urls[1]", "code": "image_too_large"},
    ]
    answer = problem(request=RequestFactory().get("/v1"), code="invalid_input", message="", details={"fields": fields})
    error = json_of(answer)["error"]
    assert (error["type"], error["code"], error["param"]) == ("invalid_input", "image_too_large", None)


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "code"),
    [
        ("POST", "/v1/jobs/flux_pro", b"{", "application/json", 400, "malformed_request"),
        ("POST", "/v1/jobs/flux_pro", b"[]", "application/json", 400, "malformed_request"),
        ("POST", "/v1/jobs/flux_pro", b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("POST", "/v1/uploads", b"{}", "application/json", 415, "unsupported_media_type"),
        ("POST", "/v1/uploads", b"x", "multipart/form-data", 400, "malformed_request"),
        ("DELETE", "/v1/jobs", b"", "application/json", 405, "method_not_allowed"),
        ("OPTIONS", "/v1/jobs", b"", "application/json", 405, "method_not_allowed"),
        ("PATCH", "/v1/nowhere", b"", "application/json", 404, "not_found"),
        ("GET", "/v1", b"", "application/json", 404, "not_found"),
        ("GET", "/v1/jobs/", b"", "application/json", 404, "not_found"),
    ],
)
def test_the_framework_s_own_refusals_have_it_too(
    program: Caller, method: str, path: str, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = program.ask(method, path, body, Content_Type=content_type)
    assert (answer.status_code, answer.json()["error_type"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == BODY_FIELDS


def test_405_names_what_is_possible(program: Caller) -> None:
    answer = program.ask("DELETE", "/v1/jobs/flux_pro")
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_a_body_that_is_too_large_is_a_413(program: Caller) -> None:
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "x" * 1000})
    assert (answer.status_code, answer.json()["error_type"]) == (413, "request_too_large")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the secret inside")


urlpatterns = [path("v1/broken", broken), path("broken", broken)]
handler404 = "config.refusals.not_found"
handler500 = "config.refusals.broken"


@override_settings(ROOT_URLCONF=__name__)
def test_a_mistake_of_ours_is_json_without_a_trace() -> None:
    answer = Client(raise_request_exception=False).get("/v1/broken")
    assert (answer.status_code, answer.json()["error_type"]) == (500, "internal")
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_mistake_of_ours_is_repeated_only_where_that_is_safe() -> None:
    client = Client(raise_request_exception=False)
    for answer, is_safe in (
        (client.get("/v1/broken"), True),
        (client.put("/v1/broken"), True),
        (client.post("/v1/broken"), False),
        (client.post("/v1/broken", headers={"Idempotency-Key": "a"}), True),
    ):
        assert answer.json()["error"]["retryable"] is is_safe
        assert ("x-should-retry" in answer) is not is_safe


@override_settings(ROOT_URLCONF=__name__)
def test_an_address_that_no_view_has_is_json_under_v1() -> None:
    answer = Client().get("/v1/nowhere")
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")


@override_settings(ROOT_URLCONF=__name__)
def test_elsewhere_it_is_a_page() -> None:
    answer = Client(raise_request_exception=False).get("/broken")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")


def test_a_host_we_do_not_answer_to_is_a_400(program: Caller) -> None:
    answer = program.client.get("/v1/key", headers={"Host": "evil.example", "Authorization": f"Bearer {program.key}"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_the_request_id_is_the_middleware_s(program: Caller) -> None:
    answer = program.get("/v1/jobs/job_nope")
    assert answer["X-Request-Id"] == answer.json()["request_id"]
    assert answer["X-Request-Id"].startswith("req_")


def test_handlers_name_existing_rows() -> None:
    request = RequestFactory().get("/v1/x")
    answers = [errors.json_400(request), errors.json_403(request), errors.json_404(request), errors.json_500(request)]
    assert [answer.status_code for answer in answers] == [400, 403, 404, 500]
