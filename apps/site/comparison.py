"""Two to four models side by side, with what differs marked. Pure but for addresses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.http import urlencode

from apps.catalog.kinds import Kind, Stage
from apps.catalog.pricing import in_words
from apps.catalog.shelf import OnShelf
from apps.ledger.amounts import format_credits
from apps.site.facts import (
    CAPABILITY_NAMES,
    KIND_NAMES,
    Mark,
    mark_of,
    measured_time,
    references_mark,
    usual_time,
    variants_mark,
    watermark,
)

MOST_COMPARED: Final = 4
_NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison. A cell is a mark or a text."""

    label: str
    cells: tuple[Mark | str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Column:
    id: str
    name: str
    url: str
    stage: str
    sample_url: str
    without_url: str  # the comparison without this model; empty where too few would be left


@dataclass(frozen=True, slots=True)
class Comparison:
    columns: tuple[Column, ...]
    facts: tuple[Fact, ...]
    refusal: str = ""
    notice: str = ""


def compare(shelf: list[OnShelf], *, wanted: Sequence[str]) -> Comparison:
    """Set models side by side. Too many or too few are refused in words; unknown ones are named and left out."""
    by_id = {one.ai_model.pk: one for one in shelf}
    asked = list(dict.fromkeys(wanted))
    chosen = [by_id[one] for one in asked if one in by_id]
    unknown = [one for one in asked if one not in by_id]
    notice = f"Not in the catalogue, so left out: {', '.join(one[:40] for one in unknown[:5])}." if unknown else ""
    columns = _columns(chosen)
    if len(chosen) > MOST_COMPARED:
        return Comparison(columns, (), f"That is {len(chosen)} models, and four is the most. Take one out.", notice)
    if len(chosen) < 2:
        return Comparison(columns, (), "Pick two, three or four models in the list, then compare them.", notice)
    return Comparison(columns, tuple(_fact(label, read, chosen) for label, read in _LINES), "", notice)


def _columns(chosen: list[OnShelf]) -> tuple[Column, ...]:
    ids = [one.ai_model.pk for one in chosen]
    return tuple(
        Column(
            id=one.ai_model.pk,
            name=one.ai_model.name,
            url=reverse("site_model", args=[one.ai_model.pk]),
            stage=one.ai_model.stage,
            sample_url=reverse("site_sample", args=[one.ai_model.pk]),
            without_url=_without(one.ai_model.pk, ids),
        )
        for one in chosen
    )


def _without(model_id: str, ids: list[str]) -> str:
    """The comparison without this model; empty where too few would be left."""
    others = [other for other in ids if other != model_id]
    return f"{reverse('site_models_compared')}?{urlencode({'models': ','.join(others)})}" if len(others) > 1 else ""


def _fact(label: str, read: Callable[[OnShelf], Mark | str], chosen: list[OnShelf]) -> Fact:
    cells = tuple(read(one) or _NONE for one in chosen)
    return Fact(label, cells, len(set(cells)) > 1)


def _price_rows(one: OnShelf) -> str:
    rows = in_words(rule=one.rule, spec=one.spec)
    return "; ".join(f"{row.what}: {format_credits(row.amount_mc)} cr" for row in rows)


def _capability(name: str) -> Callable[[OnShelf], Mark | str]:
    return lambda one: mark_of(one.ai_model.capabilities.get(name))


_LINES: Final[tuple[tuple[str, Callable[[OnShelf], Mark | str]], ...]] = (
    ("Best for", lambda one: one.ai_model.best_for),
    ("Developer", lambda one: one.ai_model.developer),
    ("Provider", lambda one: one.ai_model.provider.name),
    ("Stage", lambda one: Stage(one.ai_model.stage).label),
    ("Kinds of work", lambda one: ", ".join(KIND_NAMES[Kind(kind)] for kind in one.kinds)),
    ("Support", lambda one: one.ai_model.support_tier.capitalize()),
    ("Rating", lambda one: f"{one.ai_model.rating} of 5" if one.ai_model.rating else ""),
    ("Usual time", lambda one: usual_time(one.ai_model)),
    ("Measured time", measured_time),
    ("Consistency", lambda one: one.ai_model.consistency),
    ("Price of a usual run", lambda one: f"{format_credits(one.usual_mc)} cr"),
    ("Prices", _price_rows),
    ("Pictures it takes", lambda one: references_mark(one.ai_model)),
    ("Results in one run", lambda one: variants_mark(one.ai_model)),
    ("Largest size", lambda one: one.ai_model.max_resolution),
    *(
        (label, _capability(name))
        for name, label in CAPABILITY_NAMES.items()
        if name not in {"multi_image", "variants"}
    ),
    ("Watermark", lambda one: watermark(one.ai_model)),
)
