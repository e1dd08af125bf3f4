"""Pixels: what named sizes mean, what a model makes of a size it is asked for, and what comes out of a job. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import isqrt, prod
from typing import Any, Final

from apps.catalog.spec import OUTPUT_COUNTS, Measured, ModelSpec, pictures_in


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def to_json(self) -> dict[str, int]:
        return {"width": self.width, "height": self.height}

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class PlannedOutputs:
    """What a job is expected to make: at most ``count`` files of this exact size; clips of so many seconds.

    ``is_cut_out`` says that a subject is wanted on transparent ground.
    """

    count: int
    width: int
    height: int
    content_type: str
    seconds: int | None = None
    is_cut_out: bool = False

    def to_json(self) -> dict[str, Any]:  # JSON; a picture says nothing of seconds, and few are cut out
        return {name: value for name, value in asdict(self).items() if value is not None and value is not False}


# Source: the published sizes of fal.ai's hosted models.
NAMED: Final[Mapping[str, Size]] = {
    "square_hd": Size(1024, 1024),
    "square": Size(512, 512),
    "portrait_4_3": Size(768, 1024),
    "portrait_16_9": Size(576, 1024),
    "landscape_4_3": Size(1024, 768),
    "landscape_16_9": Size(1024, 576),
}
# Longest edge in pixels of the named resolutions, and of auto_2K to auto_4K.
EDGES: Final[Mapping[str, int]] = {"1K": 1024, "2K": 2048, "3K": 3072, "4K": 4096}
_SQUARE: Final = Size(1, 1)
_DEFAULT_EDGE: Final = 1024  # where a model says nothing, and the edge of a source that nobody has measured
_LONGEST_SHAPE: Final = 16  # a picture is planned at most this many times as long as wide
_VIDEO: Final = ("image_to_video", Size(1280, 720), "video/mp4")


def planned_outputs(
    *, spec: ModelSpec, effective: Mapping[str, Any], pictures: Mapping[str, Measured] | None
) -> PlannedOutputs:
    """Tell how many files of which size, type and length these inputs will make.

    A size that follows the source takes the first picture; one that nobody measured (a mock of a URL) counts as
    1024x1024. A size the model changes by itself is given as it will be delivered.

    :param effective: as ``clean`` returns them. :param pictures: source → its measure.
    """
    counts = [value for name in OUTPUT_COUNTS if isinstance(value := effective.get(name), int)]
    if spec.kind == _VIDEO[0]:
        seconds = spec.limits.get("clip_seconds")
        return PlannedOutputs(prod(counts), _VIDEO[1].width, _VIDEO[1].height, _VIDEO[2], seconds)
    size = _planned_size(spec, effective, source_size(spec, effective, pictures))
    is_cut_out = spec.kind == "background_removal"
    return PlannedOutputs(prod(counts), size.width, size.height, _content_type(spec, effective), is_cut_out=is_cut_out)


def source_size(spec: ModelSpec, effective: Mapping[str, Any], pictures: Mapping[str, Measured] | None) -> Size | None:
    """The size of the first picture given, or None when there is none or it was not measured."""
    if not pictures:
        return None
    first = next((source for _, _, source in pictures_in(spec.schema, effective)), None)
    measured = pictures.get(first) if first is not None else None
    return Size(measured.width, measured.height) if measured else None


def upscaled(size: Size, factor: float) -> Size:
    """Multiply both edges by a factor such as 1.5, to the nearest pixel."""
    exact = Fraction(str(factor))
    return Size(_nearest(size.width * exact), _nearest(size.height * exact))


def largest_factor(size: Size, max_pixels: int) -> float | None:
    """The largest factor from 1 up, in hundredths, that keeps a picture within so many pixels; None: not even 1."""
    low, high = 100, 100 * isqrt(max_pixels) + 100  # hundredths; low fits unless nothing does
    if size.pixels > max_pixels:
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        fits = upscaled(size, middle / 100).pixels <= max_pixels
        low, high = (middle, high) if fits else (low, middle)
    return low / 100 if low % 100 else low // 100


def reframed(size: Size, ratio: Size, *, is_cropped: bool) -> Size:
    """The size of a picture in another shape: the largest within it when cropped, else the smallest around it."""
    is_wider = size.width * ratio.height > size.height * ratio.width
    if is_wider == is_cropped:  # the height stays
        return Size(_nearest(Fraction(size.height * ratio.width, ratio.height)), size.height)
    return Size(size.width, _nearest(Fraction(size.width * ratio.height, ratio.width)))


def read_ratio(text: object) -> Size | None:
    """Read a shape such as ``16:9``; None for anything else."""
    width, colon, height = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not colon or not _is_edge(width) or not _is_edge(height):
        return None
    return Size(int(width), int(height))


def read_size(value: object) -> Size | None:
    """Read a size as models take it: a name, or an object of width and height; None for anything else."""
    if isinstance(value, str):
        return NAMED.get(value)
    if isinstance(value, Mapping):
        width, height = value.get("width"), value.get("height")
        if isinstance(width, int) and isinstance(height, int):
            return Size(width, height)
    return None


def with_shape(shape: Size, longest_edge: int) -> Size:
    """The size of a shape whose longest edge is this; nothing longer than 16 times its width."""
    longest, shortest = max(shape.width, shape.height), min(shape.width, shape.height)
    other = max(_nearest(Fraction(longest_edge * shortest, longest)), _ceil(longest_edge, _LONGEST_SHAPE))
    return Size(longest_edge, other) if shape.width >= shape.height else Size(other, longest_edge)


def legal(size: Size, limits: Mapping[str, Any]) -> Size:
    """The nearest size of the same shape that keeps ``axis_px`` (each edge) and ``total_px`` (both multiplied).

    Too small grows to the smallest that fits, too large shrinks to the largest; where no size of the shape fits, the
    edges are cut to the axis.
    """
    axis, total = limits.get("axis_px", {}), limits.get("total_px", {})
    least_edge, least_total = axis.get("min", 0), total.get("min", 0)
    if size.pixels < least_total and max(size.width, size.height) > _LONGEST_SHAPE * min(size.width, size.height):
        size = with_shape(size, max(size.width, size.height))
    width, height = size.width, size.height
    grown = [size]
    if (shortest := min(width, height)) < least_edge:
        grown.append(Size(_ceil(width * least_edge, shortest), _ceil(height * least_edge, shortest)))
    if size.pixels < least_total:
        grown.append(
            Size(_ceil_root(_ceil(width * least_total, height)), _ceil_root(_ceil(height * least_total, width)))
        )
    size = shrunk(max(grown, key=lambda one: one.pixels), total.get("max"))
    longest_edge = axis.get("max", max(size.width, size.height))
    return Size(min(size.width, longest_edge), min(size.height, longest_edge))


def shrunk(size: Size, max_pixels: int | None) -> Size:
    """The largest size of the same shape within so many pixels; None: any number."""
    if max_pixels is None or size.pixels <= max_pixels:
        return size
    width, height = isqrt(size.width * max_pixels // size.height), isqrt(size.height * max_pixels // size.width)
    return Size(max(width, 1), max(height, 1))


def _planned_size(spec: ModelSpec, effective: Mapping[str, Any], source: Size | None) -> Size:
    limits, ratio = spec.limits, effective.get("aspect_ratio")
    if spec.kind == "background_removal":
        return source or Size(_DEFAULT_EDGE, _DEFAULT_EDGE)
    if "upscale_factor" in effective:
        return upscaled(source or Size(_DEFAULT_EDGE, _DEFAULT_EDGE), effective["upscale_factor"])
    if spec.kind == "reframe":
        start, shape = source or Size(_DEFAULT_EDGE, _DEFAULT_EDGE), read_ratio(ratio)
        return reframed(start, shape, is_cropped=effective.get("mode") == "crop") if shape else start
    edge = EDGES.get(str(effective.get("resolution")))
    if explicit := read_size(effective) or read_size(effective.get("image_size")):
        return delivered(with_shape(explicit, edge) if edge else explicit, limits)  # it is priced by the resolution
    if isinstance(name := effective.get("image_size"), str) and name.removeprefix("auto_") in EDGES:
        return delivered(with_shape(source or _SQUARE, EDGES[name.removeprefix("auto_")]), limits)
    default = spec.properties.get("aspect_ratio", {}).get("default")
    shape = (source if ratio in {None, "auto"} else read_ratio(ratio) or read_ratio(default)) or _SQUARE
    if edge is None:
        edge = isqrt(limits["max_output_px"]) if "max_output_px" in limits else _DEFAULT_EDGE
    return with_shape(shape, edge)


def delivered(size: Size, limits: Mapping[str, Any]) -> Size:
    """What comes out when this size is asked for."""
    return shrunk(legal(size, limits), limits.get("delivered_max_px"))


def _content_type(spec: ModelSpec, effective: Mapping[str, Any]) -> str:
    formats = spec.limits.get("output_formats", ["png"])
    return f"image/{effective.get('output_format') or formats[0]}"


def _is_edge(digits: str) -> bool:
    return digits.isascii() and digits.isdecimal() and len(digits) <= 5 and int(digits) > 0


def _nearest(value: Fraction) -> int:
    """Round to the nearest whole number, halves up, at least 1."""
    return max(1, int(value + Fraction(1, 2)))


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _ceil_root(number: int) -> int:
    return isqrt(number - 1) + 1 if number > 0 else 0
