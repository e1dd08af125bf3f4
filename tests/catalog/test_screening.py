"""Hostile inputs: whatever comes, it is taken or refused with its faults, and never anything else."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.catalog.inputs import InvalidInputs, Measured, clean, planned_outputs
from apps.catalog.pricing import quote
from tests.catalog.shelf import URL, codes, models, needed, refused
from tests.catalog.strategies import anything

pytestmark = pytest.mark.once


def _nested(depth: int) -> Any:  # JSON
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def _endless() -> Any:  # no JSON at all
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("model_id", sorted(models()))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_values_are_taken_or_refused(model_id: str, data: st.DataObject) -> None:
    model = models()[model_id]
    names = st.sampled_from(sorted(model.spec.properties)) | st.text(max_size=10)
    inputs = needed(model_id) | data.draw(st.dictionaries(names, anything(), max_size=4))
    preset = data.draw(st.none() | st.sampled_from(["shorts", "horizontal"]) | anything())
    _take_or_refuse(model_id, inputs, preset)


@settings(max_examples=100, deadline=None)
@given(inputs=anything())
@example(inputs=None)
@example(inputs=[("prompt", "x")])
@example(inputs={1: 2, None: 3, ("a",): 4})
@example(inputs={str(number): number for number in range(1000)})
def test_random_inputs_are_taken_or_refused(inputs: Any) -> None:
    for model_id in ("flux_schnell", "seedream_v45_edit", "topaz_upscale_image"):
        _take_or_refuse(model_id, inputs, None)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (_nested(10), "too_complex"),
        (_nested(100_000), "too_complex"),
        (_endless(), "too_complex"),
        ([0] * 1_000_000, "too_complex"),
        ({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, "too_complex"),
        (10**5000, "out_of_range"),
        (-(10**5000), "out_of_range"),
        (1e300, "out_of_range"),
        (float("nan"), "type"),
        (float("inf"), "type"),
        (float("-inf"), "type"),
        ("a" * 10_000_000, "max_length"),
        ("kite\x00", "characters"),
        ("\ud83d", "characters"),
        (b"kite", "type"),
        (("kite",), "type"),
        ({"kite"}, "type"),
        (object(), "type"),
    ],
    ids=lambda value: str(type(value)),
)
def test_what_breaks_programs_is_a_fault_of_its_field(value: Any, code: str) -> None:
    for name in ("prompt", "image_size", "seed"):
        inputs = {"prompt": "x", "num_images": 0} | {name: value}
        assert sorted(codes(refused("flux_schnell", inputs))) == sorted([(name, code), ("num_images", "minimum")])


def test_a_source_may_be_long_but_not_endless() -> None:
    data = "data:image/png;base64," + "A" * 10_000_000
    assert _take_or_refuse("topaz_upscale_image", {"image_url": data}, None) == []
    endless = "data:image/png;base64," + "A" * 70_000_001
    assert codes(refused("topaz_upscale_image", {"image_url": endless})) == [("image_url", "max_length")]


def test_odd_characters_in_a_prompt_are_kept() -> None:
    prompt = "line\n\ttab ‮right‬ zero​width 🎈 é \x0b"
    cleaned = clean(spec=models()["flux_schnell"].spec, inputs={"prompt": prompt}, wrapper_format=None, pictures=None)
    assert cleaned.effective["prompt"] == prompt


def test_names_from_outside_are_repeated_briefly_and_printably() -> None:
    fault = refused("flux_schnell", {"prompt": "x", "a\x1b[2J" + "b" * 500: 1})[0]
    assert fault["path"] == "a?[2J" + "b" * 59 + "…"


def test_more_fields_than_anything_has_are_one_fault() -> None:
    faults = refused("flux_schnell", {f"field{number}": 1 for number in range(101)})
    assert ("", "too_many_fields") in codes(faults)
    assert len(faults) <= 2


def _take_or_refuse(model_id: str, inputs: Any, preset: Any) -> list[Mapping[str, Any]]:
    """Clean, plan and price; returns the faults, which must be JSON that any client can be sent."""
    model = models()[model_id]
    pictures = {URL: Measured(640, 480, "image/png", 1)}
    try:
        cleaned = clean(spec=model.spec, inputs=inputs, wrapper_format=preset, pictures=pictures)
    except InvalidInputs as refusal:
        json.dumps(refusal.details, allow_nan=False).encode()
        faults: list[Mapping[str, Any]] = refusal.details["fields"]
        assert faults
        return faults
    json.dumps(cleaned.effective, allow_nan=False).encode()
    planned = planned_outputs(spec=model.spec, effective=cleaned.effective, pictures=pictures)
    assert quote(rule=model.rule, effective=cleaned.effective, planned=planned).amount_mc > 0
    return []
