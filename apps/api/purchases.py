"""/v1/packs and /v1/purchases: what is for sale, and buying it on a page of Stripe's."""

import re
from typing import ClassVar, Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import purchase_operations as operations
from apps.api.answers import Json, json_answer, list_body, timestamp
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.billing import payments, purchases
from apps.billing.models import Purchase
from apps.billing.packs import CreditPack
from apps.ledger.amounts import to_credits

_PREFIX: Final = "purchase"
_FIELDS: Final = ("pack", "currency", "attempt")
_ATTEMPT: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}", re.ASCII)


class PackList(Endpoint):
    """/v1/packs"""

    @operations.list_packs
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        self.parameters(faults=faults)
        faults.refuse()
        packs = payments.packs()
        return json_answer(list_body(packs, limit=len(packs), render=pack_json))


class PurchaseList(Endpoint):
    """/v1/purchases"""

    capabilities: ClassVar[dict[str, Capability]] = {"GET": Capability.SEE_CREDITS}  # who may buy, the domain knows

    @operations.list_purchases
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters("limit", "after", faults=faults)
        limit, after = given.limit(), given.public_id("after", _PREFIX)
        faults.refuse()
        rows = list(purchases.list_purchases(workspace=self.actor.workspace, after=after)[: limit + 1])
        return json_answer(list_body(rows, limit=limit, render=purchase_json))

    @operations.create_purchase
    def post(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        body = read_object(request._request)
        for name in sorted(set(body) - set(_FIELDS)):
            faults.add(name[:64], "unknown_parameter", "There is no such field.", list(_FIELDS))
        pack, currency, attempt = (body.get(name) for name in _FIELDS)
        if not isinstance(pack, str) or not pack:
            faults.add("pack", "required", "The id of a pack: GET /v1/packs lists them.")
        if currency is not None and not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
            faults.add("currency", "invalid_parameter", "Three letters, as in usd.")
        if not (isinstance(attempt, str) and _ATTEMPT.fullmatch(attempt)):
            faults.add("attempt", "required", "Your own id of this try: 1 to 128 letters, digits and ._:-")
        faults.refuse()
        started = purchases.start_purchase(
            actor=self.actor,
            pack_id=str(pack),
            currency=str(currency).lower() if currency is not None else None,
            attempt_key=str(attempt),
            now=self.now,
        )
        answer = json_answer(purchase_json(started.purchase), status=201)
        if started.is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


def pack_json(pack: CreditPack) -> Json:
    return {
        "id": pack.id,
        "object": "pack",
        "name": pack.name,
        "credits": to_credits(pack.total_mc),
        "bonus": to_credits(pack.bonus_mc),
        "prices": [{"currency": currency, "amount_minor": amount} for currency, amount in pack.prices.items()],
    }


def purchase_json(purchase: Purchase) -> Json:
    """A sale as its buyer sees it; ``url`` is there while it can be paid."""
    return {
        "id": purchase.public_id,
        "object": "purchase",
        "pack": purchase.pack_id,
        "credits": to_credits(purchase.credits_mc),
        "currency": purchase.currency,
        "amount_minor": purchase.amount_minor,
        "refunded_minor": purchase.refunded_minor + purchase.lost_minor,
        "disputed_minor": purchase.open_minor,
        "status": "pending" if purchase.is_open else purchase.status,
        "url": (purchase.checkout_url or None) if purchase.is_open else None,
        "receipt_url": purchase.receipt_url or None,
        "invoice_url": purchase.invoice_url or None,
        "created_at": timestamp(purchase.created_at),
        "paid_at": timestamp(purchase.paid_at),
    }
