"""/v1/models: what can be run, with which inputs, for how much."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.api import operations
from apps.api.answers import Json, absolute, json_answer, list_body
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.parameters import MAX_LIMIT, Parameters
from apps.catalog.models import AIModel, Kind, PriceVersion, Stage
from apps.catalog.models import Endpoint as ProviderEndpoint
from apps.catalog.price_rules import PriceRule
from apps.catalog.prices import current_prices
from apps.catalog.pricing import in_words, price_from
from apps.catalog.spec import FORMATS
from apps.jobs.preparation import ModelNotFound
from apps.ledger.amounts import Millicredits, from_credits, to_credits
from apps.providers import registry

_FILTERS: Final = ("kind", "stage", "provider", "tool", "support_tier", "capability", "max_price")


@dataclass(frozen=True, slots=True)
class Listed:
    """A model with what is said of it."""

    ai_model: AIModel
    price: PriceVersion
    rule: PriceRule
    from_mc: Millicredits
    is_available: bool


class ModelEndpoint(Endpoint):
    """An address that answers with models."""

    def find(self, ai_model_id: str) -> AIModel:
        """:raises ModelNotFound: no such model. One that is switched off is there, and says so."""
        ai_model = AIModel.objects.select_related("provider").filter(pk=ai_model_id).first()
        if ai_model is None:
            raise ModelNotFound("There is no such model. GET /v1/models lists them.")
        return ai_model


class ModelList(ModelEndpoint):
    """/v1/models; a valid answer to OpenAI's models.list, too."""

    @operations.list_models
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters(*_FILTERS, "limit", "after", faults=faults)
        limit, after = given.limit(MAX_LIMIT), given.text("after")
        is_wanted = _filter(given, faults)
        faults.refuse()
        on_sale = listed(AIModel.objects.enabled().select_related("provider"), self.now)
        found = [model for model in on_sale if is_wanted(model)]
        # The catalogue is tens of models, so a page of it is cut here: there is no column that a filter like the least
        # price could be asked of.
        places = {model.ai_model.pk: place for place, model in enumerate(found, start=1)}
        if after is not None and after not in places:
            faults.add("after", "invalid_parameter", "This is not a model of this list.")
            faults.refuse()
        start = places[after] if after is not None else 0
        return json_answer(list_body(found[start : start + limit + 1], limit=limit, render=model_json))


class OneModel(ModelEndpoint):
    """/v1/models/{id}"""

    @operations.get_model
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        found = listed([self.find(ref)], self.now)
        if not found:
            raise ModelNotFound("This model has no price yet.")
        return json_answer(model_json(found[0]))


class ModelSchema(ModelEndpoint):
    """/v1/models/{id}/schema"""

    @operations.get_model_schema
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        return json_answer(self.find(ref).schema)


def listed(ai_models: Iterable[AIModel], now: datetime) -> list[Listed]:
    """Price these models and tell who can be run, in two queries; one that has no price is not for sale."""
    prices, runnable = current_prices(now=now), _runnable()
    found = []
    for ai_model in ai_models:
        if price := prices.get(ai_model.pk):
            rule = PriceRule.from_json(price.sell_rule)
            from_mc = price_from(rule=rule, spec=ai_model.spec())
            found.append(Listed(ai_model, price, rule, from_mc, ai_model.is_enabled and ai_model.pk in runnable))
    return found


def _runnable() -> frozenset[str]:
    """Models with an endpoint whose provider this installation can reach."""
    endpoints = ProviderEndpoint.objects.filter(is_enabled=True).values_list("ai_model_id", "adapter")
    return frozenset(ai_model_id for ai_model_id, adapter in endpoints if registry.is_configured(adapter))


def model_json(listed: Listed) -> Json:
    """Write a model as lists and its own address show it; its schema has an address of its own."""
    ai_model = listed.ai_model
    return {
        "id": ai_model.pk,
        "object": "model",
        "created": int(listed.price.effective_at.timestamp()),
        "owned_by": ai_model.developer,
        "name": ai_model.name,
        "developer": ai_model.developer,
        "provider": {"id": ai_model.provider.pk, "name": ai_model.provider.name},
        "kind": ai_model.kind,
        "tool": ai_model.tool,
        "stage": ai_model.stage,
        "support_tier": ai_model.support_tier or None,
        "rating": ai_model.rating,
        "consistency": ai_model.consistency or None,
        "average_s": ai_model.average_seconds,
        "best_for": ai_model.best_for,
        "default_for": ai_model.default_for,
        "capabilities": ai_model.capabilities,
        "max_references": ai_model.max_references,
        "max_resolution": ai_model.max_resolution or None,
        "mode": ai_model.mode,
        "timeout_s": ai_model.timeout_seconds,
        "formats": list(FORMATS) if ai_model.format_map else [],
        "price": {
            "from": to_credits(listed.from_mc),
            "status": ai_model.price_status,
            "version": listed.price.number,
            "rows": [
                {"what": row.what, "credits": to_credits(row.amount_mc)}
                for row in in_words(rule=listed.rule, spec=ai_model.spec())
            ],
            "list_price_usd": ai_model.list_price_usd,
        },
        "external_ids": ai_model.external_ids,
        "enabled": ai_model.is_enabled,
        "available": listed.is_available,
        "urls": {"self": absolute(f"/v1/models/{ai_model.pk}"), "schema": absolute(f"/v1/models/{ai_model.pk}/schema")},
    }


def _filter(given: Parameters, faults: Faults) -> Callable[[Listed], bool]:
    """Read the filters as one question to ask of each model."""
    wanted = {
        "kind": given.choice("kind", frozenset(Kind.values)),
        "stage": given.choice("stage", frozenset(Stage.values)),
        "provider_id": given.text("provider"),
        "tool": given.text("tool"),
        "support_tier": given.text("support_tier"),
    }
    same = {name: value for name, value in wanted.items() if value is not None}
    capability, most_mc = given.text("capability"), _amount(given.text("max_price"), faults)

    def is_wanted(listed: Listed) -> bool:
        ai_model = listed.ai_model
        return (
            all(getattr(ai_model, name) == value for name, value in same.items())
            and (capability is None or bool(ai_model.capabilities.get(capability)))
            and (most_mc is None or listed.from_mc <= most_mc)
        )

    return is_wanted


def _amount(text: str | None, faults: Faults) -> Millicredits | None:
    if text is None:
        return None
    try:
        return from_credits(text)
    except ValueError:
        faults.add("max_price", "invalid_parameter", "An amount of credits with at most three decimals.")
        return None
