"""What the catalogue says of its models: figures that were agreed, and examples that fit."""

import re
from typing import Any

import pytest

from apps.catalog.files.reading import read_catalog
from apps.catalog.inputs import clean
from apps.catalog.kinds import Kind, Stage, Surface, Task
from apps.catalog.spec import picture_fields
from apps.catalog.tools import TOOLS
from apps.catalog.use_cases import UseCase
from tests.catalog.shelf import models, needed

pytestmark = pytest.mark.once

# model: provider, support tier, rating, usual seconds
RATED = {
    "nano_banana_edit": ("google", "recommended", 5, 16),
    "nano_banana_v1": ("google", "recommended", 5, 17),
    "gpt_image_1_5": ("openai", "recommended", 5, 54),
    "gpt_image_1": ("openai", "recommended", 5, 91),
    "seedream_v45_edit": ("fal", "recommended", 5, 25),
    "flux_2_pro": ("fal", "recommended", 4, 16),
    "flux_2_max": ("fal", "recommended", 4, 28),
    "reve": ("fal", "supported", 3, 27),
    "reve_fast": ("fal", "supported", 2, 12),
    "flux_kontext_max": ("fal", "supported", 3, 16),
    "flux_kontext_pro": ("fal", "supported", 1, 10),
    "flux_2_dev": ("fal", "supported", 1, 11),
    "seedream_v4": ("fal", "supported", 2, 17),
    "qwen_image_edit": ("fal", "supported", 2, 17),
}
# model: developer, list price, most references, consistency, other id
COMPARED: dict[str, tuple[str, dict[str, Any], int, str, str | None]] = {
    "gpt_image_2": (
        "OpenAI",
        {"by": "quality", "price": {"low": "0.01", "medium": "0.053", "high": "0.41"}},
        10,
        "Elite",
        "openai/gpt-image-2/edit",
    ),
    "flux_2_pro": (
        "Black Forest Labs",
        {"price": {"low": "0.03", "high": "0.05"}},
        1,
        "Strong",
        "black-forest-labs/flux-2-pro/text-to-image",
    ),
    "nano_banana_2": (
        "Google",
        {"by": "resolution", "price": {"1K": "0.08", "2K": "0.12", "4K": "0.16"}},
        14,
        "Excellent",
        "google/nano-banana-2/edit",
    ),
    "seedream_v5_edit": ("ByteDance", {"price": "0.032"}, 10, "Good", "bytedance/seedream-v5.0-lite/edit"),
    "imagen_4_ultra": ("Google DeepMind", {"price": "0.06"}, 0, "N/A", None),
    "z_image_turbo": ("Z-AI", {"price": "0.01"}, 0, "N/A", None),
}


def test_ratings_and_times_are_as_agreed() -> None:
    told = {
        one: (data["provider"], data["support_tier"], data["rating"], data["average_seconds"])
        for one, data in _contents().items()
        if data["rating"] and data["provider"] != "local"
    }
    assert told == RATED


def test_the_six_that_are_compared() -> None:
    told = {
        one: (
            data["developer"],
            data["list_price_usd"],
            data["max_references"],
            data["consistency"],
            data["external_ids"].get("atlas"),
        )
        for one, data in _contents().items()
        if data["consistency"]
    }
    assert told == COMPARED
    assert {one for one, data in _contents().items() if data["verdict"]} == set(COMPARED)


def test_what_is_assumed_or_inferred_is_called_so() -> None:
    by_status: dict[str, set[str]] = {}
    for one, data in _contents().items():
        if data["provider"] != "local":
            by_status.setdefault(data["price"]["status"], set()).add(one)
    assert by_status["converted"] == {"gpt_image_2", "nano_banana_2", "imagen_4_ultra", "z_image_turbo"}
    assert by_status["inferred"] == {"bytedance_seedream", "qwen", "flux_kontext", "openai_4o"}
    assert by_status["assumed"] == {"recraft", "ideogram_reframe", "veo_3", "sora_2"}
    assert len(by_status["stated"]) == 20


def test_the_stages_begin_with_their_leaders() -> None:
    first: dict[str, str] = {}
    for model in read_catalog().models:
        first.setdefault(model.data["stage"], model.data["id"])
    assert first == {
        Stage.EXPLORE: "bytedance_seedream",
        Stage.REFINE: "nano_banana_v1",
        Stage.DELIVER: "nano_banana_2",
        Stage.PRECISION: "flux_kontext",
        Stage.MOTION: "veo_3",
    }
    summed_up = {one for one, data in _contents().items() if data["summary"]}
    assert summed_up == {*first.values(), "sora_2"}


