"""/v1/jobs: making and reading jobs, through real keys."""

import pytest
from django.test import override_settings

from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel
from apps.jobs.models import Job
from apps.ledger.models import Wallet
from apps.providers.contract import Accepted, ProviderRejected, Refusal
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.api.conftest import Caller, run
from tests.jobs.scripted import ScriptedAdapter, done, png

ASYNC = {"Prefer": "respond-async"}


def balance(workspace: Workspace) -> tuple[int, int]:
    wallet = Wallet.objects.for_workspace(workspace).get()
    return wallet.available_mc, wallet.held_mc


def test_a_job_is_accepted_with_its_credits_held(program: Caller) -> None:
    answer = program.post(
        "/v1/jobs/flux_pro",
        {"prompt": "a red kite", "num_images": 2, "out": "kites/red.png", "project": "Kites", "metadata": {"order": 7}},
        **ASYNC,
    )
    body = answer.json()
    assert answer.status_code == 202
    assert answer["Location"] == body["urls"]["self"] == f"http://127.0.0.1:8000/v1/jobs/{body['id']}"
    assert answer["Retry-After"] == "2"
    assert answer["Preference-Applied"] == "respond-async"
    assert answer["X-Job-Id"] == body["id"]
    assert (answer["X-Credits-Held"], answer["X-Credits-Charged"], answer["X-Credits-Balance"]) == ("24", "0", "976")
    assert body["object"] == "job"
    assert (body["model"], body["status"], body["mock"]) == ("flux_pro", "queued", False)
    assert body["input"] == {"prompt": "a red kite", "num_images": 2}
    assert body["effective_input"]["num_images"] == 2
    assert body["credits"] == {"quoted": 24, "held": 24, "charged": 0, "released": 0}
    assert body["provider"] == {"name": "fal.ai", "model": None, "request_id": None}
    assert (body["project"], body["metadata"], body["price_version"]) == ("Kites", {"order": 7}, 1)
    assert (body["outputs"], body["parents"], body["error"], body["batch"], body["retry_of"]) == (
        [],
        [],
        None,
        None,
        None,
    )
    assert body["timings"] == {"queued_ms": None, "provider_ms": None, "ingest_ms": None, "total_ms": None}
    assert (body["started_at"], body["ended_at"], body["expires_at"]) == (None, None, None)
    assert body["created_at"].endswith("Z")
    assert body["urls"]["events"] is None
    assert balance(program.workspace) == (976_000, 24_000)


def test_a_job_that_succeeded_tells_everything(program: Caller, provider: ScriptedAdapter) -> None:
    provider.submits = [Accepted("fal-request-9")]
    provider.polls = [done(png(64, 48))]
    made = program.submit("flux_pro", num_images=2)
    run(made["id"])
    answer = program.get(f"/v1/jobs/{made['id']}")
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "succeeded"
    assert body["credits"] == {"quoted": 24, "held": 0, "charged": 12, "released": 12}
    assert body["provider"] == {"name": "fal.ai", "model": "fal-ai/flux-pro/v1.1-ultra", "request_id": "fal-request-9"}
    [output] = body["outputs"]
    assert output["id"].startswith("out_")
    assert output["asset"].startswith("asset_")
    assert (output["content_type"], output["width"], output["height"]) == ("image/png", 64, 48)
    assert output["bytes"] == len(png(64, 48))
    assert len(output["sha256"]) == 64
    assert output["blurhash"]
    assert all(body["timings"][name] is not None for name in ("queued_ms", "provider_ms", "ingest_ms", "total_ms"))
    assert body["expires_at"] > body["ended_at"] > body["created_at"]
    assert (answer["X-Credits-Held"], answer["X-Credits-Charged"], answer["X-Credits-Balance"]) == ("0", "12", "988")


def test_links_to_outputs_answer_without_a_key(program: Caller) -> None:
    made = program.submit(mock=True)
    run(made["id"])
    [output] = program.get(f"/v1/jobs/{made['id']}").json()["outputs"]
    for link in (output["url"], output["thumbnail_url"]):
        assert link.startswith("http://127.0.0.1:8000/files/")
        file = program.client.get(link.removeprefix("http://127.0.0.1:8000"))
        assert file.status_code == 200
        assert file["Content-Type"].startswith("image/")


