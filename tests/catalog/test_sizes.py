"""The exact pixels a job is planned with, for every way to ask for a size."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog.inputs import Measured, ModelSpec, PlannedOutputs, planned_outputs
from apps.catalog.sizes import Size, largest_factor, legal, read_ratio, reframed, shrunk, upscaled
from tests.catalog.shelf import URL, cleaned, models, needed, planned

pytestmark = pytest.mark.once

NAMED = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
RATIOS = {
    "21:9": (1024, 439),
    "16:9": (1024, 576),
    "3:2": (1024, 683),
    "4:3": (1024, 768),
    "5:4": (1024, 819),
    "1:1": (1024, 1024),
    "4:5": (819, 1024),
    "3:4": (768, 1024),
    "2:3": (683, 1024),
    "9:16": (576, 1024),
}
V45 = {
    "square_hd": (1920, 1920),
    "square": (1920, 1920),
    "portrait_4_3": (1920, 2560),
    "portrait_16_9": (1920, 3414),
    "landscape_4_3": (2560, 1920),
    "landscape_16_9": (3414, 1920),
}
V5 = {
    "square_hd": (1920, 1920),
    "square": (1920, 1920),
    "portrait_4_3": (1663, 2218),
    "portrait_16_9": (1440, 2560),
    "landscape_4_3": (2218, 1663),
    "landscape_16_9": (2560, 1440),
}


def _size(
    model_id: str, preset: str | None = None, size: tuple[int, int] | None = None, **fields: Any
) -> tuple[int, int]:
    outputs = planned(model_id, needed(model_id) | fields, preset=preset, size=size)
    return outputs.width, outputs.height


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"width": 600, "height": 300}, (600, 300)),
        ({"width": 600, "height": 300, "resolution": "2K"}, (2048, 1024)),
        ({"width": 4096, "height": 4096, "resolution": "1K"}, (1024, 1024)),  # as it is priced
        ({"resolution": "4K"}, (4096, 4096)),
        ({}, (1024, 1024)),
    ],
)
def test_a_resolution_gives_the_size_and_edges_then_only_the_shape(
    asked: dict[str, Any], size: tuple[int, int]
) -> None:
    made = planned("nano_banana_2", needed("nano_banana_2") | asked)
    assert (made.width, made.height) == size


# model, without a format, shorts and reels, horizontal
BY_FORMAT = [
    ("flux_schnell", (576, 1024), (576, 1024), (1024, 576)),
    ("flux_pro", (1152, 2048), (1152, 2048), (2048, 1152)),
    ("flux_realism", (1024, 768), (576, 1024), (1024, 576)),
    ("nano_banana", (1024, 1024), (576, 1024), (1024, 576)),
    ("nano_banana_edit", (1024, 1024), (576, 1024), (1024, 576)),
    ("seedream_v45_edit", (2048, 2048), (2160, 3840), (3840, 2160)),
    ("seedream_v5_edit", (2048, 2048), (1440, 2560), (2560, 1440)),
    ("local_reframe", (1024, 1024), (1024, 1820), (1820, 1024)),
]
USUAL = {  # where formats do nothing; the others make a square of 1024 pixels a side
    "topaz_upscale_image": (2048, 2048),
    "local_upscale": (2048, 2048),
    "bytedance_seedream": (2048, 2048),
    "ideogram_reframe": (1820, 1024),
    "veo_3": (1280, 720),
    "sora_2": (1280, 720),
}


@pytest.mark.parametrize(("model_id", "nothing", "upright", "flat"), BY_FORMAT)
def test_every_format_of_every_model(
    model_id: str, nothing: tuple[int, int], upright: tuple[int, int], flat: tuple[int, int]
) -> None:
    sizes = [_size(model_id, preset) for preset in (None, "shorts", "reels", "horizontal")]
    assert sizes == [nothing, upright, upright, flat]


def test_every_other_model_makes_its_usual_size() -> None:
    others = set(models()) - {row[0] for row in BY_FORMAT}
    assert not [one for one in others if models()[one].spec.format_map]
    for one in others:
        usual = USUAL.get(one, (1024, 1024))
        assert [_size(one, preset) for preset in (None, "shorts", "reels", "horizontal")] == [usual] * 4, one


@pytest.mark.parametrize("name", NAMED)
def test_named_sizes(name: str) -> None:
    assert _size("flux_schnell", image_size=name) == NAMED[name]
    assert _size("flux_realism", image_size=name) == NAMED[name]
    assert _size("seedream_v45_edit", image_size=name) == V45[name]
    assert _size("seedream_v5_edit", image_size=name) == V5[name]


@pytest.mark.parametrize(("resolution", "times"), [("1K", 1), ("2K", 2), ("4K", 4)])
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_ratio_at_a_resolution(ratio: str, resolution: str, times: int) -> None:
    for model_id in ("nano_banana", "nano_banana_edit"):
        width, height = _size(model_id, aspect_ratio=ratio, resolution=resolution)
        assert max(width, height) == 1024 * times
        assert min(width, height) == pytest.approx(min(RATIOS[ratio]) * times, abs=times)
        assert (width > height) == (RATIOS[ratio][0] > RATIOS[ratio][1])
    assert times != 1 or _size("nano_banana", aspect_ratio=ratio) == RATIOS[ratio]


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("21:9", (2048, 878)),
        ("9:21", (878, 2048)),
        ("1:1", (2048, 2048)),
        ("5:7", (1463, 2048)),
        ("1:999", (128, 2048)),
    ],
)
def test_flux_pro_takes_any_ratio_within_four_megapixels(ratio: str, size: tuple[int, int]) -> None:
    assert _size("flux_pro", aspect_ratio=ratio) == size


@pytest.mark.parametrize("text", ["cinematic", "0:1", "16:9:3", "-1:2", "1e3:1", "٣:٤", "9" * 5000 + ":1", ""])
def test_a_ratio_nobody_can_read_is_passed_on_and_planned_upright(text: str) -> None:
    result = cleaned("flux_pro", {"prompt": "x", "aspect_ratio": text})
    assert result.effective["aspect_ratio"] == text
    assert [warning.partition(":")[0] for warning in result.warnings] == ["shape_unknown"]
    assert _size("flux_pro", aspect_ratio=text) == (1152, 2048)


@pytest.mark.parametrize(
    ("model_id", "fields", "source", "size"),
    [
        ("nano_banana_edit", {}, (4000, 3000), (1024, 768)),
        ("nano_banana_edit", {"resolution": "4K"}, (3000, 4000), (3072, 4096)),
        ("seedream_v5_edit", {}, (1600, 1600), (2048, 2048)),
        ("seedream_v5_edit", {}, (1920, 1080), (2560, 1440)),  # 2048x1152 is below the least
        ("seedream_v5_edit", {"image_size": "auto_3K"}, (1500, 1000), (3072, 2048)),
        ("seedream_v5_edit", {"image_size": "auto_4K"}, (1000, 1000), (3072, 3072)),  # it delivers no more
        ("seedream_v45_edit", {"image_size": "auto_4K"}, (1000, 1000), (4096, 4096)),
        ("seedream_v45_edit", {"image_size": "auto_2K"}, (1600, 1200), (2560, 1920)),  # an edge is 1920 at least
        ("seedream_v45_edit", {"image_size": "auto_2K"}, (2100, 900), (4096, 1920)),  # and 4096 at most
        ("topaz_upscale_image", {"upscale_factor": 4}, (1024, 768), (4096, 3072)),
        ("topaz_upscale_image", {"upscale_factor": 1}, (3000, 2000), (3000, 2000)),
        ("local_upscale", {"upscale_factor": 1.5}, (101, 33), (152, 50)),
        ("local_cutout", {}, (333, 777), (333, 777)),
    ],
)
def test_sizes_that_follow_the_source(
    model_id: str, fields: dict[str, Any], source: tuple[int, int], size: tuple[int, int]
) -> None:
    assert _size(model_id, size=source, **fields) == size


@pytest.mark.parametrize(
    ("source", "ratio", "cropped", "extended"),
    [
        ((1600, 900), "1:1", (900, 900), (1600, 1600)),
        ((1600, 900), "16:9", (1600, 900), (1600, 900)),
        ((1600, 900), "9:16", (506, 900), (1600, 2844)),
        ((900, 1600), "16:9", (900, 506), (2844, 1600)),
        ((1, 1), "21:9", (1, 1), (2, 1)),
    ],
)
def test_reframing(source: tuple[int, int], ratio: str, cropped: tuple[int, int], extended: tuple[int, int]) -> None:
    assert _size("local_reframe", size=source, aspect_ratio=ratio, mode="crop") == cropped
    assert _size("local_reframe", size=source, aspect_ratio=ratio, mode="extend") == extended


@given(
    width=st.integers(1, 9000), height=st.integers(1, 9000), ratio=st.sampled_from(sorted(RATIOS)), crops=st.booleans()
)
def test_reframing_cuts_only_when_cropping_and_adds_only_when_extending(
    width: int, height: int, ratio: str, crops: bool
) -> None:
    shape = read_ratio(ratio)
    assert shape is not None
    made = reframed(Size(width, height), shape, is_cropped=crops)
    assert (made.width <= width and made.height <= height) if crops else (made.width >= width and made.height >= height)
    assert made.width == width or made.height == height
    assert made.width * shape.height == pytest.approx(made.height * shape.width, abs=max(shape.width, shape.height))


@given(width=st.integers(1, 14142), height=st.integers(1, 14142))
def test_a_size_is_scaled_into_the_range_and_no_further(width: int, height: int) -> None:
    limits = models()["seedream_v5_edit"].spec.limits
    asked = Size(width, height)
    made = legal(asked, limits)
    assert 3686400 <= made.pixels <= 16777216
    assert shrunk(made, 9437184).pixels <= 9437184
    if 3686400 <= asked.pixels <= 16777216:
        assert made == asked
    elif max(width, height) <= 16 * min(width, height):
        assert made.width / made.height == pytest.approx(width / height, rel=0.02)
        bound = 3686400 if asked.pixels < 3686400 else 16777216
        assert made.pixels == pytest.approx(bound, rel=0.005)


def test_what_a_format_delivers_is_what_the_model_file_says() -> None:
    for model_id in ("seedream_v45_edit", "seedream_v5_edit"):
        for preset, size in models()[model_id].spec.limits["format_preset_px"].items():
            assert "x".join(map(str, _size(model_id, preset))) == size


@given(width=st.integers(1, 6000), height=st.integers(1, 6000))
def test_the_factor_named_fits_and_the_next_does_not(width: int, height: int) -> None:
    most, size = 25_165_824, Size(width, height)
    factor = largest_factor(size, most)
    if factor is None:
        assert size.pixels > most
        return
    assert upscaled(size, factor).pixels <= most
    assert upscaled(size, math.floor(factor * 100 + 1.5) / 100).pixels > most


def test_counts_and_file_types() -> None:
    many = planned("seedream_v5_edit", needed("seedream_v5_edit") | {"num_images": 6, "max_images": 6})
    assert (many.count, many.content_type) == (36, "image/png")
    webp = planned("flux_realism", {"prompt": "x", "output_format": "webp", "num_images": 3})
    assert (webp.count, webp.content_type) == (3, "image/webp")
    assert planned("flux_schnell", {"prompt": "x"}).content_type == "image/jpeg"
    assert planned("local_cutout", {"image_url": URL}).content_type == "image/png"
    assert planned("topaz_upscale_image", {"image_url": URL}).count == 1


def test_a_clip_is_planned_as_one() -> None:
    spec = ModelSpec(id="veo", kind="image_to_video", schema={"properties": {}})
    clip = planned_outputs(spec=spec, effective={}, pictures={URL: Measured(10, 10)})
    assert clip.to_json() == {"count": 1, "width": 1280, "height": 720, "content_type": "video/mp4"}
    timed = planned_outputs(spec=replace(spec, limits={"clip_seconds": 8}), effective={}, pictures=None)
    assert timed.to_json() == {**clip.to_json(), "seconds": 8}
    assert PlannedOutputs(**clip.to_json()).seconds is None  # as jobs from before clips had a length are read


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"width": 640, "height": 480}, (640, 480)),
        ({"resolution": "2K"}, (2048, 1024)),
        ({}, (1024, 512)),
        ({"aspect_ratio": "1:2"}, (512, 1024)),
    ],
)
def test_models_that_take_width_and_height_or_nothing(fields: dict[str, object], size: tuple[int, int]) -> None:
    schema = {"properties": {"image_url": {"type": "string", "format": "uri"}}}
    spec = ModelSpec(id="other", kind="image_edit", schema=schema)
    outputs = planned_outputs(spec=spec, effective={"image_url": URL, **fields}, pictures={URL: Measured(400, 200)})
    assert (outputs.width, outputs.height) == size
