"""What a model costs at its own house, in dollars, as the catalogue keeps it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_ENDS: Final = ("low", "high")


@dataclass(frozen=True, slots=True)
class ListPrice:
    """One line: ``usd`` is a number or a range, as text."""

    what: str
    usd: str


def list_prices(given: Mapping[str, Any] | None) -> list[ListPrice]:  # JSON: {price} or {by, price: {tier: price}}
    """Every list price of a model; none where nobody publishes one."""
    price = (given or {}).get("price")
    if not price:
        return []
    if isinstance(price, str):
        return [ListPrice("Each picture", price)]
    by = (given or {}).get("by")
    if by is None and set(price) == set(_ENDS):
        return [ListPrice("Each picture", f"{price['low']} to {price['high']}")]
    return [
        ListPrice(f"Each picture at {by} {tier}" if by else f"Each picture, {tier}", usd) for tier, usd in price.items()
    ]


def range_of(given: Mapping[str, Any] | None) -> str:  # as above
    """The list price in a word: ``0.032`` or ``0.08 to 0.16``; empty where there is none."""
    price = (given or {}).get("price")
    if not price or isinstance(price, str):
        return price or ""
    ends = sorted(price.values(), key=float)
    return f"{ends[0]} to {ends[-1]}" if ends[0] != ends[-1] else str(ends[0])
