"""Asking fal for a run: how it goes, how it ends, and what is only a disturbance."""

import base64
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from apps.outbound import fetch_public
from apps.providers.contract import (
    Artifact,
    Done,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
)
from apps.providers.fal import FalAdapter
from tests.emulators.fal import FalEmulator, Fault, Route
from tests.emulators.fal_runs import GONE, Behavior, Failure
from tests.providers.handover import accept, build_picture, build_request, encoded, finish

pytestmark = pytest.mark.once

REQUEST = build_request()
PNG = encoded(Image.new("RGB", (8, 6), "teal"))


def end(fal: FalEmulator, adapter: FalAdapter, behavior: Behavior) -> Done:
    """Run a job that behaves so, from submit to its end."""
    fal.behavior = behavior
    return finish(adapter, REQUEST)


def test_a_run_from_the_queue_to_its_pictures(fal: FalEmulator, adapter: FalAdapter) -> None:
    fal.behavior = Behavior(polls_in_queue=2, polls_in_progress=1, billable_units="2")
    accepted = accept(adapter, num_images=2, seed=7, image_size="square", output_format="jpeg")
    assert [adapter.poll(REQUEST, accepted) for _ in range(3)] == [
        Pending(2.0, is_started=False),
        Pending(1.0, is_started=False),
        Pending(1.0),
    ]
    done = adapter.poll(REQUEST, accepted)
    assert isinstance(done, Done)
    assert done.artifacts == tuple(
        Artifact(url=f"{fal.url}/files/512x512-{index}.jpeg", content_type="image/jpeg") for index in (0, 1)
    )
    assert done.facts == {
        "request_id": accepted.reference,
        "seed": 7,
        "timings": {"inference": 0.5},
        "has_nsfw_concepts": [False, False],
        "billable_units": "2",
    }
    assert adapter.poll(REQUEST, accepted) == done
    assert fal.count(Route.SUBMIT) == 1


def test_slow_models_are_asked_less_often(fal: FalEmulator, adapter: FalAdapter) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=99)
    accepted = accept(adapter)
    pauses = []
    for seconds in (30, 120, 180, 3600):
        answer = adapter.poll(build_request(timeout_seconds=seconds), accepted)
        assert isinstance(answer, Pending)
        pauses.append(answer.poll_after)
    assert pauses == [1.0, 2.0, 3.0, 5.0]


def test_pictures_inside_the_answer(fal: FalEmulator, adapter: FalAdapter) -> None:
    done = end(fal, adapter, Behavior(is_inline=True))
    (artifact,) = done.artifacts
    assert artifact.url is None
    assert artifact.content_type == "image/png"
    assert (artifact.content or b"").startswith(b"\x89PNG")


def test_nsfw_is_a_fact_of_an_ordinary_success(fal: FalEmulator, adapter: FalAdapter) -> None:
    assert end(fal, adapter, Behavior(is_nsfw=True)).facts["has_nsfw_concepts"] == [True]


@pytest.mark.parametrize("pictures", [0, 1])
def test_fewer_pictures_than_asked(fal: FalEmulator, adapter: FalAdapter, pictures: int) -> None:
    fal.behavior = Behavior(pictures=pictures)
    request = build_request(count=2, num_images=2)
    assert len(finish(adapter, request).artifacts) == pictures


def test_a_tool_delivers_one_image(fal: FalEmulator, adapter: FalAdapter) -> None:
    request = build_request(provider_model="fal-ai/topaz/upscale/image", image_url=build_picture(PNG))
    assert len(finish(adapter, request).artifacts) == 1


