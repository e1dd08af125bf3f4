"""Whether a picture has any sharp edge at all. Pure."""

from typing import IO, Final

from PIL import Image, ImageFilter

_EDGE: Final = 256  # pixels: what is sharp at this size is sharp enough to be recognized
_FLAT: Final = 24  # gray levels; where all of a picture lies within so few, there is no edge to judge by
_SHARPEST: Final = 0.005  # the share of a picture's pixels that its sharpest edges make up, at the least
_SOFT: Final = 14  # gray levels by which a pixel on an edge stands out from its neighbors, at the least
_LAPLACIAN: Final = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=1)


def looks_blurred(file: IO[bytes]) -> bool:
    """Whether a picture of ours, such as a thumbnail, shows no sharp edge. One flat color is not blurred."""
    with Image.open(file) as image:
        gray = image.convert("L")
    gray.thumbnail((_EDGE, _EDGE))
    levels = [level for level, count in enumerate(gray.histogram()) if count]
    if levels[-1] - levels[0] < _FLAT:
        return False
    edges = gray.filter(_LAPLACIAN)  # what is negative counts as 0: the other side of the edge is there
    inner = edges.crop((1, 1, max(2, gray.width - 1), max(2, gray.height - 1)))  # the rim is not filtered
    return sum(inner.histogram()[_SOFT:]) < _SHARPEST * inner.width * inner.height
