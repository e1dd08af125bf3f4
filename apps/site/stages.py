"""The five stages, each with the models that lead it. Pure but for addresses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from apps.catalog.kinds import Stage
from apps.catalog.shelf import OnShelf
from apps.catalog.wishes import LEADERS
from apps.site.facts import STAGE_GOALS
from apps.site.matrix import Row, row_of


@dataclass(frozen=True, slots=True)
class Leader:
    """A model that a stage begins with, and why."""

    row: Row
    sample_url: str
    strength: str
    moment: str
    value: str


@dataclass(frozen=True, slots=True)
class StageGroup:
    """A stage with its leaders, and the others that serve it."""

    id: str
    label: str
    goal: str
    from_mc: int
    leaders: tuple[Leader, ...]
    others: tuple[Row, ...]


def stages_of(found: Iterable[OnShelf]) -> list[StageGroup]:
    """Group models by stage, leaders first; where no leader is left, the first in our order takes its place."""
    everything = list(found)
    return [
        _group(stage, here) for stage in Stage if (here := [one for one in everything if one.ai_model.stage == stage])
    ]


def leaders_of(found: Iterable[OnShelf]) -> list[Leader]:
    """The one model that each stage begins with."""
    everything = list(found)
    return [
        leader_of(_leading(stage, here)[0])
        for stage in Stage
        if (here := [one for one in everything if one.ai_model.stage == stage])
    ]


def leader_of(one: OnShelf) -> Leader:
    summary: Mapping[str, Any] = one.ai_model.summary or {}
    return Leader(
        row=row_of(one),
        sample_url=reverse("site_sample", args=[one.ai_model.pk]),
        strength=summary.get("strength", ""),
        moment=summary.get("moment", ""),
        value=summary.get("value", ""),
    )


def _group(stage: Stage, here: list[OnShelf]) -> StageGroup:
    leading = _leading(stage, here)
    return StageGroup(
        id=stage.value,
        label=stage.label,
        goal=STAGE_GOALS[stage],
        from_mc=min(one.from_mc for one in here),
        leaders=tuple(leader_of(one) for one in leading),
        others=tuple(row_of(one) for one in here if one not in leading),
    )


def _leading(stage: Stage, here: list[OnShelf]) -> list[OnShelf]:
    order = LEADERS.get(stage, ())
    known = (one for one in here if one.ai_model.pk in order)
    return sorted(known, key=lambda one: order.index(one.ai_model.pk)) or here[:1]
