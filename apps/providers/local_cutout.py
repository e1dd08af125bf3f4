"""A subject on a plain ground, cut out: what looks like the ground and hangs together with the picture's edge goes."""

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from statistics import fmean
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageMath, ImageStat

from apps.providers.pictures import refuse

_SMALL = 640  # the ground is measured, and followed inward from the edges, on a copy with sides of at most this
_BORDER = 0.03  # of a side: the frame in which the ground is looked for
_CELLS = 12  # the ground's color is known in so many places each way, and changes evenly between them
_ROUNDS = 3  # of finding what agrees with the ground, and measuring the ground there
_LIKE_GROUND = 26  # difference to the ground, 0-255, of what may pass for it when it is measured
_MOST_SHADING = 72  # between the ground's brightest and darkest place, in any channel
_LEAST_GROUND = 0.75  # of the frame must be so: the subject may touch an edge, or stand on one
_LEAST_SUBJECT = 0.002  # of the picture
_MOST_MIST = 0.06  # of the picture may be half-transparent, where that is more than half of the subject
_SOLID = 251  # from here on, of 255, a pixel has only its own color
_NARROW_EDGE, _WIDE_EDGE = 2, 4  # pixels over which a subject's edge is blurred, in pictures up to 1920 and above
_STRIP = 256  # rows
_RIM_COPY = 1600  # the copy's longest side on which colors are spread outward
_NOT_PLAIN = (
    "The ground around the subject is not plain enough to be cut away here. Use a picture with one even color behind"
    " the subject on all sides, or a model made to remove any background."
)
_NO_SUBJECT = "Nothing stands out from the ground of this picture, so there is no subject to cut out."


def cut_out(image: Image.Image) -> Image.Image:
    """Return the picture as RGBA with its ground transparent, and soft edges without a rim of the ground's color.

    A hole in the subject through which the ground is seen stays: only what hangs together with the edge goes. A picture
    whose edge is transparent already is returned as it is.

    :raises ProviderRejected: the ground is not plain, or there is no subject on it.
    """
    if _is_cut_out(image):
        return image.convert("RGBA")
    solid = _on_white(image)
    small = solid.copy()
    small.thumbnail((_SMALL, _SMALL), Image.Resampling.BOX)
    frame = _frame(small.size)
    ground = _measure(small, frame, Image.new("RGB", (1, 1), _middle(small, frame)))
    outside, nothing, everything = _follow(small, frame, ground)
    # The floor under a subject has a shade of its own: measure once more, now wherever the ground was followed to.
    ground = _measure(small, ImageChops.lighter(frame, outside.filter(ImageFilter.MinFilter(5))), ground)
    outside, nothing, everything = _follow(small, frame, ground)
    if 1 - ImageStat.Stat(outside).mean[0] / 255 < _LEAST_SUBJECT:
        raise refuse(_NO_SUBJECT)
    alpha = _alpha(solid, ground, outside, nothing, everything)
    if _is_mist(alpha):
        raise refuse(_NOT_PLAIN)
    return _without_rim(solid, alpha)


def _is_mist(alpha: Image.Image) -> bool:
    """Whether what remains is mostly half-transparent: the subject has the ground's colors, and would be spoiled."""
    counts = alpha.histogram()
    half, solid = sum(counts[20:236]), sum(counts[236:])
    return half > _MOST_MIST * sum(counts) and half > solid / 2


def _is_cut_out(image: Image.Image) -> bool:
    if "A" not in image.getbands():
        return False
    alpha = image.getchannel("A")
    alpha.thumbnail((_SMALL, _SMALL), Image.Resampling.BOX)
    return ImageStat.Stat(alpha, _frame(alpha.size)).mean[0] < 128


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands():
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return ground


def _frame(size: tuple[int, int]) -> Image.Image:
    """A mask of the strips along the four edges."""
    width, height = size
    depth = max(1, round(min(size) * _BORDER))
    frame = Image.new("L", size, 255)
    if width > 2 * depth and height > 2 * depth:
        frame.paste(0, (depth, depth, width - depth, height - depth))
    return frame


