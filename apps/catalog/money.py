"""Dollars and credits: what one is worth in the other, and what is left of a price after its cost."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from django.conf import settings

from apps.catalog.price_rules import PER_DOLLAR
from apps.ledger.amounts import PER_CREDIT

_TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator sets."""

    usd_per_credit: Decimal
    margin_floor_percent: Decimal  # a model that earns less of its price than this is pointed out to staff


def current_terms() -> Terms:
    """Read the operator's terms."""
    return Terms(settings.EASEL_USD_PER_CREDIT, settings.EASEL_MARGIN_FLOOR_PERCENT)


def to_microusd(amount_mc: int, *, usd_per_credit: Decimal) -> int:
    """Tell what credits are worth, rounded half to even."""
    worth = Decimal(amount_mc) * usd_per_credit * PER_DOLLAR / PER_CREDIT
    return int(worth.to_integral_value(ROUND_HALF_EVEN))


def to_millicredits(microusd: int, *, usd_per_credit: Decimal) -> int:
    """Tell how many whole millicredits an amount of dollars buys; what is left over buys nothing."""
    return int(Decimal(microusd) * PER_CREDIT / (usd_per_credit * PER_DOLLAR))


def from_usd(text: str | Decimal) -> int:
    """Read an amount in dollars as micro-dollars, exactly.

    :raises ValueError: not a number, or finer than a millionth of a dollar.
    """
    amount = Decimal(text) * PER_DOLLAR if _is_plain(str(text)) else Decimal("NaN")
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError(f"{text!r} is not an amount of dollars with at most six decimals")
    return int(amount)


def format_usd(microusd: int) -> str:
    """Write an amount for people, with at least cents: ``0.50``, ``0.032`` or ``1,200.00``."""
    sign = "-" if microusd < 0 else ""
    whole, rest = divmod(abs(microusd), PER_DOLLAR)
    decimals = f"{rest:06d}"
    return f"{sign}{whole:,}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def margin_percent(*, revenue_mc: int, cost_microusd: int | None, usd_per_credit: Decimal) -> Decimal | None:
    """Tell which part of a price is left after its cost, in percent to a tenth: below zero for a loss.

    None where the cost is not known, or nothing was earned.
    """
    revenue = Decimal(revenue_mc) * usd_per_credit * PER_DOLLAR / PER_CREDIT
    if cost_microusd is None or revenue <= 0:
        return None
    return ((revenue - cost_microusd) / revenue * 100).quantize(_TENTH)


def _is_plain(text: str) -> bool:
    """Whether a text is digits with at most one point: no exponent, no sign, nothing that Decimal alone would take."""
    whole, _, decimals = text.partition(".")
    return whole.isascii() and whole.isdigit() and (not decimals or (decimals.isascii() and decimals.isdigit()))
