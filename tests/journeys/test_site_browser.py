"""The public pages in a real browser: with scripts and without, on a desk and on phones, never against the policy."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.stock import stock_catalog

pytestmark = pytest.mark.once

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
DESK: Final = {"width": 1440, "height": 900}
NARROW: Final = {"width": 320, "height": 640}
PAGES: Final = (
    "/models",
    "/models/map",
    "/models/stages",
    "/models/compare?models=gpt_image_2,nano_banana_2,flux_2_pro,openai_4o",
    "/models/topaz_upscale_image",
    "/guide/choosing",
    "/guide/stages",
    "/guide/billing",
    "/calculator",
)

Opener = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Opener]:
    """Open public pages as nobody in particular; whatever a browser complains about fails the test."""
    stock_catalog(now=LONG_AGO)
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opener(path: str, *, viewport: dict[str, int] = DESK, **options: Any) -> Page:  # Playwright's options
        context = browser.new_context(base_url=live_server.url, viewport=viewport, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert complaints == []


def test_filters_change_the_list_in_place_and_the_address_with_it(visit: Opener) -> None:
    page = visit("/models")
    page.evaluate("window.isSame = true")
    page.get_by_text("Motion", exact=True).and_(page.locator("label")).click()
    expect(page.get_by_role("checkbox", name="Compare Veo 3")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Compare Reve Fast")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/models\?stage=motion$"))
    page.get_by_role("searchbox", name="Search").fill("sora")
    expect(page.get_by_role("checkbox", name="Compare Veo 3")).to_have_count(0)
    expect(page.get_by_role("link", name="Map")).to_have_attribute("href", "/models/map?stage=motion&q=sora")
    page.get_by_role("combobox", name="Order").select_option("price")
    expect(page).to_have_url(re.compile(r"/models\?stage=motion&q=sora&sort=price$"))
    assert page.evaluate("window.isSame")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/models\?stage=motion&q=sora$"))


def test_four_are_ticked_at_most_and_compared(visit: Opener) -> None:
    page = visit("/models")
    for name in ("Reve", "Reve Fast", "Veo 3", "Sora 2"):
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).check()
    expect(page.locator("[data-picked]")).to_have_text("4 of 4 ticked.")
    fifth = page.get_by_role("checkbox", name="Compare Nano Banana 2", exact=True)
    fifth.click()
    expect(fifth).not_to_be_checked()
    expect(page.locator("[data-picked]")).to_have_text("4 is the most. Untick one first.")
    page.get_by_role("button", name="Side by side").click()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect(page.get_by_role("columnheader")).to_have_count(5)


def test_everything_works_without_scripts(visit: Opener) -> None:
    page = visit("/models", java_script_enabled=False)
    page.get_by_role("combobox", name="Provider").select_option("openai")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("checkbox", name="Compare OpenAI 4o Image")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Compare Veo 3")).to_have_count(0)
    expect(page.get_by_role("button", name="Switch between light and dark")).to_be_hidden()
    page.goto("/calculator")
    page.get_by_label("Pictures").fill("100")
    page.get_by_label("Model").nth(1).select_option("nano_banana_2")
    page.get_by_role("button", name="Add it up").click()
    expect(page.get_by_role("heading", name="100 pictures cost")).to_be_visible()
    expect(page.get_by_role("row", name="Nano Banana 2 1K")).to_contain_text("1,600 cr")


def test_the_calculator_answers_in_place(visit: Opener) -> None:
    page = visit("/calculator")
    page.get_by_label("Amount").fill("25")
    page.get_by_role("button", name="Count pictures").click()
    expect(page.locator("#answer h2")).to_have_text("5,000 cr, worth USD 25.00, pay for")


@pytest.mark.parametrize("viewport", [NARROW, {"width": 390, "height": 844}, {"width": 860, "height": 900}, DESK])
def test_no_page_is_wider_than_its_window(visit: Opener, viewport: dict[str, int]) -> None:
    page = visit("/models", viewport=viewport)
    for path in PAGES:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path


def test_light_and_dark_are_a_click_apart_and_remembered(visit: Opener) -> None:
    page = visit("/guide/billing", color_scheme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/models")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
