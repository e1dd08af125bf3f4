"""/v1/quotes: prices that stand for five minutes."""

from typing import Any

import pytest

from apps.jobs.models import Quote
from tests.api.conftest import LONG_AGO, Caller

ASYNC = {"Prefer": "respond-async"}


def quote(program: Caller, **body: object) -> dict[str, Any]:
    answer = program.post("/v1/quotes", {"model": "flux_pro", "input": {"prompt": "x", "num_images": 2}} | body)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_a_quote_says_what_and_how_long(program: Caller) -> None:
    made = quote(program)
    assert made["id"].startswith("quote_")
    assert (made["object"], made["model"], made["credits"], made["price_version"]) == ("quote", "flux_pro", 24, 1)
    [line] = made["lines"]
    assert {name: line[name] for name in ("quantity", "unit_credits", "credits")} == {
        "quantity": 2,
        "unit_credits": 12,
        "credits": 24,
    }
    assert made["created_at"] < made["expires_at"]


def test_a_job_is_made_by_its_quote(program: Caller) -> None:
    made = quote(program)
    body = {"prompt": "x", "num_images": 2}
    answer = program.post("/v1/jobs/flux_pro", body, X_Quote_Id=made["id"], **ASYNC)
    assert (answer.status_code, answer.json()["credits"]["quoted"]) == (202, 24)


def test_a_quote_is_for_one_request(program: Caller) -> None:
    made = quote(program)
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "y", "num_images": 2}, X_Quote_Id=made["id"])
    assert (answer.status_code, answer.json()["error_type"]) == (409, "quote_mismatch")
    assert answer["x-should-retry"] == "false"


def test_a_quote_ends(program: Caller) -> None:
    made = quote(program)
    Quote.objects.update(expires_at=LONG_AGO)
    body = {"prompt": "x", "num_images": 2}
    answer = program.post("/v1/jobs/flux_pro", body, X_Quote_Id=made["id"])
    assert (answer.status_code, answer.json()["error_type"]) == (409, "quote_expired")


def test_a_strangers_quote_is_not_there(program: Caller, stranger: Caller) -> None:
    made = quote(program)
    body = {"prompt": "x", "num_images": 2}
    answer = stranger.post("/v1/jobs/flux_pro", body, X_Quote_Id=made["id"])
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")


def test_the_wrapper_is_priced_along(program: Caller) -> None:
    assert quote(program, wrapper={"mock": True})["credits"] == 0
    made = quote(program, wrapper={"format": "reels", "out": "kite.png", "project": None})
    body = {"prompt": "x", "num_images": 2, "format": "reels", "out": "kite.png"}
    assert program.post("/v1/jobs/flux_pro", body, X_Quote_Id=made["id"], **ASYNC).status_code == 202


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, {"model": "required"}),
        ({"model": 7, "input": []}, {"model": "required", "input": "type"}),
        ({"model": "flux_pro", "input": None}, {"prompt": "required"}),
        ({"model": "flux_pro", "inputs": {}}, {"inputs": "unknown_parameter", "prompt": "required"}),
        (
            {"model": "flux_pro", "input": {"prompt": 1}, "wrapper": {"mock": 1, "colour": "red"}},
            {"wrapper.mock": "type", "wrapper.colour": "unknown_parameter", "prompt": "type"},
        ),
    ],
)
def test_every_fault_is_told_at_once(program: Caller, body: dict[str, object], codes: dict[str, str]) -> None:
    answer = program.post("/v1/quotes", body)
    assert answer.status_code == 422
    fields = answer.json()["error"]["details"]["fields"]
    assert {field["path"]: field["code"] for field in fields} == codes
    assert Quote.objects.count() == 0


def test_an_unknown_model_is_not_there(program: Caller) -> None:
    assert program.post("/v1/quotes", {"model": "nope", "input": {}}).status_code == 404
