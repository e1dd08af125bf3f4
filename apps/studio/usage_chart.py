"""Usage as bars: a bar a day, stacked by group. Pure: from sums to numbers of an SVG."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from apps.jobs.usage import Usage
from apps.ledger.amounts import PER_CREDIT

WIDTH: Final = 900
HEIGHT: Final = 138
SHOWN: Final = 5  # groups with a colour of their own; the rest is one
REST: Final = "rest"
_GAP: Final = 0.14  # of a day's width, between two bars
_LINES: Final = 3
_LABELS: Final = 5
_ROUND: Final = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)

Group = object  # a stage, an id or None


@dataclass(frozen=True, slots=True)
class Part:
    """One group's share of a bar."""

    look: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: its parts from the ground up, and the day in words."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Legend:
    """A group: how it looks, what it is called, and what it spent in all."""

    look: str
    name: str
    spent_mc: int
    jobs: int
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line across, with the credits that it stands for."""

    y: str
    credits_mc: int


@dataclass(frozen=True, slots=True)
class Row:
    """A day of the table that says the same: its sum, then each group of the legend."""

    day: date
    spent_mc: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn; ``rows`` leave out the days on which nothing was spent."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    legend: tuple[Legend, ...]
    days: tuple[date, ...]  # under the bars, evenly apart
    rows: tuple[Row, ...]
    spent_mc: int
    jobs: int
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(
    found: Sequence[Usage],
    *,
    first: date,
    last: date,
    name_of: Callable[[Group], str],
    looks: Mapping[Group, str],
    url_of: Callable[[Group], str] = lambda _: "",
) -> Chart:
    """Lay usage out. ``looks`` are those of groups that always have the same; others get theirs by what they spent."""
    by_group: dict[Group, int] = defaultdict(int)
    by_day: dict[date, dict[Group, int]] = defaultdict(lambda: defaultdict(int))
    jobs: dict[Group, int] = defaultdict(int)
    for one in found:
        by_group[one.group] += one.spent_mc
        jobs[one.group] += one.jobs
        by_day[one.day][one.group] += one.spent_mc
    order = sorted(by_group, key=lambda group: (-by_group[group], str(group)))
    if looks:
        order = [group for group in looks if group in by_group] + [group for group in order if group not in looks]
    shown, rest = order[:SHOWN], order[SHOWN:]
    look_of = {group: looks.get(group, f"s{number}") for number, group in enumerate(shown)}
    columns: list[tuple[str, str, list[Group]]] = [(look_of[group], name_of(group), [group]) for group in shown]
    if rest:
        columns.append((REST, f"{len(rest)} more", rest))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    stacks = [[sum(by_day[day][group] for group in groups) for _, _, groups in columns] for day in days]
    top = _top(max((sum(max(0, part) for part in stack) for stack in stacks), default=0))
    return Chart(
        bars=tuple(_bar(number, len(days), days[number], stack, columns, top) for number, stack in enumerate(stacks)),
        lines=tuple(_line(number, top) for number in range(1, _LINES + 1)),
        legend=tuple(
            Legend(
                look,
                name,
                sum(by_group[group] for group in groups),
                sum(jobs[group] for group in groups),
                url_of(groups[0]) if look != REST else "",
            )
            for look, name, groups in columns
        ),
        days=tuple(_evenly(days)),
        rows=tuple(Row(day, sum(stack), tuple(stack)) for day, stack in zip(days, stacks, strict=True) if any(stack)),
        spent_mc=sum(by_group.values()),
        jobs=sum(jobs.values()),
    )


def _bar(
    number: int, of: int, day: date, stack: list[int], columns: list[tuple[str, str, list[Group]]], top: int
) -> Bar:
    step = WIDTH / of
    ground = float(HEIGHT)
    parts, words = [], []
    for (look, name, _), amount in zip(columns, stack, strict=True):
        if amount:
            words.append(f"{name} {_credits(amount)}")
        if amount > 0:
            height = HEIGHT * amount / top
            ground -= height
            x, width = number * step + step * _GAP / 2, step * (1 - _GAP)
            # A hairline of wall between two parts; what is less than that is drawn as a hairline itself.
            parts.append(Part(look, f"{x:.1f}", f"{ground:.1f}", f"{width:.1f}", f"{max(height - 1, 0.6):.1f}"))
    total = _credits(sum(stack))
    return Bar(f"{day.day} {day:%b}: {total}" + (f". {', '.join(words)}" if words else ""), tuple(parts))


def _credits(amount_mc: int) -> str:
    return f"{amount_mc / PER_CREDIT:,.3f}".rstrip("0").rstrip(".") + " cr"


def _line(number: int, top: int) -> Line:
    return Line(f"{HEIGHT - HEIGHT * number / _LINES:.1f}", top * number // _LINES)


def _top(most: int) -> int:
    """A height of round numbers in thirds that everything fits under, in whole credits."""
    third = max(1, -(-most // (_LINES * PER_CREDIT)))
    power = 10 ** (len(str(third)) - 1)
    fitting = next(step for step in _ROUND if step * power >= third and step * power == int(step * power))
    return int(fitting * power) * _LINES * PER_CREDIT


def _evenly(days: list[date]) -> list[date]:
    if len(days) <= _LABELS:
        return days
    return [days[round(number * (len(days) - 1) / (_LABELS - 1))] for number in range(_LABELS)]
