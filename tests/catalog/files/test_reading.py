"""The catalogue's files: ours are right, and each way to get one wrong is found and named."""

from pathlib import Path
from typing import Any

import pytest

from apps.catalog.files.faults import InvalidCatalog
from apps.catalog.files.prices import price_rule
from apps.catalog.files.reading import read_catalog
from tests.catalog.conftest import Drop, Edit
from tests.catalog.shelf import models

pytestmark = pytest.mark.once

GONE = object()  # what a field is set to when it is taken out

# (model, place in its file, what is put there, the field that is named)
BROKEN: list[tuple[str, str, Any, str]] = [
    ("flux_pro", "colour", "red", ""),
    ("flux_pro", "timeout_seconds", GONE, ""),
    ("flux_pro", "rating", 6, "rating"),
    ("flux_pro", "rating", 0, "rating"),
    ("flux_pro", "rating", 4.5, "rating"),
    ("flux_pro", "kind", "painting", "kind"),
    ("flux_pro", "mode", "later", "mode"),
    ("flux_pro", "best_for", "", "best_for"),
    ("flux_pro", "name", "a\x00b", "name"),
    ("flux_pro", "uses", ["a\x00b"], "uses.0"),
    ("flux_pro", "provider", "nobody", "provider"),
    ("flux_pro", "id", "other", "id"),
    ("flux_pro", "id", "Flux Pro", "id"),
    ("flux_schnell", "tier_preset", "fine", "tier_preset"),
    ("flux_pro", "default_for", ["create"], ""),
    ("flux_pro", "also_kinds", ["text_to_image"], "also_kinds"),
    ("flux_pro", "also_kinds", ["painting"], "also_kinds.0"),
    ("flux_pro", "lifecycle", "gone", "lifecycle"),
    ("flux_pro", "lifecycle", "retired", "retires_on"),
    ("flux_pro", "lifecycle", "deprecated", "retires_on"),
    ("flux_pro", "retires_on", "2027-01-01", "retires_on"),
    ("gpt_image_1_5", "retires_on", "2026-02-30", "retires_on"),
    ("gpt_image_1_5", "retires_on", "soon", "retires_on"),
    ("flux_pro", "successor", "nano_banana_edit", "successor"),
    ("gpt_image_1_5", "successor", "gpt_image_1_5", "successor"),
    ("gpt_image_1_5", "successor", "nobody", "successor"),
    ("flux_pro", "use_cases", {"world_peace": 1}, "use_cases.world_peace"),
    ("flux_pro", "use_cases", {"upscale": 0}, "use_cases.upscale"),
    ("nano_banana_edit", "use_cases", {"character_consistency": 2}, "use_cases.character_consistency"),
    ("flux_pro", "tags", ["Very Fast"], "tags.0"),
    ("flux_pro", "summary", {"strength": "a", "moment": "b"}, "summary"),
    ("flux_pro", "verdict", "", "verdict"),
    ("flux_pro", "sources", {"name": []}, "sources.name"),
    ("flux_pro", "sample_prompts.0.prompt", GONE, "sample_prompts.0"),
    ("flux_pro", "sample_prompts.0.inputs", {"mood": "good"}, "sample_prompts.0.inputs.mood"),
    ("flux_pro", "sample_prompts.0.inputs", {"num_images": 9}, "sample_prompts.0.inputs.num_images"),
    ("flux_pro", "sample_prompts.0.inputs", {"image_url": "https://x.y/z"}, "sample_prompts.0.inputs.image_url"),
    ("local_reframe", "sample_prompts.0.prompt", "taller", "sample_prompts.0.prompt"),
    ("nano_banana_edit", "sample_prompts.0.prompt", "x", "sample_prompts.0.prompt"),
    ("flux_pro", "cost", {"base": {"per_call": "-1"}, "scope": "call", "outputs": []}, "cost.base.per_call"),
    ("flux_pro", "cost", {"base": {"per_call": 0.1}, "scope": "call", "outputs": []}, "cost.base.per_call"),
    ("flux_pro", "cost", {"scope": "call", "outputs": []}, "cost"),
    ("nano_banana_2", "cost.tiers.default", "8K", "cost"),
    ("nano_banana_edit", "cost.outputs", [], "cost.outputs"),
    ("nano_banana_edit", "cost.multipliers.0.when", {"resolution": "8K"}, "cost.multipliers.0"),
    ("nano_banana_2", "price.tiers.default", "8K", "price"),
    ("nano_banana_2", "price.tiers.credits.4K", GONE, "price.tiers"),
    ("openai_4o", "capabilities.multi_image.limited", False, "capabilities.multi_image.limited"),
    ("flux_pro", "max_references", 0, "max_references"),
    ("flux_pro", "endpoints.0.provider_model", GONE, "endpoints.0"),
    ("flux_pro", "limits.max_output_px", 0, "limits.max_output_px"),
    ("flux_pro", "limits.mood", "good", "limits"),
    ("flux_pro", "limits.axis_px", {"min": 9, "max": 8}, "limits.axis_px"),
    ("flux_pro", "limits.edits_with", "nobody", "limits.edits_with"),
    ("flux_pro", "format.field", "shape", "format.field"),
    ("flux_pro", "format.map.reels", GONE, "format.map"),
    ("flux_schnell", "format.map.reels", "tall", "format.map.reels"),
    ("flux_schnell", "format.default", "tall", "format.default"),
    ("seedream_v45_edit", "limits.format_preset_px.reels", GONE, "format.map.reels"),
    ("topaz_upscale_image", "limits.format_preset_px", {"reels": "9x16"}, "limits.format_preset_px"),
    ("topaz_upscale_image", "limits.applies_when.taste", {"model": ["CGI"]}, "limits.applies_when.taste"),
    ("topaz_upscale_image", "limits.applies_when.detail", {"engine": ["CGI"]}, "limits.applies_when.detail"),
    ("topaz_upscale_image", "limits.applies_when.detail", {"model": ["GCI"]}, "limits.applies_when.detail"),
    ("flux_pro", "price.base.per_call", 0, "price.base.per_call"),
    ("flux_pro", "price.base.per_call", -12, "price.base.per_call"),
    ("flux_pro", "price.base.per_call", 1.5, "price.base.per_call"),
    ("flux_pro", "price.base.per_call", "0.0005", "price.base.per_call"),
    ("flux_pro", "price.base.per_call", "0.000", "price"),
    ("flux_pro", "price.base", GONE, "price"),
    ("flux_pro", "price.outputs", [], "price.outputs"),
    ("flux_pro", "price.outputs", ["seed"], "price.outputs.0"),
    ("flux_pro", "schema.properties.num_images.maximum", GONE, "price.outputs"),
    ("nano_banana", "price.multipliers.0.when", {"size": "4K"}, "price.multipliers.0"),
    ("nano_banana", "price.multipliers.0.when", {"resolution": "8K"}, "price.multipliers.0"),
    ("nano_banana_edit", "price.surcharges.0.when", {"enable_web_search": "yes"}, "price.surcharges.0"),
    ("flux_pro", "schema.additionalProperties", True, "schema"),
    ("flux_pro", "schema.type", "array", "schema"),
    ("flux_pro", "schema.$schema", GONE, "schema.$schema"),
    ("flux_pro", "schema.required", ["prompt", "mood"], "schema.required"),
    ("flux_pro", "schema.properties.raw.type", "bool", "schema.properties.raw.type"),
    ("flux_pro", "schema.properties.raw.default", "no", "schema.properties.raw.default"),
    ("flux_pro", "schema.properties.raw.description", GONE, "schema.properties.raw"),
    ("flux_pro", "schema.properties.raw.x-truncate-to-last", 1, "schema.properties.raw"),
    ("flux_pro", "schema.properties.prompt.format", "email", "schema.properties.prompt"),
    ("flux_schnell", "schema.properties.image_size.anyOf.0.enum", ["vast"], "schema.properties.image_size"),
]


