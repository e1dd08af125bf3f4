"""When a balance crosses a line: told once, and again only after it was well above."""

from typing import Final, NamedTuple

# Armed again above 6/5 of the line, so that a balance that wavers about it is told once.
_ABOVE: Final = (6, 5)
_NEAR_PERCENT: Final = 80  # of a budget's limit


class Line(NamedTuple):
    """A line that a balance may fall below; without ``at`` there is none."""

    at: int | None
    is_armed: bool


def pass_by(line: Line, available: int) -> tuple[Line, bool]:
    """Return a line as it is at this balance, and whether that crossed it.

    An armed line never stands above the balance: falling below it disarms it, and setting it there does as well.
    """
    if line.at is None:
        return line, False
    if line.is_armed and available < line.at:
        return Line(line.at, is_armed=False), True
    above, of_line = _ABOVE
    if not line.is_armed and available * of_line > line.at * above:
        return Line(line.at, is_armed=True), False
    return line, False


def redraw(line: Line, at: int | None, available: int) -> Line:
    """Move a line, or take it away (None).

    Set above the balance it counts as crossed at once: what is wanted below it is wanted now, and an empty wallet would
    never cross it. Whoever was told already, by the line as it was, is not told again.
    """
    was_told = line.at is not None and not line.is_armed
    return Line(at, is_armed=at is None or available >= at or not was_told)


def reach(*, before: int, after: int, limit: int) -> tuple[bool, bool]:
    """Tell whether what counts against a budget came near its limit (80 %), and whether it reached it."""
    near = limit * _NEAR_PERCENT
    return before * 100 < near <= after * 100, before < limit <= after
