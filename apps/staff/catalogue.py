"""The list of models: everything at a glance, ratings and switches changed in place, all of them or none."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.catalog import editing
from apps.catalog.models import Lifecycle, PriceStatus, Provider, Stage
from apps.catalog.money import current_terms
from apps.catalog.statistics import FEWEST_RUNS
from apps.errors import DomainError
from apps.staff.faults import sentences_of
from apps.staff.model_rows import ModelRow, filtered, heads_of, ordered, read_rows
from apps.staff.pages import StaffRequest, demand, may, page, staff_page
from apps.staff.ratings import rate

_FILTERS: Final = ("q", "stage", "provider", "state", "lifecycle", "price_status", "sort")
_STATES: Final = (("on", "On sale"), ("off", "Off"), ("unpriced", "No price"), ("draft", "Draft waiting"))


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what stands in its fields, which is what was typed where that was refused."""

    row: ModelRow
    rating: str
    is_on: bool
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changed of one row: only what they touched. None: left as it was."""

    model_id: str
    rating: str | None
    is_on: bool | None


@require_http_methods(["GET", "POST"])
@staff_page("catalog.view_aimodel", "catalog.change_aimodel")
def models(request: StaffRequest) -> HttpResponse:
    """Show the catalogue; save several rows at once."""
    if request.method == "GET":
        return _list(request)
    demand(request, "catalog.change_aimodel")
    changes, reason = _changes(request.POST), request.POST.get("reason", "").strip()
    faults = _save(changes, reason=reason, editor_id=request.user.pk, now=timezone.now())
    if faults:
        return _list(request, faults=faults, typed=request.POST, status=422)
    if changes:
        messages.success(request, f"{len(changes)} model{'s' if len(changes) != 1 else ''} saved.")
    return redirect(request.get_full_path())


def _list(
    request: StaffRequest,
    *,
    faults: dict[str, list[str]] | None = None,
    typed: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    wanted = {name: request.GET.get(name, "") for name in _FILTERS}
    everything = read_rows(now=timezone.now())
    rows = ordered(filtered(everything, wanted), wanted["sort"])
    here, query = reverse("admin:staff_models"), request.GET.copy()

    def link(sort: str) -> str:
        query["sort"] = sort
        return f"{here}?{query.urlencode()}"

    found = faults or {}
    return page(
        request,
        "models.html",
        title="Models",
        current="models",
        status=status,
        lines=[_line(row, typed, found) for row in rows],
        everything=len(everything),
        heads=heads_of(wanted["sort"], link),
        wanted=wanted,
        stages=Stage.choices,
        providers=Provider.objects.order_by("name").values_list("pk", "name"),
        states=_STATES,
        lifecycles=Lifecycle.choices,
        price_statuses=PriceStatus.choices,
        faults=[sentence for name in ("", "reason") for sentence in found.get(name, ())],
        reason=typed.get("reason", "") if typed else "",
        may_change=may(request, "catalog.change_aimodel"),
        may_add=may(request, "catalog.add_aimodel"),
        fewest_runs=FEWEST_RUNS,
        floor=current_terms().margin_floor_percent,
    )


def _line(row: ModelRow, typed: QueryDict | None, faults: dict[str, list[str]]) -> Line:
    rating, is_on = str(row.rating or ""), row.is_enabled
    if typed is not None and row.id in typed.getlist("row"):
        rating = typed.get(f"rating-{row.id}", rating)
        is_on = f"on-{row.id}" in typed
    return Line(row, rating, is_on, tuple(faults.get(row.id, ())))


def _changes(posted: QueryDict) -> list[Change]:
    """What differs from what the page showed: a row that someone else changed meanwhile stays theirs."""
    found = []
    for model_id in dict.fromkeys(posted.getlist("row")):
        rating, was = posted.get(f"rating-{model_id}", "").strip(), posted.get(f"was_rating-{model_id}", "")
        is_on, was_on = f"on-{model_id}" in posted, posted.get(f"was_on-{model_id}") == "on"
        change = Change(model_id, rating if rating != was else None, is_on if is_on != was_on else None)
        if change.rating is not None or change.is_on is not None:
            found.append(change)
    return found


def _save(changes: list[Change], *, reason: str, editor_id: UUID, now: datetime) -> dict[str, list[str]]:
    """Save every row or none; return the faults by model."""
    faults: dict[str, list[str]] = defaultdict(list)
    if not reason and any(change.rating is not None for change in changes):
        faults["reason"].append("Say why the rating changes.")
    with transaction.atomic():
        for change in changes:
            try:
                if change.rating is not None and reason:
                    rate(change.model_id, change.rating, reason=reason, editor_id=editor_id, now=now)
                if change.is_on is not None:
                    editing.set_enabled(
                        ai_model_id=change.model_id, is_enabled=change.is_on, editor_id=editor_id, now=now
                    )
            except DomainError as refusal:
                faults[change.model_id] += sentences_of(refusal)
        if faults:
            transaction.set_rollback(True)
    return faults
