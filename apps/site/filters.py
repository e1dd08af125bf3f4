"""Which models a visitor wants to see, and in which order, as an address says it. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.http import urlencode

from apps.catalog.capabilities import ABLE, state_of
from apps.catalog.kinds import Kind, Stage
from apps.catalog.shelf import OnShelf
from apps.ledger.amounts import from_credits
from apps.site.facts import CAPABILITY_NAMES, KIND_NAMES, RECOMMENDED, SUPPORTED

LONGEST_SEARCH: Final = 80  # characters
LEVELS: Final = ("Elite", "Excellent", "Strong", "Good", "N/A")  # of consistency, best first
_LAST: Final = 10**18  # models that lack the figure come after all that have it

SORTS: Final[Mapping[str, str]] = {
    "": "Our order",
    "price": "Price, lowest first",
    "rating": "Rating, best first",
    "speed": "Usual time, shortest first",
    "name": "Name, A to Z",
}
_ORDERS: Final[Mapping[str, Callable[[OnShelf], Any]]] = {  # Any: whatever sorts
    "price": lambda one: one.from_mc,
    "rating": lambda one: -(one.ai_model.rating or 0),
    "speed": lambda one: one.seconds or _LAST,
    "name": lambda one: one.ai_model.name.casefold(),
}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter, as a form shows it; the first option is «any»."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. Anything that could not be understood is in ``notices`` and asks for nothing."""

    filters: Mapping[str, str]  # name → value, those that are set
    most_mc: int | None
    most_text: str
    search: str
    sort: str
    notices: tuple[str, ...]
    choices: tuple[Choice, ...]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.filters or self.search or self.most_mc is not None)

    @property
    def query(self) -> str:
        """The same wish as an address has it, with its question mark; empty where nothing is asked for."""
        asked = {**self.filters, "max_price": self.most_text if self.most_mc is not None else "", "q": self.search}
        kept = {name: value for name, value in (asked | {"sort": self.sort}).items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    def apply(self, shelf: Iterable[OnShelf]) -> list[OnShelf]:
        """Pick the models that fit, in the order asked for."""
        found = [one for one in shelf if self._fits(one)]
        return sorted(found, key=_ORDERS[self.sort]) if self.sort else found

    def _fits(self, one: OnShelf) -> bool:
        return (
            all(_TESTS[name](one, value) for name, value in self.filters.items())
            and (self.most_mc is None or one.from_mc <= self.most_mc)
            and all(word in _words(one) for word in self.search.casefold().split())
        )


_TESTS: Final[Mapping[str, Callable[[OnShelf, str], bool]]] = {
    "kind": lambda one, value: value in one.kinds,
    "stage": lambda one, value: one.ai_model.stage == value,
    "provider": lambda one, value: one.ai_model.provider_id == value,
    "support_tier": lambda one, value: one.ai_model.support_tier == value,
    "consistency": lambda one, value: one.ai_model.consistency == value,
    "capability": lambda one, value: state_of(one.ai_model.capabilities.get(value)) in ABLE,
    "tag": lambda one, value: value in one.ai_model.tags,
}


def read_wanted(query: QueryDict, shelf: list[OnShelf]) -> Wanted:
    """Read an address. Names and values nobody knows are told, not refused: a link from yesterday still opens."""
    known = _known(shelf)
    filters: dict[str, str] = {}
    notices: list[str] = []
    for name, (label, values) in known.items():
        given = query.get(name, "").strip()
        if given in values:
            filters[name] = given
        elif given:
            notices.append(f"{label}: nothing here is called «{_short(given)}», so it was left out.")
    most_text = query.get("max_price", "").strip()
    most_mc = _amount(most_text)
    if most_text and most_mc is None:
        notices.append(f"Highest price: «{_short(most_text)}» is not an amount of credits, so it was left out.")
    sort = query.get("sort", "").strip()
    if sort not in SORTS:
        notices.append(f"Order: there is none called «{_short(sort)}».")
        sort = ""
    return Wanted(
        filters=filters,
        most_mc=most_mc,
        most_text=most_text if most_mc is not None else "",
        search=query.get("q", "").strip()[:LONGEST_SEARCH],
        sort=sort,
        notices=tuple(notices),
        choices=tuple(_choice(name, label, values, filters.get(name, "")) for name, (label, values) in known.items()),
    )


def _known(shelf: list[OnShelf]) -> dict[str, tuple[str, dict[str, str]]]:
    """The filters, each with its label and the values that make sense here: value → words."""
    ai_models = [one.ai_model for one in shelf]
    providers = {one.provider_id: one.provider.name for one in ai_models}
    levels = {one.consistency for one in ai_models}
    return {
        "stage": ("Stage", {stage.value: stage.label for stage in Stage}),
        "kind": ("Kind of work", {kind.value: KIND_NAMES[kind] for kind in Kind}),
        "capability": ("Can do", CAPABILITY_NAMES),
        "provider": ("Provider", dict(sorted(providers.items(), key=lambda item: item[1].casefold()))),
        "support_tier": ("Support", {RECOMMENDED: "Recommended", SUPPORTED: "Supported"}),
        "consistency": ("Consistency", {level: level for level in LEVELS if level in levels}),
        "tag": ("Tag", {tag: tag.capitalize() for tag in sorted({tag for one in ai_models for tag in one.tags})}),
    }


def _choice(name: str, label: str, values: Mapping[str, str], chosen: str) -> Choice:
    options = [Option("", "Any", not chosen)]
    options += [Option(value, words, value == chosen) for value, words in values.items()]
    return Choice(name, label, tuple(options))


def _words(one: OnShelf) -> str:
    ai_model = one.ai_model
    texts = (ai_model.pk, ai_model.name, ai_model.developer, ai_model.provider.name, ai_model.best_for)
    return " ".join((*texts, *ai_model.uses, *ai_model.tags, *ai_model.external_ids.values())).casefold()


def _amount(text: str) -> int | None:
    try:
        amount = from_credits(text)
    except ValueError:
        return None
    return amount if amount >= 0 else None


def _short(text: str) -> str:
    return text[:30] + "…" if len(text) > 30 else text
