"""Limits that no schema says: how many pictures, how many pixels, and what is done to a size that does not fit."""

from typing import Any

import pytest

from apps.catalog.inputs import InvalidInputs, ModelSpec, Reference, clean, picture_fields
from tests.catalog.shelf import URL, URLS, cleaned, codes, measured, models, refused, with_pictures

pytestmark = pytest.mark.once


@pytest.mark.parametrize("model_id", ["seedream_v45_edit", "seedream_v5_edit"])
def test_of_too_many_references_the_last_ten_are_used(model_id: str) -> None:
    result = cleaned(model_id, {"prompt": "x", "image_urls": list(URLS[:12])})
    assert result.effective["image_urls"] == list(URLS[2:12])
    assert result.warnings == ("references_trimmed: 12 given, the last 10 used",)
    assert result.references[0] == Reference(("image_urls", 0), "image_urls", URLS[2])
    assert len(result.references) == 10


def test_references_that_no_model_drops_are_refused() -> None:
    faults = refused("nano_banana_edit", {"prompt": "edit", "image_urls": list(URLS)})
    assert codes(faults) == [("image_urls", "max_items")]
    assert len(cleaned("nano_banana_edit", {"prompt": "edit", "image_urls": list(URLS[:14])}).references) == 14
    assert codes(refused("nano_banana_edit", {"prompt": "edit", "image_urls": []})) == [("image_urls", "min_items")]


def test_pictures_in_and_out_are_counted_together() -> None:
    ten = {"prompt": "x", "image_urls": list(URLS[:12])}
    assert cleaned("seedream_v45_edit", ten | {"num_images": 5}).effective["num_images"] == 5
    fault = refused("seedream_v45_edit", ten | {"num_images": 6})[0]
    assert (fault["code"], fault["allowed"]) == ("too_many_images", {"max_images_in_all": 15})
    assert fault["message"] == "10 in and 6 out are 16 pictures; this model handles at most 15 in all."


def test_every_picture_is_measured_against_the_limit() -> None:
    inputs = {"prompt": "edit", "image_urls": list(URLS[:2])}
    spec = models()["nano_banana_edit"].spec
    pictures = measured(6235, 14351)
    assert clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=pictures).warnings == ()
    pictures[URLS[1]] = measured(6236, 14351)[URL]
    with pytest.raises(InvalidInputs) as caught:
        clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=pictures)
    assert caught.value.reason == "image_too_large"
    assert codes(caught.value.details["fields"]) == [("image_urls[1]", "image_too_large")]


@pytest.mark.parametrize("model_id", [one for one in sorted(models()) if picture_fields(models()[one].spec.schema)])
def test_no_model_takes_a_picture_past_the_platforms_limit(model_id: str) -> None:
    faults = refused(model_id, with_pictures(model_id), size=(9460, 9460))
    assert {fault["code"] for fault in faults} == {"image_too_large"}


@pytest.mark.parametrize(
    ("model_id", "size", "factor", "fits"),
    [
        ("topaz_upscale_image", (2509, 2509), 2, 1.99),
        ("topaz_upscale_image", (4000, 3000), 2, 1.44),
        ("local_upscale", (5016, 5016), 4, 1),
        ("local_upscale", (1300, 1300), 4, 3.85),
    ],
)
def test_a_result_too_large_names_the_factor_that_fits(
    model_id: str, size: tuple[int, int], factor: float, fits: float
) -> None:
    fault = refused(model_id, {"image_url": URL, "upscale_factor": factor}, size=size)[0]
    assert (fault["path"], fault["code"], fault["allowed"]) == ("upscale_factor", "output_too_large", {"maximum": fits})
    assert fault["message"].endswith(f"The largest upscale_factor that fits this picture is {fits}.")
    cleaned(model_id, {"image_url": URL, "upscale_factor": fits}, size=size)


def test_exactly_24_megapixels_are_made() -> None:
    for model_id in ("topaz_upscale_image", "local_upscale"):
        assert cleaned(model_id, {"image_url": URL}, size=(2048, 3072))  # 4096x6144 is 25,165,824 pixels
        assert refused(model_id, {"image_url": URL}, size=(2048, 3073))[0]["allowed"] == {"maximum": 1.99}


def test_a_picture_larger_than_any_result_has_no_factor() -> None:
    fault = refused("local_upscale", {"image_url": URL, "upscale_factor": 1}, size=(6000, 6000))[0]
    assert (fault["path"], fault["code"]) == ("image_url", "output_too_large")
    assert (
        refused("local_reframe", {"image_url": URL, "aspect_ratio": "21:9"}, size=(5000, 5000))[0]["code"]
        == "output_too_large"
    )
    assert cleaned("local_reframe", {"image_url": URL, "aspect_ratio": "21:9", "mode": "crop"}, size=(5000, 5000))
    assert refused("local_cutout", {"image_url": URL}, size=(6000, 6000))[0]["code"] == "output_too_large"


