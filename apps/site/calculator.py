"""The calculator: from an amount to pictures, and from pictures to an amount."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from apps.catalog.calculator import MOST_MC, MOST_PICTURES
from apps.catalog.money import current_terms, format_usd, from_usd, to_microusd, to_millicredits
from apps.catalog.shelf import OnShelf, read_shelf
from apps.ledger.amounts import from_credits
from apps.site.choosing import compared_of
from apps.site.pages import public_page, show
from apps.site.reckoning import costing, covered

_USD, _CREDITS = "usd", "credits"
EVERY_MODEL: Final = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know, and what was wrong with how they put it."""

    amount: str
    unit: str
    amount_mc: int | None
    pictures: str
    count: int | None
    model: str
    ai_models: list[OnShelf]
    faults: dict[str, str]


@public_page
def calculator(request: HttpRequest) -> HttpResponse:
    """Work out both ways round, by the address alone; every figure comes from the prices in force."""
    shelf, terms = read_shelf(now=timezone.now()), current_terms()
    asked = _read(request.GET, shelf, terms.usd_per_credit)
    by_amount = asked.amount_mc is not None
    rows = []
    if asked.amount_mc is not None:
        rows = covered(asked.ai_models, amount_mc=asked.amount_mc, usd_per_credit=terms.usd_per_credit)
    elif asked.count is not None:
        rows = costing(asked.ai_models, pictures=asked.count, usd_per_credit=terms.usd_per_credit)
    amount_mc = asked.amount_mc or 0
    return show(
        request,
        "site/calculator.html",
        current="site_calculator",
        status=422 if asked.faults else 200,
        asked=asked,
        rows=rows,
        by_amount=by_amount,
        amount_usd=format_usd(to_microusd(amount_mc, usd_per_credit=terms.usd_per_credit)),
        shelf=[(one.ai_model.pk, one.ai_model.name) for one in shelf],
        every_model=EVERY_MODEL,
        most_pictures=MOST_PICTURES,
        usd_per_credit=f"{terms.usd_per_credit.normalize():f}",
    )


def _read(query: QueryDict, shelf: list[OnShelf], usd_per_credit: Decimal) -> Asked:
    faults: dict[str, str] = {}
    pictures, amount = query.get("pictures", "").strip(), query.get("amount", "").strip()
    unit = query.get("unit", _USD)
    if unit not in (_USD, _CREDITS):
        faults["amount"] = "An amount is in usd or in credits."
        unit = _USD
    count = _count(pictures, faults) if pictures else None
    amount_mc = None
    if not pictures:
        amount = amount or "1"
        amount_mc = None if faults else _amount(amount, unit, usd_per_credit, faults)
    model, ai_models = _models(query, shelf, faults)
    return Asked(amount[:20], unit, amount_mc, pictures[:20], count, model, ai_models, faults)


def _amount(text: str, unit: str, usd_per_credit: Decimal, faults: dict[str, str]) -> int | None:
    try:
        if len(text) > 18:
            raise ValueError
        amount = to_millicredits(from_usd(text), usd_per_credit=usd_per_credit) if unit == _USD else from_credits(text)
    except ValueError:
        decimals = "six" if unit == _USD else "three"
        faults["amount"] = f"A number above zero, with at most {decimals} decimals and a point before them."
        return None
    if not 0 < amount <= MOST_MC:
        faults["amount"] = "More than nothing, and at most a billion credits."
        return None
    return amount


def _count(text: str, faults: dict[str, str]) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 9 and 0 < int(text) <= MOST_PICTURES:
        return int(text)
    faults["pictures"] = f"A whole number from 1 to {MOST_PICTURES:,}."
    return None


def _models(query: QueryDict, shelf: list[OnShelf], faults: dict[str, str]) -> tuple[str, list[OnShelf]]:
    """The models that are asked about; without any, those of the comparison, or all where nothing is compared."""
    wanted = [one for one in query.getlist("model") if one]
    if not wanted:
        return "", [one for one in compared_of(shelf) if one.most_pictures != 0] or shelf
    if EVERY_MODEL in wanted:
        return EVERY_MODEL, shelf
    found = [one for one in shelf if one.ai_model.pk in wanted]
    if not found:
        faults["model"] = "There is no such model."
    return wanted[0] if len(wanted) == 1 else "", found