def test_our_own_catalogue_is_right() -> None:
    catalog = read_catalog()
    assert len(catalog.models) == 35
    assert [model.data["id"] for model in catalog.models if model.data["provider"] == "local"] == [
        "local_upscale",
        "local_reframe",
        "local_cutout",
    ]
    assert catalog.providers == {
        "local": "Easel",
        "fal": "fal.ai",
        "google": "Google",
        "openai": "OpenAI",
        "atlascloud": "Atlas Cloud",
        "recraft": "Recraft",
        "ideogram": "Ideogram",
    }


def test_a_model_runs_at_fal_or_here_or_nowhere() -> None:
    served = {one: {endpoint["adapter"] for endpoint in model.data["endpoints"]} for one, model in models().items()}
    nowhere = {"gpt_image_1", "imagen_4_ultra", "reve_fast", "recraft", "sora_2"}
    assert {one for one, adapters in served.items() if not adapters} == nowhere
    assert {one for one, adapters in served.items() if adapters == {"local"}} == {
        "local_upscale",
        "local_reframe",
        "local_cutout",
    }
    assert set.union(*served.values()) == {"fal", "local"}


def test_fields_keep_their_order() -> None:
    assert list(models()["flux_pro"].spec.properties)[:3] == ["prompt", "seed", "sync_mode"]
    assert [field["x-order"] for field in models()["flux_pro"].spec.properties.values()] == list(range(11))