def test_every_use_case_has_a_first() -> None:
    first = {
        use_case: one for one, data in _contents().items() for use_case, rank in data["use_cases"].items() if rank == 1
    }
    assert first == {
        UseCase.COMPLEX_REASONING_AND_TEXT: "gpt_image_2",
        UseCase.CHARACTER_CONSISTENCY: "nano_banana_2",
        UseCase.BRAND_CONSISTENCY: "flux_2_pro",
        UseCase.HIGH_VOLUME_VARIANTS: "seedream_v5_edit",
        UseCase.BEST_QUALITY_WITHOUT_REFERENCE: "imagen_4_ultra",
        UseCase.FASTEST_WITHOUT_REFERENCE: "z_image_turbo",
        UseCase.BACKGROUND_REMOVAL: "recraft",
        UseCase.REFRAME: "ideogram_reframe",
        UseCase.UPSCALE: "topaz_upscale_image",
        UseCase.MASK_EDIT: "openai_4o",
        UseCase.LOCAL_EDIT: "flux_kontext",
        UseCase.IMAGE_TO_VIDEO_WITH_SOUND: "veo_3",
        UseCase.IMAGE_TO_VIDEO_CINEMATIC: "sora_2",
        UseCase.STUDIO_IMAGE_EDIT: "nano_banana_edit",
    }
    assert _contents()["nano_banana_v1"]["use_cases"] == {"upscale": 2}


def test_the_families() -> None:
    members: dict[str, set[str]] = {}
    for one, data in _contents().items():
        members.setdefault(data["tool"], set()).add(one)
    assert {tool: members[tool] for tool in TOOLS} == {
        "bytedance_seedream": {"bytedance_seedream", "seedream_v4", "seedream_v45_edit", "seedream_v5_edit"},
        "qwen": {"qwen", "qwen_image_edit"},
        "flux_kontext": {"flux_kontext", "flux_kontext_pro", "flux_kontext_max"},
        "openai_4o": {"openai_4o"},
        "nano_banana": {"nano_banana_v1", "nano_banana", "nano_banana_edit", "nano_banana_2"},
        "recraft": {"recraft"},
        "ideogram_reframe": {"ideogram_reframe"},
    }
    assert all(ids == {tool} for tool, ids in members.items() if tool not in TOOLS)


def test_every_task_of_every_surface_has_a_default() -> None:
    general = {(one.surface, one.task): one.model for one in read_catalog().defaults if not one.stage}
    assert set(general) == {(surface, task) for surface in Surface for task in Task}
    assert general[Surface.STUDIO, Task.IMAGE_EDIT] == "nano_banana_edit"
    assert general[Surface.MCP, Task.IMAGE_EDIT] == general[Surface.API, Task.IMAGE_EDIT] == "seedream_v5_edit"
    assert {one.surface for one in read_catalog().defaults if one.stage} == {Surface.STUDIO}


@pytest.mark.parametrize("model_id", sorted(models()))
def test_examples_can_be_run_as_they_are(model_id: str) -> None:
    model = models()[model_id]
    fields, pictures = model.spec.schema["properties"], picture_fields(model.spec.schema)
    samples = model.data["sample_prompts"]
    assert len(samples) >= (2 if set(fields) - set(pictures) else 0)
    with_pictures = {name: value for name, value in needed(model_id).items() if name in pictures}
    for sample in samples:
        inputs = with_pictures | sample["inputs"] | ({"prompt": sample["prompt"]} if sample["prompt"] else {})
        assert ("prompt" in model.spec.schema.get("required", [])) <= bool(sample["prompt"])
        assert clean(spec=model.spec, inputs=inputs, wrapper_format=None, pictures=None).effective
    titles = [sample["title"] for sample in samples]
    assert len(set(titles)) == len(titles)


def test_the_three_edits_of_flux_kontext_and_the_uses_that_are_told() -> None:
    assert [one["title"] for one in _contents()["flux_kontext"]["sample_prompts"]] == [
        "One local change",
        "New words",
        "One thing for another",
    ]
    assert {one: len(data["uses"]) for one, data in _contents().items() if data["uses"]} == {
        "nano_banana_2": 4,
        "seedream_v5_edit": 4,
    }
    fast = {one for one, data in _contents().items() if "fast" in data["tags"]}
    assert fast >= {"qwen", "nano_banana_v1", "z_image_turbo", "flux_schnell"}


def test_the_words_are_plain() -> None:
    for one, data in _contents().items():
        told = [data["best_for"], data["verdict"] or "", *(sample["prompt"] for sample in data["sample_prompts"])]
        told += [field["description"] for field in data["schema"]["properties"].values()]
        assert not [text for text in told if re.search(r"!|\bAI\b|magic|amazing|stunning", text)], one
        assert data["best_for"].endswith("."), one
    assert {data["kind"] for data in _contents().values()} == set(Kind)


def _contents() -> dict[str, Any]:
    return {one: model.data for one, model in models().items()}
