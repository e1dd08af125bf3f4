"""In which steps Stripe takes amounts of a currency. Amounts are in its minor unit, as everywhere."""

from typing import Final

# Source: Stripe's documentation, "Supported currencies", zero-decimal, three-decimal and special cases.
_TENS: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})  # three decimals, of which cards know two
_HUNDREDS: Final = frozenset({"isk", "ugx"})  # without decimals now, and still written with two


def step_of(currency: str) -> int:
    """The number of minor units that every amount in this currency is a multiple of."""
    return 10 if currency in _TENS else 100 if currency in _HUNDREDS else 1
