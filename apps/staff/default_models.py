"""The models that tasks begin with: for the installation, by surface, task and stage; all of the page or nothing."""

from collections import defaultdict
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.catalog.defaults import set_default, unfit
from apps.catalog.models import AIModel, DefaultModel, Stage, Surface, Task
from apps.errors import DomainError
from apps.staff.pages import StaffRequest, demand, may, page, staff_page


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One default: where it is, what stands there, what may stand there."""

    name: str
    label: str
    was: str
    options: tuple[Option, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A task with its default on every surface; the stages that have one of their own stand below it."""

    task: str
    stage: str
    cells: tuple[Cell, ...]


@require_http_methods(["GET", "POST"])
@staff_page("catalog.view_defaultmodel", "catalog.change_defaultmodel")
def defaults(request: StaffRequest) -> HttpResponse:
    """Show the installation's defaults; save what was changed of them."""
    if request.method == "GET":
        return _show(request, {})
    demand(request, "catalog.change_defaultmodel")
    faults: dict[str, list[str]] = defaultdict(list)
    changed = 0
    with transaction.atomic():
        for surface in Surface:
            for task in Task:
                for stage in ("", *Stage):
                    name = _name(surface, task, stage)
                    if name not in request.POST or request.POST[name] == request.POST.get(f"was-{name}", ""):
                        continue
                    try:
                        changed += set_default(
                            surface=surface,
                            task=task,
                            stage=stage,
                            ai_model_id=request.POST[name] or None,
                            workspace=None,
                            editor_id=request.user.pk,
                            now=timezone.now(),
                        )
                    except DomainError as refusal:
                        faults[name].append(str(refusal))
        if faults:
            transaction.set_rollback(True)
    if faults:
        return _show(request, faults)
    messages.success(request, f"{changed} default{'s' if changed != 1 else ''} saved.")
    return redirect("admin:staff_defaults")


def _name(surface: str, task: str, stage: str) -> str:
    return f"{surface}.{task}.{stage}" if stage else f"{surface}.{task}"


def _show(request: StaffRequest, faults: dict[str, list[str]]) -> HttpResponse:
    ai_models = list(AIModel.objects.order_by("position", "pk"))
    current = {
        _name(one.surface, one.task, one.stage): one.ai_model_id for one in DefaultModel.objects.filter(workspace=None)
    }
    rows = []
    for task in Task:
        for stage in ("", *Stage):
            fitting = [one for one in ai_models if not unfit(one, task=task, stage=stage)]
            names = [_name(surface, task, stage) for surface in Surface]
            if not stage or fitting or any(name in current for name in names):
                cells = tuple(_cell(request, name, fitting, ai_models, current, faults) for name in names)
                rows.append(Row(task.label, Stage(stage).label if stage else "", cells))
    return page(
        request,
        "defaults.html",
        title="Defaults",
        current="defaults",
        status=422 if faults else 200,
        surfaces=Surface.labels,
        rows=rows,
        faults=["Look at the fields marked below."] if faults else [],
        may_change=may(request, "catalog.change_defaultmodel"),
    )


def _cell(
    request: StaffRequest,
    name: str,
    fitting: list[AIModel],
    everything: list[AIModel],
    current: dict[str, str],
    faults: dict[str, list[str]],
) -> Cell:
    was = current.get(name, "")
    chosen = request.POST.get(name, was)
    shown = [one for one in everything if one in fitting or one.pk in {was, chosen}]
    options = tuple(Option(one.pk, one.name, one.pk == chosen) for one in shown)
    surface, task, *stage = name.split(".")
    label = " ".join([Task(task).label, *stage, "on", Surface(surface).label])
    return Cell(name, label, was, options, tuple(faults.get(name, ())))
