"""The mock keeps what a model of the kind would keep: all outside a mask, and a subject without its ground."""

import io

import pytest
from PIL import Image, ImageChops

from apps.providers.contract import Picture, Planned, Request
from apps.providers.mock import MockAdapter
from tests.providers.handover import build_picture, build_request, encoded, finish, subject_on_plain_ground

pytestmark = pytest.mark.once

SOURCE = subject_on_plain_ground((320, 240))
BOX = (40, 60, 200, 180)


def made(request: Request) -> Image.Image:
    (artifact,) = finish(MockAdapter(), request).artifacts
    return Image.open(io.BytesIO(artifact.content or b""))


def source() -> Picture:
    return build_picture(encoded(SOURCE))


def light_mask() -> Image.Image:
    mask = Image.new("L", SOURCE.size, 0)
    mask.paste(255, BOX)
    return mask


def opaque_mask() -> Image.Image:
    mask = Image.new("RGBA", SOURCE.size, (0, 0, 0, 0))
    mask.paste((0, 0, 0, 255), BOX)
    return mask


@pytest.mark.parametrize("mask", [light_mask(), opaque_mask(), light_mask().resize((640, 480))])
def test_only_what_the_mask_marks_is_drawn_anew(mask: Image.Image) -> None:
    inputs = {"mask_url": build_picture(encoded(mask)), "image_urls": [source()]}
    image = made(build_request(inputs=inputs, size=SOURCE.size))
    assert image.size == SOURCE.size
    left, upper, right, lower = ImageChops.difference(image, SOURCE).getbbox() or (0, 0, 0, 0)
    assert left == pytest.approx(BOX[0], abs=2)
    assert upper == pytest.approx(BOX[1], abs=2)
    assert right == pytest.approx(BOX[2], abs=2)
    assert lower == pytest.approx(BOX[3], abs=2)


def test_a_mask_that_marks_nothing_changes_nothing() -> None:
    mask = build_picture(encoded(Image.new("L", SOURCE.size, 0)))
    image = made(build_request(inputs={"image_url": source(), "mask_url": mask}, size=SOURCE.size))
    assert ImageChops.difference(image, SOURCE).getbbox() is None


@pytest.mark.parametrize("inputs", [{"image_url": source()}, {"image_url": "https://example.com/a.png"}])
def test_a_cut_out_is_transparent_around_its_middle(inputs: dict[str, object]) -> None:
    request = Request("att_01", "recraft", inputs, Planned(1, 320, 240, "image/png", is_cut_out=True), 30)
    image = made(request)
    assert (image.mode, image.size) == ("RGBA", (320, 240))
    alpha = image.getchannel("A")
    assert [alpha.getpixel(at) for at in ((0, 0), (319, 0), (0, 239), (319, 239), (160, 120))] == [0, 0, 0, 0, 255]