FAILURES = [
    (Failure.of_model("content_policy_violation"), Refusal.CONTENT_REJECTED),
    (Failure.of_model("image_too_large", loc="image_url"), Refusal.INVALID_INPUT),
    (Failure.of_model("missing"), Refusal.INVALID_INPUT),
    (Failure.of_model("no_media_generated"), Refusal.PROVIDER_ERROR),
    (Failure.of_model("downstream_service_error", status=400), Refusal.PROVIDER_ERROR),
    (Failure.of_model("internal_server_error", status=500), Refusal.PROVIDER_ERROR),
    (Failure.of_model("generation_timeout", status=504), Refusal.PROVIDER_ERROR),
    (Failure.of_request("runner_server_error", status=500), Refusal.PROVIDER_ERROR),
    (Failure.of_request("request_timeout", status=504), Refusal.PROVIDER_ERROR),
    (Failure.of_request("bad_request", status=400), Refusal.INVALID_INPUT),
    (Failure.of_request("client_cancelled", status=499), Refusal.CANCELED),
    (Failure.of_request("client_disconnected", status=499), Refusal.CANCELED),
    (Failure(422, {"detail": "Bare words."}), Refusal.INVALID_INPUT),
    (Failure(499, {"detail": "Bare words."}), Refusal.CANCELED),
    (Failure(500, {"detail": "Oh"}, {"x-fal-error-type": "runner_server_error"}), Refusal.PROVIDER_ERROR),
    (GONE, Refusal.PROVIDER_ERROR),
]


@pytest.mark.parametrize(("failure", "refusal"), FAILURES)
def test_a_run_that_failed(fal: FalEmulator, adapter: FalAdapter, failure: Failure, refusal: Refusal) -> None:
    with pytest.raises(ProviderRejected) as rejected:
        end(fal, adapter, Behavior(failure=failure))
    assert rejected.value.refusal is refusal
    assert rejected.value.facts["request_id"] in fal.runs
    assert fal.count(Route.SUBMIT) == 1


def test_a_failure_tells_the_field_and_what_was_billed(fal: FalEmulator, adapter: FalAdapter) -> None:
    failure = Failure.of_model("image_too_large", loc="image_url", message="Image is too large.")
    with pytest.raises(ProviderRejected, match=r"image_url: Image is too large\.") as rejected:
        end(fal, adapter, Behavior(failure=failure))
    facts = {name: rejected.value.facts[name] for name in ("status", "error_type", "billable_units")}
    assert facts == {"status": 422, "error_type": "image_too_large", "billable_units": "0"}


DISTURBANCES = [
    Fault.gateway(502),
    Fault.gateway(503),
    Fault.gateway(504),
    Fault.gateway(404),
    Fault.of(500, {"detail": "Internal Server Error"}),
    Fault.of(429, {"detail": "busy"}),
    Fault.of(401, {"detail": "no"}),
    Fault.of(200, b"<html>garbage"),
    Fault.of(200, b'{"images": [{"url": "https://v3.fal'),
    Fault.of(200, b"[]"),
    Fault.dropped(),
    Fault.lost(),
]


@pytest.mark.parametrize("fault", DISTURBANCES)
@pytest.mark.parametrize("route", [Route.STATUS, Route.RESULT])
def test_a_disturbance_is_no_end(fal: FalEmulator, adapter: FalAdapter, route: Route, fault: Fault) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    fal.fail_next(route, fault, fault)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            adapter.poll(REQUEST, accepted)
    assert isinstance(adapter.poll(REQUEST, accepted), Done)


def test_a_result_that_is_not_ready_yet_is_asked_for_again(fal: FalEmulator, adapter: FalAdapter) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    fal.fail_next(Route.RESULT, Fault.of(400, {"detail": "Request is still in progress"}))
    with pytest.raises(ProviderUnavailable):
        adapter.poll(REQUEST, accepted)
    assert isinstance(adapter.poll(REQUEST, accepted), Done)


def test_a_failure_that_the_status_tells_needs_no_result(fal: FalEmulator, adapter: FalAdapter) -> None:
    failure = Failure.of_request("runner_server_error", status=500)
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0, failure=failure)
    accepted = accept(adapter)
    fal.fail_next(Route.RESULT, Fault.gateway(502))
    with pytest.raises(ProviderRejected) as rejected:
        adapter.poll(REQUEST, accepted)
    assert rejected.value.refusal is Refusal.PROVIDER_ERROR


@pytest.mark.parametrize("status", [{"status": "EXPLODED"}, {}, {"status": None}])
def test_a_status_that_nobody_knows_is_asked_again(
    fal: FalEmulator, adapter: FalAdapter, status: dict[str, Any]
) -> None:
    accepted = accept(adapter)
    fal.fail_next(Route.STATUS, Fault.of(200, status))
    with pytest.raises(ProviderUnavailable):
        adapter.poll(REQUEST, accepted)


