"""/v1/credits and /v1/ledger: what a workspace has, and where it went."""

from typing import ClassVar, Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import operations
from apps.api.answers import Json, json_answer, list_body, timestamp
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.ids import to_public
from apps.jobs.forecast import lasts
from apps.ledger.amounts import to_credits
from apps.ledger.balances import read_balance
from apps.ledger.statement import StatementLine, statement

_PREFIX: Final = "line"


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


class Ledger(Endpoint):
    """/v1/ledger"""

    capabilities: ClassVar[dict[str, Capability]] = {"GET": Capability.SEE_CREDITS}

    @operations.list_ledger
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters("limit", "after", faults=faults)
        limit, after = given.limit(), given.public_id("after", _PREFIX)
        faults.refuse()
        lines = statement(workspace=self.actor.workspace, limit=limit + 1, after=after)
        return json_answer(list_body(lines, limit=limit, render=line_json))


def line_json(line: StatementLine) -> Json:
    """Write one movement: the amount it was about, and what it changed."""
    return {
        "id": to_public(_PREFIX, line.id),
        "object": "ledger_line",
        "kind": line.kind,
        "credits": to_credits(line.amount_mc),
        "available_change": to_credits(line.available_delta_mc),
        "held_change": to_credits(line.held_delta_mc),
        "job": to_public("job", line.job_id) if line.job_id else None,
        "reason": line.reason or None,
        "created_at": timestamp(line.created_at),
    }
