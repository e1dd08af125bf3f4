"""Money as pages write it."""

import pytest

from apps.studio.templatetags.money import money, per_credit


@pytest.mark.once
@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1000, "usd", "$10.00"),
        (123_456, "eur", "€1,234.56"),
        (5, "gbp", "£0.05"),
        (1200, "jpy", "1,200 JPY"),
        (1234, "kwd", "1.234 KWD"),
        (950, "chf", "9.50 CHF"),
    ],
)
def test_money_is_written_for_people(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.once
@pytest.mark.parametrize(
    ("amount", "credits_mc", "currency", "text"),
    [
        (2400, 2_500_000, "usd", "0.96¢"),
        (900, 1_000_000, "eur", "0.90¢"),
        (1200, 1_000_000, "jpy", "1.2 JPY"),
        (950, 1_000_000, "chf", "0.0095 CHF"),
    ],
)
def test_what_one_credit_of_a_pack_costs(amount: int, credits_mc: int, currency: str, text: str) -> None:
    assert per_credit(amount, credits_mc, currency) == text
