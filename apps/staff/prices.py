"""Prices: which are in force, drafted or to come; one model's versions; a draft as a form, with a calculator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.catalog import price_changes, pricing
from apps.catalog.models import AIModel, PriceState, PriceVersion
from apps.catalog.price_rules import PriceRule, Unit
from apps.catalog.prices import current_prices, find_price
from apps.errors import DomainError
from apps.staff.calculator import Reckoned, controls_of, reckon
from apps.staff.faults import faults_of, located
from apps.staff.model_editor import tabs_of
from apps.staff.model_rows import read_rows
from apps.staff.pages import StaffRequest, demand, find_model, may, names_of, page, staff_page
from apps.staff.price_forms import RuleForm, form_of, read_form

VIEW: Final = ("catalog.view_priceversion", "catalog.change_priceversion", "catalog.add_priceversion")
CHANGE: Final = ("catalog.change_priceversion", "catalog.add_priceversion")


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in a list; ``standing`` is what it is now: in force, to come, draft, past or withdrawn."""

    version: PriceVersion
    standing: str
    words: tuple[pricing.PriceRow, ...]
    by: str


@require_GET
@staff_page(*VIEW)
def prices(request: StaffRequest) -> HttpResponse:
    """Show every price in force, and what waits."""
    now = timezone.now()
    in_force = current_prices(now=now)
    waiting = (
        PriceVersion.objects.exclude(state=PriceState.WITHDRAWN)
        .exclude(state=PriceState.PUBLISHED, effective_at__lte=now)
        .select_related("ai_model")
        .order_by("effective_at", "-number")
    )
    return page(
        request,
        "prices.html",
        title="Prices",
        current="prices",
        rows=[(row, in_force.get(row.id)) for row in read_rows(now=now)],
        waiting=list(waiting),
        may_change=may(request, *CHANGE),
    )


@require_GET
@staff_page(*VIEW)
def model_price(request: StaffRequest, model_id: str) -> HttpResponse:
    """Show the versions of one model's price, and what a run costs by the one in force."""
    now, ai_model = timezone.now(), find_model(model_id)
    current = find_price(ai_model=ai_model, now=now)
    versions = list(PriceVersion.objects.filter(ai_model=ai_model).order_by("-number"))
    names = names_of(version.published_by_id or version.created_by_id for version in versions)
    return page(
        request,
        "model_price.html",
        title=ai_model.name,
        current="prices",
        ai_model=ai_model,
        tabs=tabs_of(ai_model, "staff_model_price"),
        rows=[_row(version, ai_model, current, names, now) for version in versions],
        controls=controls_of(ai_model.spec(), request.GET),
        results=_results(ai_model, request.GET, current, None),
        may_change=may(request, *CHANGE),
    )


@require_GET
@staff_page(*VIEW)
def calculate(request: StaffRequest, model_id: str) -> HttpResponse:
    """Price the chosen inputs by the rule in force, and by the draft whose form comes with them."""
    ai_model = find_model(model_id)
    current = find_price(ai_model=ai_model, now=timezone.now())
    draft = _typed(request.GET) if "sell-kind" in request.GET else None
    results = _results(ai_model, request.GET, current, draft)
    return render(request, "staff/components/reckoned.html", {"results": results})


@require_http_methods(["GET", "POST"])
@staff_page("catalog.add_priceversion")
def draft_new(request: StaffRequest, model_id: str) -> HttpResponse:
    """Draft a price, beginning with the one in force."""
    ai_model, now = find_model(model_id), timezone.now()
    current = find_price(ai_model=ai_model, now=now)
    if request.method == "GET":
        sell = form_of(current.sell_rule if current else None, name="sell", unit=Unit.MILLICREDITS)
        cost = form_of(current.cost_rule if current else None, name="cost", unit=Unit.MICRODOLLARS)
        return _form(request, ai_model, current, sell, cost, note="")
    return _save(request, ai_model, current, None)


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def price(request: StaffRequest, version_id: UUID) -> HttpResponse:
    """Show a version; a draft as the form that changes it."""
    version = find_version(version_id)
    ai_model, now = version.ai_model, timezone.now()
    current = find_price(ai_model=ai_model, now=now)
    if request.method == "POST":
        demand(request, "catalog.change_priceversion")
        return _save(request, ai_model, current, version)
    sell = form_of(version.sell_rule, name="sell", unit=Unit.MILLICREDITS)
    cost = form_of(version.cost_rule, name="cost", unit=Unit.MICRODOLLARS)
    return _form(request, ai_model, current, sell, cost, note=version.note, version=version)


def find_version(version_id: UUID) -> PriceVersion:
    """The version of this id, with its model.

    :raises Http404: there is none.
    """
    version = PriceVersion.objects.select_related("ai_model__provider").filter(pk=version_id).first()
    if version is None:
        raise Http404("There is no such price.")
    return version


def standing_of(version: PriceVersion, current: PriceVersion | None, now: datetime) -> str:
    """What a version is now, in words."""
    if version.state != PriceState.PUBLISHED:
        return str(version.state)
    if current is not None and version.pk == current.pk:
        return "in force"
    return "to come" if version.effective_at and version.effective_at > now else "past"


