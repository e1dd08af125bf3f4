"""From a job to its provider's words: for every endpoint of the catalogue, exactly the request that fal documents."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.catalog.files.reading import read_catalog
from apps.catalog.models import AIModel, Endpoint
from apps.jobs import handover
from apps.jobs.models import Attempt, Job
from apps.jobs.preparation import ProviderNotConfigured
from apps.jobs.states import State
from apps.outbound import Client
from apps.providers import registry
from apps.providers.fal import FalAdapter
from apps.providers.mock import MockAdapter
from tests.emulators.fal import FalEmulator
from tests.emulators.fal_runs import Run
from tests.jobs.conftest import Stage
from tests.jobs.scripted import png
from tests.jobs.test_submission import upload

Json = dict[str, Any]
KITE = {"prompt": "a red kite"}
ONE, TWO = "<first>", "<second>"  # stand for pictures: 640 x 480, and 60 x 40


@dataclass(frozen=True, slots=True)
class Case:
    """A run of a model, and what an endpoint gets of it beside the prompt."""

    ai_model_id: str
    provider_model: str
    asked: Json  # a prompt beside it, unless it is there
    sent: Json
    prompt: str | None = field(default="a red kite")

    def __str__(self) -> str:
        return f"{self.ai_model_id} at {self.provider_model}: {', '.join(self.asked) or 'prompt'}"


def size(width: int, height: int) -> Json:
    return {"image_size": {"width": width, "height": height}}


LIST = {"image_urls": [ONE]}
PNG = {"output_format": "png"}
CASES = [
    Case("flux_schnell", "fal-ai/flux/schnell", {"seed": 7, "sync_mode": True}, {
        "image_size": "portrait_16_9", "num_inference_steps": 4, "num_images": 1, "guidance_scale": 3.5, "seed": 7,
        "output_format": "jpeg", "enable_safety_checker": True, "acceleration": "none",
    }),
    Case("flux_pro", "fal-ai/flux-pro/v1.1-ultra", {"image_url": ONE}, {
        "num_images": 1, "output_format": "jpeg", "safety_tolerance": "2", "enhance_prompt": False, "image_url": ONE,
        "image_prompt_strength": 0.1, "aspect_ratio": "9:16", "raw": False,
    }),
    Case("flux_realism", "fal-ai/flux-2-lora-gallery/realism", {"image_size": {"width": 800, "height": 600}}, {
        **size(800, 600), "guidance_scale": 2.5, "num_inference_steps": 40, "acceleration": "regular", "lora_scale": 1,
        "enable_safety_checker": True, "output_format": "png", "num_images": 1,
    }),
    Case("nano_banana", "fal-ai/nano-banana-pro", {}, {
        "num_images": 1, "aspect_ratio": "1:1", "output_format": "png", "resolution": "1K",
    }),
    Case("nano_banana_edit", "fal-ai/nano-banana-pro/edit", {"image_urls": [ONE, TWO], "resolution": "4K"}, {
        "image_urls": [ONE, TWO], "num_images": 1, "aspect_ratio": "auto", "output_format": "png", "resolution": "4K",
        "safety_tolerance": "4", "system_prompt": "", "limit_generations": False, "enable_web_search": False,
    }),
    Case("seedream_v45_edit", "fal-ai/bytedance/seedream/v4.5/edit", LIST, {
        **LIST, **size(2048, 2048), "num_images": 1, "max_images": 1, "enable_safety_checker": True,
    }),
    Case("seedream_v5_edit", "bytedance/seedream/v5/lite/edit", LIST, {
        **LIST, "image_size": "auto_2K", "num_images": 1, "max_images": 1, "enable_safety_checker": True,
    }),
    Case("topaz_upscale_image", "fal-ai/topaz/upscale/image", {"image_url": ONE, "upscale_factor": 1.5}, {
        "image_url": ONE, "model": "Standard V2", "upscale_factor": 1.5, "crop_to_fill": False, "output_format": "jpeg",
        "subject_detection": "All", "face_enhancement": True, "face_enhancement_creativity": 0,
        "face_enhancement_strength": 0.8,
    }, prompt=None),
    Case("nano_banana_v1", "fal-ai/nano-banana", {"aspect_ratio": "17:9"}, {"aspect_ratio": "16:9"}),
    Case("nano_banana_v1", "fal-ai/nano-banana/edit", {"image_urls": [ONE, TWO]}, {"image_urls": [ONE, TWO]}),
    Case("nano_banana_v1", "fal-ai/nano-banana/edit", {**LIST, "upscale_factor": 2.5}, {
        **LIST, "prompt": "a red kite Give the picture back enlarged 2.5 times.",
    }),
    Case("nano_banana_v1", "fal-ai/nano-banana/edit", {**LIST, "upscale_factor": 4}, {
        **LIST, "prompt": "Enlarge this picture 4 times. Keep everything in it exactly as it is.",
    }, prompt=None),
    Case("gpt_image_1_5", "fal-ai/gpt-image-1.5/edit", {"image_url": ONE}, LIST),
    Case("flux_2_pro", "fal-ai/flux-2-pro", {}, {**size(1024, 1024), **PNG}),
    Case("flux_2_pro", "fal-ai/flux-2-pro", {"width": 1536, "height": 640}, {**size(1536, 640), **PNG}),
    Case("flux_2_pro", "fal-ai/flux-2-pro/edit", {"image_url": ONE}, {**LIST, **PNG}),
    Case("flux_2_pro", "fal-ai/flux-2-pro/edit", {"image_url": ONE, "width": 800, "height": 600}, {
        **LIST, **PNG, **size(800, 600),
    }),
    Case("flux_2_max", "fal-ai/flux-2-max/edit", {"image_url": ONE}, {**LIST, **PNG}),
    Case("flux_2_dev", "fal-ai/flux-2/edit", {"image_url": ONE}, LIST),
    Case("reve", "reve/2.1/edit", {"image_url": ONE}, {"image_url": ONE}),
    Case("flux_kontext_max", "fal-ai/flux-pro/kontext/max", {"image_url": ONE}, {"image_url": ONE, **PNG}),
    Case("flux_kontext_pro", "fal-ai/flux-pro/kontext", {"image_url": ONE}, {"image_url": ONE, **PNG}),
    Case("seedream_v4", "fal-ai/bytedance/seedream/v4/edit", {"image_url": ONE}, {**LIST, "image_size": "auto_2K"}),
    Case("qwen_image_edit", "fal-ai/qwen-image-edit", {"image_url": ONE}, {"image_url": ONE}),
    Case("gpt_image_2", "openai/gpt-image-2/edit", LIST, {**LIST, "quality": "medium"}),
    Case("gpt_image_2", "openai/gpt-image-2/edit", {**LIST, "width": 400, "height": 100, "quality": "high"}, {
        **LIST, **size(1392, 480), "quality": "high",
    }),
    Case("nano_banana_2", "fal-ai/nano-banana-2/edit", LIST, {**LIST, "num_images": 1}),
    Case("nano_banana_2", "fal-ai/nano-banana-2/edit", {**LIST, "width": 1920, "height": 1080}, {
        **LIST, "num_images": 1, "resolution": "2K", "aspect_ratio": "16:9",
    }),
    Case("nano_banana_2", "fal-ai/nano-banana-2/edit", {**LIST, "width": 600, "height": 800, "resolution": "4K"}, {
        **LIST, "num_images": 1, "resolution": "4K", "aspect_ratio": "3:4",
    }),
    Case("z_image_turbo", "fal-ai/z-image/turbo", {}, size(1024, 1024)),
    Case("z_image_turbo", "fal-ai/z-image/turbo", {"width": 1280, "height": 720}, size(1280, 720)),
    Case("bytedance_seedream", "fal-ai/bytedance/seedream/v4.5/text-to-image", {}, {
        **size(2048, 2048), "num_images": 1,
    }),
    Case("bytedance_seedream", "fal-ai/bytedance/seedream/v4.5/text-to-image", {"aspect_ratio": "16:9"}, {
        **size(2560, 1440), "num_images": 1,
    }),
    Case("bytedance_seedream", "fal-ai/bytedance/seedream/v4.5/edit", {**LIST, "resolution": "4K"}, {
        **LIST, "image_size": "auto_4K", "num_images": 1,
    }),
    Case("bytedance_seedream", "fal-ai/bytedance/seedream/v4.5/edit", {**LIST, "aspect_ratio": "3:1"}, {
        **LIST, **size(3325, 1109), "num_images": 1,
    }),
    Case("qwen", "fal-ai/qwen-image-edit-plus", LIST, {**LIST, **size(1024, 768), "num_images": 1}),
    Case("qwen", "fal-ai/qwen-image-edit-plus", {**LIST, "aspect_ratio": "1:2"}, {
        **LIST, **size(512, 1024), "num_images": 1,
    }),
    Case("flux_kontext", "fal-ai/flux-pro/kontext/max/text-to-image", {"aspect_ratio": "5:2"}, {
        "aspect_ratio": "21:9", "guidance_scale": 3.5, **PNG,
    }),
    Case("flux_kontext", "fal-ai/flux-pro/kontext/max", {"image_url": ONE}, {
        "image_url": ONE, "guidance_scale": 3.5, **PNG,
    }),
    Case("openai_4o", "fal-ai/gpt-image-1.5", {"aspect_ratio": "3:2"}, {"image_size": "1536x1024", "num_images": 1}),
    Case("openai_4o", "fal-ai/gpt-image-1.5/edit", {**LIST, "mask_url": TWO}, {
        **LIST, "mask_image_url": TWO, "num_images": 1,
    }),
    Case("openai_4o", "openai/gpt-image-2", {"aspect_ratio": "2:3"}, {**size(1024, 1536), "num_images": 1}),
    Case("openai_4o", "openai/gpt-image-2/edit", {**LIST, "mask_url": TWO}, {
        **LIST, "mask_url": TWO, "num_images": 1,
    }),
    Case("ideogram_reframe", "fal-ai/ideogram/v3/reframe", {"image_url": ONE, "aspect_ratio": "16:9"}, {
        "image_url": ONE, **size(853, 480), "num_images": 1,
    }, prompt=None),
    Case("veo_3", "fal-ai/veo3.1/image-to-video", {"image_url": ONE}, {
        "image_url": ONE, "duration": "8s", "generate_audio": True,
    }),
]  # fmt: skip


@pytest.fixture
def fal(stage: Stage) -> Iterator[FalEmulator]:
    """A strict fal, in the place of the stage's scripted provider."""
    with FalEmulator(is_strict=True) as emulator, Client() as client:
        url = emulator.url
        adapter = FalAdapter(key=emulator.key, client=client, queue_url=url, rest_url=url, cdn_url=url)
        registry.configure({"mock": MockAdapter, "fal": lambda: adapter})
        yield emulator


