"""The operations on the ledger and on usage, for the OpenAPI document: decorators for the handlers."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse

from apps.api.describing import PAGING, operation, query
from apps.api.shapes import TIME, page, ref
from apps.jobs.usage import GroupBy
from apps.ledger.statement import MOVING


def _or_csv(shape: dict[str, Any], words: str) -> dict[Any, OpenApiResponse]:  # JSON Schema; what the library takes
    return {
        (200, "application/json"): OpenApiResponse(shape, description=words),
        (200, "text/csv"): OpenApiResponse({"type": "string"}, description=words),
    }


_PERIOD: Final = (
    query("from", "From this moment on.", TIME),
    query("to", "Until just before this moment.", TIME),
)
list_ledger = operation(
    "Credits",
    "list_ledger",
    "Read the ledger",
    description=(
        "One line for each operation that moved credits, with the balance that it left. All filters that are given "
        "have to fit. `Accept: text/csv` answers with every line that fits, as a file, and takes no `limit` and no "
        "`after`."
    ),
    parameters=[
        *PAGING,
        query("kind", "Only of this kind.", {"enum": sorted(MOVING)}),
        query("job", "Only of this job: job_…."),
        query("purchase", "Only of this purchase: purchase_…."),
        *_PERIOD,
    ],
    responses=_or_csv(page("LedgerLine"), "A page, newest first; as CSV all of it."),
)
get_usage = operation(
    "Credits",
    "get_usage",
    "Sum up what was spent",
    description=(
        "What jobs were charged in a time, less what was given back of charges in it; by default in the last 30 days, "
        "by day. 400 days at most. All groups together are what the ledger says was captured, less what it says was "
        "given back. `Accept: text/csv` answers with the same as a file."
    ),
    parameters=[
        query("group_by", "What to sum up by.", {"enum": [by.value for by in GroupBy], "default": "day"}),
        *_PERIOD,
    ],
    responses=_or_csv(ref("Usage"), "Days in their order; everything else by what was spent, the most first."),
)
