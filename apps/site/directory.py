"""An index of the public pages for machines: plain text, a line a page."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.catalog.shelf import read_shelf
from apps.ledger.amounts import format_credits
from apps.site.pages import public_page

_PAGES: Final = (
    ("site_models", "Models", "every model with what it can do, its usual time, rating and price"),
    ("site_models_by_stage", "Models by stage", "explore, refine, deliver, precision, motion"),
    ("site_models_map", "Map of models", "price by usual time"),
    ("site_choosing", "Choosing a model", "a comparison of models that work from references, and a verdict"),
    ("site_stages", "Stages of work", "which model to begin each stage with, and why"),
    ("site_calculator", "Calculator", "how many pictures an amount covers, and what a number of pictures costs"),
    ("site_billing", "Prices and credits", "what a credit is, how holds and charges work, the price of every model"),
    ("docs", "API reference", "every call of the REST API, to read and to try"),
)


@public_page
def llms(request: HttpRequest) -> HttpResponse:
    """List every page. The links are whole addresses, for readers that keep the text without its origin."""
    lines = [
        "# Easel",
        "",
        "> A studio and an API for picture models, with the price known before a run.",
        "",
        "## Pages",
        "",
    ]
    lines += [_line(label, reverse(name), words) for name, label, words in _PAGES]
    lines.append(_line("OpenAPI document", "/openapi.json", "the same API for programs"))
    lines += ["", "## Models", ""]
    for one in read_shelf(now=timezone.now()):
        words = f"{one.ai_model.best_for.rstrip('.')}; from {format_credits(one.from_mc)} credits"
        lines.append(_line(one.ai_model.name, reverse("site_model", args=[one.ai_model.pk]), words))
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _line(label: str, path: str, words: str) -> str:
    name = label.replace("[", "(").replace("]", ")")  # brackets would end the link
    return f"- [{name}]({settings.EASEL_BASE_URL}{path}): {words}"
