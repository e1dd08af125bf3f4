"""Inputs against models: what is taken, what is filled in, what is left out."""

from typing import Any

import pytest

from apps.catalog.inputs import default_inputs
from tests.catalog.shelf import URL, URLS, cleaned, codes, every_field, models, needed, refused, with_companions

pytestmark = pytest.mark.once


FIELDS = list(every_field())
IDS = [f"{model_id}-{name}" for model_id, name, _ in FIELDS]


@pytest.mark.parametrize(("model_id", "name", "schema"), FIELDS, ids=IDS)
def test_a_field_left_out_gets_its_default(model_id: str, name: str, schema: dict[str, Any]) -> None:
    model = models()[model_id]
    mapping, idle = model.spec.format_map, model.spec.limits.get("applies_when", {})
    effective = cleaned(model_id, needed(model_id)).effective
    if mapping and mapping["field"] == name and mapping["default"] is not None:
        assert effective[name] == mapping["default"]
    elif "default" in schema:
        assert effective[name] == schema["default"]
    elif name not in needed(model_id):
        assert name not in effective
    assert set(effective) <= set(model.spec.properties)
    assert name in effective or name in idle or "default" not in schema


@pytest.mark.parametrize(
    ("model_id", "name", "schema"),
    [field for field in FIELDS if "maximum" in field[2]],
    ids=lambda value: str(value)[:20],
)
def test_a_number_is_taken_at_both_ends_and_refused_just_outside(
    model_id: str, name: str, schema: dict[str, Any]
) -> None:
    step = 1 if schema["type"] == "integer" else 0.001
    base = with_companions(model_id, name)
    for inside in (schema["minimum"], schema["maximum"]):
        cleaned(model_id, base | {name: inside})
    for outside, code in ((schema["minimum"] - step, "minimum"), (schema["maximum"] + step, "maximum")):
        faults = refused(model_id, base | {name: outside})
        assert (name, code) in codes(faults)
        allowed = next(fault["allowed"] for fault in faults if fault["path"] == name)
        assert allowed == {"minimum": schema["minimum"], "maximum": schema["maximum"]}
    odd_ones: list[Any] = [True, "1", [1], {}, None]
    for odd in odd_ones:
        assert codes(refused(model_id, base | {name: odd})) == [(name, "type")]


@pytest.mark.parametrize(("model_id", "name", "schema"), [field for field in FIELDS if "enum" in field[2]], ids=str)
def test_each_choice_is_taken_and_no_other(model_id: str, name: str, schema: dict[str, Any]) -> None:
    for value in schema["enum"]:
        cleaned(model_id, needed(model_id) | {name: value})
    fault = refused(model_id, needed(model_id) | {name: "no such thing"})[0]
    assert (fault["path"], fault["code"], fault["allowed"]) == (name, "enum", schema["enum"])
    assert str(schema["enum"][0]) in fault["message"]


@pytest.mark.parametrize(
    ("model_id", "name"), [(model_id, name) for model_id, name, schema in FIELDS if schema.get("type") == "boolean"]
)
def test_a_switch_takes_true_and_false_only(model_id: str, name: str) -> None:
    for value in (True, False):
        cleaned(model_id, needed(model_id) | {name: value})
    for odd in ("yes", 1, 0, None):
        assert refused(model_id, needed(model_id) | {name: odd})[0]["code"] == "type"


@pytest.mark.parametrize("model_id", sorted(models()))
def test_what_a_model_needs_and_what_it_does_not_know(model_id: str) -> None:
    faults = refused(model_id, {"nonsense": 1})
    required = models()[model_id].spec.schema.get("required", [""])  # else the inputs as a whole lack something
    assert sorted(codes(faults)) == sorted(
        [("nonsense", "unknown_parameter"), *((name, "required") for name in required)]
    )


@pytest.mark.parametrize(
    ("model_id", "field", "preset", "value"),
    [
        ("flux_schnell", "image_size", None, "portrait_16_9"),
        ("flux_schnell", "image_size", "shorts", "portrait_16_9"),
        ("flux_schnell", "image_size", "reels", "portrait_16_9"),
        ("flux_schnell", "image_size", "horizontal", "landscape_16_9"),
        ("flux_pro", "aspect_ratio", None, "9:16"),
        ("flux_pro", "aspect_ratio", "horizontal", "16:9"),
        ("flux_realism", "image_size", None, "landscape_4_3"),
        ("flux_realism", "image_size", "reels", "portrait_16_9"),
        ("nano_banana", "aspect_ratio", None, "1:1"),
        ("nano_banana", "aspect_ratio", "shorts", "9:16"),
        ("nano_banana_edit", "aspect_ratio", None, "auto"),
        ("nano_banana_edit", "aspect_ratio", "horizontal", "16:9"),
        ("seedream_v45_edit", "image_size", None, {"width": 2048, "height": 2048}),
        ("seedream_v45_edit", "image_size", "shorts", {"width": 2160, "height": 3840}),
        ("seedream_v45_edit", "image_size", "horizontal", {"width": 3840, "height": 2160}),
        ("seedream_v5_edit", "image_size", None, "auto_2K"),
        ("seedream_v5_edit", "image_size", "reels", {"width": 1080, "height": 1920}),
        ("seedream_v5_edit", "image_size", "horizontal", {"width": 1920, "height": 1080}),
    ],
)
def test_a_format_becomes_the_models_own_size(model_id: str, field: str, preset: str | None, value: object) -> None:
    assert cleaned(model_id, needed(model_id), preset=preset).effective[field] == value


