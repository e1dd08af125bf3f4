"""One model: everything about it that is data, changed in one form, all of it or nothing; and a new one from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.catalog import editing
from apps.catalog.editing import EditConflict
from apps.catalog.file_rows import row_values
from apps.catalog.models import AIModel, Provider
from apps.errors import DomainError
from apps.staff.faults import Faults, faults_of, located
from apps.staff.model_fields import SECTIONS, Column, Json, Section, columns_of, read_changes, written
from apps.staff.new_models import add_from_file
from apps.staff.pages import StaffRequest, demand, find_model, may, page, staff_page

VIEW: Final = ("catalog.view_aimodel", "catalog.change_aimodel")
_TABS: Final = (
    ("staff_model", "Model"),
    ("staff_model_price", "Price"),
    ("staff_model_endpoints", "Endpoints"),
    ("staff_model_access", "Access"),
    ("staff_model_sources", "Sources"),
    ("staff_model_history", "History"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form with what stands in it, and what is wrong with that."""

    column: Column
    value: str
    choices: Sequence[tuple[str, str]]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    section: Section
    fields: tuple[Field, ...]


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def model(request: StaffRequest, model_id: str) -> HttpResponse:
    """Show a model as a form; save what was changed of it."""
    ai_model = find_model(model_id)
    if request.method == "GET":
        return _form(request, ai_model)
    demand(request, "catalog.change_aimodel")
    changes, unreadable = read_changes(row_values(ai_model), request.POST.dict())
    if unreadable:
        return _form(request, ai_model, faults=unreadable, status=422)
    seen, editor_id = request.POST.get("seen", ""), request.user.pk
    try:
        editing.edit_model(ai_model_id=ai_model.pk, changes=changes, editor_id=editor_id, now=timezone.now(), seen=seen)
    except EditConflict as refusal:
        kept = f"{refusal} What you typed is kept: look at the history, then save again."
        return _form(request, ai_model, faults={"": [kept]}, status=409)
    except DomainError as refusal:
        return _form(request, ai_model, faults=faults_of(refusal), status=422)
    if not changes:
        messages.info(request, "Nothing was changed.")
        return redirect(request.path)
    messages.success(request, f"{ai_model.name} saved: {', '.join(sorted(changes))}.")
    return redirect(request.path)


@require_http_methods(["GET", "POST"])
@staff_page("catalog.add_aimodel")
def model_new(request: StaffRequest) -> HttpResponse:
    """Add a model from a file of the catalogue's own form, pasted as YAML or JSON."""
    text = request.POST.get("file", "")
    faults: Faults = {}
    if request.method == "POST":
        try:
            made = add_from_file(text, editor_id=request.user.pk, now=timezone.now())
        except DomainError as refusal:
            faults = faults_of(refusal)
        else:
            messages.success(request, f"{made.name} was added. It is off until you turn it on.")
            return redirect("admin:staff_model", model_id=made.pk)
    return page(
        request,
        "model_new.html",
        title="Add a model",
        current="models",
        text=text,
        faults=_sentences(faults),
        status=422 if faults else 200,
    )


def tabs_of(ai_model: AIModel, current: str) -> list[Tab]:
    """The pages of one model."""
    return [Tab(label, reverse(f"admin:{name}", args=[ai_model.pk]), name == current) for name, label in _TABS]


def _form(request: StaffRequest, ai_model: AIModel, *, faults: Faults | None = None, status: int = 200) -> HttpResponse:
    posted = request.POST.dict() if request.method == "POST" else None
    parts, others = _parts(ai_model, posted, faults or {})
    return page(
        request,
        "model.html",
        title=ai_model.name,
        current="models",
        status=status,
        ai_model=ai_model,
        tabs=tabs_of(ai_model, "staff_model"),
        parts=parts,
        faults=others,
        seen=editing.stamp(ai_model),
        may_change=may(request, "catalog.change_aimodel"),
    )


def _parts(ai_model: AIModel, posted: Mapping[str, str] | None, faults: Faults) -> tuple[list[Part], list[str]]:
    """The form, and what is wrong that no field of it stands for."""
    values = row_values(ai_model)
    sections = [(section, columns_of(values, section)) for section in SECTIONS]
    names = {column.name for _, columns in sections for column in columns}
    by_field: dict[str, list[str]] = {}
    for place, sentences in faults.items():
        name, part = _field_of(place, names)
        by_field.setdefault(name, []).extend(located(part, sentence) for sentence in sentences)
    providers = list(Provider.objects.order_by("name").values_list("pk", "name"))
    parts = [
        Part(section, tuple(_field(values, column, posted, by_field, providers) for column in columns))
        for section, columns in sections
    ]
    return parts, by_field.get("", [])


def _field_of(place: str, names: set[str]) -> tuple[str, str]:
    """Which field a fault stands beside, and which of its parts it names."""
    if place in names:
        return place, ""
    root, _, rest = place.partition(".")
    if root in names:
        return root, rest
    return "", place


def _field(
    values: Mapping[str, Json],
    column: Column,
    posted: Mapping[str, str] | None,
    faults: Mapping[str, list[str]],
    providers: Sequence[tuple[str, str]],
) -> Field:
    shown = written(values, column) if posted is None else posted.get(column.name, written(values, column))
    choices = providers if column.name == "provider" else column.choices
    return Field(column, shown, choices, tuple(faults.get(column.name, ())))


def _sentences(faults: Faults) -> list[str]:
    return [located(place, one) for place, many in faults.items() for one in many]
