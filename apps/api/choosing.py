"""/v1/models/recommend and /v1/calculator: which model fits, and how far money goes."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.api import model_operations
from apps.api.answers import Json, json_answer
from apps.api.bodies import read_object
from apps.api.catalog import ModelEndpoint
from apps.api.faults import Faults
from apps.api.model_json import usd_span
from apps.catalog.calculator import MOST_MC, MOST_PICTURES, Reckoning, Span, cost_of, covered_by
from apps.catalog.choosing import Advice, Suggestion, recommend
from apps.catalog.models import Stage, Task
from apps.catalog.money import current_terms, format_usd, from_usd, to_millicredits
from apps.catalog.use_cases import UseCase
from apps.catalog.wishes import Need, Wish
from apps.jobs.preparation import ModelNotFound
from apps.ledger.amounts import from_credits, to_credits

_FIELDS: Final = ("task", "stage", "use_case", "needs", "references", "max_credits", "deadline_s", "images")
_AMOUNTS: Final = ("credits", "usd", "pictures")


class Recommendation(ModelEndpoint):
    """/v1/models/recommend"""

    @model_operations.recommend_models
    def post(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        wish = _read_wish(read_object(request._request), faults)
        faults.refuse()
        models = [model for model in self.on_sale() if model.off is None]
        unavailable = {
            model.on_shelf.ai_model.pk: "Nobody serves it in this installation; a mock job works."
            for model in models
            if not model.is_available
        }
        found = recommend([model.on_shelf for model in models], wish=wish, unavailable=unavailable)
        return json_answer(
            {
                "object": "recommendation",
                "data": [_suggestion_json(one) for one in found.suggestions],
                "advice": [_advice_json(one) for one in found.advice],
                "nothing": found.nothing or None,
            }
        )


class Calculator(ModelEndpoint):
    """/v1/calculator"""

    @model_operations.calculate
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters(*_AMOUNTS, "model", faults=faults)
        amounts = {name: given.text(name) for name in ("credits", "usd")}
        pictures, ai_model_id = given.integer("pictures", low=1, high=MOST_PICTURES), given.text("model")
        terms = current_terms()
        amount_mc = _read_amount(amounts, terms.usd_per_credit, faults)
        if sum(bool(given.text(name)) for name in _AMOUNTS) != 1:
            faults.add("credits", "required", "Give one of credits, usd and pictures.", list(_AMOUNTS))
        faults.refuse()
        shelf = [model.on_shelf for model in self.on_sale()]
        if ai_model_id and not (shelf := [one for one in shelf if one.ai_model.pk == ai_model_id]):
            raise ModelNotFound("There is no such model. GET /v1/models lists them.")
        if pictures:
            rows = cost_of(shelf, pictures=pictures, usd_per_credit=terms.usd_per_credit)
        else:
            rows = covered_by(shelf, amount_mc=amount_mc, usd_per_credit=terms.usd_per_credit)
        body = {"object": "calculation", "usd_per_credit": str(terms.usd_per_credit)}
        return json_answer(body | {"data": [_reckoning_json(row) for row in rows]})


def _read_wish(body: Json, faults: Faults) -> Wish:
    for name in sorted(set(body) - set(_FIELDS)):
        faults.add(name[:64], "unknown_parameter", "There is no such field.", list(_FIELDS))
    needs = body.get("needs")
    if needs is None:
        needs = []
    if not isinstance(needs, list):
        faults.add("needs", "type", "A list of words.", Need.values)
        needs = []
    for index, need in enumerate(needs):
        _word(need, f"needs[{index}]", Need.values, faults)
    return Wish(
        task=_word(body.get("task"), "task", Task.values, faults),
        stage=_word(body.get("stage"), "stage", Stage.values, faults),
        use_case=_word(body.get("use_case"), "use_case", UseCase.values, faults),
        needs=frozenset(need for need in needs if isinstance(need, str)),
        references=_number(body, "references", 0, 100, faults),
        max_mc=_credits(body.get("max_credits"), "max_credits", faults),
        seconds=_number(body, "deadline_s", 1, 86_400, faults),
        pictures=_number(body, "images", 1, MOST_PICTURES, faults) or 1,
    )


def _word(value: object, path: str, allowed: Collection[str], faults: Faults) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or value not in allowed:
        faults.add(path, "enum", "This is not one of the allowed values.", sorted(allowed))
        return ""
    return value


def _number(body: Json, name: str, low: int, high: int, faults: Faults) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        faults.add(name, "invalid_parameter", f"A whole number from {low} to {high}.", [low, high])
        return None
    return value


def _credits(value: object, path: str, faults: Faults) -> int | None:
    """Read an amount of credits, as a JSON number or as text."""
    if value is None:
        return None
    try:
        amount_mc = from_credits(str(value)) if isinstance(value, int | float | str) else -1
    except ValueError:
        amount_mc = -1
    if not 0 <= amount_mc <= MOST_MC or isinstance(value, bool):
        faults.add(path, "invalid_parameter", "An amount of credits with at most three decimals.")
        return None
    return amount_mc


def _read_amount(amounts: dict[str, str | None], usd_per_credit: Decimal, faults: Faults) -> int:
    """Read what was given in credits, or in dollars at what a credit is worth."""
    if amounts["usd"] is None:
        return _credits(amounts["credits"], "credits", faults) or 0
    try:
        microusd = from_usd(amounts["usd"])
    except ValueError:
        microusd = -1
    amount_mc = to_millicredits(microusd, usd_per_credit=usd_per_credit)
    if microusd < 0 or amount_mc > MOST_MC:
        faults.add("usd", "invalid_parameter", "An amount of US dollars with at most six decimals.")
        return 0
    return amount_mc


def _suggestion_json(one: Suggestion) -> Json:
    ai_model = one.on_shelf.ai_model
    return {
        "model": ai_model.pk,
        "name": ai_model.name,
        "credits": to_credits(one.price_mc),
        "inputs": dict(one.inputs),
        "seconds": one.on_shelf.seconds,
        "reasons": list(one.reasons),
        "cautions": list(one.cautions),
        "available": one.is_available,
        "unavailable": one.unavailable or None,
    }


def _advice_json(one: Advice) -> Json:
    return {"code": one.code, "message": one.sentence, "model": one.ai_model_id or None}


def _reckoning_json(row: Reckoning) -> Json:
    choice, one = row.choice, row.choice.on_shelf
    return {
        "model": one.ai_model.pk,
        "name": one.ai_model.name,
        "label": choice.label or None,
        "inputs": dict(choice.inputs),
        "credits_each": to_credits(choice.each_mc),
        "list_usd_each": usd_span(choice.list_microusd),
        "pictures": row.pictures,
        "credits": to_credits(row.amount_mc),
        "usd": format_usd(row.microusd),
        "list_pictures": _span(row.list_pictures),
        "list_usd": usd_span(row.list_microusd),
        "list_credits": _span(row.list_mc, in_credits=True),
    }


def _span(span: Span | None, *, in_credits: bool = False) -> dict[str, Any] | None:  # JSON numbers
    if span is None:
        return None
    low, high = (to_credits(span[0]), to_credits(span[1])) if in_credits else span
    return {"low": low, "high": high}