def with_pictures(value: Any, names: Json) -> Any:  # JSON in, JSON out
    """Put one name of a picture in the place of another, wherever it stands."""
    if isinstance(value, dict):
        return {name: with_pictures(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [with_pictures(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def hand_over(stage: Stage, fal: FalEmulator, ai_model_id: str, inputs: Json) -> tuple[Job, Run, Json]:
    """Submit a job and let it be handed over: the job, what fal made of it, and its inputs with pictures named."""
    pictures = {ONE: png(640, 480), TWO: png(60, 40)}
    assets = {name: upload(stage, content).public_id for name, content in pictures.items()}
    job = stage.step(stage.submit(ai_model_id, inputs=with_pictures(inputs, assets)))
    (run,) = fal.runs.values()
    names = {content: name for name, content in pictures.items()}
    urls = {f"{fal.url}/files/{key}": names[content] for key, (content, _) in fal.files.items()}
    return job, run, with_pictures(dict(run.inputs), urls)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fal_gets_exactly_what_it_documents(stage: Stage, fal: FalEmulator, case: Case) -> None:
    served = Endpoint.objects.get(ai_model=case.ai_model_id, provider_model=case.provider_model)
    Endpoint.objects.filter(ai_model=case.ai_model_id, priority__lt=served.priority).update(is_enabled=False)
    words = {"prompt": case.prompt} if case.prompt else {}
    job, run, sent = hand_over(stage, fal, case.ai_model_id, words | case.asked)
    assert (run.endpoint, sent, run.failure) == (case.provider_model, words | case.sent, None)
    attempt = Attempt.objects.get(job=job)
    assert (attempt.endpoint, attempt.adapter, job.state) == (served, "fal", State.RUNNING)


@pytest.mark.once
def test_no_endpoint_is_forgotten() -> None:
    at_fal = {
        (model.data["id"], endpoint["provider_model"])
        for model in read_catalog().models
        for endpoint in model.data["endpoints"]
        if endpoint["adapter"] == "fal"
    }
    assert {(case.ai_model_id, case.provider_model) for case in CASES} == at_fal


def test_the_first_endpoint_within_reach_that_takes_the_run_serves_it(stage: Stage) -> None:
    ai_model = AIModel.objects.get(pk="openai_4o")
    pictures = {"image_urls": ["asset_1"]}

    def chosen(inputs: Json) -> str | None:
        endpoint = handover.endpoint_for(ai_model=ai_model, inputs=inputs)
        return endpoint.provider_model if endpoint else None

    assert (chosen(KITE), chosen(KITE | {"image_urls": []})) == ("fal-ai/gpt-image-1.5", "fal-ai/gpt-image-1.5")
    assert chosen(KITE | pictures) == "fal-ai/gpt-image-1.5/edit"
    Endpoint.objects.filter(ai_model=ai_model, priority=0).update(adapter="elsewhere")
    assert (chosen(KITE), chosen(pictures)) == ("openai/gpt-image-2", "openai/gpt-image-2/edit")
    registry.configure({"mock": MockAdapter})  # none is within reach: the first can say what is missing
    assert (chosen(KITE), chosen(pictures)) == ("fal-ai/gpt-image-1.5", "fal-ai/gpt-image-1.5/edit")
    Endpoint.objects.filter(ai_model=ai_model).update(is_enabled=False)
    assert (chosen(KITE), chosen(pictures)) == (None, None)


def test_a_run_that_no_endpoint_takes_is_refused_before_anything_is_held(stage: Stage) -> None:
    with pytest.raises(ProviderNotConfigured, match="Nobody serves such a run of Qwen") as refused:
        stage.submit("qwen", inputs=KITE)
    assert (refused.value.details, Job.objects.count()) == ({"setting": None}, 0)
    assert stage.submit("qwen", inputs=KITE, is_mock=True).is_mock


def test_a_paid_job_that_nobody_serves_any_more_fails_and_never_becomes_a_mock(stage: Stage) -> None:
    job = stage.submit("flux_schnell")
    Endpoint.objects.filter(ai_model="flux_schnell").update(is_enabled=False)
    stage.step(job)
    assert (job.state, job.charged_mc) == (State.FAILED, 0)
    assert job.error is not None
    assert job.error["type"] == "provider_unavailable"
    assert (Attempt.objects.count(), stage.provider.submitted) == (0, [])


def test_who_serves_what_is_one_query(stage: Stage, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        served = handover.served()
    with_endpoints = {model.data["id"] for model in read_catalog().models if model.data["endpoints"]}
    assert set(served) == with_endpoints
    assert (served["openai_4o"], served["local_upscale"]) == (("fal",), ("local",))
    registry.configure({"mock": MockAdapter})
    assert handover.served() == {}
