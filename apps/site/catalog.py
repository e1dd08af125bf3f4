"""The catalogue for everyone: as a matrix, by stage, on a map, and up to four models side by side."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.catalog.shelf import OnShelf, read_shelf
from apps.site.chart import chart_of
from apps.site.comparison import MOST_COMPARED, compare
from apps.site.filters import SORTS, read_wanted
from apps.site.matrix import COLUMNS, groups_of
from apps.site.pages import public_page, show
from apps.site.stages import leaders_of, stages_of


@public_page
def models(request: HttpRequest) -> HttpResponse:
    """Show every model in a table that can be filtered and sorted by the address alone."""
    return _listing(request, view="matrix")


@public_page
def models_by_stage(request: HttpRequest) -> HttpResponse:
    """Show the models as steps of one way of working."""
    return _listing(request, view="stages")


@public_page
def models_map(request: HttpRequest) -> HttpResponse:
    """Show the models by price and time."""
    return _listing(request, view="map")


@public_page
def models_compared(request: HttpRequest) -> HttpResponse:
    """Set two to four models side by side: ``?models=a,b,c``, or ``models`` several times over."""
    wanted = [part.strip() for given in request.GET.getlist("models") for part in given.split(",")]
    comparison = compare(read_shelf(now=timezone.now()), wanted=[one for one in wanted if one])
    return show(
        request,
        "site/compare.html",
        current="site_models",
        status=200 if not comparison.refusal else 422,
        comparison=comparison,
    )


def last_changed(shelf: list[OnShelf]) -> datetime | None:
    """When anything that these pages show last changed: a model, or the price in force."""
    moments = [one.ai_model.updated_at for one in shelf] + [one.price.effective_at for one in shelf]
    return max((moment for moment in moments if moment), default=None)


def _listing(request: HttpRequest, *, view: str) -> HttpResponse:
    shelf = read_shelf(now=timezone.now())
    wanted = read_wanted(request.GET, shelf)
    found = wanted.apply(shelf)
    views = {"matrix": "site_models", "stages": "site_models_by_stage", "map": "site_models_map"}
    return show(
        request,
        "site/models.html",
        current="site_models",
        view=view,
        here=reverse(views[view]),
        views=[(name, f"{reverse(route)}{wanted.query}") for name, route in views.items()],
        total=len(shelf),
        found=len(found),
        wanted=wanted,
        sorts=SORTS.items(),
        columns=COLUMNS,
        groups=groups_of(found) if view == "matrix" else (),
        stages=stages_of(found) if view == "stages" else (),
        leaders=leaders_of(shelf) if view == "matrix" and not wanted.is_narrowed else (),
        chart=chart_of(found) if view == "map" else None,
        most_compared=MOST_COMPARED,
        changed_at=last_changed(shelf),
    )
