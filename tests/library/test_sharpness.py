"""Telling a blurred picture from a sharp one."""

from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageFilter

from apps.library.sharpness import looks_blurred

pytestmark = pytest.mark.once


def drawn(*, radius: float, size: tuple[int, int] = (640, 480), mode: str = "RGB") -> BytesIO:
    """Leaning bars, blurred so far."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for x in range(0, size[0], 60):
        draw.polygon([(x, 0), (x + 25, 0), (x + 5, size[1]), (x - 20, size[1])], fill="navy")
    content = BytesIO()
    image.filter(ImageFilter.GaussianBlur(radius)).convert(mode).save(content, "WEBP")
    content.seek(0)
    return content


@pytest.mark.parametrize(("radius", "is_blurred"), [(0, False), (1, False), (20, True), (30, True)])
def test_a_picture_without_a_sharp_edge_looks_blurred(radius: float, is_blurred: bool) -> None:
    assert looks_blurred(drawn(radius=radius)) is is_blurred


def test_one_sharp_thing_before_a_soft_background_is_enough() -> None:
    with Image.open(drawn(radius=30)) as soft, Image.open(drawn(radius=0)) as sharp:
        soft.paste(sharp.crop((0, 0, 200, 200)), (200, 100))
        content = BytesIO()
        soft.save(content, "PNG")
    assert not looks_blurred(content)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (400, 1), (64, 64)])
def test_one_flat_color_is_not_blurred(size: tuple[int, int]) -> None:
    content = BytesIO()
    Image.new("RGBA", size, (200, 10, 10, 128)).save(content, "PNG")
    assert not looks_blurred(content)
