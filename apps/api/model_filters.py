"""Choosing among the listed models by query parameters: filters, a search and an order."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from apps.api.faults import Faults
from apps.api.model_json import Listed
from apps.api.parameters import Parameters
from apps.catalog.capabilities import ABLE, state_of
from apps.catalog.models import Kind, Stage
from apps.catalog.shelf import OnShelf
from apps.catalog.tools import TOOLS, tool_of
from apps.catalog.use_cases import UseCase
from apps.ledger.amounts import Millicredits, from_credits

FILTERS: Final = (
    "kind", "stage", "provider", "developer", "tool", "support_tier", "capability", "consistency", "use_case", "tag",
    "max_price", "external_id", "q", "sort",
)  # fmt: skip
SORTS: Final = ("position", "price", "rating", "speed", "name")

_Ask = Callable[[OnShelf], bool]

# Parameter → the values of a model that it is compared with, in any case of letters.
_VALUES: Final[Mapping[str, Callable[[OnShelf], Iterable[str]]]] = {
    "kind": lambda one: one.kinds,
    "stage": lambda one: [one.ai_model.stage],
    "provider": lambda one: [one.ai_model.provider_id],
    "developer": lambda one: [one.ai_model.developer],
    "tool": lambda one: [one.ai_model.tool],
    "support_tier": lambda one: [one.ai_model.support_tier],
    "capability": lambda one: [name for name, value in one.ai_model.capabilities.items() if state_of(value) in ABLE],
    "consistency": lambda one: [one.ai_model.consistency],
    "use_case": lambda one: one.ai_model.use_cases,
    "tag": lambda one: one.ai_model.tags,
}
# What is allowed though no model on sale has it.
_KNOWN: Final[Mapping[str, Iterable[str]]] = {
    "kind": Kind.values,
    "stage": Stage.values,
    "tool": TOOLS,
    "use_case": UseCase.values,
}
_ORDERS: Final[Mapping[str, Callable[[OnShelf], Any]]] = {  # None: unknown, always last
    "position": lambda one: one.ai_model.position,
    "price": lambda one: one.from_mc,
    "rating": lambda one: one.ai_model.rating,
    "speed": lambda one: one.seconds,
    "name": lambda one: one.ai_model.name.casefold(),
}


def choose(models: list[Listed], given: Parameters, faults: Faults) -> list[Listed]:
    """Keep the models that every given filter fits, in the order asked for. What cannot be asked is a fault."""
    shelf = [model.on_shelf for model in models]
    asks = [ask for name in _VALUES if (ask := _same(name, given, shelf, faults))]
    if (most_mc := _amount(given.text("max_price"), faults)) is not None:
        asks.append(lambda one: one.from_mc <= most_mc)
    if external_id := given.text("external_id"):
        asks.append(lambda one: external_id.casefold() in map(str.casefold, one.ai_model.external_ids.values()))
    words = (given.text("q") or "").casefold().split()
    asks.append(lambda one: all(word in _searched(one) for word in words))
    found = [model for model in models if all(ask(model.on_shelf) for ask in asks)]
    return _sorted(found, given.choice("sort", frozenset({*SORTS, *(f"-{name}" for name in SORTS)})))


def _same(name: str, given: Parameters, shelf: list[OnShelf], faults: Faults) -> _Ask | None:
    """Ask that one of a model's values be the given one; of any model's values, none is known: a fault."""
    wanted, values_of = given.text(name), _VALUES[name]
    if wanted is None:
        return None
    every = {value for one in shelf for value in values_of(one) if value}
    if name == "capability":
        every = {capability for one in shelf for capability in one.ai_model.capabilities}
    allowed = every | set(_KNOWN.get(name, ()))
    if wanted.casefold() not in map(str.casefold, allowed):
        faults.add(name, "enum", "This is not one of the allowed values.", sorted(allowed))
    return lambda one: wanted.casefold() in map(str.casefold, values_of(one))


def _searched(one: OnShelf) -> str:
    """Everything that a search looks at, in small letters."""
    ai_model = one.ai_model
    names = (ai_model.pk, ai_model.name, ai_model.developer, ai_model.provider.name, tool_of(ai_model).name)
    return "\n".join((*names, *ai_model.external_ids.values(), *ai_model.tags)).casefold()


def _sorted(models: list[Listed], order: str | None) -> list[Listed]:
    if order is None:
        return models
    key_of, is_descending = _ORDERS[order.removeprefix("-")], order.startswith("-")
    known = [model for model in models if key_of(model.on_shelf) is not None]
    unknown = [model for model in models if key_of(model.on_shelf) is None]
    return sorted(known, key=lambda model: key_of(model.on_shelf), reverse=is_descending) + unknown


def _amount(text: str | None, faults: Faults) -> Millicredits | None:
    if text is None:
        return None
    try:
        amount_mc: Millicredits | None = from_credits(text)
    except ValueError:
        amount_mc = None
    if amount_mc is None or amount_mc < 0:
        faults.add("max_price", "invalid_parameter", "An amount of credits with at most three decimals.")
        return None
    return amount_mc
