"""What is for sale: packs of credits, read from a file that is checked whole before one of them is sold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from apps.billing.currencies import step_of
from apps.errors import DomainError, NotFound
from apps.ledger.amounts import LARGEST, PER_CREDIT, Millicredits

PACKS_FILE: Final = Path(__file__).parent / "data" / "packs.yaml"

_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_CURRENCY: Final = re.compile(r"[a-z]{3}")
_MOST_MINOR: Final = 99_999_999  # Stripe takes eight digits
_FIELDS: Final = frozenset({"id", "name", "credits", "bonus", "prices", "stripe_prices"})


class InvalidPacks(DomainError):
    """The file of packs cannot be used; the message has a line for every fault."""

    code = "invalid_packs"


class PackNotFound(NotFound):
    """There is no such pack."""


class CurrencyNotOffered(DomainError):
    """The pack has no price in this currency. ``details.currencies`` lists those it has."""

    code = "currency_not_offered"


@dataclass(frozen=True, slots=True)
class CreditPack:
    """So many credits for one of these prices, each in minor units of its currency (lower case), tax included."""

    id: str
    name: str
    credits_mc: Millicredits
    bonus_mc: Millicredits
    prices: Mapping[str, int]
    stripe_prices: Mapping[str, str] = field(default_factory=dict)  # a price of the Stripe account, where one is set

    @property
    def total_mc(self) -> Millicredits:
        """What the buyer gets."""
        return Millicredits(self.credits_mc + self.bonus_mc)

    @property
    def default_currency(self) -> str:
        return next(iter(self.prices))

    def price_in(self, currency: str) -> int:
        """:raises CurrencyNotOffered: there is no price in it."""
        if currency not in self.prices:
            raise CurrencyNotOffered(
                f"{self.name} has no price in this currency. It is sold in {', '.join(self.prices)}.",
                currencies=list(self.prices),
            )
        return self.prices[currency]


def read_packs(path: Path = PACKS_FILE) -> Mapping[str, CreditPack]:
    """Read the packs of a file, by id and in its order.

    :raises InvalidPacks: with every fault at once.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise InvalidPacks(f"{path.name} cannot be read: {fault}") from fault
    rows = content.get("packs") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not rows:
        raise InvalidPacks(f"{path.name}: packs: a list of at least one pack is needed")
    faults: list[str] = []
    for number, row in enumerate(rows):
        faults += [f"{path.name}: packs[{number}]{fault}" for fault in _faults_of(row)]
    ids = [row.get("id") for row in rows if isinstance(row, dict)]
    faults += [f"{path.name}: packs: the id {name!r} is there twice" for name in ids if ids.count(name) > 1]
    if faults:
        raise InvalidPacks("\n".join(dict.fromkeys(faults)))
    return {row["id"]: _pack(row) for row in rows}


def _pack(row: Mapping[str, Any]) -> CreditPack:  # checked YAML
    return CreditPack(
        id=row["id"],
        name=row["name"],
        credits_mc=Millicredits(row["credits"] * PER_CREDIT),
        bonus_mc=Millicredits(row.get("bonus", 0) * PER_CREDIT),
        prices=dict(row["prices"]),
        stripe_prices=dict(row.get("stripe_prices", {})),
    )


def _faults_of(row: object) -> list[str]:
    """Say what is wrong with one entry; each fault begins with the field it is about."""
    if not isinstance(row, dict):
        return [": a pack is a mapping"]
    faults = [f".{name}: there is no such field" for name in sorted(map(str, set(row) - _FIELDS))]
    if not (isinstance(row.get("id"), str) and _ID.fullmatch(row["id"])):
        faults.append(".id: a short word in lower case is needed")
    if not (isinstance(row.get("name"), str) and 0 < len(row["name"].strip()) <= 60):
        faults.append(".name: 1 to 60 characters are needed")
    if not _is_whole(row.get("credits"), low=1, high=LARGEST // PER_CREDIT // 2):
        faults.append(".credits: a whole number above 0 is needed")
    if not _is_whole(row.get("bonus", 0), low=0, high=LARGEST // PER_CREDIT // 2):
        faults.append(".bonus: a whole number, 0 or more, is needed")
    return faults + _price_faults(row.get("prices"), row.get("stripe_prices", {}))


def _price_faults(prices: object, stripe_prices: object) -> list[str]:
    if not isinstance(prices, dict) or not prices:
        return [".prices: a price in at least one currency is needed"]
    faults = []
    for currency, amount in prices.items():
        if not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
            faults.append(f".prices.{currency}: a currency is three letters in lower case")
        elif not _is_whole(amount, low=1, high=_MOST_MINOR):
            faults.append(f".prices.{currency}: whole minor units from 1 to {_MOST_MINOR} are needed")
        elif amount % step_of(currency):
            faults.append(f".prices.{currency}: Stripe takes multiples of {step_of(currency)} in this currency")
    if not isinstance(stripe_prices, dict):
        return [*faults, ".stripe_prices: a mapping of currency to price id is needed"]
    for currency, price in stripe_prices.items():
        if currency not in prices or not (isinstance(price, str) and price.startswith("price_")):
            faults.append(f".stripe_prices.{currency}: a price_… of a currency that has a price is needed")
    return faults


def _is_whole(value: object, *, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
