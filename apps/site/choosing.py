"""Guides to choosing: models that work from references compared, and the stages of work."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.catalog.choosing import Advice, recommend
from apps.catalog.money import current_terms
from apps.catalog.shelf import OnShelf, read_shelf
from apps.catalog.use_cases import UseCase
from apps.catalog.wishes import LEADERS, Need, Wish
from apps.ledger.amounts import PER_CREDIT
from apps.site.catalog import last_changed
from apps.site.facts import Mark, references_mark
from apps.site.filters import LEVELS
from apps.site.list_prices import range_of
from apps.site.pages import public_page, show
from apps.site.reckoning import Reckoned, costing, covered, usual
from apps.site.stages import leader_of, stages_of


@dataclass(frozen=True, slots=True)
class Compared:
    """A model in the comparison."""

    id: str
    name: str
    url: str
    sample_url: str
    developer: str
    list_usd: str
    usual_mc: int
    references: Mark
    consistency: str
    best_for: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The models for a use case, best first."""

    id: str
    label: str
    models: tuple[tuple[str, str, str], ...]  # name, address, what it is best for


@dataclass(frozen=True, slots=True)
class Pattern:
    """A worked example; its model is the first of a use case, and its total the calculator's."""

    title: str
    words: str
    pictures: int
    total: Reckoned


@dataclass(frozen=True, slots=True)
class Instead:
    """Where a reference edit is the wrong tool."""

    title: str
    sentence: str
    name: str
    url: str


_PATTERNS: Final = (
    (
        UseCase.BRAND_CONSISTENCY,
        50,
        "A brand's pictures for the week",
        "Fifty posts in one look. One approved picture goes in with every prompt, so that color and light stay put.",
    ),
    (
        UseCase.CHARACTER_CONSISTENCY,
        100,
        "A mascot in a hundred scenes",
        "The same face and outfit in every one. A small set of portraits is sent along each time.",
    ),
    (
        UseCase.COMPLEX_REASONING_AND_TEXT,
        100,
        "Labels that must be spelled right",
        "Words in quotation marks, and things placed exactly where the brief says: behind, between, to the left.",
    ),
    (
        UseCase.HIGH_VOLUME_VARIANTS,
        500,
        "Variants of one product photo",
        "Five hundred settings for a shop to test. Most will be thrown away, so the price of each decides.",
    ),
)
_INSTEAD: Final = (
    (Need.SMALL_SPOT, "One tiny spot"),
    (Need.EXACT_COLORS, "An exact color"),
    (Need.BACKGROUND_REMOVAL, "Only the background away"),
)


@public_page
def choosing(request: HttpRequest) -> HttpResponse:
    """Compare the models that somebody has judged, say which to take for what, and when to take none of them."""
    shelf, terms = read_shelf(now=timezone.now()), current_terms()
    everything = compared_of(shelf)
    level = request.GET.get("consistency", "").strip()
    level = level if level in LEVELS else ""
    with_references = [one for one in everything if one.most_pictures != 0]
    rankings = rankings_of(shelf)
    gift = settings.EASEL_SIGN_UP_CREDITS * PER_CREDIT
    return show(
        request,
        "site/choosing.html",
        current="site_choosing",
        compared=[_compared(one) for one in everything if level in ("", one.ai_model.consistency)],
        verdicts=[_compared(one) for one in everything if one.ai_model.verdict],
        level=level,
        levels=[one for one in LEVELS if any(one == other.ai_model.consistency for other in everything)],
        rankings=rankings,
        patterns=patterns_of(shelf, usd_per_credit=terms.usd_per_credit),
        instead=_instead(shelf),
        covers=usual(covered(with_references, amount_mc=gift, usd_per_credit=terms.usd_per_credit)),
        gift_mc=gift,
        total=len(shelf),
        firsts={ranking.id: ranking.models[0] for ranking in rankings},
        changed_at=updated_at(everything),
    )


@public_page
def stages(request: HttpRequest) -> HttpResponse:
    """Show how one picture walks from a first idea to a clip, and which model takes each step."""
    shelf = read_shelf(now=timezone.now())
    by_id = {one.ai_model.pk: one for one in shelf}
    leading = [by_id[name] for names in LEADERS.values() for name in names if name in by_id]
    return show(
        request,
        "site/stages.html",
        current="site_stages",
        leaders=[leader_of(one) for one in leading],
        stages=stages_of(shelf),
        changed_at=last_changed(shelf),
    )


def compared_of(shelf: Iterable[OnShelf]) -> list[OnShelf]:
    """The models with a judged consistency, best first."""
    judged = [one for one in shelf if one.ai_model.consistency in LEVELS]
    return sorted(judged, key=lambda one: LEVELS.index(one.ai_model.consistency))


def updated_at(compared: Iterable[OnShelf]) -> datetime | None:
    """When the comparison last changed: the newest change of a model in it."""
    return max((one.ai_model.updated_at for one in compared if one.ai_model.updated_at), default=None)


def rankings_of(shelf: Iterable[OnShelf]) -> list[Ranking]:
    """Every use case that some model is ranked for, in our order."""
    everything = list(shelf)
    found = []
    for use_case in UseCase:
        fitting = [one for one in everything if use_case in one.ai_model.use_cases]
        ranked = sorted(fitting, key=lambda one: one.ai_model.use_cases[use_case])
        models = tuple((one.ai_model.name, _url(one), one.ai_model.best_for) for one in ranked)
        if models:
            found.append(Ranking(use_case.value, use_case.label, models))
    return found


def patterns_of(shelf: Iterable[OnShelf], *, usd_per_credit: Decimal) -> list[Pattern]:
    """The worked examples, each with the first model of its use case; one without a model is left out."""
    everything = list(shelf)
    found = []
    for use_case, pictures, title, words in _PATTERNS:
        ranked = [one for one in everything if use_case in one.ai_model.use_cases]
        if first := min(ranked, key=lambda one: int(one.ai_model.use_cases[use_case]), default=None):
            total = usual(costing([first], pictures=pictures, usd_per_credit=usd_per_credit))[0]
            found.append(Pattern(title, words, pictures, total))
    return found


def _compared(one: OnShelf) -> Compared:
    ai_model = one.ai_model
    return Compared(
        id=ai_model.pk,
        name=ai_model.name,
        url=_url(one),
        sample_url=reverse("site_sample", args=[ai_model.pk]),
        developer=ai_model.developer,
        list_usd=range_of(ai_model.list_price_usd),
        usual_mc=one.usual_mc,
        references=references_mark(ai_model),
        consistency=ai_model.consistency,
        best_for=ai_model.best_for,
        verdict=ai_model.verdict,
    )


def _instead(shelf: list[OnShelf]) -> list[Instead]:
    """What the recommender advises against, in its own words, with the better tool where there is one."""
    by_id = {one.ai_model.pk: one for one in shelf}
    found = []
    for need, title in _INSTEAD:
        advice: tuple[Advice, ...] = recommend(shelf, wish=Wish(needs=frozenset({need}))).advice
        for one in advice:
            better = by_id.get(one.ai_model_id)
            found.append(
                Instead(title, one.sentence, better.ai_model.name if better else "", _url(better) if better else "")
            )
    return found


def _url(one: OnShelf) -> str:
    return reverse("site_model", args=[one.ai_model.pk])
