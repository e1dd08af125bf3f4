"""The map: models by usual time and price, both on logarithmic axes, laid out so that no two names collide. Pure."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from apps.catalog.kinds import Stage
from apps.catalog.shelf import OnShelf
from apps.ledger.amounts import PER_CREDIT
from apps.site.facts import seconds

WIDTH: Final = 1040
HEIGHT: Final = 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 24, 26, 46
_GLYPH: Final = 16
_LETTER: Final = 6.9  # how wide a letter is drawn, about
_LINE: Final = 15
_STEPS: Final = tuple(base * 10**power for power in range(-1, 6) for base in (1, 2, 5))
_MOST_TICKS: Final = 7

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """A model on the map."""

    name: str
    url: str
    stage: str
    stage_label: str
    time: str
    cost_mc: int
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str  # of SVG's text


@dataclass(frozen=True, slots=True)
class Chart:
    points: tuple[Point, ...]
    times: tuple[Tick, ...]
    prices: tuple[Tick, ...]
    unknown: tuple[str, ...]  # models whose usual time nobody knows
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def chart_of(found: Iterable[OnShelf]) -> Chart:
    """Place every model whose usual time is known; the price is that of a usual run."""
    everything = list(found)
    known = [(one, one.seconds) for one in everything if one.seconds]
    unknown = tuple(one.ai_model.name for one in everything if not one.seconds)
    if not known:
        return Chart((), (), (), unknown)
    time_axis = _Axis.around([time for _, time in known], _LEFT + 30, WIDTH - _RIGHT - 130)
    price_axis = _Axis.around([one.usual_mc / PER_CREDIT for one, _ in known], HEIGHT - _BOTTOM - 30, _TOP + 20)
    spots = _apart([(time_axis.at(time), price_axis.at(one.usual_mc / PER_CREDIT)) for one, time in known])
    taken: list[Box] = [_around(x, y) for x, y in spots]
    points = tuple(
        _point(one, time, spot, taken)
        for (one, time), spot in sorted(zip(known, spots, strict=True), key=lambda pair: pair[1])
    )
    return Chart(
        points=points,
        times=tuple(Tick(time_axis.at(step), seconds(step)) for step in time_axis.steps()),
        prices=tuple(Tick(price_axis.at(step), f"{step:g}\N{NO-BREAK SPACE}cr") for step in price_axis.steps()),
        unknown=unknown,
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """A logarithmic axis from ``low`` to ``high``, drawn from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, values: list[int] | list[float], start: float, end: float) -> "_Axis":
        low = max((step for step in _STEPS if step <= min(values)), default=_STEPS[0])
        high = min((step for step in _STEPS if step >= max(values) and step > low), default=_STEPS[-1])
        return cls(low, high, start, end)

    def at(self, value: float) -> float:
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return round(self.start + min(share, 1) * (self.end - self.start), 1)

    def steps(self) -> list[float]:
        inside = [step for step in _STEPS if self.low <= step <= self.high]
        every = math.ceil(len(inside) / _MOST_TICKS)
        return inside[::every]


def _apart(spots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Move glyphs that would cover one another aside, by as little as it takes to see each."""
    placed: list[tuple[float, float]] = []
    for x, y in spots:
        while any(_meet(_around(x, y), _around(*other)) for other in placed):
            x += _GLYPH / 2
        placed.append((x, y))
    return placed


def _point(one: OnShelf, time: int, spot: tuple[float, float], taken: list[Box]) -> Point:
    (x, y), ai_model = spot, one.ai_model
    label_x, label_y, anchor = _place(ai_model.name, x, y, taken)
    return Point(
        name=ai_model.name,
        url=reverse("site_model", args=[ai_model.pk]),
        stage=ai_model.stage,
        stage_label=Stage(ai_model.stage).label,
        time=seconds(time),
        cost_mc=one.usual_mc,
        x=x,
        y=y,
        label_x=label_x,
        label_y=label_y,
        anchor=anchor,
    )


def _place(name: str, x: float, y: float, taken: list[Box]) -> tuple[float, float, str]:
    """Find room for a name near its glyph, and take it: right, left, above, below, then further and further away."""
    width = len(name) * _LETTER
    spot = next(
        (spot for spot in _around_spots(x, y) if _is_free(_box(spot, width), taken)),
        (x + _GLYPH - 3, y + 4, "start"),
    )
    taken.append(_box(spot, width))
    return spot


def _is_free(box: Box, taken: list[Box]) -> bool:
    return box[2] < WIDTH and box[0] > 0 and not any(_meet(box, one) for one in taken)


def _around_spots(x: float, y: float) -> Iterator[tuple[float, float, str]]:
    for away in range(6):
        for sign in (1, -1) if away else (1,):
            shift = 4 + sign * away * _LINE
            yield x + _GLYPH - 3, y + shift, "start"
            yield x - _GLYPH + 3, y + shift, "end"


def _box(spot: tuple[float, float, str], width: float) -> Box:
    x, y, anchor = spot
    left = x if anchor == "start" else x - width
    return (left, y - _LINE + 4, left + width, y + 3)


def _around(x: float, y: float) -> Box:
    return (x - _GLYPH / 2, y - _GLYPH / 2, x + _GLYPH / 2, y + _GLYPH / 2)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