def test_a_job_that_failed_says_why_and_costs_nothing(program: Caller, provider: ScriptedAdapter) -> None:
    provider.submits = [ProviderRejected("Not this.", refusal=Refusal.CONTENT_REJECTED)]
    made = program.submit("flux_pro")
    run(made["id"])
    answer = program.get(f"/v1/jobs/{made['id']}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["error"]["type"]) == ("failed", "content_rejected")
    assert body["credits"] == {"quoted": 12, "held": 0, "charged": 0, "released": 12}
    assert balance(program.workspace) == (1_000_000, 0)


def test_mock_is_free_and_says_so(program: Caller) -> None:
    made = program.submit("flux_pro", mock=True)
    assert made["mock"] is True
    assert made["credits"] == {"quoted": 0, "held": 0, "charged": 0, "released": 0}
    run(made["id"])
    body = program.get(f"/v1/jobs/{made['id']}").json()
    assert (body["status"], len(body["outputs"])) == ("succeeded", 1)
    assert balance(program.workspace) == (1_000_000, 0)


def test_every_job_of_a_test_key_is_a_mock(test_program: Caller) -> None:
    assert test_program.submit("flux_pro", mock=False)["mock"] is True
    assert balance(test_program.workspace) == (1_000_000, 0)


def test_every_fault_is_told_at_once(program: Caller) -> None:
    answer = program.post(
        "/v1/jobs/flux_schnell",
        {
            "num_images": 9,
            "colour": "red",
            "out": "../up.png",
            "mock": "yes",
            "project": 3,
            "metadata": [],
            "webhook_url": "https://example.com/",
        },
        X_Max_Credits="lots",
        Cancel_After="never",
    )
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    error = answer.json()["error"]
    assert (error["type"], error["code"], error["param"]) == ("invalid_input", "invalid_input", None)
    assert {field["path"]: field["code"] for field in error["details"]["fields"]} == {
        "X-Max-Credits": "invalid_header",
        "Cancel-After": "invalid_header",
        "webhook_url": "not_available",
        "mock": "type",
        "project": "type",
        "metadata": "type",
        "out": "invalid_name",
        "prompt": "required",
        "num_images": "maximum",
        "colour": "unknown_parameter",
    }
    assert Job.objects.count() == 0


def test_a_single_fault_names_its_parameter_and_code(program: Caller) -> None:
    error = program.post("/v1/jobs/flux_schnell", {"prompt": "x", "num_images": 9}).json()["error"]
    assert (error["code"], error["param"], error["retryable"]) == ("maximum", "num_images", False)
    assert "4" in error["message"]


def test_webhooks_are_refused_until_there_are_any(program: Caller) -> None:
    answer = program.post("/v1/jobs/flux_schnell", {"prompt": "x", "webhook_url": "https://example.com/hook"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("not_available", "webhook_url")
    assert program.post("/v1/jobs/flux_schnell", {"prompt": "x", "webhook_url": None}, **ASYNC).status_code == 202


@pytest.mark.parametrize("name", ["../up.png", "/etc/passwd", "a/../../b", "a\nb", "C:\\x.png", ""])
def test_out_stays_inside_the_library(program: Caller, name: str) -> None:
    answer = program.post("/v1/jobs/flux_schnell", {"prompt": "x", "out": name})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "out")


@pytest.mark.parametrize("model", ["nope", "x" * 300, "fal-ai/flux/dev", "..", "%00", "flux%20schnell"])
def test_an_unknown_model_is_not_there(program: Caller, model: str) -> None:
    answer = program.post(f"/v1/jobs/{model}", {"prompt": "x", "mock": "also wrong"})
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")


def test_a_model_that_is_off_is_named(program: Caller) -> None:
    AIModel.objects.filter(pk="flux_pro").update(is_enabled=False)
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "x"})
    assert (answer.status_code, answer.json()["error_type"]) == (403, "model_disabled")


def test_a_key_for_one_model_runs_no_other(narrow_program: Caller) -> None:
    narrow_program.submit("flux_pro")
    answer = narrow_program.post("/v1/jobs/flux_schnell", {"prompt": "x"})
    assert (answer.status_code, answer.json()["error_type"]) == (403, "model_disabled")


def test_too_few_credits_are_refused_and_leave_nothing(program: Caller) -> None:
    for _ in range(20):
        program.submit("flux_pro", num_images=4)
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "x", "num_images": 4})
    assert answer.status_code == 402
    assert answer["x-should-retry"] == "false"
    body = answer.json()
    assert (body["error_type"], body["title"]) == ("insufficient_credits", "Insufficient credits")
    assert body["error"]["details"] == {"required": 48, "balance": 40}
    assert Job.objects.count() == 20


def test_a_price_above_the_callers_most_is_refused(program: Caller) -> None:
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "x"}, X_Max_Credits="11.999")
    assert (answer.status_code, answer.json()["error_type"]) == (402, "max_credits_exceeded")
    assert answer["x-should-retry"] == "false"
    assert program.post("/v1/jobs/flux_pro", {"prompt": "x"}, X_Max_Credits="12", **ASYNC).status_code == 202


def test_a_provider_that_is_not_configured_is_named_before_anything_is_held(program: Caller) -> None:
    configure_providers(ENV)  # as it is: without FAL_KEY
    answer = program.post("/v1/jobs/flux_pro", {"prompt": "x"})
    assert program.post("/v1/jobs/flux_pro", {"prompt": "x", "mock": True}, **ASYNC).status_code == 202
    assert answer.json()["error"]["details"] == {"setting": "FAL_KEY"}
    assert (answer.status_code, answer.json()["error_type"]) == (503, "provider_not_configured")
    assert answer["Retry-After"] == "300"
    assert answer["x-should-retry"] == "false"
    assert balance(program.workspace) == (1_000_000, 0)


@override_settings(EASEL_MAX_OPEN_JOBS=1)
def test_a_full_queue_is_a_429(program: Caller) -> None:
    program.submit()
    answer = program.post("/v1/jobs/flux_schnell", {"prompt": "x"})
    assert (answer.status_code, answer.json()["error_type"]) == (429, "queue_limit")
    assert answer["Retry-After"] == "10"


# Idempotency


def test_sync_mode_answers_with_the_picture_itself(program: Caller, provider: ScriptedAdapter) -> None:
    made = program.submit("flux_schnell", sync_mode=True)
    run(made["id"])
    body = program.get(f"/v1/jobs/{made['id']}").json()
    [output] = body["outputs"]
    assert output["url"].startswith("data:image/png;base64,")
    assert (output["thumbnail_url"], body["expires_at"]) == (None, None)
    [listed] = program.get("/v1/jobs").json()["data"]
    assert listed["outputs"][0]["url"] is None
