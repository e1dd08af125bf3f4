"""One model: everything that is said of it, its fields, its prices, and how to call it."""

import difflib
import json
import pprint
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from apps.catalog import pricing
from apps.catalog.kinds import Kind, Lifecycle, PriceStatus
from apps.catalog.models import AIModel
from apps.catalog.pricing import PriceRow
from apps.catalog.shelf import OnShelf, read_shelf
from apps.catalog.spec import picture_fields
from apps.catalog.statistics import MONTH, Measurement
from apps.catalog.tools import tool_of
from apps.site.facts import (
    CAPABILITY_NAMES,
    CERTAIN,
    KIND_NAMES,
    PRICE_STATUSES,
    Mark,
    mark_of,
    measured,
    references_mark,
    scale_mark,
    seconds,
    variants_mark,
    watermark,
)
from apps.site.limits import limits_of
from apps.site.list_prices import ListPrice, list_prices
from apps.site.matrix import Row, row_of
from apps.site.pages import public_page, show
from apps.site.parameters import Parameter, parameters_of
from apps.site.samples import prompts_of, words_of

_SIMILAR: Final = 4
_EXAMPLE_PICTURE: Final = "https://example.com/photo.jpg"
_EXAMPLE_WORDS: Final = "A lighthouse at dusk, flat paper shapes"


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt of ours, with the address that opens it in the studio."""

    title: str
    prompt: str
    url: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """The same call in three languages, around one body."""

    address: str
    shell: str  # JSON, fit to stand in single quotes
    python: str
    javascript: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model, ready to be drawn."""

    row: Row
    ai_model: AIModel
    family: str
    kinds: str
    marks: tuple[tuple[str, Mark], ...]
    parameters: list[Parameter]
    price_rows: list[PriceRow]
    usual_mc: int
    list_prices: list[ListPrice]
    price_status: str
    is_price_certain: bool
    measured: Measurement | None
    measured_p95: str
    limits: list[str]
    watermark: str
    samples: list[Sample]
    sample_words: str
    snippet: Snippet
    external_ids: list[str]
    similar: list[Row]
    try_url: str
    days: int = MONTH


@public_page
def model(request: HttpRequest, model_id: str) -> HttpResponse:
    """Show a model that is on sale, one that was retired with what follows it, or what a wrong id may have meant."""
    shelf = read_shelf(now=timezone.now())
    found = next((one for one in shelf if one.ai_model.pk == model_id), None)
    if found is not None:
        return show(request, "site/model.html", current="site_models", model=facts_of(found, shelf))
    retired = AIModel.objects.filter(pk=model_id, is_enabled=True, lifecycle=Lifecycle.RETIRED)
    gone = retired.select_related("successor").first()
    if gone is not None:
        return show(request, "site/retired.html", current="site_models", ai_model=gone)
    return show(
        request, "site/unknown.html", current="site_models", status=404, suggestions=_suggestions(model_id, shelf)
    )


def facts_of(one: OnShelf, shelf: list[OnShelf]) -> ModelFacts:
    """Gather what the page says of a model."""
    ai_model, found = one.ai_model, measured(one)
    rows = pricing.in_words(rule=one.rule, spec=one.spec)
    return ModelFacts(
        row=row_of(one),
        ai_model=ai_model,
        family=tool_of(ai_model).name,
        kinds=", ".join(KIND_NAMES[Kind(kind)] for kind in one.kinds),
        marks=_marks(ai_model),
        parameters=parameters_of(ai_model.schema),
        price_rows=rows,
        usual_mc=one.usual_mc,
        list_prices=list_prices(ai_model.list_price_usd),
        price_status=PRICE_STATUSES[PriceStatus(ai_model.price_status)],
        is_price_certain=ai_model.price_status in CERTAIN,
        measured=found,
        measured_p95=seconds(round(found.p95_ms / 1000)) if found and found.p95_ms else "",
        limits=limits_of(ai_model),
        watermark=watermark(ai_model),
        samples=[
            Sample(sample.title, sample.prompt, _try_url(ai_model.pk, {**sample.inputs, "prompt": sample.prompt}))
            for sample in prompts_of(ai_model)
        ],
        sample_words=words_of(ai_model),
        snippet=_snippet(ai_model),
        external_ids=sorted(ai_model.external_ids.values()),
        similar=_similar(one, shelf),
        try_url=_try_url(ai_model.pk, {}),
    )


def _marks(ai_model: AIModel) -> tuple[tuple[str, Mark], ...]:
    special = {
        "multi_image": references_mark(ai_model),
        "variants": variants_mark(ai_model),
        "upscaling": scale_mark(ai_model),
    }
    return tuple(
        (label, special.get(name) or mark_of(ai_model.capabilities.get(name)))
        for name, label in CAPABILITY_NAMES.items()
    )


def _similar(one: OnShelf, shelf: list[OnShelf]) -> list[Row]:
    """Others that do the same, those of the same stage first."""
    others = [other for other in shelf if other is not one and set(one.kinds) & set(other.kinds)]
    nearest = sorted(others, key=lambda other: other.ai_model.stage != one.ai_model.stage)
    return [row_of(other) for other in nearest[:_SIMILAR]]


def _try_url(model_id: str, values: Mapping[str, Any]) -> str:  # JSON inputs
    plain = {name: value for name, value in values.items() if isinstance(value, str | int | float) and value != ""}
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}
    return f"{reverse('site_try')}?{urlencode({'model': model_id} | texts)}"


def _snippet(ai_model: AIModel) -> Snippet:
    """A call that costs nothing, with the least the model wants."""
    body: dict[str, Any] = {}
    prompts = prompts_of(ai_model)
    pictures, needed = picture_fields(ai_model.schema), ai_model.schema.get("required", [])
    for name in needed:
        field = ai_model.schema["properties"][name]
        if name in pictures:
            body[name] = [_EXAMPLE_PICTURE] if field.get("type") == "array" else _EXAMPLE_PICTURE
        elif name == "prompt":
            body[name] = (prompts[0].prompt if prompts else "") or _EXAMPLE_WORDS
        else:
            body[name] = field.get("default", next(iter(field.get("enum", [])), ""))
    body["mock"] = True
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return Snippet(
        address=f"{settings.EASEL_BASE_URL}/v1/jobs/{ai_model.pk}",
        shell=text.replace("'", "'\\''"),
        python=pprint.pformat(body, sort_dicts=False, width=100),
        javascript=text,
    )


def _suggestions(model_id: str, shelf: list[OnShelf]) -> list[Row]:
    """Models whose id or name comes near what was asked for."""
    by_word = {one.ai_model.pk: one for one in shelf} | {one.ai_model.name.casefold(): one for one in shelf}
    near = difflib.get_close_matches(model_id.casefold()[:64], by_word, n=6, cutoff=0.4)
    unique = {by_word[word].ai_model.pk: by_word[word] for word in near}
    return [row_of(one) for one in list(unique.values())[:_SIMILAR]]
