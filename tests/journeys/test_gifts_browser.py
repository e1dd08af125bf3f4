"""Gifts in a real browser: one person asks, another approves, a code is made and handed out, a maker claims it."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing.models import GrantRequest, PromoRedemption
from tests import builders
from tests.billing.gifts import build_staff
from tests.journeys.studio_pages import DESK, PHONE
from tests.ledger.calls import faults, totals

pytestmark = pytest.mark.once

Entrance = Callable[..., Page]


def _is_complaint(said: ConsoleMessage) -> bool:
    """Whether something is wrong; that a form was refused is not, nor that its page was left."""
    is_expected = "status of 422" in said.text or said.text.startswith(
        ("htmx:sendAbort", "htmx:afterRequest", "Response")
    )
    return said.type in {"error", "warning"} and not is_expected


@pytest.fixture
def entered(browser: Browser, live_server: LiveServer, workspace: Workspace) -> Iterator[Entrance]:
    """Open a page as a person; whatever a browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(email: str, path: str, *, viewport: dict[str, int] = DESK) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=viewport)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"/sign-in?next={path}")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(builders.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{path}")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def staff(workspace: Workspace) -> tuple[User, User]:
    return build_staff(), build_staff("sol@easel.example")


def test_much_is_given_by_a_second_person(entered: Entrance, staff: tuple[User, User], workspace: Workspace) -> None:
    sam, sol = staff
    mine = entered(sam.email, f"/staff/workspaces/{workspace.pk}/")
    form = mine.locator("form", has=mine.get_by_role("button", name="Give", exact=True))
    form.get_by_label("Credits").fill("25000")
    form.get_by_label("Why").fill("the film festival")
    form.get_by_role("button", name="Give", exact=True).click()
    expect(mine.get_by_text("Nothing is given yet")).to_be_visible()
    expect(mine.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(mine.get_by_role("button", name="Approve")).to_have_count(0)
    assert totals(workspace).available == 1_000_000

    theirs = entered(sol.email, "/staff/")
    link = theirs.get_by_role("navigation", name="Pages of staff").get_by_role("link", name="Approvals")
    expect(link.get_by_label("1 waiting")).to_be_visible()
    link.click()
    expect(theirs.get_by_text("the film festival")).to_be_visible()
    theirs.get_by_role("button", name="Approve 25,000 cr").click()
    expect(theirs.get_by_text("Approved; the credits are given.")).to_be_visible()
    expect(link.get_by_label("waiting")).to_have_count(0)
    assert totals(workspace).available == 26_000_000
    assert GrantRequest.objects.get().decided_by_id == sol.pk

    mine.reload()
    expect(mine.locator("#ledger").get_by_text("the film festival")).to_be_visible()
    expect(mine.get_by_role("button", name="Withdraw")).to_have_count(0)
    assert [one.actor_id for one in AuditEntry.objects.order_by("pk")] == [sam.pk, sol.pk]
    assert faults() == []


def _make_codes(page: Page, folder: Path) -> list[str]:
    """Fill the form in, wrongly first; return the codes that are downloaded."""
    page.get_by_role("link", name="Make codes").click()
    page.get_by_label("Name").fill("Spring gift")
    page.get_by_label("Credits", exact=True).fill("many")
    page.get_by_label("Codes", exact=True).fill("2")
    page.get_by_label("Credits last, in days").fill("30")
    page.get_by_label("Why").fill("spring")
    page.get_by_role("button", name="Make the codes").click()
    expect(page.locator("#e-credits")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Spring gift")
    page.get_by_label("Credits", exact=True).fill("120.5")
    page.get_by_role("button", name="Make the codes").click()
    expect(page.get_by_text("Made. Its codes can be handed out.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download those unused").click()
    download.value.save_as(folder / "codes.csv")
    _, *rows = csv.reader((folder / "codes.csv").read_text().splitlines())
    return [row[0] for row in rows]


def test_a_code_is_made_handed_out_and_claimed(
    entered: Entrance, staff: tuple[User, User], workspace: Workspace, alice: User, tmp_path: Path
) -> None:
    office = entered(staff[0].email, "/staff/promotions/")
    first, second = _make_codes(office, tmp_path)

    page = entered(alice.email, f"/w/{workspace.pk}/credits")
    page.get_by_label("Have a code?").fill("7K2M-9QXD-4HTB")
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no such code.")
    expect(page.get_by_label("Have a code?")).to_have_value("7K2M-9QXD-4HTB")
    page.get_by_label("Have a code?").fill(first.lower().replace("-", " "))
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_text("Spring gift: 120.5 cr were added. They can be spent until")).to_be_visible()
    expect(page.locator("td", has_text="Spring gift")).to_be_visible()
    page.get_by_label("Have a code?").fill(second)
    page.get_by_label("Have a code?").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This workspace has had credits of this offer.")
    assert totals(workspace).available == 1_120_500
    assert PromoRedemption.objects.get().person_id == alice.pk

    office.reload()
    expect(office.get_by_text("alice@acme.example")).to_be_visible()
    office.get_by_text("Withdraw them").click()
    office.get_by_role("button", name="Withdraw Spring gift").click()
    expect(office.get_by_text("What they gave stays.").first).to_be_visible()
    assert totals(workspace).available == 1_120_500
    assert faults() == []


def test_the_pages_fit_a_phone(entered: Entrance, staff: tuple[User, User], workspace: Workspace) -> None:
    page = entered(staff[0].email, "/staff/promotions/", viewport=PHONE)
    for path in ("promotions/", "promotions/new/", "approvals/"):
        page.goto(f"/staff/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert page.get_by_role("heading", level=1).count() == 1, path
