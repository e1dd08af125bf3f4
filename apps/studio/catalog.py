"""What can be run: the stage path, the picker of a stage, and what can be built on a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from apps.catalog import prices, pricing
from apps.catalog.models import AIModel, Kind, PriceVersion, Stage
from apps.catalog.spec import picture_fields
from apps.studio.durations import in_words
from apps.studio.fields import types_of

_HINTS: Final = {
    Stage.EXPLORE: "Many, fast, cheap",
    Stage.REFINE: "Keep what works",
    Stage.DELIVER: "2K and 4K finals",
    Stage.PRECISION: "Change one thing",
    Stage.MOTION: "Still to clip",
}
_ICONS: Final = {
    Kind.TEXT_TO_IMAGE: "picture",
    Kind.IMAGE_EDIT: "pencil",
    Kind.UPSCALE: "enlarge",
    Kind.BACKGROUND_REMOVAL: "cut",
    Kind.REFRAME: "crop",
    Kind.IMAGE_TO_VIDEO: "film",
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A model on sale, with what it costs at the least and by default."""

    ai_model: AIModel
    from_mc: int
    usual_mc: int

    @property
    def most_pictures(self) -> int | None:
        """How many references it takes; None: as many as one likes."""
        slots = picture_fields(self.ai_model.schema)
        if not slots:
            return 0
        slot = self.ai_model.schema["properties"][slots[0]]
        most: int | None = slot.get("maxItems") if "array" in types_of(slot) else 1
        return most


@dataclass(frozen=True, slots=True)
class Step:
    """A stage on the path."""

    id: str
    label: str
    hint: str
    url: str
    from_mc: int | None  # None: nothing is offered at this stage
    is_current: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A model in the picker."""

    id: str
    name: str
    icon: str
    provider: str
    rating: int | None
    usual: str  # how long a run takes, in words
    best_for: str
    from_mc: int
    is_range: bool
    is_chosen: bool
    unfit: str  # why it cannot do what is in the composer; empty: it can


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that can be made of a picture."""

    label: str
    stage: str
    icon: str  # empty: the stage's own glyph
    ai_model: str
    usual_mc: int
    url: str


def offered(*, now: datetime) -> list[Offered]:
    """Everything on sale, in the catalogue's order. Two queries."""
    versions = prices.current_prices(now=now)
    ai_models = AIModel.objects.filter(is_enabled=True).select_related("provider").order_by("position", "id")
    return [_offer(one, versions[one.pk]) for one in ai_models if one.pk in versions]


def path(everything: Iterable[Offered], *, workspace_id: UUID, current: str) -> list[Step]:
    """The five stages, with the lowest price of each."""
    cheapest: dict[str, int] = {}
    for one in everything:
        stage = one.ai_model.stage
        cheapest[stage] = min(one.from_mc, cheapest.get(stage, one.from_mc))
    studio = reverse("studio", args=[workspace_id])
    return [
        Step(stage.value, stage.label, _HINTS[stage], f"{studio}?stage={stage}", cheapest.get(stage), stage == current)
        for stage in Stage
    ]


def options(everything: Iterable[Offered], *, stage: str, chosen: str, pictures: int) -> list[Option]:
    """The models of a stage, best first; those that cannot take so many pictures say so."""
    here = [one for one in everything if one.ai_model.stage == stage]
    return [_option(one, is_chosen=one.ai_model.pk == chosen, pictures=pictures) for one in here]


def find(everything: Iterable[Offered], ai_model_id: str) -> Offered | None:
    """The model of this id, when it is on sale."""
    return next((one for one in everything if one.ai_model.pk == ai_model_id), None)


def default_of_stage(everything: Iterable[Offered], *, stage: str, with_picture: bool) -> Offered | None:
    """The model a stage begins with: its first that takes a picture when there is one, and its first otherwise."""
    here = [one for one in everything if one.ai_model.stage == stage]
    fitting = [one for one in here if one.most_pictures != 0] if with_picture else here
    return next(iter(fitting or here), None)


def covers(everything: Iterable[Offered], *, available_mc: int) -> str:
    """How far a balance reaches: ``About 160 explores``; empty when nobody can tell."""
    first = default_of_stage(everything, stage=Stage.EXPLORE, with_picture=False)
    if first is None or first.usual_mc <= 0 or available_mc < first.usual_mc:
        return ""
    return f"About {available_mc // first.usual_mc:,} explores"


def next_steps(everything: list[Offered], *, workspace_id: UUID, picture: str) -> list[NextStep]:
    """What can be built on a picture: one model for each kind of work, the catalogue's default where it names one."""
    found = []
    for label, icon, kind, task, stage in _WORK:
        able = [
            one for one in everything if one.ai_model.kind == kind and (stage is None or one.ai_model.stage == stage)
        ]
        named = [one for one in able if task in one.ai_model.default_for]
        if chosen := next(iter(named or able), None):
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


# Label, icon (empty: the stage's glyph), kind, the task that a default is named for, and the stage if only one will do.
_WORK: Final = (
    ("Refine", "", Kind.IMAGE_EDIT, "image_edit", Stage.REFINE),
    ("Upscale", "", Kind.UPSCALE, "upscale", None),
    ("Change one thing", "", Kind.IMAGE_EDIT, "local_edit", Stage.PRECISION),
    ("Reframe", "crop", Kind.REFRAME, "reframe", None),
    ("Cut out", "cut", Kind.BACKGROUND_REMOVAL, "background_removal", None),
    ("Animate", "", Kind.IMAGE_TO_VIDEO, "image_to_video", None),
)


def _offer(ai_model: AIModel, version: PriceVersion) -> Offered:
    rule, spec = pricing.PriceRule.from_json(version.sell_rule), ai_model.spec()
    return Offered(ai_model, pricing.price_from(rule=rule, spec=spec), pricing.usual_price(rule=rule, spec=spec))


def _option(one: Offered, *, is_chosen: bool, pictures: int) -> Option:
    ai_model = one.ai_model
    return Option(
        id=ai_model.pk,
        name=ai_model.name,
        icon=_ICONS[Kind(ai_model.kind)],
        provider=ai_model.provider.name,
        rating=ai_model.rating,
        usual=in_words(ai_model.average_seconds) if ai_model.average_seconds else "",
        best_for=ai_model.best_for,
        from_mc=one.from_mc,
        is_range=one.usual_mc != one.from_mc,
        is_chosen=is_chosen,
        unfit=_unfit(one.most_pictures, pictures),
    )


def _unfit(most: int | None, pictures: int) -> str:
    if most is None or pictures <= most:
        return ""
    return f"Takes {most} reference{'s' if most > 1 else ''}" if most else "Takes no references"
