"""When a balance crosses a line, worked out without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.crossing import Line, pass_by, redraw

ARMED, TOLD = Line(100, is_armed=True), Line(100, is_armed=False)

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("line", "available", "after", "has_crossed"),
    [
        (ARMED, 100, ARMED, False),
        (ARMED, 99, TOLD, True),
        (ARMED, 0, TOLD, True),
        (TOLD, 99, TOLD, False),
        (TOLD, 120, TOLD, False),
        (TOLD, 121, ARMED, False),
        (Line(None, is_armed=True), 0, Line(None, is_armed=True), False),
        (Line(1, is_armed=True), 0, Line(1, is_armed=False), True),
        (Line(1, is_armed=False), 1, Line(1, is_armed=False), False),
        (Line(1, is_armed=False), 2, Line(1, is_armed=True), False),
    ],
)
def test_a_line_at_a_balance(line: Line, available: int, after: Line, has_crossed: bool) -> None:
    assert pass_by(line, available) == (after, has_crossed)


@pytest.mark.parametrize(
    ("line", "at", "available", "has_crossed"),
    [
        (Line(None, is_armed=True), 100, 99, True),
        (Line(None, is_armed=True), 100, 100, False),
        (ARMED, 300, 200, True),
        (TOLD, 300, 200, False),
        (TOLD, None, 200, False),
        (TOLD, 100, 99, False),
        (TOLD, 90, 90, False),
    ],
)
def test_a_line_that_is_moved(line: Line, at: int | None, available: int, has_crossed: bool) -> None:
    after, crossed = pass_by(redraw(line, at, available), available)
    assert crossed == has_crossed
    assert after == Line(at, is_armed=at is None or available >= at)


@given(balances=st.lists(st.integers(0, 300)), at=st.integers(1, 200))
def test_nobody_is_told_twice_without_a_rise_in_between(balances: list[int], at: int) -> None:
    line, is_quiet = Line(at, is_armed=True), False
    for available in balances:
        line, has_crossed = pass_by(line, available)
        assert has_crossed == (available < at and not is_quiet)
        is_quiet = has_crossed or (is_quiet and available * 5 <= at * 6)
