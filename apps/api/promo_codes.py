"""/v1/promo-codes/redeem: a code turned into credits of the key's workspace."""

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.api import promo_operations as operations
from apps.api.answers import Json, json_answer, timestamp
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.billing import promotions
from apps.ids import to_public
from apps.ledger.amounts import to_credits


class Redemption(Endpoint):
    """/v1/promo-codes/redeem; who may, the domain knows"""

    @operations.redeem_promo_code
    def post(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        body = read_object(request._request)
        for name in sorted(set(body) - {"code"}):
            faults.add(name[:64], "unknown_parameter", "There is no such field.", ["code"])
        code = body.get("code")
        if not isinstance(code, str) or not code.strip():
            faults.add("code", "required", "The code, as text: 7K2M-9QXD-4HTB.")
        faults.refuse()
        redeemed = promotions.redeem(actor=self.actor, text=str(code), now=self.now)
        answer = json_answer(redemption_json(redeemed), status=201)
        if redeemed.is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


def redemption_json(redeemed: promotions.Redeemed) -> Json:
    return {
        "id": to_public("promo", redeemed.redemption.pk),
        "object": "promo_redemption",
        "name": redeemed.name,
        "credits": to_credits(redeemed.lot.granted_mc),
        "expires_at": timestamp(redeemed.lot.expires_at),
        "redeemed_at": timestamp(redeemed.redemption.redeemed_at),
    }
