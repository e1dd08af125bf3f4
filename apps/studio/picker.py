"""The picker: the models of a stage in two groups and a few more, in the order that somebody asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.catalog.models import AIModel, Kind, Lifecycle, Switch
from apps.studio.catalog import Assortment, Offered
from apps.studio.durations import in_words

SORTS: Final[Mapping[str, str]] = {
    "": "Our order",
    "price": "Price",
    "rating": "Rating",
    "speed": "Speed",
}
_LAST: Final = 10**18  # models that lack the figure come after all that have it
_ORDERS: Final[Mapping[str, Callable[[Offered], Any]]] = {  # Any: whatever sorts
    "price": lambda one: one.usual_mc,
    "rating": lambda one: -(one.ai_model.rating or 0),
    "speed": lambda one: one.on_shelf.seconds or _LAST,
}
_ICONS: Final = {
    Kind.TEXT_TO_IMAGE: "picture",
    Kind.IMAGE_EDIT: "pencil",
    Kind.UPSCALE: "enlarge",
    Kind.BACKGROUND_REMOVAL: "cut",
    Kind.REFRAME: "crop",
    Kind.IMAGE_TO_VIDEO: "film",
}
_TIERS: Final = (  # a tier, the heading of its group, what is said above it, and how its models' advice begins
    ("recommended", "Recommended", "", "Best for"),
    ("", "Also at this stage", "", "Good for"),
    ("supported", "Supported", "Quality and speed may vary with these.", "Use when"),
)


@dataclass(frozen=True, slots=True)
class Option:
    """A model in the picker. Seconds are as words, empty if not known."""

    id: str
    name: str
    icon: str
    provider: str
    rating: int | None
    usual: str  # the catalogue's figure, and what was measured beside it
    likeness: str  # how well it keeps to a reference; empty: it takes none, or nobody judged it
    advice: str  # «Best for» or «Use when»
    best_for: str
    ending: str  # until when it is sold, and what follows it; empty: it stays
    usual_mc: int
    is_range: bool  # it can also cost less
    is_default: bool
    is_chosen: bool
    unfit: str  # why it cannot do what is in the composer, or not at all; empty: it can
    is_withheld: bool  # switched off, and not what somebody came with: it cannot be chosen


@dataclass(frozen=True, slots=True)
class Group:
    """Models of one tier."""

    label: str
    notice: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Picker:
    """What is on offer at a stage."""

    groups: tuple[Group, ...]
    sorts: tuple[tuple[str, str, bool], ...]  # value, label, whether it is chosen
    total: int  # of all stages


def picker_of(
    everything: Assortment, *, stage: str, default: str, chosen: str, pictures: int, sort: str = ""
) -> Picker:
    """Lay out the models of a stage, in the catalogue's order unless another is asked for.

    Those that cannot take so many pictures say so. What the workspace switched off, for all or for a role, says that
    and comes last; what one switched off for oneself and what staff did has left the list, but for one that somebody
    came with. A stage's default counts as recommended, and is the first of the catalogue's order.
    """
    here = [one for one in everything.models if one.ai_model.stage == stage]
    here += [one for one in everything.switched_off if one.ai_model.pk == chosen or _is_missed(one, stage)]
    here.sort(key=_ORDERS.get(sort, lambda one: one.ai_model.pk != default))
    here.sort(key=lambda one: one.off is not None)
    groups = []
    for tier, label, notice, advice in _TIERS:
        options = tuple(
            _option(one, advice=advice, default=default, chosen=chosen, pictures=pictures)
            for one in here
            if _tier(one.ai_model, default) == tier
        )
        if options:
            groups.append(Group(label, notice, options))
    return Picker(
        groups=tuple(groups),
        sorts=tuple((value, label, value == sort) for value, label in SORTS.items()),
        total=len(everything.models) + len(everything.switched_off),
    )


def _is_missed(one: Offered, stage: str) -> bool:
    """Whether somebody of the workspace withholds a model of this stage: whom to ask for it is worth knowing."""
    return one.ai_model.stage == stage and one.off is not None and one.off.by in {Switch.WORKSPACE, Switch.ROLE}


def _tier(ai_model: AIModel, default: str) -> str:
    if ai_model.pk == default:
        return "recommended"
    return ai_model.support_tier if ai_model.support_tier in {"recommended", "supported"} else ""


def _option(one: Offered, *, advice: str, default: str, chosen: str, pictures: int) -> Option:
    ai_model = one.ai_model
    return Option(
        id=ai_model.pk,
        name=ai_model.name,
        icon=_ICONS[Kind(ai_model.kind)],
        provider=ai_model.provider.name,
        rating=ai_model.rating,
        usual=_usual(one),
        likeness="" if one.most_pictures == 0 or ai_model.consistency == "N/A" else ai_model.consistency,
        advice=advice,
        best_for=ai_model.best_for,
        ending=_ending(ai_model),
        usual_mc=one.usual_mc,
        is_range=one.usual_mc != one.from_mc,
        is_default=ai_model.pk == default,
        is_chosen=ai_model.pk == chosen,
        unfit=one.off.sentence if one.off else _unfit(one.most_pictures, pictures),
        is_withheld=one.off is not None and ai_model.pk != chosen,
    )


def _usual(one: Offered) -> str:
    """``about 16 s · 18 s measured``: the second only where enough ran lately."""
    said, month = one.ai_model.average_seconds, one.on_shelf.measured.get(30)
    parts = [f"about {in_words(said)}"] if said else []
    if month is not None and month.median_ms is not None:
        parts.append(f"{in_words(max(1, round(month.median_ms / 1000)))} measured")
    return " · ".join(parts)


def _ending(ai_model: AIModel) -> str:
    if ai_model.lifecycle != Lifecycle.DEPRECATED:
        return ""
    until = f"On sale until {ai_model.retires_on:%-d %B %Y}" if ai_model.retires_on else "On its way out"
    return f"{until}; {ai_model.successor.name} follows it." if ai_model.successor else f"{until}."


def _unfit(most: int, pictures: int) -> str:
    if pictures <= most:
        return ""
    return f"Takes {most} reference{'s' if most > 1 else ''}" if most else "Takes no references"
