"""How runs are written in a provider's words, rule by rule; and that fal takes whatever our models take."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog.files.reading import ModelFile, read_catalog
from apps.catalog.inputs import InvalidInputs, Measured, clean, planned_outputs
from apps.catalog.parameter_maps import takes, write_inputs
from apps.catalog.sizes import Size
from tests.catalog.strategies import valid_inputs
from tests.emulators.fal_inputs import refusals

pytestmark = pytest.mark.once

Json = Mapping[str, Any]
PLANNED = Size(1920, 1080)
BOUNDS = {"total_px": {"min": 655360, "max": 8294400}, "axis_px": {"max": 3840}, "longest_shape": 3, "multiple_of": 16}
AT_FAL = [model for model in read_catalog().models if any(one["adapter"] == "fal" for one in model.data["endpoints"])]


def written(parameter_map: Json, planned: Size | None = PLANNED, **inputs: Any) -> dict[str, Any]:
    return write_inputs(parameter_map, inputs=inputs, planned=planned)


def test_fields_that_no_rule_reads_keep_their_names_and_empty_ones_stay_behind() -> None:
    assert written({}, prompt="kite", seed=None, raw=False, style="") == {"prompt": "kite", "raw": False, "style": ""}


@pytest.mark.parametrize(
    ("parameter_map", "inputs", "sent"),
    [
        ({"mask_image_url": "mask_url"}, {"mask_url": "m"}, {"mask_image_url": "m"}),
        ({"mask_image_url": "mask_url"}, {}, {}),
        ({"seed": None}, {"seed": 7, "raw": True}, {"raw": True}),
        ({"duration": {"always": "8s"}}, {}, {"duration": "8s"}),
        ({"duration": {"always": "8s"}}, {"duration": 5}, {"duration": "8s"}),
        ({"sound": {"always": False}}, {}, {"sound": False}),
        ({"urls": {"of": "url", "as": "list"}}, {"url": "a"}, {"urls": ["a"]}),
        ({"urls": {"of": "url", "as": "list"}}, {"url": ["a", "b"]}, {"urls": ["a", "b"]}),
        ({"urls": {"of": "url", "as": "list"}}, {"url": None}, {}),
        ({"size": {"of": "tier", "values": {"2K": "auto_2K"}}}, {"tier": "2K"}, {"size": "auto_2K"}),
        ({"size": {"of": "tier", "values": {"2K": "auto_2K"}}}, {"tier": "4K"}, {}),
        ({"mode": {"of": "raw", "values": {"true": 1, "false": 0}}}, {"raw": False}, {"mode": 0}),
        ({"resolution": ["resolution", {"of": "width", "edges": {"1K": 1024}}]}, {"width": 9}, {"resolution": "1K"}),
        ({"prompt": [{"text": "{prompt} {n} times"}, "prompt"]}, {"prompt": "a", "n": 2.0}, {"prompt": "a 2 times"}),
        ({"prompt": [{"text": "{prompt} {n} times"}, "prompt"]}, {"prompt": "{n}"}, {"prompt": "{n}"}),
        ({"prompt": [{"text": "{prompt} {n} times"}, "prompt"]}, {"prompt": "{n}", "n": 1}, {"prompt": "{n} 1 times"}),
    ],
)
def test_each_rule_writes_its_field(parameter_map: Json, inputs: dict[str, Any], sent: Json) -> None:
    assert written(parameter_map, **inputs) == sent


@pytest.mark.parametrize(
    ("planned", "pixels", "shape", "edge"),
    [
        (Size(1920, 1080), (1920, 1072), "16:9", "2K"),
        (Size(1024, 1024), (1024, 1024), "1:1", "1K"),
        (Size(1025, 1024), (1024, 1024), "1:1", "2K"),
        (Size(8000, 4500), (3840, 2160), "16:9", "4K"),  # too large: the largest
        (Size(100, 100), (816, 816), "1:1", "1K"),  # too few pixels: grown
        (Size(100, 4000), (1280, 3840), "9:16", "4K"),  # too long: widened
        (Size(3, 4), (704, 944), "3:4", "1K"),
    ],
)
def test_rules_about_the_planned_picture(planned: Size, pixels: tuple[int, int], shape: str, edge: str) -> None:
    parameter_map = {
        "image_size": {"of": ["width", "height"], "as": "pixels", "within": BOUNDS},
        "aspect_ratio": {"of": ["width"], "nearest": ["16:9", "1:1", "3:4", "9:16"]},
        "resolution": {"edges": {"4K": 4096, "1K": 1024, "2K": 2048}},
    }
    sent = written(parameter_map, planned, width=planned.width, height=planned.height)
    assert sent == {
        "image_size": {"width": pixels[0], "height": pixels[1]}, "aspect_ratio": shape, "resolution": edge,
    }  # fmt: skip
    assert written(parameter_map, planned) == {"resolution": edge}  # nobody asked for the others
    assert written(parameter_map, None, width=10, height=10) == {}  # the model decides


@given(st.integers(1, 14_142), st.integers(1, 14_142))
def test_bounds_are_kept_whatever_is_planned(width: int, height: int) -> None:
    size = written({"image_size": {"as": "pixels", "within": BOUNDS}}, Size(width, height))["image_size"]
    assert refusals("openai/gpt-image-2", {"prompt": "a kite", "image_size": size}) == []


def test_a_condition_looks_at_the_pictures_only() -> None:
    schema = {"properties": {"prompt": {"type": "string"}, "image_url": {"type": "string", "format": "uri"}}}

    def taking(inputs: Json) -> list[bool]:
        return [takes(one, schema=schema, inputs=inputs) for one in ({}, {"pictures": "some"}, {"pictures": "none"})]

    assert taking({"prompt": "a", "image_url": "asset_1"}) == [True, True, False]
    assert taking({"prompt": "a", "image_url": None, "picture": "b"}) == [True, False, True]


@pytest.mark.parametrize("model", AT_FAL, ids=lambda model: model.data["id"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_fal_takes_whatever_the_model_takes(model: ModelFile, data: st.DataObject) -> None:
    spec, inputs = model.spec, data.draw(valid_inputs(model.spec))
    edges = st.integers(16, 3000)
    pictures = {f"https://example.com/{number}.png": data.draw(st.builds(Measured, edges, edges)) for number in (1, 2)}
    try:
        effective = clean(spec=spec, inputs=inputs, wrapper_format=None, pictures=pictures).effective
    except InvalidInputs:
        return  # what a schema cannot say: too many pictures in all, an enlargement that is too large
    planned = planned_outputs(spec=spec, effective=effective, pictures=pictures)
    for endpoint in model.data["endpoints"]:
        if takes(endpoint.get("condition", {}), schema=spec.schema, inputs=effective):
            sent = write_inputs(
                endpoint.get("parameter_map", {}),
                inputs={name: value for name, value in effective.items() if name != "sync_mode"},
                planned=Size(planned.width, planned.height),
            )
            assert refusals(endpoint["provider_model"], sent) == []
