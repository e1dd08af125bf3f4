"""The mock's pictures: hills under a sun, drawn from numbers that follow from the prompt and the seed."""

import hashlib
import math
from collections.abc import Iterator
from colorsys import hls_to_rgb

from PIL import Image, ImageDraw, ImageFont

MAX_PIXELS = 25_000_000  # no preset of any model asks for more; past it the same shape is drawn smaller
MAX_EDGE = 16_384
_CANVAS = 1536  # the longest side that is really drawn on, twice as large as needed for smooth edges where it can be
_LAYERS = 5
_SMALLEST_LETTERS = 9


def draw(*, text: str, numbers_from: str, width: int, height: int, max_edge: int = MAX_EDGE) -> Image.Image:
    """Draw a picture marked as a mock, with ``text`` under it; the same arguments give the same picture.

    It has exactly the size asked for up to ``MAX_PIXELS`` and ``max_edge``, and beyond that the same proportions, as
    far as whole pixels have them.
    """
    image = landscape(numbers_from=numbers_from, width=width, height=height, max_edge=max_edge)
    mark(image, text)
    return image


def landscape(*, numbers_from: str, width: int, height: int, max_edge: int = MAX_EDGE) -> Image.Image:
    """Draw the hills alone, without a mark."""
    width, height = capped(width, height, max_pixels=MAX_PIXELS, max_edge=max_edge)
    scale = min(2.0, _CANVAS / max(width, height))
    canvas = Image.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
    _hills(canvas, numbers_of(numbers_from))
    return canvas.resize((width, height), Image.Resampling.BILINEAR)


def capped(width: int, height: int, *, max_pixels: int, max_edge: int) -> tuple[int, int]:
    """The largest size of this shape within both limits, in whole numbers throughout; no edge is less than 1."""
    width, height = max(1, width), max(1, height)
    if (longest := max(width, height)) > max_edge:
        width, height = max(1, width * max_edge // longest), max(1, height * max_edge // longest)
    if width * height > max_pixels:
        width, height = math.isqrt(width * max_pixels // height), math.isqrt(height * max_pixels // width)
    return max(1, width), max(1, height)


def numbers_of(text: str) -> Iterator[float]:
    """Numbers from 0 to 1 that depend on the text alone, on every machine."""
    block = text.encode()
    while True:
        block = hashlib.sha256(block).digest()
        for index in range(0, len(block), 4):
            yield int.from_bytes(block[index : index + 4], "big") / (1 << 32)


def _color(hue: float, lightness: float, saturation: float) -> tuple[int, int, int]:
    red, green, blue = hls_to_rgb(hue % 1.0, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _hills(canvas: Image.Image, numbers: Iterator[float]) -> None:
    width, height = canvas.size
    hue = next(numbers)
    top, horizon = _color(hue, 0.62, 0.55), _color(hue + 0.08, 0.9, 0.6)
    shade = Image.linear_gradient("L").resize(canvas.size)
    canvas.paste(Image.composite(Image.new("RGB", canvas.size, horizon), Image.new("RGB", canvas.size, top), shade))
    pen = ImageDraw.Draw(canvas)
    radius = min(width, height) * (0.06 + 0.08 * next(numbers))
    center_x, center_y = width * (0.15 + 0.7 * next(numbers)), height * (0.16 + 0.22 * next(numbers))
    sun = (center_x - radius, center_y - radius, center_x + radius, center_y + radius)
    pen.ellipse(sun, fill=_color(hue + 0.12, 0.95, 0.7))
    for layer in range(_LAYERS):
        depth = (layer + 1) / _LAYERS
        fill = _color(hue + 0.06 * (1 - depth), 0.72 - 0.5 * depth, 0.35 + 0.1 * depth)
        pen.polygon(_ridge(width, height, 0.42 + 0.11 * layer, numbers), fill=fill)


def _ridge(width: int, height: int, level: float, numbers: Iterator[float]) -> list[tuple[float, float]]:
    span = max(0.6, width / height)  # as many hills a length in a tall picture as in a wide one
    waves = [(span * (0.5 + 2.0 * next(numbers)), math.tau * next(numbers), 0.05 / (step + 1)) for step in range(3)]
    points: list[tuple[float, float]] = [(0, height)]
    for step in range(129):
        x = step / 128
        rise = sum(size * math.sin(math.tau * x * frequency + phase) for frequency, phase, size in waves)
        points.append((x * width, height * (level - rise)))
    return [*points, (width, height)]


def mark(image: Image.Image, text: str) -> None:
    """Write MOCK and the first words of the prompt along the lower edge; a tiny picture gets a bare stripe."""
    width, height = image.size
    letters = round(min(height / 17, width / 15))
    depth = max(1, round(letters * 2.9)) if letters >= _SMALLEST_LETTERS else max(1, height // 5)
    box = (0, height - depth, width, height)
    stripe = Image.blend(image.crop(box), Image.new("RGB", (width, depth), (12, 14, 20)), 0.72)
    if letters >= _SMALLEST_LETTERS:
        pen = ImageDraw.Draw(stripe)
        margin = letters * 0.6
        pen.text((margin, letters * 0.35), "MOCK", font=ImageFont.load_default(letters), fill="white")
        small = ImageFont.load_default(letters * 0.72)
        pen.text((margin, letters * 1.6), _fitting(text, small, width - 2 * margin), font=small, fill=(205, 212, 224))
    image.paste(stripe, box)


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    line = ""
    for word in text[:200].split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) > width:
            return f"{line} …" if line else ""
        line = longer
    return line
