"""Usage on the credits page: of which days, by what, in bars, and where most of it went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET
from django_htmx.http import push_url

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey, User
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, Stage
from apps.jobs.usage import GroupBy, Made, Usage, made, usage
from apps.ledger.amounts import to_decimal
from apps.library.models import Project
from apps.sheets import Cell, as_csv
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.ledger_page import file_answer
from apps.studio.usage_chart import Chart, chart_of

_DAYS: Final = (7, 30, 90)
_USUAL: Final = 30
_MONTHS: Final = 12
_TOPS: Final = 6
_BY: Final = {
    GroupBy.STAGE: "Stage",
    GroupBy.MODEL: "Model",
    GroupBy.MEMBER: "Person",
    GroupBy.KEY: "API key",
    GroupBy.PROJECT: "Project",
}
_NOBODY: Final = {GroupBy.MEMBER: "Nobody", GroupBy.KEY: "Without a key", GroupBy.PROJECT: "No project"}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC, both included."""

    id: str
    label: str
    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """Another way to look at it."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Top:
    """What one model took."""

    name: str
    spent_mc: int
    made: str
    url: str


@dataclass(frozen=True, slots=True)
class UsagePanel:
    """The two panels of usage."""

    chart: Chart
    period: Period
    by: str  # in words
    by_id: str
    by_links: tuple[Link, ...]
    period_links: tuple[Link, ...]
    months: tuple[tuple[str, str, bool], ...]  # id, name, whether it is this one
    tops: tuple[Top, ...]
    csv_query: str

    @property
    def is_month(self) -> bool:
        return any(is_chosen for _, _, is_chosen in self.months)

    @property
    def stages(self) -> list[str]:
        """The groups that have a shape of their own."""
        return Stage.values


@dataclass(frozen=True, slots=True)
class Month:
    """What the tile says of the last thirty days."""

    spent_mc: int
    jobs: int
    made: str


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def show_usage(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Draw the panels anew, for a switch that was pressed."""
    if not request.htmx:
        return redirect(f"{reverse('credits', args=[actor.workspace.pk])}?{request.GET.urlencode()}")
    panel = UsageReader(actor.workspace, now=timezone.now()).panel(request.GET)
    answer = render(request, "components/usage.html", {"usage": panel, "workspace_id": actor.workspace.pk})
    return push_url(answer, f"{reverse('credits', args=[actor.workspace.pk])}?{panel.csv_query}")


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def usage_csv(request: SignedInRequest, actor: Actor) -> StreamingHttpResponse:
    """Send the sums behind the bars as a file."""
    reader = UsageReader(actor.workspace, now=timezone.now())
    by, period = read_by(request.GET.get("by", "")), read_period(request.GET.get("period", ""), reader.today)
    rows = reader.cells(by, period)
    return file_answer(f"usage-{period.first}-{period.last}", as_csv(("day", by.value, "id", "credits", "jobs"), rows))


