"""What can be run: the stage path, the model that a task begins with, and what can be built on a picture."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.actor import Actor
from apps.catalog.access import Off, read_access
from apps.catalog.defaults import Defaults, read_defaults
from apps.catalog.models import AIModel, Kind, Stage, Surface, Task
from apps.catalog.shelf import OnShelf, read_shelf

_HINTS: Final = {
    Stage.EXPLORE: "Many, fast, cheap",
    Stage.REFINE: "Keep what works",
    Stage.DELIVER: "2K and 4K finals",
    Stage.PRECISION: "Change one thing",
    Stage.MOTION: "Still to clip",
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A model on sale, with what it costs at the least and by default."""

    on_shelf: OnShelf
    off: Off | None = None  # why this person may not use it

    @property
    def ai_model(self) -> AIModel:
        return self.on_shelf.ai_model

    @property
    def from_mc(self) -> int:
        return self.on_shelf.from_mc

    @property
    def usual_mc(self) -> int:
        return self.on_shelf.usual_mc

    @property
    def most_pictures(self) -> int:
        """How many references it takes."""
        return self.on_shelf.most_pictures


@dataclass(frozen=True, slots=True)
class Assortment:
    """What is on sale, in the catalogue's order, as one person sees it; and what each task begins with."""

    models: tuple[Offered, ...]  # those that this person may use
    switched_off: tuple[Offered, ...]
    defaults: Defaults

    @property
    def names(self) -> dict[str, str]:
        return {one.ai_model.pk: one.ai_model.name for one in (*self.models, *self.switched_off)}

    def find(self, ai_model_id: str) -> Offered | None:
        """The model of this id, be it off: what is done with it then is refused with the reason."""
        return next((one for one in (*self.models, *self.switched_off) if one.ai_model.pk == ai_model_id), None)

    def default_of(self, task: Task, stage: str = "", *, among: tuple[Offered, ...] | None = None) -> Offered | None:
        """The model that a task begins with in the studio, if it is one of these."""
        able = {one.ai_model.pk: one for one in (self.models if among is None else among)}
        found = self.defaults.of(task, Surface.STUDIO, stage, among=able)
        return able[found] if found else None


@dataclass(frozen=True, slots=True)
class Step:
    """A stage on the path."""

    id: str
    label: str
    hint: str
    url: str
    from_mc: int | None  # None: nothing is offered at this stage
    is_current: bool
    is_off: bool  # everything of this stage is switched off


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that can be made of a picture."""

    label: str
    stage: str
    icon: str  # empty: the stage's own glyph
    ai_model: str
    usual_mc: int
    url: str


def offered(actor: Actor, *, now: datetime) -> Assortment:
    """Read what is on sale, what of it this person may use, and the defaults. Three queries."""
    access = read_access(actor)
    every = [Offered(one, access.off(one.ai_model)) for one in read_shelf(now=now)]
    return Assortment(
        models=tuple(one for one in every if one.off is None),
        switched_off=tuple(one for one in every if one.off is not None),
        defaults=read_defaults(workspace=actor.workspace),
    )


def path(everything: Assortment, *, workspace_id: UUID, current: str) -> list[Step]:
    """The five stages, with the lowest price of each."""
    cheapest: dict[str, int] = {}
    for one in everything.models:
        stage = one.ai_model.stage
        cheapest[stage] = min(one.from_mc, cheapest.get(stage, one.from_mc))
    off = {one.ai_model.stage for one in everything.switched_off} - set(cheapest)
    studio = reverse("studio", args=[workspace_id])
    return [
        Step(
            stage.value,
            stage.label,
            _HINTS[stage],
            f"{studio}?stage={stage}",
            cheapest.get(stage),
            stage == current,
            stage in off,
        )
        for stage in Stage
    ]


def default_of_stage(everything: Assortment, *, stage: str, with_picture: bool) -> Offered | None:
    """The model a stage begins with: by the defaults, else its first that takes a picture when there is one."""
    here = tuple(one for one in everything.models if one.ai_model.stage == stage)
    fitting = (tuple(one for one in here if one.most_pictures != 0) if with_picture else ()) or here
    tasks = _WITH_PICTURE if with_picture else _WITHOUT_PICTURE
    named = (everything.default_of(task, stage, among=fitting) for task in tasks)
    return next((one for one in named if one), None) or next(iter(fitting), None)


def covers(everything: Assortment, *, available_mc: int) -> str:
    """How far a balance reaches: ``About 160 explores``; empty when nobody can tell."""
    first = default_of_stage(everything, stage=Stage.EXPLORE, with_picture=False)
    if first is None or first.usual_mc <= 0 or available_mc < first.usual_mc:
        return ""
    return f"About {available_mc // first.usual_mc:,} explores"


def next_steps(everything: Assortment, *, workspace_id: UUID, picture: str) -> list[NextStep]:
    """What can be built on a picture: for each kind of work its default, or the first that does it."""
    found = []
    for label, icon, kind, task, stage in _WORK:
        able = tuple(
            one
            for one in everything.models
            if one.ai_model.kind == kind and (stage is None or one.ai_model.stage == stage)
        )
        if chosen := everything.default_of(task, stage or "", among=able) or next(iter(able), None):
            query = urlencode({"stage": chosen.ai_model.stage, "model": chosen.ai_model.pk, "picture": picture})
            found.append(
                NextStep(
                    label=label,
                    stage=chosen.ai_model.stage,
                    icon=icon,
                    ai_model=chosen.ai_model.name,
                    usual_mc=chosen.usual_mc,
                    url=f"{reverse('studio', args=[workspace_id])}?{query}",
                )
            )
    return found


def why_nothing(everything: Assortment) -> tuple[str, ...]:
    """Who switched everything off, in sentences; empty when something is on, or nothing is sold here at all."""
    if everything.models:
        return ()
    return tuple(dict.fromkeys(one.off.sentence for one in everything.switched_off if one.off))


# What a stage is for, the likeliest first: with a picture at hand, and without one.
_WITH_PICTURE: Final = (
    *(Task.IMAGE_EDIT, Task.LOCAL_EDIT, Task.UPSCALE, Task.REFRAME),
    *(Task.BACKGROUND_REMOVAL, Task.IMAGE_TO_VIDEO),
)
_WITHOUT_PICTURE: Final = (Task.CREATE, Task.IMAGE_TO_VIDEO)

# Label, icon (empty: the stage's glyph), kind, the task that a default is named for, and the stage if only one will do.
_WORK: Final = (
    ("Refine", "", Kind.IMAGE_EDIT, Task.IMAGE_EDIT, Stage.REFINE),
    ("Upscale", "", Kind.UPSCALE, Task.UPSCALE, None),
    ("Change one thing", "", Kind.IMAGE_EDIT, Task.LOCAL_EDIT, Stage.PRECISION),
    ("Reframe", "crop", Kind.REFRAME, Task.REFRAME, None),
    ("Cut out", "cut", Kind.BACKGROUND_REMOVAL, Task.BACKGROUND_REMOVAL, None),
    ("Animate", "", Kind.IMAGE_TO_VIDEO, Task.IMAGE_TO_VIDEO, None),
)
