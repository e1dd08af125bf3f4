"""How money is written on a page."""

from decimal import Decimal
from typing import Final

from django import template

from apps.billing.currencies import digits_of
from apps.ledger.amounts import PER_CREDIT

register = template.Library()

_SIGNS: Final = {"usd": "$", "eur": "€", "gbp": "£"}
_CENTS: Final = {"usd": "¢", "eur": "¢", "gbp": "p"}


@register.simple_tag
def per_credit(amount_minor: int, credits_mc: int, currency: str) -> str:
    """Write what one credit of a pack costs, rounded: ``0.96¢``, ``1.2 JPY``."""
    minor = Decimal(amount_minor) * PER_CREDIT / credits_mc
    if cents := _CENTS.get(currency):
        return f"{minor:.2f}{cents}"
    whole = f"{minor.scaleb(-digits_of(currency)):.4f}".rstrip("0").rstrip(".")
    return f"{whole} {currency.upper()}"


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """Write an amount of minor units: ``$12.50``, ``1,200 JPY``."""
    digits = digits_of(currency)
    whole, rest = divmod(amount_minor, 10**digits)
    number = f"{whole:,}.{rest:0{digits}}" if digits else f"{whole:,}"
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"
