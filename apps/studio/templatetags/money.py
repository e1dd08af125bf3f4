"""How money is written on a page, and read from a form."""

import re
from decimal import Decimal
from typing import Final

from django import template

from apps.ledger.amounts import PER_CREDIT

register = template.Library()

_SIGNS: Final = {"usd": "$", "eur": "€", "gbp": "£"}
# How many digits of the minor unit Stripe counts in, where it is not two.
_DIGITS: Final = dict.fromkeys(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"), 0
) | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3)

_TYPED: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))?", re.ASCII)


_CENTS: Final = {"usd": "¢", "eur": "¢", "gbp": "p"}


@register.simple_tag
def per_credit(amount_minor: int, credits_mc: int, currency: str) -> str:
    """Write what one credit of a pack costs, rounded: ``0.96¢``, ``1.2 JPY``."""
    minor = Decimal(amount_minor) * PER_CREDIT / credits_mc
    if cents := _CENTS.get(currency):
        return f"{minor:.2f}{cents}"
    whole = f"{minor.scaleb(-_DIGITS.get(currency, 2)):.4f}".rstrip("0").rstrip(".")
    return f"{whole} {currency.upper()}"


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """Write an amount of minor units: ``$12.50``, ``1,200 JPY``."""
    digits = _DIGITS.get(currency, 2)
    whole, rest = divmod(amount_minor, 10**digits)
    number = f"{whole:,}.{rest:0{digits}}" if digits else f"{whole:,}"
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def write_money(amount_minor: int, currency: str) -> str:
    """Write an amount as a form takes it, without a sign or a currency: ``12.50``."""
    digits = _DIGITS.get(currency, 2)
    whole, rest = divmod(amount_minor, 10**digits)
    return f"{whole}.{rest:0{digits}}" if digits else str(whole)


def read_money(text: str, currency: str) -> int | None:
    """Read an amount as people type it, in minor units; None: it is none, or finer than the currency."""
    found, digits = _TYPED.fullmatch(text.replace(",", "")), _DIGITS.get(currency, 2)
    if found is None:
        return None
    whole, rest = str(found[1]), str(found[2] or "")
    return int(whole + rest.ljust(digits, "0")) if len(rest) <= digits else None
