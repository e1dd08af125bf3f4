"""The worked prices of the catalogue's files: ``price_cases.csv``, a request a row, amounts in credits."""

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from apps.catalog.files.faults import Faults
from apps.catalog.price_cases import OUTCOMES, REASONS, PriceCase
from apps.catalog.spec import FORMATS
from apps.ledger.amounts import ZERO, from_credits

NumberedCase = tuple[int, PriceCase]  # the line of the file, and what stands there
COLUMNS: Final = (
    *("case", "model", "params", "wrapper", "input_images", "outcome", "error", "delivered", "hold", "credits"),
    *("source", "rule"),
)
_SIZE: Final = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})", re.ASCII)


class _BadRow(ValueError):
    """A cell that cannot be read: column, sentence."""


def read_cases(path: Path, faults: Faults) -> dict[str, list[NumberedCase]]:
    """Read the cases: model → its cases in the order of the file. What cannot be read is noted as a fault.

    ``params`` and ``wrapper`` are the JSON that a caller sends; ``input_images`` are the sizes of the pictures in
    their order, split by «;»; ``delivered`` is empty where everything came back.
    """
    try:
        rows = csv.DictReader(path.read_text().splitlines(), restkey="more", strict=True)
        header = tuple(rows.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as unreadable:
        faults.add_line(path.name, 1, "", f"The file cannot be read: {unreadable}")
        return {}
    if header != COLUMNS:
        faults.add_line(path.name, 1, "", f"The columns must be {', '.join(COLUMNS)}.")
        return {}
    found: dict[str, list[NumberedCase]] = {}
    numbers: set[str] = set()
    try:
        for row in rows:
            try:
                if row["case"] in numbers:
                    raise _BadRow("case", f"There are two cases {row['case']}.")
                numbers.add(row["case"])
                case = _read_row(row)
                found.setdefault(row["model"], []).append((rows.line_num, case))
            except _BadRow as fault:
                column, message = fault.args
                faults.add_line(path.name, rows.line_num, column, message)
    except csv.Error as broken:
        faults.add_line(path.name, rows.reader.line_num, "", f"The row cannot be read: {broken}.")
    return found


def _read_row(row: Mapping[str, Any]) -> PriceCase:
    if "more" in row or None in row.values():
        raise _BadRow("", f"A row has {len(COLUMNS)} cells.")
    wrapper = _read_object(row, "wrapper") if row["wrapper"] else {}
    preset, is_mock = wrapper.pop("format", None), wrapper.pop("mock", False)
    if wrapper or preset not in {None, *FORMATS} or not isinstance(is_mock, bool):
        raise _BadRow("wrapper", "May hold a format and mock, nothing else.")
    outcome, error = row["outcome"], row["error"]
    if outcome not in OUTCOMES:
        raise _BadRow("outcome", f"Must be one of {', '.join(OUTCOMES)}.")
    if (outcome == "refused") != bool(error) or error not in {"", "schema", *REASONS}:
        raise _BadRow("error", f"Says why a request is refused: schema, {', '.join(sorted(REASONS))}.")
    case = PriceCase(
        inputs=_read_object(row, "params"),
        wrapper_format=preset,
        is_mock=is_mock,
        pictures=_read_sizes(row["input_images"]),
        delivered=_read_count(row["delivered"]),
        outcome=outcome,
        error=error,
        hold_mc=_read_amount(row, "hold"),
        charge_mc=_read_amount(row, "credits"),
    )
    if (outcome == "charged") != (case.hold_mc > ZERO):
        raise _BadRow("hold", "Is more than zero where something is charged, else zero.")
    return case


def _read_object(row: Mapping[str, str], column: str) -> dict[str, Any]:  # JSON
    try:
        value = json.loads(row[column])
    except json.JSONDecodeError as fault:
        raise _BadRow(column, f"Is not JSON: {fault}.") from fault
    if not isinstance(value, dict):
        raise _BadRow(column, "Must be a JSON object.")
    return value


def _read_sizes(text: str) -> tuple[tuple[int, int], ...]:
    sizes = [_SIZE.fullmatch(part) for part in text.split(";")] if text else []
    if None in sizes:
        raise _BadRow("input_images", "Must be sizes such as 800x600;1024x1024.")
    return tuple((int(size[1]), int(size[2])) for size in sizes if size)


def _read_count(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal()):
        raise _BadRow("delivered", "Must be a number of files, or empty.")
    return int(text) if text else None


def _read_amount(row: Mapping[str, str], column: str) -> Any:  # Millicredits
    try:
        amount = from_credits(row[column])
    except ValueError as fault:
        raise _BadRow(column, f"{fault}.") from fault
    if amount < ZERO:
        raise _BadRow(column, "Must not be negative.")
    return amount
