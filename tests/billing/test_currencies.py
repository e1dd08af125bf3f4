"""Amounts as people write them: read exactly or not at all."""

import pytest

from apps.billing.currencies import read_money, write_money

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        *(("12.50", "usd", 1250), ("12.5", "usd", 1250), ("12", "usd", 1200), ("1,200", "jpy", 1200)),
        *(("1,234,567.89", "usd", 123_456_789), ("1.234", "kwd", 1234), ("0", "usd", 0), ("5", "isk", 500)),
        *(("12.345", "usd", None), ("1.5", "jpy", None), ("1.2345", "kwd", None), ("1" * 10, "usd", None)),
        *(("", "usd", None), ("-1", "usd", None), ("1e3", "usd", None), ("٣", "usd", None)),
        *(("12,50", "usd", None), ("0,500", "kwd", None), (",5", "usd", None), ("1,2,3", "usd", None)),
    ],
)
def test_money_is_read_as_it_is_typed(text: str, currency: str, amount: int | None) -> None:
    assert read_money(text, currency) == amount
    if amount is not None:
        assert read_money(write_money(amount, currency), currency) == amount
