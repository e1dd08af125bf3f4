"""What a price would have made of the real jobs of the last weeks: revenue, cost, and who would notice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.accounts.tenancy import Workspace
from apps.catalog import pricing
from apps.catalog.margins import usual_margin
from apps.catalog.models import AIModel, PriceVersion
from apps.catalog.money import Terms, current_terms, margin_percent
from apps.catalog.price_rules import PriceRule, Unit
from apps.catalog.prices import current_prices
from apps.catalog.sizes import PlannedOutputs
from apps.errors import NotFound
from apps.ids import to_public
from apps.jobs.models import Attempt, Job, Output
from apps.jobs.states import State

_MOST_AFFECTED: Final = 10
_NAMED: Final = 20  # jobs that cannot be priced are counted, and so many of them named
_CHUNK: Final = 500  # rows in memory at once


@dataclass(frozen=True, slots=True)
class Money:
    """What jobs earned and what they cost us."""

    revenue_mc: int
    cost_microusd: int | None  # None: of some job nobody knows
    margin_percent: Decimal | None  # to a tenth; None: the cost is not known, or nothing was earned


@dataclass(frozen=True, slots=True)
class Affected:
    """A workspace, with what its jobs were charged and what they would have been."""

    workspace_id: UUID
    name: str
    jobs: int
    before_mc: int
    after_mc: int


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A job that the rule has no price for."""

    job: str  # its public id
    reason: str


