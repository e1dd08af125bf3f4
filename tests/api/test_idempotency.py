"""/v1/jobs: asked twice, by key and by address."""

import pytest

from apps.jobs.models import Job
from tests.api.conftest import Caller, run

ASYNC = {"Prefer": "respond-async"}


def test_the_same_key_and_body_is_the_same_job(program: Caller) -> None:
    first = program.post("/v1/jobs/flux_pro", {"prompt": "x"}, Idempotency_Key="a", **ASYNC)
    assert "Idempotent-Replayed" not in first
    run(first.json()["id"])
    again = program.post("/v1/jobs/flux_pro", {"prompt": "x"}, Idempotency_Key="a", **ASYNC)
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["status"] == "succeeded"
    assert Job.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(program: Caller) -> None:
    program.post("/v1/jobs/flux_pro", {"prompt": "x"}, Idempotency_Key="a", **ASYNC)
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "y"}, Idempotency_Key="a", **ASYNC)
    assert (answer.status_code, answer.json()["error_type"]) == (422, "idempotency_key_reused")


def test_keys_belong_to_their_workspace(program: Caller, stranger: Caller) -> None:
    first = program.post("/v1/jobs/flux_pro", {"prompt": "x"}, Idempotency_Key="a", **ASYNC)
    other = stranger.post("/v1/jobs/flux_pro", {"prompt": "x"}, Idempotency_Key="a", **ASYNC)
    assert first.json()["id"] != other.json()["id"]


def test_put_is_idempotent_by_its_address(program: Caller) -> None:
    first = program.ask("PUT", "/v1/jobs/flux_pro/order-66", {"prompt": "x"}, **ASYNC)
    again = program.ask("PUT", "/v1/jobs/flux_pro/order-66", {"prompt": "x"}, Idempotency_Key="other", **ASYNC)
    other = program.ask("PUT", "/v1/jobs/flux_pro/order-67", {"prompt": "x"}, **ASYNC)
    assert [answer.status_code for answer in (first, again, other)] == [202, 202, 202]
    assert (again["Idempotent-Replayed"], again.json()["id"]) == ("true", first.json()["id"])
    assert other.json()["id"] != first.json()["id"]


def test_a_key_cannot_be_mistaken_for_an_address(program: Caller) -> None:
    first = program.ask("PUT", "/v1/jobs/flux_pro/a", {"prompt": "x"}, **ASYNC)
    other = program.post("/v1/jobs/flux_pro", {"prompt": "x"}, Idempotency_Key="put:flux_pro/a", **ASYNC)
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("client_id", ["events", "a b", "-a", "a" * 129, "%00", "ä"])
def test_some_client_ids_are_not_taken(program: Caller, client_id: str) -> None:
    answer = program.ask("PUT", f"/v1/jobs/flux_pro/{client_id}", {"prompt": "x"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "client_id")


@pytest.mark.parametrize("word", ["cancel", "retry"])
def test_our_own_words_are_no_addresses(program: Caller, word: str) -> None:
    assert program.ask("PUT", f"/v1/jobs/flux_pro/{word}", {"prompt": "x"}).status_code == 405


# Cancel and retry
