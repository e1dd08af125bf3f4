"""A posted form as inputs, and inputs taken from one model to another."""

from typing import Any

import pytest
from django.http import QueryDict

from apps.jobs.preparation import JobRequest
from apps.studio.forms import carry_over, for_price, read_inputs, read_request
from tests.catalog.shelf import models

pytestmark = pytest.mark.once

PICTURE = "asset_01hv0000000000000000000001"
OTHER = "asset_01hv0000000000000000000002"


def read(ai_model_id: str, query: str) -> dict[str, Any]:  # JSON
    return read_inputs(spec=models()[ai_model_id].spec, data=QueryDict(query))


@pytest.mark.parametrize(
    ("query", "inputs"),
    [
        ("prompt=A%20red%20kite&num_images=4", {"prompt": "A red kite", "num_images": 4}),
        ("prompt=%20%20&num_images=", {}),
        ("prompt=one%0D%0Atwo", {"prompt": "one\ntwo"}),
        ("guidance_scale=4.5&num_inference_steps=4", {"guidance_scale": 4.5}),
        ("seed=44l7", {"seed": "44l7"}),
        ("seed=1e400&guidance_scale=nan", {"seed": "1e400", "guidance_scale": "nan"}),
        ("enable_safety_checker=", {"enable_safety_checker": False}),
        ("enable_safety_checker=&enable_safety_checker=on", {}),
        ("image_size=square&image_size.width=9", {"image_size": "square"}),
        ("image_size=custom&image_size.width=640&image_size.height=x", {"image_size": {"width": 640, "height": "x"}}),
        ("sync_mode=on&unknown=1", {}),
    ],
)
def test_a_posted_form_is_read_by_the_schema(query: str, inputs: dict[str, Any]) -> None:  # JSON
    assert read("flux_schnell", query) == inputs


def test_pictures_are_read_one_or_many() -> None:
    both = f"image_urls={PICTURE}&image_urls=&image_urls={OTHER}"
    assert read("nano_banana_edit", both) == {"image_urls": [PICTURE, OTHER]}
    assert read("topaz_upscale_image", f"image_url={PICTURE}") == {"image_url": PICTURE}


def test_a_free_test_is_asked_for_by_its_switch() -> None:
    spec = models()["flux_schnell"].spec
    assert read_request(spec=spec, data=QueryDict("prompt=x&mock=on")).is_mock
    assert not read_request(spec=spec, data=QueryDict("prompt=x")).is_mock


def test_a_missing_prompt_does_not_hide_the_price() -> None:
    spec = models()["nano_banana_edit"].spec
    asked = JobRequest(inputs={"image_urls": [PICTURE]}, is_mock=True)
    assert for_price(spec=spec, request=asked) == JobRequest(
        inputs={"image_urls": [PICTURE], "prompt": "xxx"}, is_mock=True
    )
    worded = JobRequest(inputs={"prompt": "a kite"})
    assert for_price(spec=spec, request=worded) is worded


def test_what_the_next_model_also_takes_is_kept_and_the_rest_is_named() -> None:
    kept, dropped = carry_over(
        source=models()["flux_schnell"].spec,
        target=models()["nano_banana_edit"].spec,
        inputs={"prompt": "a kite", "num_images": 4, "seed": 7, "image_size": "square", "guidance_scale": 9},
    )
    assert kept == {"prompt": "a kite", "num_images": 4, "seed": 7}
    assert dropped == ["Shape", "Guidance scale"]


def test_pictures_move_to_the_next_models_own_slot() -> None:
    inputs = {"image_urls": [PICTURE, OTHER], "prompt": "a kite"}
    source = models()["nano_banana_edit"].spec
    kept, dropped = carry_over(source=source, target=models()["topaz_upscale_image"].spec, inputs=inputs)
    assert kept == {"image_url": PICTURE, "prompt": "a kite"}
    kept, dropped = carry_over(source=source, target=models()["flux_schnell"].spec, inputs=inputs)
    assert (kept, dropped) == ({"prompt": "a kite"}, ["references"])


def test_a_value_that_the_next_model_refuses_is_dropped() -> None:
    kept, dropped = carry_over(
        source=models()["flux_schnell"].spec,
        target=models()["flux_realism"].spec,
        inputs={"num_inference_steps": 2, "acceleration": "high", "output_format": "png"},
    )
    assert kept == {"output_format": "png"}
    assert dropped == ["Steps", "Acceleration"]
