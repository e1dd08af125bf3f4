"""Tables as CSV: exact numbers, and no cell that a spreadsheet would take for a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

Cell = str | int | Decimal | datetime | None

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run
# Source: OWASP, "CSV Injection": an apostrophe in front keeps the cell a text.


class _Line:
    """What the writer writes to: each line is handed on at once."""

    def write(self, text: str) -> str:
        return text


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Write a table, line by line. Numbers are as they are, times in UTC as ISO 8601, None is empty."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([_text(cell) for cell in row])


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA) else cell
        case Decimal():
            return f"{cell:f}"
        case _:
            return str(cell)
