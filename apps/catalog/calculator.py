"""How far an amount goes, and what so many pictures cost: at our price and at the list price, side by side. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from apps.catalog.inputs import default_inputs, planned_outputs
from apps.catalog.money import from_usd, to_microusd, to_millicredits
from apps.catalog.price_rules import Tiers
from apps.catalog.pricing import quote
from apps.catalog.shelf import OnShelf
from apps.ledger.amounts import Millicredits

MOST_PICTURES: Final = 1_000_000  # that anyone may ask about at once
MOST_MC: Final = 10**12  # a billion credits

Span = tuple[int, int]  # the least and the most


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to run a model that has a price of its own."""

    on_shelf: OnShelf
    label: str  # the tier, such as 2K; empty: the model has one price, or this is its usual one
    inputs: Mapping[str, Any]  # what asks for it: {"resolution": "2K"}
    each_mc: Millicredits  # one picture, or clip, at our price
    list_microusd: Span | None  # one at the list price, which may be a range; None: no list price is known


@dataclass(frozen=True, slots=True)
class Reckoning:
    """So many pictures of one choice, at both prices; the list price as credits, too, where there is one."""

    choice: Choice
    pictures: int  # at our price
    amount_mc: int
    microusd: int  # the same amount
    list_pictures: Span | None  # at the list price
    list_microusd: Span | None  # what ``pictures`` cost at the list price
    list_mc: Span | None  # the same amounts, in credits


def choices(one: OnShelf) -> list[Choice]:
    """Name every way to run a model that has its own price, the usual one first where there is no tier."""
    rule = one.rule
    if isinstance(rule.base, Tiers):
        field = rule.base.field
        tiers = sorted(rule.base.amounts, key=rule.base.amounts.__getitem__)
        return [_choice(one, tier, {field: tier}) for tier in tiers]
    dearer = [
        _choice(one, " ".join(str(value) for value in multiplier.when.values()), multiplier.when)
        for multiplier in rule.multipliers
    ]
    return [_choice(one, "", {}), *dearer]


def price_of(one: OnShelf, *, pictures: int = 1, inputs: Mapping[str, Any] | None = None) -> Millicredits:
    """Price so many pictures by the model's own rule, in as many runs as it takes; everything else as usual.

    :param inputs: settings that differ from the usual ones, as the model's schema takes them.
    """
    most = one.spec.properties.get("num_images", {}).get("maximum", 1)
    runs, rest = divmod(pictures, most)
    whole = runs * _run(one, most, inputs or {}) if runs else 0
    return Millicredits(whole + (_run(one, rest, inputs or {}) if rest else 0))


def covered_by(shelf: Iterable[OnShelf], *, amount_mc: int, usd_per_credit: Decimal) -> list[Reckoning]:
    """Tell how many pictures of each choice an amount pays for, at our price and at the list price."""
    microusd = to_microusd(amount_mc, usd_per_credit=usd_per_credit)
    return [
        _reckon(choice, amount_mc // choice.each_mc, usd_per_credit, _reach(choice, microusd))
        for one in shelf
        for choice in choices(one)
    ]


def cost_of(shelf: Iterable[OnShelf], *, pictures: int, usd_per_credit: Decimal) -> list[Reckoning]:
    """Tell what so many pictures cost of each choice, at our price and at the list price."""
    found = []
    for choice in (choice for one in shelf for choice in choices(one)):
        found.append(_reckon(choice, pictures, usd_per_credit, (pictures, pictures) if choice.list_microusd else None))
    return found


def _reckon(choice: Choice, pictures: int, usd_per_credit: Decimal, list_pictures: Span | None) -> Reckoning:
    amount_mc = price_of(choice.on_shelf, pictures=pictures, inputs=choice.inputs)
    listed = (choice.list_microusd[0] * pictures, choice.list_microusd[1] * pictures) if choice.list_microusd else None
    return Reckoning(
        choice=choice,
        pictures=pictures,
        amount_mc=amount_mc,
        microusd=to_microusd(amount_mc, usd_per_credit=usd_per_credit),
        list_pictures=list_pictures,
        list_microusd=listed,
        list_mc=(_as_mc(listed[0], usd_per_credit), _as_mc(listed[1], usd_per_credit)) if listed else None,
    )


def _reach(choice: Choice, microusd: int) -> Span | None:
    if choice.list_microusd is None:
        return None
    low, high = choice.list_microusd
    return microusd // high, microusd // low


def _as_mc(microusd: int, usd_per_credit: Decimal) -> int:
    return to_millicredits(microusd, usd_per_credit=usd_per_credit)


def _run(one: OnShelf, pictures: int, inputs: Mapping[str, Any]) -> int:
    counted = {"num_images": pictures} if "num_images" in one.spec.properties else {}
    effective = default_inputs(one.spec) | dict(inputs) | counted
    planned = planned_outputs(spec=one.spec, effective=effective, pictures=None)
    return quote(rule=one.rule, effective=effective, planned=planned).amount_mc


def _choice(one: OnShelf, label: str, inputs: Mapping[str, Any]) -> Choice:
    return Choice(one, label, inputs, price_of(one, inputs=inputs), _list_price(one, inputs))


def _list_price(one: OnShelf, inputs: Mapping[str, Any]) -> Span | None:
    """The list price of one picture: a text, {low, high}, or a text for each value of the field that ``by`` names."""
    listed = one.ai_model.list_price_usd or {}
    price, by = listed.get("price"), listed.get("by")
    if by:
        price = (price or {}).get(inputs.get(by))
    elif inputs:
        return None  # one price is listed, and it is not said to be this choice's
    if isinstance(price, str):
        price = {"low": price, "high": price}
    span = (from_usd(price["low"]), from_usd(price["high"])) if price else (0, 0)
    return span if span[0] else None
