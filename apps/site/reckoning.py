"""The calculator's figures as rows of a table. Pure but for addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from apps.catalog import calculator
from apps.catalog.calculator import Reckoning, Span
from apps.catalog.money import format_usd, to_microusd
from apps.catalog.shelf import OnShelf


@dataclass(frozen=True, slots=True)
class Reckoned:
    """So many pictures of a model at one of its prices: ours, and beside it the list price where one is known."""

    name: str
    url: str
    stage: str
    tier: str
    is_usual: bool
    pictures: int
    each_mc: int
    each_usd: str
    amount_mc: int
    usd: str
    list_each_usd: str
    list_pictures: str
    list_usd: str


def covered(shelf: Iterable[OnShelf], *, amount_mc: int, usd_per_credit: Decimal) -> list[Reckoned]:
    """How many pictures an amount pays for."""
    found = calculator.covered_by(shelf, amount_mc=amount_mc, usd_per_credit=usd_per_credit)
    return [_row(one, usd_per_credit) for one in found]


def costing(shelf: Iterable[OnShelf], *, pictures: int, usd_per_credit: Decimal) -> list[Reckoned]:
    """What so many pictures cost."""
    found = calculator.cost_of(shelf, pictures=pictures, usd_per_credit=usd_per_credit)
    return [_row(one, usd_per_credit) for one in found]


def usual(rows: Iterable[Reckoned]) -> list[Reckoned]:
    """One row a model: that of its usual price."""
    return list({row.url: row for row in reversed([row for row in rows if row.is_usual])}.values())[::-1]


def _row(one: Reckoning, usd_per_credit: Decimal) -> Reckoned:
    choice, ai_model = one.choice, one.choice.on_shelf.ai_model
    return Reckoned(
        name=ai_model.name,
        url=reverse("site_model", args=[ai_model.pk]),
        stage=ai_model.stage,
        tier=choice.label,
        is_usual=choice.each_mc == choice.on_shelf.usual_mc,
        pictures=one.pictures,
        each_mc=choice.each_mc,
        each_usd=format_usd(to_microusd(choice.each_mc, usd_per_credit=usd_per_credit)),
        amount_mc=one.amount_mc,
        usd=format_usd(one.microusd),
        list_each_usd=_usd(choice.list_microusd),
        list_pictures=_span(one.list_pictures),
        list_usd=_usd(one.list_microusd),
    )


def _usd(span: Span | None) -> str:
    if span is None:
        return ""
    low, high = (format_usd(end) for end in span)
    return low if low == high else f"{low}–{high}"


def _span(span: Span | None) -> str:
    if span is None:
        return ""
    return f"{span[0]:,}" if span[0] == span[1] else f"{span[0]:,}–{span[1]:,}"
