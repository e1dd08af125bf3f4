"""Tiles and durations."""

import pytest

from apps.studio.durations import as_clock, in_words
from apps.studio.shapes import Tile, tile_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("value", "tile"),
    [
        ("1:1", Tile("1:1", 17, 17)),
        ("4:5", Tile("4:5", 15, 19)),
        ("3:2", Tile("3:2", 21, 14)),
        ("16:9", Tile("16:9", 23, 13)),
        ("portrait_16_9", Tile("9:16", 12, 21)),
        ("auto_2K", Tile("Auto 2K", 15, 15, is_open=True)),
        ("auto", Tile("Auto", 15, 15, is_open=True)),
        ("2048 × 2048", Tile("2048²", 17, 17)),
        ("1:0", Tile("1:0", 15, 15, is_open=True)),
        ("9000:1", Tile("9000:1", 29, 10)),
    ],
)
def test_a_shape_is_drawn_to_scale(value: str, tile: Tile) -> None:
    assert tile_of(value) == tile


@pytest.mark.parametrize(
    ("seconds", "words", "clock"),
    [
        (0, "0 s", "0:00"),
        (59, "59 s", "0:59"),
        (125, "2 min 5 s", "2:05"),
        (120, "2 min", "2:00"),
        (3840, "1 h 4 min", "64:00"),
    ],
)
def test_durations_are_said_shortly(seconds: int, words: str, clock: str) -> None:
    assert (in_words(seconds).replace("\N{NO-BREAK SPACE}", " "), as_clock(seconds)) == (words, clock)
