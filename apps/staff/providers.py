"""Who runs the models: whether each adapter can be called, how it does, and a pause; where one model runs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.catalog import endpoints as catalog_endpoints
from apps.catalog.models import AIModel, Endpoint, ModelStatistics
from apps.catalog.statistics import FEWEST_RUNS, WEEK, measurement_of
from apps.errors import DomainError
from apps.providers import registry
from apps.providers.contract import ProviderUnavailable
from apps.staff import companies
from apps.staff.evidence import percent, seconds
from apps.staff.faults import Faults, faults_of, located
from apps.staff.model_editor import tabs_of
from apps.staff.model_fields import Unreadable, read_json, write_json
from apps.staff.pages import StaffRequest, demand, find_model, may, page, staff_page

VIEW: Final = ("catalog.view_endpoint", "catalog.change_endpoint")
_NEW: Final = "new"


@dataclass(frozen=True, slots=True)
class AdapterRow:
    """An adapter with the endpoints that need it. ``missing`` names the setting without which it cannot be called."""

    slug: str
    is_known: bool
    is_configured: bool
    missing: str
    endpoints: tuple[Endpoint, ...]
    enabled: int
    runs: int
    success: int | None  # percent; None: too few runs
    p95_seconds: float | None  # the slowest model's


@dataclass(frozen=True, slots=True)
class EndpointForm:
    """An endpoint, or a new one, as its fields hold it."""

    id: str
    title: str
    values: dict[str, str]
    is_enabled: bool
    faults: Faults

    @property
    def others(self) -> list[str]:
        """Faults that no field stands for."""
        return [
            located(place, one)
            for place, many in self.faults.items()
            if place.partition(".")[0] not in self.values
            for one in many
        ]


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def providers(request: StaffRequest) -> HttpResponse:
    """Show every adapter and company; pause an adapter or let it run again, add a company or rename one."""
    if request.method == "GET":
        return _list(request)
    if "company" in request.POST:
        return _save_company(request)
    demand(request, "catalog.change_endpoint")
    slug, is_on = request.POST.get("adapter", ""), request.POST.get("is_on") == "on"
    with transaction.atomic():
        for endpoint in _endpoints().filter(adapter=slug):
            catalog_endpoints.edit_endpoint(
                endpoint_id=endpoint.pk,
                changes={"is_enabled": is_on},
                editor_id=request.user.pk,
                now=timezone.now(),
            )
    messages.success(request, f"{slug} {'runs again' if is_on else 'is paused'}.")
    return redirect("admin:staff_providers")


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def model_endpoints(request: StaffRequest, model_id: str) -> HttpResponse:
    """Show where a model runs; change one of the places, or add one."""
    ai_model = find_model(model_id)
    if request.method == "GET":
        return _show(request, ai_model)
    chosen, values, faults = request.POST.get("endpoint", ""), *_read(request.POST.dict())
    demand(request, "catalog.add_endpoint" if chosen == _NEW else "catalog.change_endpoint")
    if not faults:
        try:
            _save(ai_model, chosen, values, editor_id=request.user.pk)
        except DomainError as refusal:
            faults = faults_of(refusal)
        else:
            messages.success(request, f"{values['provider_model']} at {values['adapter']} is saved.")
            return redirect(request.path)
    return _show(request, ai_model, chosen=chosen, faults=faults)


def _save_company(request: StaffRequest) -> HttpResponse:
    posted = request.POST.dict()
    demand(request, "catalog.add_provider" if companies.is_new(posted) else "catalog.change_provider")
    try:
        saved = companies.save(posted, editor_id=request.user.pk, now=timezone.now())
    except DomainError as refusal:
        return _list(request, faults=faults_of(refusal))
    messages.success(request, f"{saved.name} is saved.")
    return redirect("admin:staff_providers")


def _list(request: StaffRequest, *, faults: Faults | None = None) -> HttpResponse:
    posted = request.POST.dict()
    return page(
        request,
        "providers.html",
        title="Providers",
        current="providers",
        status=422 if faults else 200,
        rows=_rows(),
        companies=companies.companies_of(posted, faults or {}),
        blank=companies.blank_of(posted, faults or {}),
        faults=["Look at the fields marked below."] if faults else [],
        window=WEEK,
        fewest_runs=FEWEST_RUNS,
        may_change=may(request, "catalog.change_endpoint"),
        may_add_company=may(request, "catalog.add_provider"),
        may_rename_company=may(request, "catalog.change_provider"),
    )


def _endpoints() -> QuerySet[Endpoint]:
    return Endpoint.objects.select_related("ai_model").order_by("ai_model__position", "priority", "pk")


def _save(ai_model: AIModel, chosen: str, values: Mapping[str, Any], *, editor_id: UUID) -> None:
    now = timezone.now()
    if chosen == _NEW:
        catalog_endpoints.add_endpoint(ai_model_id=ai_model.pk, data=values, editor_id=editor_id, now=now)
        return
    found = next((one for one in _endpoints().filter(ai_model=ai_model) if str(one.pk) == chosen), None)
    if found is None:
        raise Http404("There is no such endpoint.")
    catalog_endpoints.edit_endpoint(endpoint_id=found.pk, changes=values, editor_id=editor_id, now=now)


def _read(posted: Mapping[str, str]) -> tuple[dict[str, Any], Faults]:
    """Read an endpoint's form: its columns, and what cannot be read of them."""
    values: dict[str, Any] = {
        "adapter": posted.get("adapter", "").strip(),
        "provider_model": posted.get("provider_model", "").strip(),
        "is_enabled": "is_enabled" in posted,
    }
    faults: dict[str, list[str]] = {}
    for name, empty in (("priority", 0), ("timeout_seconds", None)):
        text = posted.get(name, "").strip()
        try:
            values[name] = int(text) if text else empty
        except ValueError:
            faults[name] = ["This is a whole number."]
    for name in ("parameter_map", "condition"):
        try:
            found = read_json(posted.get(name, ""))
            values[name] = {} if found is None else found
        except Unreadable as fault:
            faults[name] = [str(fault)]
    return values, faults


