"""A small upright copy of a picture, and the few letters that stand for it until it is loaded. Pure."""

import io
from collections.abc import Mapping
from typing import Final

import blurhash
from PIL import Image, ImageFile

EDGE: Final = 640  # pixels of the longer edge
CONTENT_TYPE: Final = "image/webp"

_MAX_PROFILE_BYTES: Final = 8_192  # of a color profile that is carried along
_STRIP_PIXELS: Final = 2**20
_TURNS: Final[Mapping[int, Image.Transpose]] = {  # what makes EXIF's value upright. Source: EXIF 2.32, 4.6.4
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def shrink(image: ImageFile.ImageFile, *, orientation: int) -> Image.Image:
    """Decode a picture, every byte of it, and return it upright in RGB or RGBA, its longer edge at most EDGE.

    Raises whatever the reader does when the file is broken.
    """
    ratio = min(1.0, EDGE / max(image.size))
    target = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    image.draft(None, (2 * target[0], 2 * target[1]))  # JPEG: scaled down by its decoder, which still reads it all
    image.load()
    mode = "RGBA" if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info else "RGB"
    small = _average(image, mode).resize(target, Image.Resampling.BICUBIC)
    profile = image.info.get("icc_profile")
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    small.info.clear()
    if image.mode in {"RGB", "RGBA", "P"} and isinstance(profile, bytes) and len(profile) <= _MAX_PROFILE_BYTES:
        small.info["icc_profile"] = profile
    return small


def encode(small: Image.Image) -> bytes:
    """Write the small copy as CONTENT_TYPE."""
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=80, method=3, icc_profile=small.info.get("icc_profile", b""))
    return encoded.getvalue()


def blur(small: Image.Image) -> str:
    """Make a BlurHash of 28 letters, transparent parts over white. Source: blurhash, Algorithm.md."""
    tiny = small.copy()
    tiny.thumbnail((32, 32))
    if tiny.mode == "RGBA":
        tiny = Image.alpha_composite(Image.new("RGBA", tiny.size, "white"), tiny).convert("RGB")
    data, stride = tiny.tobytes(), 3 * tiny.width
    # The package wants rows of pixels of numbers, not an image.
    pixels = [[data[start : start + 3] for start in range(row, row + stride, 3)] for row in range(0, len(data), stride)]
    across, down = (4, 3) if tiny.width >= tiny.height else (3, 4)
    return str(blurhash.encode(pixels, across, down))


def _average(image: Image.Image, mode: str) -> Image.Image:
    """Convert, and bring a large picture near EDGE by averaging squares of pixels.

    In strips: done at once, either step would take the memory of the picture a second time.
    """
    factor = max(1, max(image.size) // (2 * EDGE))
    coarse = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    rows = factor * max(1, _STRIP_PIXELS // (factor * image.width))
    for top in range(0, image.height, rows):
        strip = _eight_bits(image.crop((0, top, image.width, min(top + rows, image.height)))).convert(mode)
        coarse.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return coarse


def _eight_bits(image: Image.Image) -> Image.Image:
    """Keep the upper byte of 16-bit gray; Pillow's own conversion would clip it at 255."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point([value >> 8 for value in range(65536)], "L")
