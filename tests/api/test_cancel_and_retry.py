"""/v1/jobs: stopping jobs and repeating them."""

import pytest

from apps.ids import to_public, uuid7
from apps.jobs.models import Job
from apps.providers.contract import Accepted, Pending
from tests.api.conftest import Caller, run
from tests.jobs.scripted import ScriptedAdapter

ASYNC = {"Prefer": "respond-async"}


def test_a_queued_job_is_canceled_at_once(program: Caller) -> None:
    made = program.submit("flux_pro")
    answer = program.post(f"/v1/jobs/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert answer.json()["credits"] == {"quoted": 12, "held": 0, "charged": 0, "released": 12}
    assert (answer["X-Credits-Held"], answer["X-Credits-Balance"]) == ("0", "1000")
    assert program.post(f"/v1/jobs/{made['id']}/cancel").status_code == 200


def test_a_running_job_is_asked_to_stop(program: Caller, provider: ScriptedAdapter) -> None:
    provider.submits, provider.polls = [Accepted("r")], [Pending(1)]
    made = program.submit("flux_pro")
    with pytest.raises(AssertionError, match="still running"):
        run(made["id"], most=2)
    answer = program.post(f"/v1/jobs/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    assert answer.json()["cancel_requested_at"] is not None


def test_a_job_that_ended_is_not_canceled(program: Caller) -> None:
    made = program.submit(mock=True)
    run(made["id"])
    answer = program.post(f"/v1/jobs/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["error_type"]) == (409, "job_ended")
    assert answer["x-should-retry"] == "false"


def test_a_retry_is_a_new_job(program: Caller) -> None:
    made = program.submit("flux_pro", out="kite.png", metadata={"a": 1})
    run(made["id"])
    answer = program.post(f"/v1/jobs/{made['id']}/retry", Idempotency_Key="again", **ASYNC)
    body = answer.json()
    assert answer.status_code == 202
    assert (body["retry_of"], body["input"], body["metadata"]) == (made["id"], made["input"], {"a": 1})
    assert body["id"] != made["id"]
    replay = program.post(f"/v1/jobs/{made['id']}/retry", Idempotency_Key="again", **ASYNC)
    assert (replay.json()["id"], replay["Idempotent-Replayed"]) == (body["id"], "true")


@pytest.mark.parametrize("header", ["X_Quote_Id", "Cancel_After"])
def test_a_retry_says_which_headers_it_does_not_take(program: Caller, header: str) -> None:
    made = program.submit("flux_pro")
    value = to_public("quote", uuid7()) if header == "X_Quote_Id" else "5m"
    answer = program.post(f"/v1/jobs/{made['id']}/retry", **{header: value})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, header.replace("_", "-"))


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_body_that_nobody_reads_is_refused(program: Caller, verb: str) -> None:
    made = program.submit("flux_pro")
    answer = program.post(f"/v1/jobs/{made['id']}/{verb}", {"reason": "bored"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "reason")
    assert program.post(f"/v1/jobs/{made['id']}/{verb}", {}, **ASYNC).status_code in {200, 202}


def test_cancel_after_is_kept_with_the_job(program: Caller) -> None:
    program.submit("flux_pro", headers={"Cancel_After": "5m"})
    job = Job.objects.get()
    assert job.cancel_after_at is not None
    assert (job.cancel_after_at - job.created_at).total_seconds() == 300


# Lists
