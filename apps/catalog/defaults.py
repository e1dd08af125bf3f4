"""The model that a task begins with, on each surface: the installation's, and closer to home a workspace's own."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts import audit
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, DefaultModel, Lifecycle, Stage, Surface, Task
from apps.catalog.tasks import KIND_OF
from apps.errors import DomainError, NotFound


class UnfitDefault(DomainError):
    """The model cannot be where this task begins."""

    code = "unfit_default"


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults that hold in one place. Asking costs no query."""

    installation: Mapping[tuple[str, str, str], str]  # (surface, task, stage; empty: any) → model id
    workspace: Mapping[tuple[str, str, str], str]

    def ranked(self, task: Task, surface: Surface, stage: str = "") -> tuple[str, ...]:
        """Model ids, the closest first: the workspace's before the installation's, a stage's before any stage's."""
        places = dict.fromkeys(((surface.value, task.value, stage), (surface.value, task.value, "")))
        found = [rows.get(place) for rows in (self.workspace, self.installation) for place in places]
        return tuple(dict.fromkeys(model_id for model_id in found if model_id))

    def of(self, task: Task, surface: Surface, stage: str = "", *, among: Container[str] | None = None) -> str | None:
        """The id of the model that a task begins with, or None. ``among``: only these, so an off one is passed over."""
        return next((one for one in self.ranked(task, surface, stage) if among is None or one in among), None)


def read_defaults(*, workspace: Workspace | None) -> Defaults:
    """Read the defaults of the installation, and of a workspace if there is one. One query."""
    found: dict[bool, dict[tuple[str, str, str], str]] = {True: {}, False: {}}
    for row in DefaultModel.objects.filter(Q(workspace=None) | Q(workspace=workspace)):
        found[row.workspace_id is None][row.surface, row.task, row.stage] = row.ai_model_id
    return Defaults(installation=found[True], workspace=found[False])


def unfit(ai_model: AIModel, *, task: Task, stage: str = "") -> str:
    """Say why a model cannot be a task's default; empty: it can."""
    if ai_model.lifecycle == Lifecycle.RETIRED or not ai_model.is_enabled:
        return f"{ai_model.name} is switched off in this installation."
    if KIND_OF[task] not in {ai_model.kind, *ai_model.also_kinds}:
        return f"{ai_model.name} cannot do this: {task.label.lower()}."
    if task is Task.MASK_EDIT and not ai_model.capabilities.get("mask_edit"):
        return f"{ai_model.name} takes no mask."
    if stage and ai_model.stage != stage:
        return f"{ai_model.name} belongs to {Stage(ai_model.stage).label}, not to {Stage(stage).label}."
    return ""


@transaction.atomic
def set_default(
    *,
    surface: Surface,
    task: Task,
    stage: str,
    ai_model_id: str | None,
    workspace: Workspace | None,
    editor_id: UUID | None,
    now: datetime,
) -> bool:
    """Let a task begin with this model, or with None as the next wider default says; tell whether anything changed.

    :param stage: empty: at any stage. :param workspace: None: for the whole installation.
    :raises NotFound: no such model. :raises UnfitDefault: it cannot do the task, or belongs to another stage.
    """
    ai_model = AIModel.objects.filter(pk=ai_model_id).first() if ai_model_id else None
    if ai_model_id and ai_model is None:
        raise NotFound("There is no such model. GET /v1/models lists them.")
    place: dict[str, Any] = {"workspace": workspace, "surface": surface, "task": task, "stage": stage}  # columns
    current = DefaultModel.objects.select_for_update().filter(**place).first()
    before = current.ai_model_id if current else None
    if before == ai_model_id:
        return False
    if ai_model and (reason := unfit(ai_model, task=task, stage=stage)):
        raise UnfitDefault(reason)
    if ai_model_id is None:
        DefaultModel.objects.filter(**place).delete()
    else:
        DefaultModel.objects.update_or_create(**place, defaults={"ai_model_id": ai_model_id})
    audit.record(
        action="default.set",
        subject=":".join(part for part in (surface.value, task.value, stage) if part),
        actor_id=editor_id,
        workspace_id=workspace.pk if workspace else None,
        before={"model": before},
        after={"model": ai_model_id},
        now=now,
    )
    return True


@transaction.atomic
def set_defaults(
    *,
    surface: Surface,
    wanted: Mapping[tuple[Task, str], str | None],
    workspace: Workspace | None,
    editor_id: UUID | None,
    now: datetime,
) -> int:
    """Set several defaults of a surface, (task, stage) → model, or if one is refused none; tell how many changed.

    :raises: as ``set_default``.
    """
    current = read_defaults(workspace=workspace)
    rows = current.workspace if workspace else current.installation
    return sum(
        set_default(
            surface=surface,
            task=task,
            stage=stage,
            ai_model_id=ai_model_id,
            workspace=workspace,
            editor_id=editor_id,
            now=now,
        )
        for (task, stage), ai_model_id in wanted.items()
        if rows.get((surface.value, task.value, stage)) != ai_model_id
    )
