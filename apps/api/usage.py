"""/v1/usage: what was spent, by whatever it is asked by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.models import ApiKey, User
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.api import usage_operations as operations
from apps.api.answers import Json, json_answer, timestamp
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.sheet_answers import csv_answer, wants_csv
from apps.catalog.models import AIModel, Stage
from apps.ids import to_public
from apps.jobs.usage import LONGEST, GroupBy, Usage, usage
from apps.ledger.amounts import to_credits, to_decimal
from apps.ledger.budgets import PREFIXES
from apps.ledger.models import Budget
from apps.library.models import Project

_USUAL: Final = timedelta(days=30)
_HEADER: Final = ("id", "name", "credits", "jobs")
_PREFIXES: Final = {
    GroupBy.MEMBER: PREFIXES[Budget.Subject.MEMBER],
    GroupBy.KEY: PREFIXES[Budget.Subject.API_KEY],
    GroupBy.PROJECT: PREFIXES[Budget.Subject.PROJECT],
}

Group = str | UUID | date | None


@dataclass(frozen=True, slots=True)
class Spent:
    """What one group spent in the whole period."""

    id: str | None  # None: of jobs that have no such thing
    name: str | None
    credits_mc: int
    jobs: int


class UsageSums(Endpoint):
    """/v1/usage"""

    capabilities: ClassVar[dict[str, Capability]] = {"GET": Capability.SEE_CREDITS}

    @operations.get_usage
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters("group_by", "from", "to", faults=faults)
        by = GroupBy(given.choice("group_by", frozenset(GroupBy)) or GroupBy.DAY)
        until = given.time("to") or self.now
        since = given.time("from") or until - _USUAL
        if not faults and not timedelta() <= until - since <= LONGEST:
            faults.add("from", "invalid_parameter", f"Before `to`, and at most {LONGEST.days} days before it.")
        faults.refuse()
        found = usage(workspace=self.actor.workspace, by=by, since=since, until=until)
        groups = _sum_up(self.actor.workspace, by, found)
        if wants_csv(request._request):
            rows = ([one.id, one.name, to_decimal(one.credits_mc), one.jobs] for one in groups)
            return csv_answer("usage", _HEADER, rows)
        return json_answer(
            {
                "object": "usage",
                "group_by": by.value,
                "from": timestamp(since),
                "to": timestamp(until),
                "credits": to_credits(sum(one.credits_mc for one in groups)),
                "jobs": sum(one.jobs for one in groups),
                "data": [_group_json(one) for one in groups],
            }
        )


def _group_json(one: Spent) -> Json:
    return {"id": one.id, "name": one.name, "credits": to_credits(one.credits_mc), "jobs": one.jobs}


def _sum_up(workspace: Workspace, by: GroupBy, found: Iterable[Usage]) -> list[Spent]:
    """Sum over the days: days in their order, everything else by what was spent, the most first."""
    sums: dict[Group, list[int]] = {}
    for one in found:
        both = sums.setdefault(one.group, [0, 0])
        both[0] += one.spent_mc
        both[1] += one.jobs
    names = _names(workspace, by, [group for group in sums if group is not None])
    groups = [Spent(_id(by, group), names.get(group), *both) for group, both in sums.items()]
    if by is GroupBy.DAY:
        return sorted(groups, key=lambda one: one.id or "")
    return sorted(groups, key=lambda one: (-one.credits_mc, one.id or ""))


def _id(by: GroupBy, group: Group) -> str | None:
    return to_public(_PREFIXES[by], group) if isinstance(group, UUID) else str(group) if group is not None else None


def _names(workspace: Workspace, by: GroupBy, groups: list[str | UUID | date]) -> Mapping[Group, str]:
    keys = [group for group in groups if isinstance(group, UUID)]
    match by:
        case GroupBy.STAGE:
            return {stage.value: stage.label for stage in Stage}
        case GroupBy.MODEL:
            ids = [group for group in groups if isinstance(group, str)]
            return {one.pk: one.name for one in AIModel.objects.filter(pk__in=ids).only("name")}
        case GroupBy.MEMBER:
            return {user.pk: user.name or user.email for user in User.objects.filter(pk__in=keys)}
        case GroupBy.KEY:
            rows = ApiKey.objects.for_workspace(workspace).filter(pk__in=keys)
            return {key.pk: key.name for key in rows}
        case GroupBy.PROJECT:
            return {one.pk: one.name for one in Project.objects.for_workspace(workspace).filter(pk__in=keys)}
        case GroupBy.DAY:
            return {}
