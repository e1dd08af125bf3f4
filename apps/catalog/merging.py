"""A file, a row, and what the file said last: which columns the file may write, and which staff changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]  # column → JSON


@dataclass(frozen=True, slots=True)
class Merge:
    """What becomes of a row."""

    written: dict[str, Any]  # column → the file's value
    kept: dict[str, Any]  # column → the file's value, which does not count: staff said otherwise
    base: dict[str, Any]  # what the file says now, for the next time


def merge(*, row: Values, file: Values, base: Values, is_untouched: bool, overwrite: bool) -> Merge:
    """Merge a file into a row, column by column.

    A column that is as its file said last is the file's; one that differs is staff's, also where the file moved on.
    Where nobody noted what a file said last, the file's word counts.

    :param base: empty: no file wrote this row yet. :param is_untouched: then, whether staff never did either.
    :param overwrite: the file's word counts everywhere.
    """
    differs = {name: value for name, value in file.items() if row[name] != value}
    is_staffs = not base and not is_untouched
    kept = {
        name: value
        for name, value in differs.items()
        if not overwrite and (is_staffs or (name in base and row[name] != base[name]))
    }
    written = {name: value for name, value in differs.items() if name not in kept}
    return Merge(written, kept, {**base, **file})
