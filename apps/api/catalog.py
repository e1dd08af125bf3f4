"""/v1/models: what can be run, with which inputs, for how much."""

from collections.abc import Iterable

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.api import model_operations
from apps.api.answers import json_answer, list_body
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.model_filters import FILTERS, choose
from apps.api.model_json import Listed, model_json
from apps.api.parameters import MAX_LIMIT
from apps.catalog.access import read_access
from apps.catalog.models import AIModel, Switch
from apps.catalog.shelf import read_shelf
from apps.jobs.handover import served
from apps.jobs.preparation import ModelNotFound


class ModelEndpoint(Endpoint):
    """An address that answers with models."""

    def listed(self, ai_models: Iterable[AIModel] | None = None) -> list[Listed]:
        """Read the models on sale, or these, as the caller sees them. Three queries."""
        shelf = read_shelf(now=self.now, ai_models=ai_models, workspace=self.actor.workspace)
        access, serving = read_access(self.actor), served()
        return [Listed(one, serving.get(one.ai_model.pk, ()), access.off(one.ai_model)) for one in shelf]

    def on_sale(self) -> list[Listed]:
        """Read the models that this installation sells; some may be off for the caller. Three queries."""
        return [model for model in self.listed() if not (model.off and model.off.by is Switch.INSTALLATION)]

    def find(self, ai_model_id: str) -> Listed:
        """:raises ModelNotFound: no such model, or no price. One that is switched off is there, and says so."""
        found = self.listed(AIModel.objects.filter(pk=ai_model_id))
        if not found:
            raise ModelNotFound("There is no such model. GET /v1/models lists them.")
        return found[0]


class ModelList(ModelEndpoint):
    """/v1/models; a valid answer to OpenAI's models.list, too."""

    @model_operations.list_models
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters(*FILTERS, "limit", "after", faults=faults)
        limit, after = given.limit(MAX_LIMIT), given.text("after")
        found = choose(self.on_sale(), given, faults)
        faults.refuse()
        # The catalogue is tens of models, so a page of it is cut here: there is no column that a filter like the least
        # price could be asked of.
        places = {model.on_shelf.ai_model.pk: place for place, model in enumerate(found, start=1)}
        if after is not None and after not in places:
            faults.add("after", "invalid_parameter", "This is not a model of this list.")
            faults.refuse()
        start = places[after] if after is not None else 0
        return json_answer(list_body(found[start : start + limit + 1], limit=limit, render=model_json))


class OneModel(ModelEndpoint):
    """/v1/models/{id}"""

    @model_operations.get_model
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        return json_answer(model_json(self.find(ref)))


class ModelSchema(ModelEndpoint):
    """/v1/models/{id}/schema"""

    @model_operations.get_model_schema
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        ai_model = AIModel.objects.filter(pk=ref).first()
        if ai_model is None:
            raise ModelNotFound("There is no such model. GET /v1/models lists them.")
        return json_answer(ai_model.schema)
