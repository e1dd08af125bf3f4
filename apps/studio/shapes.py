"""Shapes of pictures as small tiles: a ratio or a named size, drawn to scale. Pure."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

_SIDE: Final = 17  # pixels: the edge of the square tile; the others have about its area
_TALLEST: Final = 21  # pixels: what there is room for above the label
_NAMED: Final = {  # named sizes of the hosts: the label, and width by height
    "square_hd": ("1:1 HD", 1.0),
    "square": ("1:1", 1.0),
    "portrait_4_3": ("3:4", 3 / 4),
    "portrait_16_9": ("9:16", 9 / 16),
    "landscape_4_3": ("4:3", 4 / 3),
    "landscape_16_9": ("16:9", 16 / 9),
    "auto_2K": ("Auto 2K", None),
    "auto_3K": ("Auto 3K", None),
    "auto_4K": ("Auto 4K", None),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle in pixels, and what stands under it. ``is_open``: the model or the picture decides the shape."""

    label: str
    width: int
    height: int
    is_open: bool = False

    @property
    def inner_width(self) -> float:
        """Of the rectangle within its stroke of 1.5 pixels."""
        return self.width - 1.5

    @property
    def inner_height(self) -> float:
        return self.height - 1.5


def tile_of(value: str) -> Tile:
    """Draw a ratio (``4:5``), pixels (``2048 × 2048``), a named size; anything else is a square with a dashed edge."""
    if value in _NAMED:
        label, ratio = _NAMED[value]
        return _drawn(label, ratio)
    for sign in (":", " × "):
        width, found, height = value.partition(sign)
        if found and width.isdecimal() and height.isdecimal() and int(width) and int(height):
            label = value if sign == ":" else f"{width}²" if width == height else f"{width}×{height}"
            return _drawn(label, int(width) / int(height))
    return _drawn(value.capitalize() if value.isalpha() else value, None)


def _drawn(label: str, ratio: float | None) -> Tile:
    if ratio is None:
        return Tile(label, _SIDE - 2, _SIDE - 2, is_open=True)
    ratio = min(max(ratio, 1 / 3), 3)
    side = min(_SIDE, _TALLEST * sqrt(ratio))
    return Tile(label, round(side * sqrt(ratio)), round(side / sqrt(ratio)))