class UsageReader:
    """Reads usage for one page: what two parts of it ask for is read once."""

    def __init__(self, workspace: Workspace, *, now: datetime, models: Mapping[str, str] | None = None) -> None:
        self.models = models or {}  # names that are known already
        self.workspace, self.today = workspace, now.astimezone(UTC).date()
        self._usage: dict[tuple[GroupBy, date, date], list[Usage]] = {}
        self._made: dict[tuple[date, date], list[Made]] = {}

    def month(self) -> Month:
        """Sum up the last thirty days."""
        period = last_days(_USUAL, self.today)
        found = self._told(GroupBy.MODEL, period)
        delivered = self._delivered(period)
        pictures, clips = sum(one.pictures for one in delivered), sum(one.clips for one in delivered)
        return Month(sum(one.spent_mc for one in found), sum(one.jobs for one in found), _things(pictures, clips))

    def panel(self, asked: Mapping[str, str]) -> UsagePanel:
        """Lay out what was asked for: ``by``, and ``period`` in days or as a month."""
        by, period = read_by(asked.get("by", "")), read_period(asked.get("period", ""), self.today)
        found, models = self._told(by, period), self._told(GroupBy.MODEL, period)
        names = self._names(by, {one.group for one in found}) | self._names(
            GroupBy.MODEL, {one.group for one in models}
        )
        nobody = _NOBODY.get(by, "Other")
        ledger = reverse("credits", args=[self.workspace.pk])
        return UsagePanel(
            chart=chart_of(
                found,
                first=period.first,
                last=min(period.last, max(self.today, period.first)),
                name_of=lambda group: names.get(group, nobody) if group is not None else nobody,
                looks={stage.value: stage.value for stage in Stage} if by is GroupBy.STAGE else {},
            ),
            period=period,
            by=_BY[by].lower() if by is not GroupBy.KEY else "API key",
            by_id=by.value,
            by_links=tuple(Link(label, _query(one, period.id), one is by) for one, label in _BY.items()),
            period_links=tuple(Link(f"{days} days", _query(by, str(days)), period.id == str(days)) for days in _DAYS),
            months=tuple((one.id, one.label, one.id == period.id) for one in months(self.today)),
            tops=self._tops(models, period, names, ledger),
            csv_query=_query(by, period.id),
        )

    def cells(self, by: GroupBy, period: Period) -> list[list[Cell]]:
        """Write out a period: day, name and id of the group, credits, jobs."""
        found = self._told(by, period)
        names = self._names(by, {one.group for one in found})
        return [
            [
                one.day.isoformat(),
                names.get(one.group, "") if one.group is not None else "",
                str(one.group or ""),
                to_decimal(one.spent_mc),
                one.jobs,
            ]
            for one in found
        ]

    def _tops(self, models: list[Usage], period: Period, names: Mapping[object, str], ledger: str) -> tuple[Top, ...]:
        sums: dict[object, int] = {}
        for one in models:
            sums[one.group] = sums.get(one.group, 0) + one.spent_mc
        counted = {one.ai_model_id: _things(one.pictures, one.clips) for one in self._delivered(period)}
        most = sorted(sums, key=lambda group: -sums[group])[:_TOPS]
        return tuple(
            Top(
                names.get(group, str(group)),
                sums[group],
                counted.get(str(group), ""),
                f"{ledger}?{urlencode({'model': str(group)})}#ledger",
            )
            for group in most
            if sums[group] > 0
        )

    def _told(self, by: GroupBy, period: Period) -> list[Usage]:
        place = by, period.first, period.last
        if place not in self._usage:
            self._usage[place] = usage(workspace=self.workspace, by=by, since=period.since, until=period.until)
        return self._usage[place]

    def _delivered(self, period: Period) -> list[Made]:
        place = period.first, period.last
        if place not in self._made:
            self._made[place] = made(workspace=self.workspace, since=period.since, until=period.until)
        return self._made[place]

    def _names(self, by: GroupBy, groups: set[object]) -> dict[object, str]:
        ids = [group for group in groups if group is not None]
        if by is GroupBy.STAGE or not ids:
            return {stage.value: stage.label for stage in Stage}
        if by is GroupBy.MODEL:
            unknown = [one for one in ids if one not in self.models]
            rest = AIModel.objects.filter(pk__in=unknown).values_list("pk", "name") if unknown else ()
            return dict((*self.models.items(), *rest))
        keys = [one for one in ids if isinstance(one, UUID)]
        if by is GroupBy.MEMBER:
            return {user.pk: user.name or user.email for user in User.objects.filter(pk__in=keys)}
        if by is GroupBy.KEY:
            rows = ApiKey.objects.for_workspace(self.workspace).filter(pk__in=keys)
            return dict(rows.values_list("pk", "name"))
        return dict(Project.objects.for_workspace(self.workspace).filter(pk__in=keys).values_list("pk", "name"))


def read_by(text: str) -> GroupBy:
    return next((by for by in _BY if by == text), GroupBy.STAGE)


def read_period(text: str, today: date) -> Period:
    """Read a number of days that end today, or a month as 2026-11; anything else is the last thirty days."""
    for period in (*(last_days(days, today) for days in _DAYS), *months(today)):
        if period.id == text:
            return period
    return last_days(_USUAL, today)


def last_days(days: int, today: date) -> Period:
    return Period(str(days), f"last {days} days", today - timedelta(days=days - 1), today)


def months(today: date) -> list[Period]:
    """The running month and those before it, a year of them."""
    found, first = [], today.replace(day=1)
    for _ in range(_MONTHS):
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found.append(Period(f"{first:%Y-%m}", f"{first:%B %Y}", first, last))
        first = (first - timedelta(days=1)).replace(day=1)
    return found


def _query(by: GroupBy, period: str) -> str:
    return urlencode({"by": by.value, "period": period})


def _things(pictures: int, clips: int) -> str:
    """Say what was delivered: ``403 pictures and 4 clips``."""
    told = [
        f"{count:,} {thing}{'' if count == 1 else 's'}"
        for count, thing in ((pictures, "picture"), (clips, "clip"))
        if count
    ]
    return " and ".join(told)
