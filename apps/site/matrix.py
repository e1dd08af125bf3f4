"""The models as rows of a table, in two groups. Pure but for addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from apps.catalog.kinds import Kind, Lifecycle, Stage
from apps.catalog.shelf import OnShelf
from apps.site.facts import (
    RECOMMENDED,
    SUPPORTED,
    Mark,
    kind_mark,
    mark_of,
    measured_time,
    references_mark,
    scale_mark,
    usual_time,
    variants_mark,
)

COLUMNS: Final = (
    "Text", "Edit", "Refs", "Mask", "Cut-out", "Shape", "Reframe", "Upscale", "Video", "Variants",
)  # fmt: skip
_ICONS: Final = {
    Kind.TEXT_TO_IMAGE: "picture",
    Kind.IMAGE_EDIT: "pencil",
    Kind.UPSCALE: "enlarge",
    Kind.BACKGROUND_REMOVAL: "cut",
    Kind.REFRAME: "crop",
    Kind.IMAGE_TO_VIDEO: "film",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A model in the table, and on a card."""

    id: str
    name: str
    url: str
    icon: str
    provider: str
    best_for: str
    best_label: str
    stage: str
    stage_label: str
    marks: tuple[Mark, ...]  # as COLUMNS name them
    largest: str
    usual: str
    measured: str
    rating: int | None
    from_mc: int
    is_range: bool
    is_deprecated: bool


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    warning: str
    rows: tuple[Row, ...]


def groups_of(found: Iterable[OnShelf]) -> list[Group]:
    """Part the models by how far we stand behind them; a group nobody is in is left out."""
    by_tier: dict[str, list[Row]] = {RECOMMENDED: [], SUPPORTED: [], "": []}
    for one in found:
        tier = one.ai_model.support_tier
        by_tier[tier if tier in by_tier else ""].append(row_of(one))
    groups = (
        Group("Recommended", "", tuple(by_tier[RECOMMENDED])),
        Group("More models", "", tuple(by_tier[""])),
        Group(
            "Supported",
            "These run too, but quality or speed may vary from one run to the next.",
            tuple(by_tier[SUPPORTED]),
        ),
    )
    return [group for group in groups if group.rows]


def row_of(one: OnShelf) -> Row:
    """Say in one row what a model does and costs."""
    ai_model = one.ai_model
    can = ai_model.capabilities.get
    return Row(
        id=ai_model.pk,
        name=ai_model.name,
        url=reverse("site_model", args=[ai_model.pk]),
        icon=_ICONS[Kind(ai_model.kind)],
        provider=ai_model.provider.name,
        best_for=ai_model.best_for,
        best_label="Use when" if ai_model.support_tier == SUPPORTED else "Best for",
        stage=ai_model.stage,
        stage_label=Stage(ai_model.stage).label,
        marks=(
            kind_mark(ai_model, Kind.TEXT_TO_IMAGE, "text_to_image"),
            kind_mark(ai_model, Kind.IMAGE_EDIT, "single_edit"),
            references_mark(ai_model),
            mark_of(can("mask_edit")),
            kind_mark(ai_model, Kind.BACKGROUND_REMOVAL, "background_removal"),
            mark_of(can("aspect_ratio")),
            kind_mark(ai_model, Kind.REFRAME),
            scale_mark(ai_model),
            kind_mark(ai_model, Kind.IMAGE_TO_VIDEO),
            variants_mark(ai_model),
        ),
        largest=ai_model.max_resolution,
        usual=usual_time(ai_model),
        measured=measured_time(one),
        rating=ai_model.rating,
        from_mc=one.from_mc,
        is_range=one.from_mc != one.usual_mc,
        is_deprecated=ai_model.lifecycle == Lifecycle.DEPRECATED,
    )
