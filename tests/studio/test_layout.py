"""Every model's schema becomes a form that can be drawn and read back."""

from typing import Any

import pytest
from django.http import QueryDict

from apps.catalog.inputs import picture_fields
from apps.studio.fields import LEFT_OUT, Control, Field, Form
from apps.studio.forms import read_inputs
from apps.studio.layout import form_of
from tests.catalog.shelf import models

pytestmark = pytest.mark.once


def form(ai_model_id: str, **inputs: Any) -> Form:  # JSON
    return form_of(spec=models()[ai_model_id].spec, inputs=inputs)


def fields(shown: Form) -> dict[str, Field]:
    found = [*([shown.prompt] if shown.prompt else []), *shown.main, *shown.rest]
    return {field.name: field for field in found}


@pytest.mark.parametrize("ai_model_id", models())
def test_every_input_of_every_model_stands_somewhere_once(ai_model_id: str) -> None:
    spec = models()[ai_model_id].spec
    shown = form(ai_model_id)
    names = [*fields(shown), *(slots.name for slots in shown.slots)]
    assert sorted(names) == sorted(set(spec.properties) - LEFT_OUT)
    assert {slots.name for slots in shown.slots} == set(picture_fields(spec.schema))


@pytest.mark.parametrize("ai_model_id", models())
def test_a_form_left_alone_asks_for_nothing(ai_model_id: str) -> None:
    """Defaults are blank in the request, so that the model's own stand."""
    data = QueryDict(mutable=True)
    for field in fields(form(ai_model_id)).values():
        chosen = next((choice.value for choice in field.choices if choice.is_chosen), None)
        data.appendlist(field.name, field.value if chosen is None else chosen)
    assert read_inputs(spec=models()[ai_model_id].spec, data=data) == {}


@pytest.mark.parametrize(
    ("ai_model_id", "name", "control"),
    [
        ("flux_schnell", "prompt", Control.TEXT),
        ("flux_schnell", "image_size", Control.TILES),
        ("flux_schnell", "num_images", Control.STEPPER),
        ("flux_schnell", "num_inference_steps", Control.SLIDER),
        ("flux_schnell", "guidance_scale", Control.SLIDER),
        ("flux_schnell", "seed", Control.SEED),
        ("flux_schnell", "output_format", Control.SEGMENTS),
        ("flux_schnell", "enable_safety_checker", Control.SWITCH),
        ("nano_banana_edit", "aspect_ratio", Control.TILES),
        ("nano_banana_edit", "resolution", Control.SEGMENTS),
        ("nano_banana_edit", "safety_tolerance", Control.SELECT),
        ("topaz_upscale_image", "model", Control.SELECT),
        ("topaz_upscale_image", "upscale_factor", Control.SLIDER),
        ("topaz_upscale_image", "denoise", Control.NUMBER),
    ],
)
def test_each_input_gets_the_control_that_suits_it(ai_model_id: str, name: str, control: Control) -> None:
    assert fields(form(ai_model_id))[name].control is control


def test_size_and_variants_share_a_line() -> None:
    by_name = fields(form("nano_banana_edit"))
    assert (by_name["resolution"].layout, by_name["num_images"].layout) == ("beside", "narrow")


def test_the_usual_format_is_the_default_of_the_size() -> None:
    """A size that equals the schema's default, but not what Easel fills in, has to be sent."""
    shape = fields(form("flux_schnell"))["image_size"]
    assert shape.value == "portrait_16_9"
    sent = {choice.label: choice.value for choice in shape.choices}
    assert sent["9:16"] == ""
    assert sent["4:3"] == "landscape_4_3"


def test_what_was_set_is_said_beside_the_closed_settings() -> None:
    assert form("flux_schnell").rest_summary == "Defaults"
    assert form("flux_schnell", seed=7, output_format="png").rest_summary == "Seed 7, Format PNG"
    assert form("flux_schnell", enable_safety_checker=False).rest_summary == "Safety check off"


def test_faults_stand_at_their_fields_and_the_others_above() -> None:
    faults = [
        {"path": "image_size.width", "code": "maximum", "message": "too wide", "allowed": None},
        {"path": "prompt", "code": "required", "message": "prompt is required.", "allowed": None},
        {"path": "", "code": "too_many_images", "message": "too many", "allowed": None},
    ]
    shown = form_of(spec=models()["flux_schnell"].spec, inputs={}, faults=faults)
    assert fields(shown)["image_size"].faults == ("too wide",)
    assert fields(shown)["prompt"].faults == ("prompt is required.",)
    assert shown.faults == ("too many",)


def test_a_slider_is_as_fine_as_its_value() -> None:
    assert fields(form("topaz_upscale_image"))["upscale_factor"].step == "0.1"
    assert fields(form("topaz_upscale_image", upscale_factor=1.25))["upscale_factor"].step == "0.01"


def test_a_custom_size_is_shown_as_one() -> None:
    shape = fields(form("flux_schnell", image_size={"width": 640, "height": 480}))["image_size"]
    assert (shape.width, shape.height) == ("640", "480")
    assert [choice.label for choice in shape.choices if choice.is_chosen] == ["Custom"]
