"""What amounts of a currency look like: the steps Stripe takes them in, and how people write them.

Amounts are in the minor unit that Stripe counts in, as everywhere.
"""

import re
from typing import Final

# Source: Stripe's documentation, "Supported currencies", zero-decimal, three-decimal and special cases.
_TENS: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})  # three decimals, of which cards know two
_HUNDREDS: Final = frozenset({"isk", "ugx"})  # without decimals now, and still written with two
_WHOLE: Final = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)

# A comma stands between thousands and nowhere else: ``12,50`` is no amount, least of all 1250.
_TYPED: Final = re.compile(r"(\d{1,9}|[1-9]\d{0,2}(?:,\d{3}){1,2})(?:\.(\d{1,3}))?", re.ASCII)


def step_of(currency: str) -> int:
    """The number of minor units that every amount in this currency is a multiple of."""
    return 10 if currency in _TENS else 100 if currency in _HUNDREDS else 1


def digits_of(currency: str) -> int:
    """How many decimals an amount of this currency has, when its minor units are written as people do."""
    return 0 if currency in _WHOLE else 3 if currency in _TENS else 2


def write_money(amount_minor: int, currency: str) -> str:
    """Write an amount as a form takes it, without a sign or a currency: ``12.50``."""
    digits = digits_of(currency)
    whole, rest = divmod(amount_minor, 10**digits)
    return f"{whole}.{rest:0{digits}}" if digits else str(whole)


def read_money(text: str, currency: str) -> int | None:
    """Read an amount as people type it, in minor units; None: it is none, or finer than the currency."""
    found, digits = _TYPED.fullmatch(text), digits_of(currency)
    if found is None:
        return None
    whole, rest = found[1].replace(",", ""), found[2] or ""
    return int(whole + rest.ljust(digits, "0")) if len(rest) <= digits else None
