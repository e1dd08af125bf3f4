"""/v1/credits: what a workspace has."""

from typing import ClassVar

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import operations
from apps.api.answers import json_answer, timestamp
from apps.api.endpoint import Endpoint
from apps.jobs.forecast import lasts
from apps.ledger.amounts import to_credits
from apps.ledger.balances import read_balance


class Credits(Endpoint):
    """/v1/credits"""

    capabilities: ClassVar[dict[str, Capability]] = {"GET": Capability.SEE_CREDITS}

    @operations.get_credits
    def get(self, request: Request) -> HttpResponseBase:
        workspace = self.actor.workspace
        balance = read_balance(workspace=workspace, now=self.now)
        forecast = lasts(workspace=workspace, balance=balance, now=self.now)
        low_balance_mc = balance.low_balance_mc
        return json_answer(
            {
                "object": "credits",
                "available": to_credits(balance.available_mc),
                "held": to_credits(balance.held_mc),
                "expiring": [
                    {"credits": to_credits(amount_mc), "at": timestamp(at)} for amount_mc, at in balance.expiring
                ],
                "low_balance": None if low_balance_mc is None else to_credits(low_balance_mc),
                "lasts_days": forecast.days if forecast else None,
            }
        )
