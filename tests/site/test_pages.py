"""Every public page is drawn for a stranger, whole, within its queries, for caches to keep, and without a cookie."""

import copy
import gzip
import re
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.catalog.models import AIModel, PriceVersion
from apps.catalog.shelf import OnShelf
from tests.site.conftest import LONG_AGO, Reader

STATIC: Final = Path(settings.STATICFILES_DIRS[0])
PAGES: Final = (
    "/models",
    "/models/map",
    "/models/stages",
    "/models/compare?models=gpt_image_2,nano_banana_2",
    "/models/nano_banana_edit",
    "/guide/choosing",
    "/guide/stages",
    "/guide/billing",
    "/calculator",
    "/llms.txt",
)
HTML: Final = tuple(page for page in PAGES if page != "/llms.txt")


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_gets_a_page_that_caches_may_keep_and_ask_about(visitor: Client, address: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert not answer.cookies
    assert set(answer["Cache-Control"].split(", ")) == {"public", "no-cache"}
    assert {"Cookie", "HX-Request"} <= set(answer["Vary"].split(", "))
    again = visitor.get(address, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_change_is_seen_at_the_next_request(visitor: Client) -> None:
    before = visitor.get("/models/reve")
    AIModel.objects.filter(pk="reve").update(rating=5, updated_at=timezone.now())
    after = visitor.get("/models/reve", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]


@pytest.mark.parametrize("address", HTML)
def test_a_page_is_whole(visitor: Client, address: str) -> None:
    """One first heading, a title, one main part, no id twice, nothing that the browser is told to block."""
    page = visitor.get(address).content.decode()
    assert page.count("<h1") == 1
    assert re.search(r"<title>[^<]+ · Easel</title>", page)
    assert page.count("<main") == 1
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert not re.search(r"\sstyle=", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "{{" not in page
    assert "{%" not in page
    assert "csrf" not in page.lower()


@pytest.mark.parametrize("address", PAGES)
def test_a_page_takes_five_queries_at_most_however_many_models_there_are(
    visitor: Client, django_assert_max_num_queries: DjangoAssertNumQueries, address: str
) -> None:
    more(200)
    with django_assert_max_num_queries(5):
        answer = visitor.get(address)
    assert answer.status_code == 200
    if address == "/models":
        assert "All 235 models." in answer.content.decode()


def test_a_person_gets_the_same_page_with_a_link_to_the_studio_in_five_queries(
    alice_client: Client, catalog: list[OnShelf], django_assert_max_num_queries: DjangoAssertNumQueries, said: Reader
) -> None:
    with django_assert_max_num_queries(5):
        answer = alice_client.get("/models")
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-cache"}
    page = answer.content.decode()
    assert '<a class="btn ink" href="/">Studio</a>' in page
    assert "Sign in" not in page
    assert said(answer).replace("Studio", "") == said(Client().get("/models")).replace("Sign in Start free", "")


def test_every_link_of_the_pages_leads_somewhere(visitor: Client) -> None:
    """Only pages that exist are linked to."""
    seen: set[str] = set()
    for address in HTML:
        seen.update(re.findall(r'href="(/[^"#]*)', visitor.get(address).content.decode()))
    pages = {link.replace("&amp;", "&") for link in seen if not link.startswith("/static/")}
    assert len(pages) > 45
    for link in pages:
        answer = visitor.get(link)
        assert answer.status_code in ({302} if link == "/" or link.startswith("/try?") else {200}), link


def test_style_sheets_and_scripts_keep_to_their_budgets(visitor: Client) -> None:
    """As they are sent: 19 KB of CSS, and 1.5 KB of JavaScript beyond what every page has."""
    page = visitor.get("/models").content.decode()
    sheets = re.findall(r'href="/static/([^"]+\.css)"', page)
    assert "site/css/site.css" in sheets
    assert sum(_size(file) for file in sheets) < 19 * 1024
    assert _size("site/css/site.css") < 6 * 1024
    assert _size("site/js/site.js") < 1536


def test_the_community_is_linked_where_the_operator_names_it(visitor: Client, settings: object) -> None:
    assert "Community" not in visitor.get("/models").content.decode()
    settings.EASEL_COMMUNITY_URL = "https://example.com/people"  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert (
        '<a href="https://example.com/people" rel="noopener">Community</a>' in visitor.get("/models").content.decode()
    )


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_for_reading_only(visitor: Client, address: str) -> None:
    assert visitor.head(address).status_code == 200
    assert visitor.post(address).status_code == 405


def test_an_empty_catalogue_is_said(client: Client, db: None) -> None:
    for address in ("/models", "/models/map", "/models/stages", "/guide/choosing", "/guide/stages", "/calculator"):
        assert client.get(address).status_code == 200, address
    assert "0 models in the catalogue" in client.get("/models").content.decode()


def more(count: int) -> None:
    """Put more models on sale, each like the first."""
    first = AIModel.objects.get(pk="flux_schnell")
    price = PriceVersion.objects.filter(ai_model=first).latest("number")
    ai_models, versions = [], []
    for number in range(count):
        ai_model = copy.copy(first)
        ai_model.pk, ai_model.name = f"another_{number}", f"Another {number}"
        ai_models.append(ai_model)
        versions.append(
            PriceVersion(ai_model_id=ai_model.pk, number=1, sell_rule=price.sell_rule, effective_at=LONG_AGO)
        )
    AIModel.objects.bulk_create(ai_models)
    PriceVersion.objects.bulk_create(versions)


def _size(file: str) -> int:
    return len(gzip.compress((STATIC / file).read_bytes(), 9))
