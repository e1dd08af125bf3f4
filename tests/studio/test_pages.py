"""Every page is drawn with what it promises, within its queries, and style sheets and scripts stay small."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

STATIC: Final = Path(settings.STATICFILES_DIRS[0]) / "studio"


@pytest.fixture
def busy(studio: Studio) -> Studio:
    """A workspace with a job in every state, twice."""
    for _ in range(2):
        studio.finish(studio.run())
        studio.finish(studio.run(is_mock=True))
        picture = studio.picture()
        studio.finish(studio.run("local_upscale", inputs={"image_url": picture.public_id}))
        studio.run(inputs={"prompt": "waiting", "num_images": 4})
    return studio


@pytest.mark.parametrize(
    ("route", "queries"),
    [
        *(
            ("studio", 17),
            ("jobs", 14),
            ("credits", 27),
            ("credit_limits", 20),
            ("receipts", 12),
            ("top_up", 14),
            ("api_keys", 16),
        ),
        ("studio_poll", 10),
    ],
)
def test_a_page_takes_so_many_queries_whatever_is_on_it(
    busy: Studio, django_assert_max_num_queries: DjangoAssertNumQueries, route: str, queries: int
) -> None:
    with django_assert_max_num_queries(queries):
        answer = busy.get(route)
    assert answer.status_code in {200, 286}


def test_a_jobs_page_takes_so_many_queries(busy: Studio, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    job = busy.finish(busy.run("local_upscale", inputs={"image_url": busy.picture().public_id}))
    with django_assert_max_num_queries(19):
        assert busy.get("job", job.public_id).status_code == 200


@pytest.mark.parametrize(
    "route",
    ["studio", "jobs", "models", "model_defaults", "credits", "credit_limits", "receipts", "top_up", "api_keys"],
)
def test_a_page_is_whole(busy: Studio, route: str) -> None:
    """One first heading, a title, one main part, no id twice, nothing that the browser is told to block."""
    page = busy.get(route).content.decode()
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


def test_every_link_of_the_pages_leads_somewhere(busy: Studio) -> None:
    """Only pages that exist are linked to."""
    seen: set[str] = set()
    for route in ("studio", "jobs", "credits", "credit_limits", "receipts", "top_up", "api_keys"):
        seen.update(re.findall(r'href="(/w/[^"#]*)', busy.get(route).content.decode()))
    assert len(seen) > 10
    for link in seen:
        assert busy.client.get(link.replace("&amp;", "&")).status_code == 200, link


@pytest.mark.parametrize("address", ["/sign-in", "/sign-up", "/nowhere"])
def test_the_pages_before_a_workspace_are_whole(client: Client, db: None, address: str) -> None:
    page = client.get(address).content.decode()
    assert page.count("<h1") == 1
    assert not re.search(r"\sstyle=", page)


def test_the_first_visit_shows_how_to_begin(studio: Studio, said: "Callable[[Answer], str]") -> None:
    page = said(studio.get("studio"))
    assert "A blank wall" in page
    assert "Try a sample, free" in page
    assert "About 125 explores" in page


@pytest.mark.parametrize(
    "route", ["studio", "jobs", "credits", "credit_limits", "receipts", "top_up", "api_keys", "job"]
)
def test_style_sheets_and_scripts_of_a_page_keep_to_their_budgets(busy: Studio, route: str) -> None:
    """As they are sent, beside htmx: 15 KB of CSS and 6 KB of JavaScript."""
    arguments = [busy.finish(busy.run()).public_id] if route == "job" else []
    page = busy.get(route, *arguments).content.decode()
    for pattern, most in ((r'href="/static/studio/(css/[^"]+)"', 15), (r'src="/static/studio/(js/[^"]+)"', 6)):
        files = re.findall(pattern, page)
        assert files
        assert sum(len(gzip.compress((STATIC / file).read_bytes(), 9)) for file in files) < most * 1024


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    sprite = (STATIC / "img" / "icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    folder = STATIC.parents[1] / "templates"
    named = {
        f"i-{name}"
        for file in folder.rglob("*.html")
        for name in re.findall(r'{% icon "([a-z]+)" %}', file.read_text())
    }
    assert named <= drawn
    assert not re.search(r"http://(?!www\.w3\.org)|https://", sprite)
