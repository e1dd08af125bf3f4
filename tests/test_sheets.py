"""CSV that is exact, and harmless in a spreadsheet."""

import csv
import io
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from apps.sheets import as_csv

pytestmark = pytest.mark.once


def test_a_table_is_written_exactly() -> None:
    at = datetime(2026, 11, 21, 12, 30, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    text = "".join(as_csv(("a", "b"), [[at, Decimal("-12.5")], [None, 10**15], ['"x", y\n', Decimal("1E+3")]]))
    assert text == 'a,b\r\n2026-11-21T10:30:00.000005Z,-12.5\r\n,1000000000000000\r\n"""x"", y\n",1000\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    line = "".join(as_csv(("a",), [[text]]))
    assert next(csv.reader(io.StringIO(line.split("\r\n", 1)[1], newline=""))) == [f"'{text}"]
