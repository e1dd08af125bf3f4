"""The other pages of one model: who may use it, where its facts come from, who changed what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import AuditEntry
from apps.catalog import editing
from apps.catalog.models import AIModel, Switch, SwitchedOff
from apps.catalog.switching import switch
from apps.catalog.tools import tool_of
from apps.errors import DomainError
from apps.staff.audit_log import PAGE_SIZE, entries_of
from apps.staff.evidence import read_figures
from apps.staff.faults import sentences_of
from apps.staff.model_editor import VIEW, tabs_of
from apps.staff.pages import StaffRequest, demand, find_model, may, page, read_id, staff_page

_TARGETS: Final = {"model": "catalog.change_aimodel", "family": "catalog.change_switchedoff"}


@dataclass(frozen=True, slots=True)
class Note:
    """Where sources disagree: what each says, what was chosen and why."""

    field: str
    sources: list[dict[str, str]]
    chosen: str
    reason: str


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def model_access(request: StaffRequest, model_id: str) -> HttpResponse:
    """Show who may use a model; switch it, or its family, for everybody."""
    ai_model = find_model(model_id)
    faults: list[str] = []
    if request.method == "POST":
        target, is_on = request.POST.get("target", ""), request.POST.get("is_on") == "on"
        demand(request, _TARGETS.get(target, "catalog.change_aimodel"))
        try:
            _switch(ai_model, target, is_on=is_on, request=request, now=timezone.now())
        except DomainError as refusal:
            faults = sentences_of(refusal)
        else:
            name = tool_of(ai_model).name if target == "family" else ai_model.name
            messages.success(request, f"{name} is {'on' if is_on else 'off'}.")
            return redirect(request.path)
    return page(
        request,
        "model_access.html",
        title=ai_model.name,
        current="models",
        status=422 if faults else 200,
        ai_model=ai_model,
        tabs=tabs_of(ai_model, "staff_model_access"),
        faults=faults,
        tool=tool_of(ai_model),
        family=AIModel.objects.filter(tool=ai_model.tool).order_by("position", "pk"),
        is_family_on=not SwitchedOff.objects.filter(by=Switch.INSTALLATION, tool=ai_model.tool).exists(),
        others=_others(ai_model),
        may_change=may(request, "catalog.change_aimodel"),
        may_switch_family=may(request, "catalog.change_switchedoff"),
    )


@require_GET
@staff_page(*VIEW)
def model_sources(request: StaffRequest, model_id: str) -> HttpResponse:
    """Show where each fact comes from, where sources disagree, and what staff changed since."""
    ai_model = find_model(model_id)
    return page(
        request,
        "model_sources.html",
        title=ai_model.name,
        current="models",
        ai_model=ai_model,
        tabs=tabs_of(ai_model, "staff_model_sources"),
        notes=[Note(one["field"], one["sources"], one["chosen"], one["reason"]) for one in ai_model.notes],
        sources=sorted(ai_model.sources.items()),
        figures=read_figures(ai_model.pk),
    )


@require_GET
@staff_page(*VIEW)
def model_history(request: StaffRequest, model_id: str) -> HttpResponse:
    """Show every change of a model, its prices, endpoints and switches, newest first."""
    ai_model = find_model(model_id)
    rows = AuditEntry.objects.filter(
        Q(subject=ai_model.pk)
        | Q(subject__startswith=f"{ai_model.pk}/")
        | Q(action="tool.switch", subject=ai_model.tool)
    ).filter(workspace_id=None)
    if key := read_id(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=key)
    shown = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    return page(
        request,
        "model_history.html",
        title=ai_model.name,
        current="models",
        ai_model=ai_model,
        tabs=tabs_of(ai_model, "staff_model_history"),
        entries=entries_of(shown[:PAGE_SIZE]),
        next_url=f"?before={shown[PAGE_SIZE - 1].pk}" if len(shown) > PAGE_SIZE else "",
    )


def _switch(ai_model: AIModel, target: str, *, is_on: bool, request: StaffRequest, now: datetime) -> None:
    person = request.user.pk
    if target == "family":
        switch(by=Switch.INSTALLATION, workspace=None, tool=ai_model.tool, is_on=is_on, actor_id=person, now=now)
    else:
        editing.set_enabled(ai_model_id=ai_model.pk, is_enabled=is_on, editor_id=person, now=now)


def _others(ai_model: AIModel) -> list[dict[str, Any]]:  # counts by who switched off
    """How many switched it off for themselves, by who they are."""
    rows = SwitchedOff.objects.filter(Q(ai_model=ai_model) | Q(tool=ai_model.tool), workspace__isnull=False)
    counted = rows.values("by").annotate(count=Count("pk")).order_by("by")
    return [{"label": Switch(one["by"]).label, "count": one["count"]} for one in counted]