def _middle(small: Image.Image, frame: Image.Image) -> tuple[int, ...]:
    """The color that as much of the frame is above as below, channel by channel: the subject hardly moves it."""
    return tuple(ImageStat.Stat(small, frame).median)


def _measure(small: Image.Image, where: Image.Image, ground: Image.Image) -> Image.Image:
    """Learn the ground's color in every part of the picture from those pixels of ``where`` that agree with ``ground``.

    Returns a picture of ``_CELLS`` pixels a side.

    :raises ProviderRejected: the color differs too much from part to part to be called one ground.
    """
    for _ in range(_ROUNDS):
        is_like = _difference(small, _enlarged(ground, small.size)).point(_below(_LIKE_GROUND + 10))
        used = ImageChops.darker(where, is_like)
        weights = _cells(used)
        bands = [_filled(_cells(ImageChops.darker(band, used)), weights) for band in small.split()]
        ground = Image.merge("RGB", [Image.frombytes("L", (_CELLS, _CELLS), bytes(band)) for band in bands])
    if max(high - low for low, high in _extremes(ground)) > _MOST_SHADING:
        raise refuse(_NOT_PLAIN)
    return ground


def _extremes(ground: Image.Image) -> list[tuple[int, int]]:
    return [(int(low), int(high)) for low, high in ImageStat.Stat(ground).extrema]