def _save(
    request: StaffRequest, ai_model: AIModel, current: PriceVersion | None, version: PriceVersion | None
) -> HttpResponse:
    posted = request.POST.dict()
    sell, sell_rule = read_form(posted, name="sell", unit=Unit.MILLICREDITS)
    cost, cost_rule = read_form(posted, name="cost", unit=Unit.MICRODOLLARS)
    note, others = posted.get("note", "").strip(), []
    if not sell.faults and not cost.faults:
        values: dict[str, Any] = {"sell_rule": sell_rule, "cost_rule": cost_rule, "note": note}
        try:
            saved = _write(request, ai_model, version, values)
        except DomainError as refusal:
            others = _place(refusal, sell, cost)
        else:
            messages.success(request, f"Draft {saved.number} saved. Rehearse it before you publish it.")
            return redirect("admin:staff_price", version_id=saved.pk)
    return _form(request, ai_model, current, sell, cost, note=note, version=version, faults=others, status=422)


def _write(
    request: StaffRequest, ai_model: AIModel, version: PriceVersion | None, values: Mapping[str, Any]
) -> PriceVersion:
    who_and_when: dict[str, Any] = {"editor_id": request.user.pk, "now": timezone.now()}
    if version is None:
        return price_changes.draft_price(ai_model_id=ai_model.pk, **values, **who_and_when)
    seen = request.POST.get("seen", "")
    return price_changes.redraft(version_id=version.pk, seen=seen, **values, **who_and_when)


def _place(refusal: DomainError, sell: RuleForm, cost: RuleForm) -> list[str]:
    """Put faults beside their fields; return those that have none."""
    others = []
    forms = {"sell_rule": sell, "cost_rule": cost}
    for place, sentences in faults_of(refusal).items():
        root, _, path = place.partition(".")
        for sentence in sentences:
            if root in forms:
                forms[root].place(path, sentence)
            else:
                others.append(located(place, sentence))
    return others


def _form(
    request: StaffRequest,
    ai_model: AIModel,
    current: PriceVersion | None,
    sell: RuleForm,
    cost: RuleForm,
    *,
    note: str,
    version: PriceVersion | None = None,
    faults: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    is_draft = version is None or version.state == PriceState.DRAFT
    drafted = (version.sell_rule, version.cost_rule) if version else None
    return page(
        request,
        "price.html",
        title=f"{ai_model.name}, price {version.number}" if version else f"{ai_model.name}, a new price",
        current="prices",
        status=status,
        ai_model=ai_model,
        version=version,
        standing=standing_of(version, current, timezone.now()) if version else "new",
        seen=price_changes.stamp(version) if version else "",
        forms=[sell, cost],
        note=note,
        faults=faults or (["Look at the fields marked below."] if sell.faults or cost.faults else []),
        is_draft=is_draft,
        may_change=is_draft and may(request, *CHANGE),
        words=_words(version, ai_model) if version else (),
        costs=_costs(version, ai_model) if version else (),
        controls=controls_of(ai_model.spec(), {}),
        results=_results(
            ai_model, {}, current, drafted or (current.sell_rule, current.cost_rule) if current else drafted
        ),
    )


def _typed(chosen: Mapping[str, str]) -> tuple[Any, Any]:
    """The rules that stand in a draft's form, saved or not."""
    _, sell = read_form(chosen, name="sell", unit=Unit.MILLICREDITS)
    cost_form, cost = read_form(chosen, name="cost", unit=Unit.MICRODOLLARS)
    return sell, None if cost_form.faults else cost


def _results(
    ai_model: AIModel, chosen: Mapping[str, str], current: PriceVersion | None, draft: tuple[Any, Any] | None
) -> list[Reckoned]:
    spec, results = ai_model.spec(), []
    if current is not None:
        results.append(reckon(spec, chosen, label="In force", sell_rule=current.sell_rule, cost_rule=current.cost_rule))
    if draft is not None:
        results.append(reckon(spec, chosen, label="As drafted", sell_rule=draft[0], cost_rule=draft[1]))
    return results


def _row(
    version: PriceVersion, ai_model: AIModel, current: PriceVersion | None, names: Mapping[UUID, str], now: datetime
) -> VersionRow:
    person = version.published_by_id or version.created_by_id
    by = names.get(person, str(person)) if person else "the catalogue's files"
    return VersionRow(version, standing_of(version, current, now), _words(version, ai_model), by)


def _words(version: PriceVersion, ai_model: AIModel) -> tuple[pricing.PriceRow, ...]:
    return tuple(pricing.in_words(rule=PriceRule.from_json(version.sell_rule), spec=ai_model.spec()))


def _costs(version: PriceVersion, ai_model: AIModel) -> tuple[pricing.CostRow, ...]:
    if version.cost_rule is None:
        return ()
    rule = PriceRule.from_json(version.cost_rule, Unit.MICRODOLLARS)
    return tuple(pricing.cost_in_words(rule=rule, spec=ai_model.spec()))