def test_an_explicit_size_beats_the_format_and_we_say_so() -> None:
    result = cleaned("flux_schnell", {"prompt": "x", "image_size": "square"}, preset="shorts")
    assert result.effective["image_size"] == "square"
    assert result.warnings == ("format_ignored: image_size was given, so shorts was not used",)


@pytest.mark.parametrize("preset", ["tall", "", "Shorts", 5, ["shorts"]])
def test_an_unknown_format_is_refused_on_every_model(preset: Any) -> None:
    for model_id in models():
        fault = refused(model_id, needed(model_id), preset=preset)[0]
        assert (fault["path"], fault["code"], fault["allowed"]) == ("format", "enum", ["shorts", "reels", "horizontal"])


def test_a_format_on_a_model_without_sizes_changes_nothing_and_we_say_so() -> None:
    result = cleaned("topaz_upscale_image", {"image_url": URL}, preset="shorts")
    assert result.effective == cleaned("topaz_upscale_image", {"image_url": URL}).effective
    assert result.warnings == ("format_ignored: this model has no sizes to choose from, so shorts changes nothing",)


def test_settings_of_another_engine_are_left_out_and_named() -> None:
    given = {
        "image_url": URL,
        "creativity": 3,
        "sharpen": 0.5,
        "face_enhancement": False,
        "face_enhancement_strength": 1,
    }
    result = cleaned("topaz_upscale_image", given)
    assert "creativity" not in result.effective
    assert "face_enhancement_strength" not in result.effective
    assert "face_enhancement_creativity" not in result.effective  # a default of ours: nothing to say
    assert result.effective["sharpen"] == 0.5
    assert result.warnings == (
        "setting_ignored: face_enhancement_strength has no effect with this face_enhancement, so it was left out",
        "setting_ignored: creativity has no effect with this model, so it was left out",
    )


def test_a_setting_that_hangs_on_a_dropped_one_goes_too() -> None:
    result = cleaned("topaz_upscale_image", {"image_url": URL, "model": "Redefine", "creativity": 6, "prompt": "oak"})
    assert set(result.effective) == {
        *("image_url", "model", "upscale_factor", "crop_to_fill", "output_format", "creativity", "prompt")
    }
    assert result.warnings == ()


def test_a_setting_of_another_engine_must_still_be_valid() -> None:
    assert codes(refused("topaz_upscale_image", {"image_url": URL, "creativity": 1.5})) == [("creativity", "type")]


def test_null_is_a_value_where_the_schema_says_so() -> None:
    result = cleaned("flux_pro", {"prompt": "x", "seed": None, "image_url": None})
    assert result.effective["seed"] is None
    assert result.references == ()
    assert codes(refused("nano_banana", {"prompt": "x", "seed": None})) == [("seed", "type")]


def test_whole_numbers_are_kept_whole() -> None:
    effective = cleaned(
        "flux_schnell", {"prompt": "x", "num_images": 2.0, "seed": 7.0, "image_size": {"width": 64.0, "height": 64}}
    ).effective
    assert [type(effective[name]) for name in ("num_images", "seed")] == [int, int]
    assert type(effective["image_size"]["width"]) is int
    assert codes(refused("flux_schnell", {"prompt": "x", "num_images": 1.5})) == [("num_images", "type")]


def test_lengths_of_prompts() -> None:
    edit = {"image_urls": [URL]}
    assert codes(refused("nano_banana_edit", edit | {"prompt": "ab"})) == [("prompt", "min_length")]
    assert codes(refused("nano_banana_edit", edit | {"prompt": "a" * 50_001})) == [("prompt", "max_length")]
    assert cleaned("nano_banana_edit", edit | {"prompt": "a" * 50_000, "system_prompt": "a" * 50_000})
    assert cleaned("flux_schnell", {"prompt": "a" * 20_000})
    assert codes(refused("flux_schnell", {"prompt": "a" * 50_001})) == [("prompt", "max_length")]
    assert codes(refused("topaz_upscale_image", {"image_url": URL, "prompt": "a" * 1025})) == [("prompt", "max_length")]


def test_the_callers_inputs_are_left_alone() -> None:
    inputs = {"prompt": "x", "image_urls": list(URLS[:12]), "image_size": {"width": 2000.0, "height": 2000}}
    before = repr(inputs)
    result = cleaned("seedream_v45_edit", inputs)
    result.effective["image_size"]["width"] = 1
    assert repr(inputs) == before
    models_default = models()["seedream_v45_edit"].spec.schema["properties"]["image_size"]["default"]
    default_inputs(models()["seedream_v45_edit"].spec)["image_size"]["width"] = 1
    assert models_default == {"width": 2048, "height": 2048}
