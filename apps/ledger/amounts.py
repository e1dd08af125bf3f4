"""The unit of credits: integer millicredits inside, credits with at most three decimals outside."""

import re
from decimal import Decimal
from typing import Final, NewType

Millicredits = NewType("Millicredits", int)

PER_CREDIT: Final = 1000  # 1 credit = 1000 mc. Integers, because SQLite keeps decimals as floats.
ZERO: Final = Millicredits(0)
LARGEST: Final = Millicredits(2**43 * PER_CREDIT - 1)  # above, a JSON number (a double) loses the third decimal

_CREDITS = re.compile(r"-?\d{1,15}(\.\d{1,3})?", re.ASCII)


def from_credits(credits: int | str | Decimal) -> Millicredits:
    """Read an amount in credits, exactly.

    :raises ValueError: not a number, or finer than a millicredit.
    """
    text = str(credits)
    if not _CREDITS.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount of credits with at most three decimals")
    return Millicredits(int(Decimal(text) * PER_CREDIT))


def to_credits(amount_mc: int) -> int | float:
    """Write an amount as the JSON number of credits: 12000 → 12, 10600 → 10.6.

    A double carries every amount up to LARGEST to the third decimal, so the number a client prints is exact.
    """
    whole, rest = divmod(amount_mc, PER_CREDIT)
    return amount_mc / PER_CREDIT if rest else whole


def to_decimal(amount_mc: int) -> Decimal:
    """Write an amount as an exact number of credits, with no more decimals than it needs."""
    whole, rest = divmod(amount_mc, PER_CREDIT)
    return Decimal(amount_mc).scaleb(-3).normalize() if rest else Decimal(whole)


def format_credits(amount_mc: int) -> str:
    """Write an amount for people, without a unit: ``1,284`` or ``10.6``."""
    sign = "-" if amount_mc < 0 else ""
    whole, rest = divmod(abs(amount_mc), PER_CREDIT)
    decimals = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{sign}{whole:,}{decimals}"
