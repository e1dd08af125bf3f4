"""What is wrong with endpoints, named by field; nothing of a model with such a fault is taken over."""

from pathlib import Path
from typing import Any

import pytest

from apps.catalog.checks.endpoints import endpoint_problems
from apps.catalog.files.faults import InvalidCatalog
from apps.catalog.files.reading import read_catalog
from apps.catalog.spec import ModelSpec
from tests.catalog.conftest import Edit

pytestmark = pytest.mark.once

SPEC = ModelSpec(
    id="kite",
    kind="image_edit",
    schema={
        "properties": {
            "prompt": {"type": "string"},
            "image_url": {"type": "string", "format": "uri"},
            "resolution": {"type": "string", "enum": ["1K", "2K"]},
            "raw": {"type": "boolean"},
            "size": {"anyOf": [{"enum": ["small"]}, {"type": "object"}]},
        }
    },
)


def problems(rule: Any) -> list[str]:
    endpoint = {"adapter": "fal", "provider_model": "a/b", "parameter_map": {"theirs": rule}}
    found = list(endpoint_problems(SPEC, [endpoint]))
    assert {where for where, _ in found} <= {"endpoints.0.parameter_map.theirs"}
    return [sentence for _, sentence in found]


@pytest.mark.parametrize(
    "rule",
    [
        None,
        "prompt",
        {"always": False},
        {"of": "image_url", "as": "list"},
        {"of": "resolution", "values": {"1K": "auto", "2K": {"width": 1, "height": 1}}},
        {"of": "raw", "values": {"true": 1, "false": 0}},
        [{"of": "size", "values": {"small": "s"}}, "size"],
        {"as": "pixels"},
        {"of": ["prompt", "raw"], "as": "pixels", "within": {"total_px": {"min": 1, "max": 2}, "longest_shape": 3}},
        {"nearest": ["1:1", "16:9"]},
        {"of": "raw", "edges": {"1K": 1024}},
        {"text": "{prompt}, please"},
    ],
)
def test_rules_that_make_sense(rule: Any) -> None:
    assert problems(rule) == []


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (7, "Must be the name of a field, a rule, a list of rules, or null."),
        ([], "A list of rules needs one."),
        (["prompt", None], "A list of rules holds names of fields and rules only."),
        ("seed", "The schema has no field seed."),
        ({"of": ["prompt", "seed"], "as": "pixels"}, "The schema has no field seed."),
        ({"text": "{seed} times"}, "The schema has no field seed."),
        ({"of": "prompt"}, "A rule says exactly one of always, text, values, nearest, edges, as."),
        ({"always": 1, "as": "list"}, "A rule says exactly one of always, text, values, nearest, edges, as."),
        ({"always": None}, "always needs a value; null alone sends nothing."),
        ({"always": 1, "of": "prompt"}, "of does not belong in a rule of always."),
        ({"of": "image_url", "as": "list", "within": {}}, "within does not belong in a rule of as."),
        ({"as": "list"}, "A rule of as needs of: the name of one field."),
        ({"of": ["image_url"], "as": "list"}, "A rule of as needs of: the name of one field."),
        ({"of": 7, "as": "pixels"}, "of must name a field, or be a list of fields."),
        ({"as": "picture"}, "as must be list or pixels."),
        ({"of": "resolution", "values": {}}, "values must say theirs for each of ours, and none of them is null."),
        ({"of": "resolution", "values": {"1K": "a"}}, "Nothing is said for 2K of resolution."),
        ({"of": "resolution", "values": {"1K": 1, "2K": 2, "9K": 3}}, "9K is no value of resolution."),
        ({"of": "prompt", "values": {"a": "b"}}, "prompt has no list of values."),
        ({"nearest": ["1:1", "wide"]}, 'nearest must be a list of shapes such as "16:9".'),
        ({"edges": {"1K": "1024"}}, "edges must give each name its longest edge in pixels."),
        ({"text": ""}, "text must be words."),
        ({"text": "{prompt.upper} {"}, "text may hold braces only around the name of a field."),
        ({"as": "pixels", "within": {"edge": 1}}, "within may say axis_px, longest_shape, multiple_of, total_px."),
        ({"as": "pixels", "within": {"axis_px": {"min": 2, "max": 1}}}, "within.axis_px is no bound."),
        ({"as": "pixels", "within": {"multiple_of": 0}}, "within.multiple_of is no bound."),
    ],
)
def test_rules_that_make_none(rule: Any, sentence: str) -> None:
    assert problems(rule) == [sentence]


def test_conditions_and_addresses() -> None:
    here = {"adapter": "fal", "provider_model": "a/b"}
    text_only = ModelSpec(id="kite", kind="text_to_image", schema={"properties": {"prompt": {"type": "string"}}})
    assert list(endpoint_problems(SPEC, [here | {"condition": {"pictures": "many"}}, here])) == [
        ("endpoints.0.condition", "Must be empty, or say pictures: some, or pictures: none."),
        ("endpoints.1", "a/b at fal is there twice."),
    ]
    assert list(endpoint_problems(text_only, [here | {"condition": {"pictures": "some"}}])) == [
        ("endpoints.0.condition", "The schema takes no pictures.")
    ]


def test_a_file_with_such_a_fault_is_refused_by_name_and_line(folder: Path, edit: Edit) -> None:
    edit("flux_2_max", lambda data: data["endpoints"][0]["parameter_map"].update(mask_url="mask"))
    with pytest.raises(InvalidCatalog) as refused:
        read_catalog(folder)
    (fault,) = refused.value.details["faults"]
    assert (fault["file"], fault["field"], fault["message"]) == (
        "flux_2_max.yaml", "endpoints.0.parameter_map.mask_url", "The schema has no field mask.",
    )  # fmt: skip
    assert fault["line"] > 1