def test_pictures_that_were_not_fetched_are_named() -> None:
    spec = models()["nano_banana_edit"].spec
    inputs = {"prompt": "edit", "image_urls": list(URLS[:3])}
    some = {URLS[1]: measured(10, 10)[URL]}
    assert clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=None).warnings == ()
    assert clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=some).warnings == (
        "not_measured: image_urls[0], image_urls[2] were not fetched, so the size in pixels was not checked",
    )


def test_named_sizes_the_model_forbids_are_enlarged_before_the_call() -> None:
    result = cleaned("seedream_v45_edit", {"prompt": "x", "image_urls": [URL], "image_size": "landscape_4_3"})
    assert result.effective["image_size"] == {"width": 2560, "height": 1920}
    assert result.warnings == (
        "size_scaled: landscape_4_3 (1024x768) is outside what this model makes; 2560x1920 is used",
    )
    kept = cleaned("seedream_v45_edit", {"prompt": "x", "image_urls": [URL], "image_size": "auto_4K"})
    assert (kept.effective["image_size"], kept.warnings) == ("auto_4K", ())
    assert codes(
        refused(
            "seedream_v45_edit", {"prompt": "x", "image_urls": [URL], "image_size": {"width": 1024, "height": 1024}}
        )
    ) == [("image_size.width", "minimum"), ("image_size.height", "minimum")]


def test_a_format_the_model_forbids_is_doubled_before_the_call() -> None:
    result = cleaned("seedream_v45_edit", {"prompt": "x", "image_urls": [URL]}, preset="shorts")
    assert result.warnings == ("size_scaled: 1080x1920 is outside what this model makes; 2160x3840 is used",)


def test_sizes_the_model_scales_itself_are_sent_as_asked() -> None:
    inputs = {"prompt": "x", "image_urls": [URL], "image_size": {"width": 100, "height": 100}}
    result = cleaned("seedream_v5_edit", inputs)
    assert result.effective["image_size"] == {"width": 100, "height": 100}
    assert result.warnings == ("size_scaled: 100x100 is outside what this model makes; it delivers 1920x1920",)
    large = cleaned("seedream_v5_edit", inputs | {"image_size": {"width": 4096, "height": 4096}})
    assert large.warnings == ("size_scaled: 4096x4096 is outside what this model makes; it delivers 3072x3072",)


def test_large_pictures_are_advised_against() -> None:
    result = cleaned("flux_realism", {"prompt": "x", "image_size": {"width": 3000, "height": 3000}})
    assert result.warnings == ("large_output: 3000x3000 is more than the 4,194,304 pixels this model is made for",)


def open_sizes(**edge: int) -> ModelSpec:
    """A model that takes any width and height, in two places, but for what ``edge`` says of them."""
    sides = {"width": {"type": "integer", "minimum": 1, **edge}, "height": {"type": "integer", "minimum": 1, **edge}}
    size = {"anyOf": [{"type": "string"}, {"type": "object", "properties": sides}]}
    return ModelSpec(
        id="open", kind="text_to_image", schema={"type": "object", "properties": {**sides, "image_size": size}}
    )


@pytest.mark.parametrize("inputs", [{"width": 16384, "height": 1}, {"image_size": {"width": 1, "height": 16384}}])
def test_an_edge_of_16384_pixels_may_be_asked_for(inputs: dict[str, Any]) -> None:
    assert clean(spec=open_sizes(), inputs=inputs, wrapper_format=None, pictures=None).effective == inputs


@pytest.mark.parametrize("edge", [16385, 10**15])
def test_a_longer_edge_is_refused_where_the_model_names_no_maximum(edge: int) -> None:
    for inputs, paths in (
        ({"width": edge, "height": 1}, ["width"]),
        ({"image_size": {"width": edge, "height": edge}}, ["image_size.width", "image_size.height"]),
    ):
        with pytest.raises(InvalidInputs) as caught:
            clean(spec=open_sizes(), inputs=inputs, wrapper_format=None, pictures=None)
        assert codes(caught.value.details["fields"]) == [(path, "image_too_large") for path in paths]
        assert caught.value.details["fields"][0]["allowed"] == {"maximum": 16384}
        assert caught.value.reason == "image_too_large"


def test_a_model_may_allow_more_by_its_own_schema() -> None:
    inputs = {"width": 20000, "height": 10}
    spec = open_sizes(maximum=20000)
    assert clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=None).effective == inputs
    assert cleaned("flux_schnell", {"prompt": "x", "image_size": {"width": 14142, "height": 14142}})