def test_a_run_that_fal_does_not_know_is_over(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = accept(adapter)
    fal.runs.clear()
    with pytest.raises(ProviderRejected) as rejected:
        adapter.poll(REQUEST, accepted)
    assert rejected.value.refusal is Refusal.PROVIDER_ERROR


@pytest.mark.parametrize(
    "output",
    [
        {},
        {"images": [{}]},
        {"images": [{"url": ""}]},
        {"images": ["https://v3.fal.media/a.png"]},
        {"images": [{"url": "data:image/png;base64,!!"}]},
        {"images": [{"url": "data:image/png;base64,"}]},
        {"image": "https://v3.fal.media/a.png"},
        {"video": {"url": "https://v3.fal.media/a.mp4"}},
    ],
)
def test_an_output_without_a_readable_picture(fal: FalEmulator, adapter: FalAdapter, output: dict[str, Any]) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    fal.fail_next(Route.RESULT, Fault.of(200, output, {"x-fal-billable-units": "1"}))
    with pytest.raises(ProviderRejected) as rejected:
        adapter.poll(REQUEST, accepted)
    assert rejected.value.facts["billable_units"] == "1"  # delivered or not, it is on the bill


@pytest.mark.parametrize(
    ("output", "artifact"),
    [
        (
            {"image": {"url": "data:image/webp;base64," + base64.b64encode(b"x").decode(), "content_type": "?"}},
            Artifact(content=b"x", content_type="image/webp"),
        ),
        ({"images": [{"url": "data:,a%20b"}]}, Artifact(content=b"a b")),
    ],
)
def test_shapes_of_output(fal: FalEmulator, adapter: FalAdapter, output: dict[str, Any], artifact: Artifact) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    fal.fail_next(Route.RESULT, Fault.of(200, output))
    done = adapter.poll(REQUEST, accepted)
    assert isinstance(done, Done)
    assert done.artifacts == (artifact,)


CLIP = build_request(content_type="video/mp4", provider_model="fal-ai/veo3/image-to-video")


@pytest.mark.parametrize(
    ("output", "artifact"),
    [
        ({"video": {"url": "https://v3.fal.media/a.mp4"}}, Artifact(url="https://v3.fal.media/a.mp4")),
        (
            {
                "video": {"url": "https://v3.fal.media/a.mp4", "content_type": "video/mp4", "duration": 8.0},
                "thumbnail": {"url": "https://v3.fal.media/a.webp"},
                "images": [{"url": "https://v3.fal.media/a.png"}],
            },
            Artifact(url="https://v3.fal.media/a.mp4", content_type="video/mp4"),
        ),
    ],
)
def test_of_a_clips_output_the_clip_is_taken(
    fal: FalEmulator, adapter: FalAdapter, output: dict[str, Any], artifact: Artifact
) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    fal.fail_next(Route.RESULT, Fault.of(200, output | {"video_id": "video_1"}))
    done = adapter.poll(CLIP, accepted)
    assert isinstance(done, Done)
    assert done.artifacts == (artifact,)
    assert done.facts["video_id"] == "video_1"


@pytest.mark.parametrize(
    "output", [{}, {"video": None}, {"video": {}}, {"images": [{"url": "https://v3.fal.media/a.png"}]}]
)
def test_a_clips_output_without_a_clip(fal: FalEmulator, adapter: FalAdapter, output: dict[str, Any]) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    fal.fail_next(Route.RESULT, Fault.of(200, output))
    with pytest.raises(ProviderRejected):
        adapter.poll(CLIP, accepted)


def test_a_clip_can_be_fetched_and_played(fal: FalEmulator, adapter: FalAdapter) -> None:
    still = build_picture(encoded(Image.new("RGB", (64, 36), "teal")))
    done = finish(adapter, replace(CLIP, inputs={"prompt": "it waves", "image_url": still}))
    (artifact,) = done.artifacts
    assert artifact.content_type == "video/mp4"
    (run,) = fal.runs.values()
    assert run.inputs["image_url"].startswith(fal.url)  # the still was handed over first
    file = io.BytesIO()
    assert artifact.url
    fetch_public(artifact.url, into=file, max_bytes=1_000_000, timeout_seconds=5, allow_private=True)
    assert file.getvalue()[4:8] == b"ftyp"
