"""Credits are read and written exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.amounts import LARGEST, format_credits, from_credits, to_credits


@pytest.mark.parametrize(
    ("credits", "amount_mc"),
    [(0, 0), (12, 12_000), ("10.6", 10_600), ("-0.001", -1), (Decimal("0.125"), 125), ("3.000", 3000)],
)
def test_credits_are_read(credits: int | str | Decimal, amount_mc: int) -> None:
    assert from_credits(credits) == amount_mc


@pytest.mark.parametrize("credits", ["0.0001", "1e3", "", "one", " 1", "1.", ".5", "NaN", "1234567890123456", "١"])
def test_what_is_no_amount_is_refused(credits: str) -> None:
    with pytest.raises(ValueError, match="not an amount of credits"):
        from_credits(credits)


@given(st.integers(min_value=-LARGEST, max_value=LARGEST))
def test_what_a_client_prints_is_what_we_meant(amount_mc: int) -> None:
    assert from_credits(f"{Decimal(repr(to_credits(amount_mc))):.3f}") == amount_mc


@pytest.mark.parametrize(
    ("amount_mc", "text"),
    [(0, "0"), (12_000, "12"), (10_600, "10.6"), (1_284_000, "1,284"), (1, "0.001"), (-1_500, "-1.5")],
)
def test_amounts_are_written_for_people(amount_mc: int, text: str) -> None:
    assert format_credits(amount_mc) == text
