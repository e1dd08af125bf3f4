"""What a refusal tells: every fault at once, by place, with the limit; and which texts name a picture."""

import pytest

from apps.catalog.inputs import InvalidInputs, Reference
from apps.ids import to_public, uuid7
from tests.catalog.shelf import URL, cleaned, codes, refused

pytestmark = pytest.mark.once


def test_every_fault_is_told_at_once() -> None:
    faults = refused(
        "flux_schnell",
        {"num_images": 9, "image_size": {"width": 0, "depth": 3}, "seed": "a", "mask": 1, "acceleration": "warp"},
        preset="tall",
    )
    assert sorted(codes(faults)) == [
        ("acceleration", "enum"),
        ("format", "enum"),
        ("image_size.depth", "unknown_parameter"),
        ("image_size.height", "required"),
        ("image_size.width", "minimum"),
        ("mask", "unknown_parameter"),
        ("num_images", "maximum"),
        ("prompt", "required"),
        ("seed", "type"),
    ]
    assert [fault["path"] for fault in faults][:1] == ["prompt"]  # in the order of the form


def test_faults_of_the_schema_and_of_the_limits_come_together() -> None:
    faults = refused(
        "seedream_v45_edit", {"image_urls": [URL], "num_images": 6, "max_images": 6}, size=(10_000, 10_000)
    )
    assert codes(faults) == [
        ("prompt", "required"),
        ("num_images", "too_many_images"),
        ("image_urls[0]", "image_too_large"),
    ]


def test_a_fault_names_field_and_limit() -> None:
    with pytest.raises(InvalidInputs) as caught:
        cleaned("flux_schnell", {"prompt": "x", "num_images": 9})
    assert caught.value.code == "invalid_input"
    assert caught.value.reason == "maximum"
    assert str(caught.value) == "num_images must be at most 4."
    assert caught.value.details == {
        "fields": [
            {
                "path": "num_images",
                "code": "maximum",
                "message": "num_images must be at most 4.",
                "allowed": {"minimum": 1, "maximum": 4},
            }
        ]
    }


def test_a_size_of_the_wrong_type_is_told_all_that_is_right() -> None:
    fault = refused("flux_schnell", {"prompt": "x", "image_size": 512})[0]
    assert fault["message"] == (
        "image_size must be one of square_hd, square, portrait_4_3, portrait_16_9, landscape_4_3, landscape_16_9, "
        "or an object with width and height."
    )
    wrong = refused("flux_schnell", {"prompt": "x", "image_size": "huge"})[0]
    assert (wrong["path"], wrong["code"]) == ("image_size", "enum")


def test_a_text_model_points_to_the_one_that_edits() -> None:
    fault = refused("nano_banana", {"prompt": "x", "image_urls": [URL]})[0]
    assert fault["code"] == "unknown_parameter"
    assert "nano_banana_edit" in fault["message"]


@pytest.mark.parametrize(
    "source",
    [
        "https://example.com/a.png",
        "https://example.com:8443/a%20b.png?x=1#y",
        "https://münchen.example/ä.png",
        "data:image/png;base64,iVBORw0KGgo=",
        to_public("asset", uuid7()),
    ],
)
def test_ways_to_name_a_picture(source: str) -> None:
    result = cleaned("topaz_upscale_image", {"image_url": source})
    assert result.references == (Reference(("image_url",), "image_url", source),)


@pytest.mark.parametrize(
    "source",
    [
        "http://example.com/a.png",
        "https://",
        "https:///a.png",
        "https://user:secret@example.com/a.png",
        "https://example.com:port/a.png",
        "https://[::1/a.png",
        "https://example.com/a b.png",
        "https://example.com\\@evil.example/a.png",
        "https://example.com/\n",
        " https://example.com/a.png",
        "https://example.com/" + "a" * 9000,
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "a.png",
        "//example.com/a.png",
        "data:",
        "data:image/png,plain",
        "data:text/html;base64,PGI+",
        "data:application/pdf;base64,JVBERi0=",
        "data:image/png;base64,ü",
        "asset_",
        "asset_123",
        "job_01234567890123456789012345",
    ],
)
def test_what_is_no_picture(source: str) -> None:
    assert codes(refused("topaz_upscale_image", {"image_url": source})) == [("image_url", "format")]
    assert codes(refused("nano_banana_edit", {"prompt": "edit", "image_urls": [URL, source]})) == [
        ("image_urls[1]", "format")
    ]


def test_an_empty_address_is_one_fault() -> None:
    assert codes(refused("topaz_upscale_image", {"image_url": ""})) == [("image_url", "min_length")]
