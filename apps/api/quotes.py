"""/v1/quotes: what a job would cost, standing for five minutes."""

from typing import Any, ClassVar

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import operations
from apps.api.answers import Json, json_answer, timestamp
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.job_bodies import read_parts, refuse
from apps.jobs import quotes
from apps.jobs.models import Quote
from apps.ledger.amounts import to_credits


class QuoteList(Endpoint):
    """/v1/quotes"""

    capabilities: ClassVar[dict[str, Capability]] = {"POST": Capability.MAKE}

    @operations.create_quote
    def post(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        body = read_object(request._request)
        for name in sorted(set(body) - {"model", "input", "wrapper"}):
            faults.add(name[:64], "unknown_parameter", "There is no such field.", ["model", "input", "wrapper"])
        ai_model_id = body.get("model")
        if not isinstance(ai_model_id, str) or not ai_model_id:
            faults.add("model", "required", "The id of a model: GET /v1/models lists them.")
            ai_model_id = ""
        inputs, wrapper = _object(body, "input", faults), _object(body, "wrapper", faults)
        job_request = read_parts(inputs, wrapper, faults, prefix="wrapper.")
        if not ai_model_id:
            faults.refuse()
        refuse(ai_model_id=ai_model_id, request=job_request, faults=faults)
        quote = quotes.quote(actor=self.actor, ai_model_id=ai_model_id, request=job_request, now=self.now)
        return json_answer(quote_json(quote, ai_model_id), status=201)


def quote_json(quote: Quote, ai_model_id: str) -> Json:
    return {
        "id": quote.public_id,
        "object": "quote",
        "model": ai_model_id,
        "credits": to_credits(quote.amount_mc),
        "lines": [_line_json(line) for line in quote.lines],
        "price_version": quote.price_version.number,
        "created_at": timestamp(quote.created_at),
        "expires_at": timestamp(quote.expires_at),
    }


def _line_json(line: dict[str, Any]) -> Json:  # as jobs.Quote.lines keeps it
    return {
        "label": line["label"],
        "quantity": line["quantity"],
        "unit_credits": to_credits(line["unit_mc"]),
        "credits": to_credits(line["amount_mc"]),
    }


def _object(body: Json, name: str, faults: Faults) -> Json:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        faults.add(name, "type", "This must be an object.")
        return {}
    return value