def _show(request: StaffRequest, ai_model: AIModel, *, chosen: str = "", faults: Faults | None = None) -> HttpResponse:
    forms = [_form(request, one, chosen, faults or {}) for one in _endpoints().filter(ai_model=ai_model)]
    if may(request, "catalog.add_endpoint"):
        forms.append(_form(request, None, chosen, faults or {}))
    return page(
        request,
        "model_endpoints.html",
        title=ai_model.name,
        current="models",
        status=422 if faults else 200,
        ai_model=ai_model,
        tabs=tabs_of(ai_model, "staff_model_endpoints"),
        forms=forms,
        slugs=registry.slugs(),
        may_change=may(request, "catalog.change_endpoint"),
    )


def _form(request: StaffRequest, endpoint: Endpoint | None, chosen: str, faults: Faults) -> EndpointForm:
    key = str(endpoint.pk) if endpoint else _NEW
    one = endpoint or Endpoint(adapter="", provider_model="")
    values = {
        "adapter": one.adapter,
        "provider_model": one.provider_model,
        "priority": str(one.priority),
        "timeout_seconds": str(one.timeout_seconds or ""),
        "parameter_map": write_json(one.parameter_map),
        "condition": write_json(one.condition),
    }
    title = f"{one.provider_model} at {one.adapter}" if endpoint else "Another place"
    if key != chosen:
        return EndpointForm(key, title, values, one.is_enabled, {})
    typed = {name: request.POST.get(name, value) for name, value in values.items()}
    by_field: dict[str, list[str]] = defaultdict(list)
    for place, sentences in faults.items():
        root, _, rest = place.partition(".")
        by_field[root] += [located(rest, sentence) for sentence in sentences]
    return EndpointForm(key, title, typed, "is_enabled" in request.POST, dict(by_field))


def _rows() -> list[AdapterRow]:
    by_adapter: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in _endpoints():
        by_adapter[endpoint.adapter].append(endpoint)
    statistics = {one.ai_model_id: one for one in ModelStatistics.objects.filter(workspace=None, window_days=WEEK)}
    known = set(registry.slugs())
    return [_row(slug, by_adapter[slug], slug in known, statistics) for slug in sorted(known | by_adapter.keys())]


def _row(slug: str, found: list[Endpoint], is_known: bool, statistics: Mapping[str, ModelStatistics]) -> AdapterRow:
    missing = ""
    if is_known:
        try:
            registry.check_configured(slug)
        except ProviderUnavailable as refusal:
            missing = refusal.setting or str(refusal)
    measured = [statistics[one] for one in {endpoint.ai_model_id for endpoint in found} if one in statistics]
    runs = sum(one.runs for one in measured)
    slowest = [known.p95_ms for one in measured if (known := measurement_of(one)) and known.p95_ms is not None]
    return AdapterRow(
        slug=slug,
        is_known=is_known,
        is_configured=is_known and not missing,
        missing=missing,
        endpoints=tuple(found),
        enabled=sum(one.is_enabled for one in found),
        runs=runs,
        success=percent(sum(one.succeeded for one in measured) / runs) if runs >= FEWEST_RUNS else None,
        p95_seconds=seconds(max(slowest, default=None)),
    )
