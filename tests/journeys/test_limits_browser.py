"""Limits in a real browser: a row becomes its form and back, and the composer says no before Run is pressed."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.tenancy import Workspace
from apps.ledger.models import Budget
from tests.journeys.studio_pages import PHONE, Opener

pytestmark = pytest.mark.once


def limit_field(page: Page) -> None:
    page.get_by_role("link", name="a limit of Alice Archer").or_(
        page.get_by_role("link", name="Change the limit of Alice Archer")
    ).click()
    expect(page.get_by_label("Limit of Alice Archer in credits")).to_be_focused()


def test_a_limit_is_changed_where_it_stands(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in("credits/limits")
    limit_field(page)
    page.get_by_role("link", name="Cancel").click()
    for amount in ("50", "5"):
        limit_field(page)
        page.get_by_label("Limit of Alice Archer in credits").fill(amount)
        page.get_by_label("Period").select_option("day")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text(f"Alice Archer has {amount} cr a day.")).to_be_visible()
    page.get_by_role("button", name="Put the limit of Alice Archer back to 50 cr a day").click()
    expect(page.get_by_text("Alice Archer has 50 cr a day.")).to_be_visible()
    limit_field(page)
    page.get_by_role("button", name="Lift").click()
    expect(page.get_by_text("Alice Archer has no limit.")).to_be_visible()
    assert Budget.objects.get().limit_mc is None


def test_a_limit_is_changed_without_a_script_and_on_a_phone(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in("credits/limits", java_script_enabled=False, viewport=PHONE)
    page.get_by_role("link", name="Set a limit of Alice Archer").click()
    page.get_by_label("Limit of Alice Archer in credits").fill("0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Alice Archer has 0.5 cr a month.")).to_be_visible()
    page.goto(f"/w/{workspace.pk}/studio?model=flux_pro&prompt=A+kite")
    expect(page.locator("#spend")).to_have_text("Run0.5 cr left")
    page.locator("#spend").click()
    expect(page.get_by_role("heading", name="Limits")).to_be_visible()


@pytest.mark.parametrize("path", ["credits/limits", "credits/limits?edit=member_x", "api"])
def test_a_page_scrolls_within_its_frame_and_never_sideways(signed_in: Opener, path: str) -> None:
    phone = signed_in(path, viewport=PHONE)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    desk = signed_in(path, viewport={"width": 1280, "height": 360})
    assert desk.evaluate("document.querySelector('.scroll').scrollHeight") > 360
    assert desk.evaluate("document.documentElement.scrollHeight") == 360
