"""A picture in another shape: cropped to it, or continued beyond its edges until it fills it."""

import itertools
import math

from PIL import Image, ImageFilter, ImageOps

_BAND = 0.12  # of the picture's length: so much of it, at each edge, is what the continuation is made of
_SLICES = 24  # of a continuation, each stretched a little more than the one before
_SOFT_FROM = 0.05  # of the continuation's length: so near the edge it is still sharp
_SOFT_TO = 0.6  # and from here on it is only color


def reframe(image: Image.Image, *, width: int, height: int, is_cropped: bool) -> Image.Image:
    """Return the picture in exactly this size.

    Cropped: the middle of it, as large as fits. Extended: all of it in the middle; beyond its edges its outermost band,
    mirrored, so that no seam shows, and stretched and blurred the more the farther out, so that no second subject does.
    """
    if is_cropped:
        return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    inner = _contained(image, width, height)
    # Premultiplied: so a blur weighs colors by how much of them is seen.
    inner = inner.convert({"RGBA": "RGBa", "LA": "La"}.get(inner.mode, inner.mode))
    if inner.height < height:
        turned = _widened(inner.transpose(Image.Transpose.TRANSPOSE), height)
        inner = turned.transpose(Image.Transpose.TRANSPOSE)
    return _widened(inner, width).convert(image.mode)


def _contained(image: Image.Image, width: int, height: int) -> Image.Image:
    """Scale until one of the two lengths is filled."""
    scale = min(width / image.width, height / image.height)
    size = min(width, max(1, round(image.width * scale))), min(height, max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _widened(inner: Image.Image, width: int) -> Image.Image:
    """Continue a picture to the left and to the right, as far on either side."""
    if inner.width == width:
        return inner
    left = (width - inner.width) // 2
    size = (width, inner.height)
    pieces = [((left, 0, left + inner.width, inner.height), _quad(0, inner.width, inner.height))]
    for near, far in _slices(left):
        source = _reflected(near, inner.width), _reflected(far, inner.width)
        pieces.append(((left - far, 0, left - near, inner.height), _quad(source[1], source[0], inner.height)))
    for near, far in _slices(width - inner.width - left):
        source = inner.width - _reflected(near, inner.width), inner.width - _reflected(far, inner.width)
        start = left + inner.width
        pieces.append(((start + near, 0, start + far, inner.height), _quad(source[0], source[1], inner.height)))
    sharp = inner.transform(size, Image.Transform.MESH, pieces, Image.Resampling.BILINEAR)
    result = Image.composite(_blurred(sharp), sharp, _softness(width, inner.width, left).resize(size))
    result.paste(inner, (left, 0))
    return result


def _slices(room: int) -> list[tuple[int, int]]:
    """Cut a continuation into pieces, from the edge outward."""
    marks = sorted({room * mark // _SLICES for mark in range(_SLICES + 1)})
    return list(itertools.pairwise(marks))


def _reflected(distance: float, length: int) -> float:
    """How far inside the picture lies what is shown so far outside: as far at first, and never beyond the band."""
    band = max(1.0, _BAND * length)
    return band * (1 - math.exp(-distance / band))


def _quad(left: float, right: float, height: int) -> tuple[float, ...]:
    """The four corners as Pillow wants them: upper left, lower left, lower right, upper right."""
    return (left, 0, left, height, right, height, right, 0)


def _blurred(image: Image.Image) -> Image.Image:
    """Blur strongly, on a small copy: it cannot be told from a large one, and takes a hundredth of the time."""
    scale = min(1.0, 256 / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(size, Image.Resampling.BOX)
    radius = max(1.0, min(small.size) / 20)
    return small.filter(ImageFilter.GaussianBlur(radius)).resize(image.size, Image.Resampling.BICUBIC)


def _softness(width: int, inner: int, left: int) -> Image.Image:
    """One row, 0-255: how much of the blur shows. Nothing at the picture's edges, all of it far from them."""
    row = bytearray(width)
    room = max(left, width - inner - left, 1)
    for position in range(width):
        distance = max(left - position, position - (left + inner - 1), 0)
        softness = (distance / room - _SOFT_FROM) / (_SOFT_TO - _SOFT_FROM)
        row[position] = round(255 * min(1.0, max(0.0, softness)))
    return Image.frombytes("L", (width, 1), bytes(row))
