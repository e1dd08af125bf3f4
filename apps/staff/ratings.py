"""Ratings beside what real jobs showed: keep rate, repeats, success; changed with a reason that is kept."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.models import AuditEntry
from apps.catalog import editing
from apps.catalog.editing import InvalidModel
from apps.catalog.models import AIModel, ModelStatistics
from apps.catalog.statistics import FEWEST_RUNS
from apps.errors import DomainError
from apps.staff.audit_log import Entry, entries_of
from apps.staff.evidence import Figures, evidence_of, figures_of
from apps.staff.faults import sentences_of
from apps.staff.pages import StaffRequest, demand, find_model, may, page, staff_page

_CHANGES_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Rated:
    """A model with its stars, and what speaks for them."""

    ai_model: AIModel
    figures: list[Figures]
    rating: str  # what stands in the field
    reason: str
    faults: tuple[str, ...]


@require_http_methods(["GET", "POST"])
@staff_page("catalog.view_aimodel", "catalog.change_aimodel")
def ratings(request: StaffRequest) -> HttpResponse:
    """Show every model's rating with its evidence; change one."""
    if request.method == "GET":
        return _show(request)
    demand(request, "catalog.change_aimodel")
    ai_model, text = find_model(request.POST.get("model", "")), request.POST.get("rating", "").strip()
    try:
        rate(ai_model.pk, text, reason=request.POST.get("reason", ""), editor_id=request.user.pk, now=timezone.now())
    except DomainError as refusal:
        return _show(request, posted=request.POST.dict(), faults=sentences_of(refusal))
    messages.success(request, f"{ai_model.name} has {f'{text} of 5' if text else 'no rating'} now.")
    return redirect("admin:staff_ratings")


def rate(model_id: str, text: str, *, reason: str, editor_id: UUID, now: datetime) -> None:
    """Rate a model as somebody typed it, with what real jobs show just now as the evidence.

    :raises InvalidModel: no whole number from 1 to 5 and not nothing, or no reason.
    """
    try:
        rating = int(text) if text else None
    except ValueError as fault:
        raise InvalidModel([("rating", "A rating is a whole number from 1 to 5, or nothing.")]) from fault
    evidence = evidence_of(model_id)
    editing.rate(ai_model_id=model_id, rating=rating, reason=reason, evidence=evidence, editor_id=editor_id, now=now)


def _show(
    request: StaffRequest, *, posted: Mapping[str, str] | None = None, faults: list[str] | None = None
) -> HttpResponse:
    statistics: dict[str, list[ModelStatistics]] = defaultdict(list)
    for row in ModelStatistics.objects.filter(workspace=None):
        statistics[row.ai_model_id].append(row)
    ai_models = AIModel.objects.order_by("-rating", "position", "pk")
    changes = AuditEntry.objects.filter(action="model.rate").order_by("-pk")[:_CHANGES_SHOWN]
    history: list[Entry] = entries_of(changes)
    return page(
        request,
        "ratings.html",
        title="Ratings",
        current="ratings",
        status=422 if faults else 200,
        rows=[_rated(one, statistics[one.pk], posted or {}, faults or []) for one in ai_models],
        history=history,
        fewest_runs=FEWEST_RUNS,
        may_change=may(request, "catalog.change_aimodel"),
    )


def _rated(ai_model: AIModel, rows: list[ModelStatistics], posted: Mapping[str, str], faults: list[str]) -> Rated:
    if posted.get("model") == ai_model.pk:
        return Rated(ai_model, figures_of(rows), posted.get("rating", ""), posted.get("reason", ""), tuple(faults))
    return Rated(ai_model, figures_of(rows), str(ai_model.rating or ""), "", ())