@dataclass(frozen=True, slots=True)
class BelowFloor:
    """A model that would earn less of its price than it should."""

    ai_model_id: str
    name: str
    margin_percent: Decimal


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a price would have made of real jobs. Jobs that it cannot price are in neither sum."""

    jobs: int  # priced anew
    failed_to_price: int
    unpriced: tuple[Unpriced, ...]  # the first of those
    before: Money  # as they were charged
    after: Money
    workspaces: tuple[Affected, ...]  # at most ten, the greatest change first
    below_floor: tuple[BelowFloor, ...]  # all models, with this price in force, the lowest first
    floor_percent: Decimal


def rehearse(*, version_id: UUID, now: datetime, days: int = 30) -> Rehearsal:
    """Price each job again that succeeded in the last days, from what it really ran with and delivered.

    Mock jobs count for nothing. The cost before is what was noted with each run; where nothing was noted, it is told by
    the cost rule of the job's own price, else by the one in force. Writes nothing; the number of queries does not grow
    with the number of jobs.

    :raises NotFound: no such version.
    """
    version = PriceVersion.objects.select_related("ai_model").filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such price.")
    terms, prices = current_terms(), current_prices(now=now)
    tally = _Tally(PriceRule.from_json(version.sell_rule), _cost_rule(version))
    costs = _costs(version.ai_model, prices.get(version.ai_model_id))
    for run in _runs(_jobs(version.ai_model, now - timedelta(days=days), now)):
        tally.add(run, costs.get(run.price_version_id))
    after = _money(tally.after_mc, tally.after_cost, terms)
    return Rehearsal(
        jobs=tally.jobs,
        failed_to_price=tally.failed,
        unpriced=tuple(tally.unpriced),
        before=_money(tally.before_mc, tally.before_cost, terms),
        after=after,
        workspaces=_most_affected(tally.workspaces),
        below_floor=_below_floor(version, after, prices, terms),
        floor_percent=terms.margin_floor_percent,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """A job as far as its price goes."""

    job_id: UUID
    workspace_id: UUID
    price_version_id: UUID
    effective: Mapping[str, Any]
    planned: PlannedOutputs
    charged_mc: int
    delivered: int
    cost_microusd: int | None


@dataclass(slots=True)
class _Sums:
    jobs: int = 0
    before_mc: int = 0
    after_mc: int = 0


@dataclass(slots=True)
class _Tally:
    """The sums, as the jobs pass by."""

    rule: PriceRule
    cost_rule: PriceRule | None
    jobs: int = 0
    failed: int = 0
    unpriced: list[Unpriced] = field(default_factory=list)
    before_mc: int = 0
    after_mc: int = 0
    before_cost: int | None = 0
    after_cost: int | None = 0
    workspaces: dict[UUID, _Sums] = field(default_factory=dict)

    def add(self, run: _Run, old_cost: PriceRule | None) -> None:
        if reason := pricing.unpriceable(rule=self.rule, effective=run.effective):
            self.failed += 1
            if len(self.unpriced) < _NAMED:
                self.unpriced.append(Unpriced(to_public("job", run.job_id), reason))
            return
        charged = pricing.charge(rule=self.rule, effective=run.effective, planned=run.planned, delivered=run.delivered)
        self.jobs += 1
        self.before_mc += run.charged_mc
        self.after_mc += charged
        before = run.cost_microusd if run.cost_microusd is not None else _cost(old_cost, run)
        self.before_cost = _plus(self.before_cost, before)
        self.after_cost = _plus(self.after_cost, _cost(self.cost_rule, run))
        sums = self.workspaces.setdefault(run.workspace_id, _Sums())
        sums.jobs += 1
        sums.before_mc += run.charged_mc
        sums.after_mc += charged


def _jobs(ai_model: AIModel, since: datetime, until: datetime) -> QuerySet[Job]:
    outputs = Output.objects.filter(job=OuterRef("pk")).order_by().values("job").annotate(count=Count("pk"))
    costs = Attempt.objects.filter(job=OuterRef("pk")).order_by().values("job").annotate(sum=Sum("cost_microusd"))
    return Job.objects.filter(
        ai_model=ai_model, state=State.SUCCEEDED, is_mock=False, created_at__gt=since, created_at__lte=until
    ).annotate(
        delivered=Coalesce(Subquery(outputs.values("count"), output_field=IntegerField()), 0),
        cost=Subquery(costs.values("sum"), output_field=IntegerField()),
    )


def _runs(jobs: QuerySet[Job]) -> Iterator[_Run]:
    rows = jobs.order_by("pk").values_list(
        *("pk", "workspace_id", "price_version_id", "effective_inputs", "planned", "charged_mc", "delivered", "cost")
    )
    for job_id, workspace_id, version_id, effective, planned, charged_mc, delivered, cost in rows.iterator(_CHUNK):
        yield _Run(job_id, workspace_id, version_id, effective, PlannedOutputs(**planned), charged_mc, delivered, cost)


def _costs(ai_model: AIModel, in_force: PriceVersion | None) -> dict[UUID, PriceRule | None]:
    """The cost rule of every version of a model; the one in force stands in where a version has none."""
    fallback = _cost_rule(in_force) if in_force else None
    return {version.pk: _cost_rule(version) or fallback for version in PriceVersion.objects.filter(ai_model=ai_model)}


def _cost_rule(version: PriceVersion) -> PriceRule | None:
    return PriceRule.from_json(version.cost_rule, Unit.MICRODOLLARS) if version.cost_rule is not None else None


def _cost(rule: PriceRule | None, run: _Run) -> int | None:
    if rule is None:
        return None
    return pricing.cost(rule=rule, effective=run.effective, planned=run.planned, delivered=run.delivered)


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _money(revenue_mc: int, cost_microusd: int | None, terms: Terms) -> Money:
    margin = margin_percent(revenue_mc=revenue_mc, cost_microusd=cost_microusd, usd_per_credit=terms.usd_per_credit)
    return Money(revenue_mc, cost_microusd, margin)


def _most_affected(workspaces: Mapping[UUID, _Sums]) -> tuple[Affected, ...]:
    changed = [(key, sums) for key, sums in workspaces.items() if sums.after_mc != sums.before_mc]
    changed.sort(key=lambda item: (-abs(item[1].after_mc - item[1].before_mc), item[0]))
    top = changed[:_MOST_AFFECTED]
    names = dict(Workspace.objects.filter(pk__in=[key for key, _ in top]).values_list("pk", "name"))
    return tuple(Affected(key, names[key], sums.jobs, sums.before_mc, sums.after_mc) for key, sums in top)


def _below_floor(
    version: PriceVersion, after: Money, prices: Mapping[str, PriceVersion], terms: Terms
) -> tuple[BelowFloor, ...]:
    """Every model under the floor: the rehearsed one by its jobs, the others, or without jobs, by a usual run."""
    found = []
    for ai_model in AIModel.objects.enabled():
        price = version if ai_model.pk == version.ai_model_id else prices.get(ai_model.pk)
        if price is None:
            continue
        margin = usual_margin(ai_model=ai_model, price=price, usd_per_credit=terms.usd_per_credit)
        if price is version and after.margin_percent is not None:
            margin = after.margin_percent
        if margin is not None and margin < terms.margin_floor_percent:
            found.append(BelowFloor(ai_model.pk, ai_model.name, margin))
    return tuple(sorted(found, key=lambda one: (one.margin_percent, one.ai_model_id)))
