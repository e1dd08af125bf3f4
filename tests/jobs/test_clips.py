"""Jobs that make clips: planned, drawn by the mock or brought by a provider, stored with a poster, charged."""

import io

import pytest
from PIL import Image

from apps.catalog.inputs import InvalidInputs
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.ledger.models import Hold
from apps.library import clips, storage
from apps.library.models import Asset
from apps.providers.contract import Accepted, Artifact, Done, Pending, Picture
from tests.clip_models import CLIP_MODEL, CLIP_SECONDS, add_clip_model
from tests.clips import build_clip
from tests.jobs.conftest import START, Stage
from tests.jobs.scripted import png
from tests.jobs.test_runner import assert_books
from tests.jobs.test_submission import assert_nothing_left, upload


@pytest.fixture(autouse=True)
def clip_model(stage: Stage) -> None:
    add_clip_model(START)


def submit(stage: Stage, *, is_mock: bool = False) -> Job:
    still = upload(stage, png(640, 360, "navy")).public_id
    return stage.submit(CLIP_MODEL, inputs={"prompt": "it waves", "image_url": still}, is_mock=is_mock)


def delivered(*files: bytes, content_type: str | None = "video/mp4") -> Done:
    return Done(tuple(Artifact(content=file, content_type=content_type) for file in files))


def read(key: str) -> bytes:
    with storage.open(key) as file:
        return file.read()


def test_a_mock_clip_is_what_was_planned_and_begins_with_the_still(stage: Stage) -> None:
    job = submit(stage, is_mock=True)
    assert job.planned == {
        "count": 1,
        "width": 1280,
        "height": 720,
        "content_type": "video/mp4",
        "seconds": CLIP_SECONDS,
    }
    stage.run(job)
    assert (job.state, job.charged_mc, Hold.objects.count()) == (State.SUCCEEDED, 0, 0)
    asset = job.outputs.get().asset
    assert (asset.content_type, asset.width, asset.height, asset.duration_ms) == ("video/mp4", 1280, 720, 2000)
    assert asset.storage_key.endswith("/0.mp4")
    assert asset.name == f"{CLIP_MODEL}/{job.public_id}.mp4"
    content = read(asset.storage_key)
    assert len(content) == asset.size_bytes
    assert clips.probe(io.BytesIO(content)).has_sound
    with Image.open(io.BytesIO(read(asset.thumbnail_key))) as poster:
        assert (poster.format, poster.size) == ("WEBP", (640, 360))
        assert poster.convert("RGB").getpixel((20, 20)) == pytest.approx((0, 0, 128), abs=25)
    assert asset.blurhash


@pytest.mark.parametrize("ai_model_id", ["veo_3", "sora_2"])
def test_the_models_on_sale_make_a_clip_of_eight_seconds_with_sound(stage: Stage, ai_model_id: str) -> None:
    inputs = {"prompt": "it waves", "image_url": upload(stage).public_id}
    job = stage.run(stage.submit(ai_model_id, inputs=inputs, is_mock=True))
    asset = job.outputs.get().asset
    assert (asset.width, asset.height, asset.duration_ms) == (1280, 720, 8000)
    assert clips.probe(io.BytesIO(read(asset.storage_key))).has_sound


def test_a_mock_whose_still_is_not_fetched_makes_a_clip_too(stage: Stage) -> None:
    inputs = {"prompt": "it waves", "image_url": "https://pictures.example/a.png"}
    job = stage.run(stage.submit(CLIP_MODEL, inputs=inputs, is_mock=True))
    assert job.state == State.SUCCEEDED
    assert job.outputs.get().asset.duration_ms == 2000


def test_a_providers_clip_is_fetched_stored_and_charged(stage: Stage) -> None:
    clip = build_clip(size=(320, 180), seconds=1.5)
    stage.provider.submits = [Accepted("ref-1")]
    stage.provider.polls = [Pending(1), delivered(clip)]
    job = stage.run(submit(stage))
    assert (job.state, job.charged_mc, job.quoted_mc) == (State.SUCCEEDED, 12_000, 12_000)
    asset = job.outputs.get().asset
    assert (asset.width, asset.height, asset.duration_ms, asset.size_bytes) == (320, 180, 1500, len(clip))
    assert read(asset.storage_key) == clip
    [request] = stage.provider.submitted
    assert isinstance(request.inputs["image_url"], Picture)
    assert (request.planned.content_type, request.planned.seconds) == ("video/mp4", CLIP_SECONDS)
    assert_books(stage, 12_000)


@pytest.mark.parametrize("content_type", [None, "video/mp4", "video/quicktime"])
def test_the_type_is_told_by_the_content(stage: Stage, content_type: str | None) -> None:
    stage.provider.submits = [
        delivered(build_clip(container="webm", codec="libvpx", sound="libopus"), content_type=content_type)
    ]
    job = stage.run(submit(stage))
    asset = job.outputs.get().asset
    assert asset.content_type == "video/webm"
    assert asset.storage_key.endswith("/0.webm")
    assert read(asset.storage_key)[:4] == b"\x1a\x45\xdf\xa3"


@pytest.mark.parametrize(
    "offered", [png(), b"", b"no clip", build_clip()[:600]], ids=["picture", "empty", "text", "cut"]
)
def test_what_is_no_whole_clip_was_not_delivered(stage: Stage, offered: bytes) -> None:
    stage.provider.submits = [delivered(offered)]
    job = submit(stage)
    assets = Asset.objects.count()
    stage.run(job)
    assert (job.state, job.charged_mc, job.outputs.count()) == (State.FAILED, 0, 0)
    assert Asset.objects.count() == assets
    assert_books(stage, 0)


def test_a_clip_where_a_picture_was_planned_was_not_delivered(stage: Stage) -> None:
    stage.provider.submits = [delivered(build_clip())]
    job = stage.run(stage.submit())
    assert (job.state, job.charged_mc, job.outputs.count()) == (State.FAILED, 0, 0)
    assert_books(stage, 0)


def test_a_clip_needs_a_still(stage: Stage) -> None:
    with pytest.raises(InvalidInputs) as refused:
        stage.submit(CLIP_MODEL, inputs={"prompt": "it waves"})
    assert [field["path"] for field in refused.value.details["fields"]] == ["image_url"]
    assert_nothing_left(stage)


def test_a_clip_is_no_still(stage: Stage) -> None:
    """Nor any other picture that a model is given."""
    made = stage.run(submit(stage, is_mock=True)).outputs.get().asset
    jobs = Job.objects.count()
    with pytest.raises(InvalidInputs) as refused:
        stage.submit(CLIP_MODEL, inputs={"prompt": "it waves", "image_url": made.public_id})
    assert [(field["path"], field["code"]) for field in refused.value.details["fields"]] == [
        ("image_url", "not_a_picture")
    ]
    assert Job.objects.count() == jobs


def test_a_job_from_before_clips_had_a_length_can_be_read(stage: Stage) -> None:
    job = stage.submit()
    assert "seconds" not in job.planned
    assert job.planned_outputs.seconds is None