def _cells(band: Image.Image) -> list[float]:
    """The mean of each cell, row by row."""
    small = band.convert("F").resize((_CELLS, _CELLS), Image.Resampling.BOX)
    return [float(small.getpixel((index % _CELLS, index // _CELLS)) or 0) for index in range(_CELLS * _CELLS)]  # type: ignore[arg-type]


def _filled(sums: Sequence[float], weights: Sequence[float]) -> list[int]:
    """One channel of each cell: its own mean where something was measured, elsewhere what its neighbors lead to."""
    known = {index: 255 * sums[index] / weight for index, weight in enumerate(weights) if weight > 1.0}
    if not known:
        raise refuse(_NOT_PLAIN)
    values = [known.get(index, fmean(known.values())) for index in range(len(weights))]
    unknown = [index for index in range(len(weights)) if index not in known]
    for _ in range(4 * _CELLS):
        for index in unknown:
            values[index] = fmean(values[near] for near in _beside(index))
    return [min(255, max(0, round(value))) for value in values]


def _beside(index: int) -> list[int]:
    """The cells that share a side with this one."""
    row, column = divmod(index, _CELLS)
    sides = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    return [down * _CELLS + across for down, across in sides if 0 <= down < _CELLS and 0 <= across < _CELLS]


def _follow(small: Image.Image, frame: Image.Image, ground: Image.Image) -> tuple[Image.Image, int, int]:
    """Follow the ground inward from the edges.

    Returns where it is, and two differences to it: up to the first a pixel is ground, from the second on subject, in
    between a mixture of both.

    :raises ProviderRejected: too little of the frame is ground.
    """
    difference = _difference(small, _enlarged(ground, small.size))
    counts = difference.histogram(frame)
    alike = sum(counts[:_LIKE_GROUND])
    if alike < _LEAST_GROUND * sum(counts):
        raise refuse(_NOT_PLAIN)
    noise = next(value for value in range(256) if sum(counts[: value + 1]) >= 0.97 * alike)
    nothing = noise + 4
    everything = nothing + max(12, nothing)
    return _joined_to_edge(difference.point(_below(everything))), nothing, everything


def _enlarged(ground: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ground.resize(size, Image.Resampling.BILINEAR)


def _below(limit: int) -> list[int]:
    return [255 if value < limit else 0 for value in range(256)]


def _difference(image: Image.Image, ground: Image.Image) -> Image.Image:
    """How far each pixel is from the ground, 0-255, in the channel where it is farthest."""
    return reduce(ImageChops.lighter, ImageChops.difference(image, ground).split())


def _joined_to_edge(mask: Image.Image) -> Image.Image:
    """Keep the white areas that reach the edge of a black and white picture.

    Rows are cut into runs of white; runs that touch in neighboring rows belong together. Much faster than a flood fill
    in Python, which visits every pixel.
    """
    width, height = mask.size
    pixels = mask.tobytes()
    parents: list[int] = [0]  # 0 stands for the edge

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    rows: list[list[tuple[int, int, int]]] = []
    for row in range(height):
        runs = []
        above = rows[-1] if rows else []
        position = 0
        for found in re.finditer(rb"\xff+", pixels[row * width : (row + 1) * width]):
            start, end = found.span()
            run = len(parents)
            parents.append(run)
            if row in {0, height - 1} or start == 0 or end == width:
                parents[run] = 0
            while position < len(above) and above[position][1] <= start:
                position += 1
            touching = position
            while touching < len(above) and above[touching][0] < end:
                first, second = sorted((root(run), root(above[touching][2])))
                parents[second] = first
                touching += 1
            runs.append((start, end, run))
        rows.append(runs)
    kept = bytearray(width * height)
    for row, runs in enumerate(rows):
        for start, end, run in runs:
            if root(run) == 0:
                kept[row * width + start : row * width + end] = b"\xff" * (end - start)
    return Image.frombytes("L", mask.size, bytes(kept))


def _alpha(solid: Image.Image, ground: Image.Image, outside: Image.Image, nothing: int, everything: int) -> Image.Image:
    """Soft along the edge of the ground, solid everywhere else.

    A pixel on the edge is a mixture: how much of it is subject follows from how far it is from the ground, beside how
    far the pixels next to it are.
    """
    difference = _difference(solid, _enlarged(ground, solid.size))
    blur = _NARROW_EDGE if max(solid.size) <= _SMALL * 3 else _WIDE_EDGE
    around = _grown(difference, blur)
    shares = Image.new("L", solid.size)
    for top in range(0, solid.height, _STRIP):  # in strips: this arithmetic takes four bytes a pixel and step
        box = (0, top, solid.width, min(solid.height, top + _STRIP))
        pair = {"own": difference.crop(box), "next": around.crop(box)}
        shares.paste(ImageMath.lambda_eval(lambda it: _share(it, nothing, everything), **pair), box)
    steps = 1 + -(-blur * max(outside.size) // max(solid.size))
    edge = _grown(outside, steps).resize(solid.size, Image.Resampling.BILINEAR)
    alpha = ImageChops.lighter(shares, ImageChops.invert(edge))
    return alpha.filter(ImageFilter.GaussianBlur(0.5))


def _share(it: Mapping[str, Any], nothing: int, everything: int) -> Any:  # ImageMath's own operands and functions
    most = it["max"](it["next"] - nothing, everything - nothing)
    return it["convert"](it["min"](it["max"]((it["own"] - nothing) * 255 / most, 0), 255), "L")


def _grown(mask: Image.Image, pixels: int) -> Image.Image:
    for _ in range(pixels):
        mask = mask.filter(ImageFilter.MaxFilter(3))
    return mask


def _without_rim(solid: Image.Image, alpha: Image.Image) -> Image.Image:
    """Give half-transparent pixels the color of the solid ones beside them: theirs is mixed with the ground's."""
    is_rim = alpha.point(_below(_SOLID))
    core = solid.copy()
    core.putalpha(ImageChops.invert(is_rim))
    scale = min(1.0, _RIM_COPY / max(solid.size))
    size = max(1, round(solid.width * scale)), max(1, round(solid.height * scale))
    # Premultiplied and back: the division gives each color its full strength again, however thin it was spread.
    spread = (
        core.convert("RGBa").resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(2.5)).convert("RGBA")
    )
    spread = spread.resize(solid.size, Image.Resampling.BILINEAR)
    is_reached = spread.getchannel("A").point([255 if value > 8 else 0 for value in range(256)])
    result = solid.copy()
    result.paste(spread.convert("RGB"), mask=ImageChops.darker(is_rim, is_reached))
    result.putalpha(alpha)
    return result
