"""Requests that wait for their job: woken when it ends, answered in time when it does not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient

from apps.catalog.models import AIModel
from apps.jobs.models import Job
from apps.providers.contract import Accepted, Pending
from tests.api.conftest import Caller, run
from tests.jobs.scripted import ScriptedAdapter

DEADLINE_SECONDS = 20.0


@contextmanager
def worker() -> Iterator[None]:
    """Beside the test, as a worker would: finish the first job that appears."""

    def work() -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        try:
            while (job := Job.objects.filter(ended_at=None).first()) is None:
                assert time.monotonic() < deadline, "no job appeared"
                time.sleep(0.02)  # polling, with a deadline
            run(job.public_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as threads:
        done = threads.submit(work)
        yield
        done.result(DEADLINE_SECONDS)


def ask_async(program: Caller, method: str, path: str, body: bytes, **given: str) -> Any:  # the test client's response
    """The same request by way of ASGI."""
    client = AsyncClient(raise_request_exception=False)
    named = {name.replace("_", "-"): value for name, value in given.items()}
    headers = {"Authorization": f"Bearer {program.key}"} | named

    async def ask() -> Any:  # the test client's response
        return await client.generic(method, path, body, content_type="application/json", headers=headers)

    return async_to_sync(ask)()


BODY = b'{"prompt": "a red kite", "mock": true}'


@pytest.mark.django_db(transaction=True)
def test_prefer_wait_answers_200_when_the_job_ends_in_time(transactional_db: None, program: Caller) -> None:
    with worker():
        began = time.monotonic()
        answer = program.post("/v1/jobs/flux_schnell", BODY, Prefer="wait=20")
    assert time.monotonic() - began < 15, "it was not woken"
    assert (answer.status_code, answer["Preference-Applied"]) == (200, "wait=20")
    assert answer.json()["status"] == "succeeded"
    assert len(answer.json()["outputs"]) == 1
    assert answer["X-Job-Id"] == answer.json()["id"]
    assert answer["RateLimit-Policy"]
    assert answer["X-Request-Id"].startswith("req_")
    assert "Location" not in answer


@pytest.mark.django_db(transaction=True)
def test_it_waits_under_asgi_as_well(transactional_db: None, program: Caller) -> None:
    with worker():
        answer = ask_async(program, "POST", "/v1/jobs/flux_schnell", BODY, Prefer="wait=20")
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer["RateLimit-Policy"]


@pytest.mark.django_db(transaction=True)
def test_a_sync_model_waits_by_default(transactional_db: None, program: Caller) -> None:
    with worker():
        answer = program.post("/v1/jobs/flux_schnell", BODY)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert "Preference-Applied" not in answer


@pytest.mark.django_db(transaction=True)
def test_a_long_poll_answers_at_the_end(transactional_db: None, program: Caller) -> None:
    made = program.submit(mock=True)
    with worker():
        answer = program.get(f"/v1/jobs/{made['id']}?wait=20")
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


@pytest.mark.django_db(transaction=True)
def test_a_put_waits_too(transactional_db: None, program: Caller) -> None:
    with worker():
        answer = program.ask("PUT", "/v1/jobs/flux_schnell/mine", BODY, Prefer="wait=20")
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


@pytest.mark.django_db(transaction=True)
def test_a_retry_waits_too(transactional_db: None, program: Caller) -> None:
    made = program.submit(mock=True)
    run(made["id"])
    with worker():
        answer = program.post(f"/v1/jobs/{made['id']}/retry", Prefer="wait=20")
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


@pytest.mark.parametrize(("path", "status"), [("/v1/jobs/flux_schnell", 202), ("/v1/jobs/{id}?wait=1", 200)])
def test_past_the_wait_the_job_is_told_as_it_is(program: Caller, path: str, status: int) -> None:
    made = program.submit(mock=True)
    began = time.monotonic()
    method, body = ("GET", b"") if "{id}" in path else ("POST", BODY)
    answer = program.ask(method, path.format(id=made["id"]), body, Prefer="wait=1")
    assert 0.9 < time.monotonic() - began < 10
    assert (answer.status_code, answer.json()["status"]) == (status, "queued")


def test_a_replay_of_a_job_that_ended_does_not_wait(program: Caller) -> None:
    made = program.post("/v1/jobs/flux_schnell", BODY, Prefer="respond-async", Idempotency_Key="a").json()
    run(made["id"])
    answer = program.post("/v1/jobs/flux_schnell", BODY, Prefer="wait=60", Idempotency_Key="a")
    assert (answer.status_code, answer["Idempotent-Replayed"]) == (200, "true")
    assert answer.json()["id"] == made["id"]


def test_an_asynchronous_model_does_not_wait_by_default(program: Caller, provider: ScriptedAdapter) -> None:
    AIModel.objects.filter(pk="flux_pro").update(mode="async")
    provider.submits, provider.polls = [Accepted("r")], [Pending(1)]
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "x"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert "Preference-Applied" not in answer


@pytest.mark.parametrize("wait", ["61", "-1", "soon", "1.5"])
def test_a_wait_that_cannot_be_is_refused(program: Caller, wait: str) -> None:
    made = program.submit(mock=True)
    answer = program.get(f"/v1/jobs/{made['id']}?wait={wait}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "wait")


def test_a_refusal_does_not_wait(program: Caller) -> None:
    assert program.post("/v1/jobs/flux_schnell", {}, Prefer="wait=60").status_code == 422
