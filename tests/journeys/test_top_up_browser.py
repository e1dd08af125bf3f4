"""Automatic top-up in a real browser: a card saved by buying, agreed to, charged when the balance falls, turned off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from csp.constants import SELF
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import payments, top_up
from apps.billing.checks import check_purchases
from apps.billing.gateway import Gateway
from apps.billing.models import Purchase, TopUpAttempt, TopUpPlan
from apps.billing.payments import Terms
from apps.ledger.check import check_books
from apps.mail.models import Letter
from config.payments import configure_payments
from config.settings.environment import ENV
from tests.billing.shops import PACKS, SECRET
from tests.emulators.stripe import FakeStripe
from tests.journeys.studio_pages import PHONE, Opener
from tests.ledger.calls import place, settle, totals

pytestmark = pytest.mark.once


@pytest.fixture
def fake(live_server: LiveServer, settings: Settings) -> Iterator[FakeStripe]:
    """A Stripe that works out no tax, whose messages reach the server that the browser sees."""
    with FakeStripe(webhook_secret=SECRET, receiver=f"{live_server.url}/stripe/webhook") as fake:
        policy = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], "form-action": [SELF, fake.url]}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}
        gateway = Gateway(api_key=fake.api_key, webhook_secret=SECRET, api_base=fake.url)
        back = f"{live_server.url}/w/{{workspace}}/credits?purchase={{purchase}}"
        terms = Terms("tests", f"{back}&session={{CHECKOUT_SESSION_ID}}", back, PACKS)
        payments.configure(build=lambda: gateway, terms=replace(terms, is_taxed=False))
        yield fake
        gateway.close()
        configure_payments(ENV)


def _spend(workspace: Workspace, amount_mc: int) -> None:
    """Use so many credits, and be the worker that hears of it."""
    settle(place(workspace, amount_mc, now=timezone.now()), amount_mc, now=timezone.now())
    top_up.consider(workspace_id=workspace.pk, now=timezone.now())


def _balance(page: Page) -> str:
    return page.locator(".stats dd").first.inner_text()


def test_a_saved_card_tops_up_until_it_is_turned_off(
    signed_in: Opener, fake: FakeStripe, workspace: Workspace, alice: User
) -> None:
    page = signed_in("credits/top-up")
    expect(page.get_by_text("No card is saved.")).to_be_visible()
    page.get_by_role("link", name="Buy a pack").click()
    page.get_by_role("radio", name="1,000 cr").check()
    page.get_by_label("Save card").check()
    page.get_by_role("button", name="Pay $10.00").click()
    page.get_by_role("button", name="Pay 10.00 USD").click()
    page.wait_for_url("**/credits?purchase=*")

    page.get_by_label("What about credits").get_by_role("link", name="Top-up").click()
    expect(page.get_by_text("Visa •••• 4242, good until 12/2034")).to_be_visible()
    page.get_by_label("When the balance falls below").fill("300")
    page.get_by_label("At most in a calendar month").fill("20")
    page.get_by_label("I agree that the saved card is charged").check()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Automatic top-up is on")).to_be_visible()
    _spend(workspace, 1_650_000)  # of 2,000
    assert totals(workspace) == (350_000, 0, 0, 0)
    _spend(workspace, 100_000)
    assert totals(workspace) == (1_250_000, 0, 0, 0)

    page.reload()
    expect(page.get_by_text("$10.00 so far this month.")).to_be_visible()
    expect(page.locator("tr", has_text="Bought")).to_contain_text("1,000 cr")
    page.get_by_label("What about credits").get_by_role("link", name="Credits").click()
    page.wait_for_url("**/credits")
    assert _balance(page) == "1,250 cr"
    bought = page.locator("tr", has_text="Bought: Small")
    expect(bought).to_have_count(2)
    expect(bought.first).to_contain_text("+1,000 cr")
    page.goto(f"/w/{workspace.pk}/credits/top-up")

    page.get_by_role("button", name="Change card").click()
    page.get_by_label("Test card").fill("4000002760003184")  # one whose bank asks
    page.get_by_role("button", name="Add a card").click()
    page.get_by_role("link", name="Return").click()
    expect(page.get_by_text("Visa •••• 3184")).to_be_visible()
    TopUpAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    TopUpPlan.objects.update(next_try_at=None)
    _spend(workspace, 1_000_000)
    page.reload()
    expect(page.get_by_text("The bank asked to confirm, nothing charged")).to_be_visible()
    expect(page.get_by_text("Off because the bank wants the card's owner to confirm payments.")).to_be_visible()
    assert Letter.objects.get(template="top_up_confirm").to == alice.email

    page.get_by_label("I agree that the saved card is charged").check()
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("heading", name="Automatic top-up is off")).to_be_visible()
    assert totals(workspace) == (250_000, 0, 0, 0)
    fake.webhooks.deliver_all()
    assert Purchase.objects.filter(status=Purchase.Status.PAID).count() == 2
    assert [*check_books(now=timezone.now()), *check_purchases(now=timezone.now())] == []


def test_it_fits_a_phone(signed_in: Opener, fake: FakeStripe, workspace: Workspace) -> None:
    page = signed_in("credits", viewport=PHONE)
    page.get_by_role("radio", name="1,000 cr").check()
    page.get_by_label("Save card").check()
    page.get_by_role("button", name="Pay $10.00").click()
    page.get_by_role("button", name="Pay 10.00 USD").click()
    page.wait_for_url("**/credits?purchase=*")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.goto(f"/w/{workspace.pk}/credits/top-up")
    page.get_by_label("I agree that the saved card is charged").check()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Automatic top-up is on")).to_be_visible()
    _spend(workspace, 1_950_000)
    page.reload()
    expect(page.locator("tr", has_text="Bought")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
