"""How money is written on a page."""

from typing import Final

from django import template

register = template.Library()

_SIGNS: Final = {"usd": "$", "eur": "€", "gbp": "£"}
# How many digits of the minor unit Stripe counts in, where it is not two.
_DIGITS: Final = dict.fromkeys(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"), 0
) | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3)


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """Write an amount of minor units: ``$12.50``, ``1,200 JPY``."""
    digits = _DIGITS.get(currency, 2)
    whole, rest = divmod(amount_minor, 10**digits)
    number = f"{whole:,}.{rest:0{digits}}" if digits else f"{whole:,}"
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"
