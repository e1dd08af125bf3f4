"""The vendor's own client works with our emulator: what the emulator accepts and answers is what fal does."""

import gc
from collections.abc import Iterator
from typing import Literal

import fal_client
import fal_client.client
import pytest

from tests.emulators.fal import FalEmulator, Fault, Route
from tests.emulators.fal_runs import CANCELED, Behavior, Failure

pytestmark = pytest.mark.once


@pytest.fixture
def vendor(fal: FalEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[fal_client.SyncClient]:
    """``fal_client`` 1.0.3, pointed at the emulator; its hosts can be set by these constants alone."""
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{fal.url}/")
    monkeypatch.setattr(fal_client.client, "REST_URL", fal.url)
    monkeypatch.setattr(fal_client.client, "CDN_URL", fal.url)
    monkeypatch.setattr(fal_client.client, "BASE_DELAY", 0.001)
    monkeypatch.setattr(fal_client.client, "MAX_DELAY", 0.001)
    client = fal_client.SyncClient(key=fal.key)
    yield client
    client._client.close()


def test_a_run_from_submit_to_result(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    fal.behavior = Behavior(polls_in_queue=2, polls_in_progress=1)
    handle = vendor.submit("fal-ai/flux/schnell", {"prompt": "a kite", "num_images": 2, "image_size": "square"})
    seen = [type(handle.status()).__name__ for _ in range(4)]
    assert seen == ["Queued", "Queued", "InProgress", "Completed"]
    result = handle.get(interval=0.001)
    assert [(image["width"], image["height"]) for image in result["images"]] == [(512, 512)] * 2
    assert vendor._client.get(result["images"][0]["url"]).content.startswith(b"\x89PNG")
    assert fal.count(Route.SUBMIT) == 1
    assert fal.seen(Route.SUBMIT)[0].json()["prompt"] == "a kite"


def test_subscribe_follows_a_run(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    result = vendor.subscribe("workflows/acme/flow", {"prompt": "a kite"})
    assert result["seed"] == 42


def test_the_client_builds_the_same_addresses_from_an_id(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    handle = vendor.submit("fal-ai/flux/schnell", {"prompt": "a kite"})
    assert vendor.get_handle("fal-ai/flux/schnell", handle.request_id).status_url == handle.status_url


def test_cancel_in_the_queue(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    handle = vendor.submit("fal-ai/flux/schnell", {"prompt": "a kite"})
    handle.cancel()
    status = handle.status()
    assert isinstance(status, fal_client.Completed)
    assert status.error_type == "client_cancelled"
    with pytest.raises(fal_client.client.FalClientHTTPError) as failed:
        handle.get()
    assert failed.value.status_code == CANCELED.status
    with pytest.raises(fal_client.client.FalClientHTTPError) as late:
        handle.cancel()
    assert late.value.status_code == 400


def test_a_model_error(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    fal.behavior = Behavior(failure=Failure.of_model("content_policy_violation"))
    with pytest.raises(fal_client.client.FalClientHTTPError) as failed:
        vendor.subscribe("fal-ai/flux/schnell", {"prompt": "a kite"})
    assert failed.value.status_code == 422
    assert failed.value.response.json()["detail"][0]["type"] == "content_policy_violation"


def test_a_platform_error(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    fal.behavior = Behavior(failure=Failure.of_request("runner_server_error", status=500))
    with pytest.raises(fal_client.client.FalClientHTTPError) as failed:
        vendor.subscribe("fal-ai/flux/schnell", {"prompt": "a kite"})
    assert (failed.value.status_code, failed.value.error_type) == (500, "runner_server_error")


def test_a_missing_prompt_is_the_models_error(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    with pytest.raises(fal_client.client.FalClientHTTPError) as failed:
        vendor.subscribe("fal-ai/flux/schnell", {})
    assert failed.value.status_code == 422


def test_a_wrong_key(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    stranger = fal_client.SyncClient(key="someone:else")
    with pytest.raises(fal_client.client.FalClientHTTPError) as failed:
        stranger.submit("fal-ai/flux/schnell", {"prompt": "a kite"})
    assert failed.value.status_code == 401
    stranger._client.close()


def test_the_client_repeats_a_submit_on_429(fal: FalEmulator, vendor: fal_client.SyncClient) -> None:
    fal.fail_next(Route.SUBMIT, Fault.of(429, {"detail": "busy"}), Fault.gateway(502))
    vendor.submit("fal-ai/flux/schnell", {"prompt": "a kite"})
    assert (fal.count(Route.SUBMIT), len(fal.runs)) == (3, 1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves its socket open
@pytest.mark.parametrize("repository", ["fal_v3", "fal"])
def test_upload(fal: FalEmulator, vendor: fal_client.SyncClient, repository: Literal["fal_v3", "fal"]) -> None:
    url = vendor.upload(b"picture", "image/png", "a.png", repository=repository)
    answer = vendor._client.get(url)
    gc.collect()
    assert (answer.content, answer.headers["content-type"]) == (b"picture", "image/png")