@pytest.mark.parametrize(
    ("model_id", "place", "value", "field"),
    BROKEN,
    ids=[f"{one[0]}-{one[1]}-{index}" for index, one in enumerate(BROKEN)],
)
def test_a_mistake_is_found_and_named(
    folder: Path, edit: Edit, drop: Drop, model_id: str, place: str, value: Any, field: str
) -> None:
    few = {model_id, "flux_pro", "local_reframe", "nano_banana_edit", "gpt_image_2"}
    drop(*(path.stem for path in (folder / "models").iterdir() if path.stem not in few))
    edit(model_id, lambda data: _put(data, place, value))
    faults = _faults(folder)
    assert field in {fault["field"] for fault in faults if fault["file"] == f"{model_id}.yaml"}
    assert all(fault["message"] and fault["line"] > 0 for fault in faults)


@pytest.mark.parametrize("name", sorted(["out", "mock", "format", "project", "metadata", "webhook_url"]))
def test_no_model_takes_a_name_that_is_easels_own(folder: Path, edit: Edit, name: str) -> None:
    edit("flux_pro", lambda data: data["schema"]["properties"].update({name: {"type": "string", "description": "x"}}))
    assert [fault["field"] for fault in _faults(folder)] == [f"schema.properties.{name}"]


def test_no_model_is_called_like_a_job(folder: Path) -> None:
    path = folder / "models" / "flux_pro.yaml"
    path.rename(folder / "models" / "job_pro.yaml").write_text(
        (folder / "models" / "job_pro.yaml").read_text().replace("id: flux_pro", "id: job_pro")
    )
    assert ("job_pro.yaml", "id", "Ids that start with job_ belong to jobs.") in {
        (fault["file"], fault["field"], fault["message"]) for fault in _faults(folder)
    }


@pytest.mark.parametrize(
    "text", ["", "a: [", "a: 1\na: 2\n", "- 1", "\x00", "schema: &a {b: *a}", "!!python/object:os.system {}"]
)
def test_a_file_that_is_no_model_is_named(folder: Path, text: str) -> None:
    (folder / "models" / "flux_pro.yaml").write_text(text)
    assert "flux_pro.yaml" in {fault["file"] for fault in _faults(folder)}


def test_faults_of_several_files_come_together(folder: Path, edit: Edit) -> None:
    edit("flux_pro", lambda data: data.update(rating=9, mode="later"))
    edit("nano_banana", lambda data: data.update(provider="nobody"))
    faults = _faults(folder)
    assert sorted((fault["file"], fault["field"]) for fault in faults) == [
        ("flux_pro.yaml", "mode"),
        ("flux_pro.yaml", "rating"),
        ("nano_banana.yaml", "provider"),
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "- {id: fal}", "- {id: fal, name: a}\n- {id: fal, name: b}", "- {id: A B, name: a}"]
)
def test_providers_that_are_wrong_are_named(folder: Path, text: str) -> None:
    (folder / "providers.yaml").write_text(text)
    assert "providers.yaml" in {fault["file"] for fault in _faults(folder)}


def test_a_folder_without_files_is_no_catalogue(tmp_path: Path) -> None:
    assert {fault["file"] for fault in _faults(tmp_path)} == {
        "providers.yaml",
        "models",
        "defaults.yaml",
        "price_cases.csv",
    }


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ("a,b", "", "A row has 12 cells."),
        ("a,nobody,{},", "", "A row has 12 cells."),
        ('a,nobody,{},,,charged,,,1,1,"",""', "model", "There is no model nobody."),
    ],
)
def test_a_row_of_cases_that_cannot_be_read_is_named(folder: Path, row: str, field: str, message: str) -> None:
    cases = folder / "price_cases.csv"
    cases.write_text(f"{cases.read_text()}{row}\n")
    line = len(cases.read_text().splitlines())
    assert _faults(folder) == [{"file": "price_cases.csv", "line": line, "field": field, "message": message}]


def test_amounts_are_read_in_credits() -> None:
    tiers = {"by": "quality", "default": "medium", "credits": {"low": 2, "medium": "10.6", "high": 82}}
    rule = price_rule({"tiers": tiers, "scope": "call", "outputs": []}).to_json()
    assert rule["base"]["tiers_mc"] == {"low": 2000, "medium": 10_600, "high": 82_000}
    times = [{"when": {"resolution": "0.5K"}, "factor": "0.75"}]
    halved = price_rule({"base": {"per_call": 8}, "scope": "call", "outputs": [], "multipliers": times}).to_json()
    assert halved["multipliers"] == [{"when": {"resolution": "0.5K"}, "thousandths": 750}]


def _faults(folder: Path) -> list[dict[str, Any]]:  # a line is a number
    with pytest.raises(InvalidCatalog) as caught:
        read_catalog(folder)
    faults: list[dict[str, Any]] = caught.value.details["faults"]
    return faults


def _put(data: Any, place: str, value: Any) -> None:
    """Set or take out what stands at a place such as ``price.multipliers.0.when`` of a file's content."""
    *way, last = place.split(".")
    for step in way:
        data = data[int(step)] if isinstance(data, list) else data[step]
    if value is GONE:
        del data[last]
    else:
        data[last] = value
