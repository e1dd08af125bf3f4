"""The defaults as a form: for each task and stage the models that can be its default, and which one is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.accounts.actor import Actor
from apps.catalog.defaults import Defaults, read_defaults, unfit
from apps.catalog.models import AIModel, Stage, Surface, Task
from apps.catalog.shelf import read_shelf

_ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that could be a task's default."""

    id: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A stage of a task, with its default."""

    name: str  # of the field
    stage: str  # empty: any
    label: str
    inherited: str  # what holds without a choice of the workspace's own
    chosen: str  # the workspace's own, by name; else empty
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class TaskPlaces:
    label: str
    places: tuple[Place, ...]


def choices_of(actor: Actor, *, surface: Surface, now: datetime) -> list[TaskPlaces]:
    """Lay out every task with the stages that it has models for. Two queries."""
    ai_models = [one.ai_model for one in read_shelf(now=now)]
    defaults = read_defaults(workspace=actor.workspace)
    found = []
    for task in Task:
        places = [_place(task, stage, surface, ai_models, defaults) for stage in ("", *Stage.values)]
        found.append(TaskPlaces(task.label, tuple(place for place in places if place.choices)))
    return [one for one in found if one.places]


def read_choices(data: Mapping[str, str]) -> dict[tuple[Task, str], str | None]:
    """Read the form: (task, stage) → the model's id, or None for none of the workspace's own."""
    wanted: dict[tuple[Task, str], str | None] = {}
    for task in Task:
        for stage in ("", *Stage.values):
            if (value := data.get(_field(task, stage))) is not None:
                wanted[task, stage] = value or None
    return wanted


def _place(task: Task, stage: str, surface: Surface, ai_models: Iterable[AIModel], defaults: Defaults) -> Place:
    able = {one.pk: one.name for one in ai_models if not unfit(one, task=task, stage=stage)}
    own = defaults.workspace.get((surface.value, task.value, stage), "")
    without = Defaults(defaults.installation, {key: one for key, one in defaults.workspace.items() if key[2] != stage})
    inherited = without.of(task, surface, stage) if stage else without.of(task, surface)
    if stage and surface is Surface.STUDIO and inherited not in able:
        inherited = None  # the studio keeps to the models of a stage
    names = {one.pk: one.name for one in ai_models}
    if own:
        able.setdefault(own, names.get(own, own))
    return Place(
        name=_field(task, stage),
        stage=stage,
        label=Stage(stage).label if stage else "Any stage",
        inherited=names.get(inherited or "", inherited or ""),
        chosen=names.get(own, own),
        choices=tuple(Choice(pk, name, pk == own) for pk, name in able.items()),
    )


def _field(task: Task, stage: str) -> str:
    return f"{task.value}.{stage or _ANY}"
