"""/v1/ledger: every movement of credits, narrowed to what is asked, as JSON in pages or as one file."""

from typing import ClassVar, Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import usage_operations as operations
from apps.api.answers import Json, json_answer, list_body, timestamp
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.sheet_answers import csv_answer, wants_csv
from apps.ids import to_public
from apps.ledger.amounts import to_credits, to_decimal
from apps.ledger.models import Operation
from apps.ledger.statement import MOVING, StatementLine, Wanted, statement, whole_statement
from apps.sheets import Cell

_PREFIX: Final = "line"
_PAGING: Final = ("limit", "after")
_FILTERS: Final = ("kind", "job", "purchase", "from", "to")
_HEADER: Final = (
    *("created_at", "id", "kind", "credits", "available_change", "held_change", "balance", "job", "purchase"),
    "reason",
)


class Ledger(Endpoint):
    """/v1/ledger"""

    capabilities: ClassVar[dict[str, Capability]] = {"GET": Capability.SEE_CREDITS}

    @operations.list_ledger
    def get(self, request: Request) -> HttpResponseBase:
        faults, is_file = Faults(), wants_csv(request._request)
        given = self.parameters(*(() if is_file else _PAGING), *_FILTERS, faults=faults)
        kind = given.choice("kind", frozenset(MOVING))
        wanted = Wanted(
            kinds=frozenset({Operation.Kind(kind)} if kind else ()),
            job_id=given.public_id("job", "job"),
            purchase_id=given.public_id("purchase", "purchase"),
            since=given.time("from"),
            until=given.time("to"),
        )
        if is_file:
            faults.refuse()
            lines = whole_statement(workspace=self.actor.workspace, wanted=wanted)
            return csv_answer("ledger", _HEADER, (line_cells(line) for line in lines))
        limit, after = given.limit(), given.public_id("after", _PREFIX)
        faults.refuse()
        page = statement(workspace=self.actor.workspace, limit=limit + 1, after=after, wanted=wanted)
        return json_answer(list_body(page, limit=limit, render=line_json))


def line_json(line: StatementLine) -> Json:
    """Write one movement: the amount it was about, what it changed, what it left, and what it is about."""
    return {
        "id": to_public(_PREFIX, line.id),
        "object": "ledger_line",
        "kind": line.kind,
        "credits": to_credits(line.amount_mc),
        "available_change": to_credits(line.available_delta_mc),
        "held_change": to_credits(line.held_delta_mc),
        "balance": to_credits(line.balance_mc),
        "job": to_public("job", line.job_id) if line.job_id else None,
        "purchase": to_public("purchase", line.purchase_id) if line.purchase_id else None,
        "reason": line.reason or None,
        "created_at": timestamp(line.created_at),
    }


def line_cells(line: StatementLine) -> list[Cell]:
    """Write the same as cells, in the order of the header."""
    return [
        timestamp(line.created_at),
        to_public(_PREFIX, line.id),
        line.kind,
        to_decimal(line.amount_mc),
        to_decimal(line.available_delta_mc),
        to_decimal(line.held_delta_mc),
        to_decimal(line.balance_mc),
        to_public("job", line.job_id) if line.job_id else None,
        to_public("purchase", line.purchase_id) if line.purchase_id else None,
        line.reason,
    ]
