"""Buying in a real browser: pay at the fake Stripe, see the credits, spend some, get half of the money back."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from csp.constants import SELF
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import payments
from apps.billing.checks import check_purchases
from apps.billing.gateway import Gateway
from apps.billing.models import Purchase
from apps.billing.payments import Terms
from apps.ledger.check import check_books
from apps.ledger.models import Lot
from apps.library import uploads
from config.payments import configure_payments
from config.settings.environment import ENV
from tests.billing.shops import PACKS, SECRET
from tests.emulators.stripe import FakeStripe
from tests.jobs.scripted import png
from tests.journeys.studio_pages import PHONE, Opener, finish, made
from tests.ledger.calls import place, settle, totals

pytestmark = pytest.mark.once


@pytest.fixture
def fake(live_server: LiveServer, settings: Settings) -> Iterator[FakeStripe]:
    """A Stripe whose messages reach the server that the browser sees."""
    with FakeStripe(webhook_secret=SECRET, receiver=f"{live_server.url}/stripe/webhook") as fake:
        policy = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], "form-action": [SELF, fake.url]}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}
        settings.EASEL_IS_FAKE_STRIPE = True
        gateway = Gateway(api_key=fake.api_key, webhook_secret=SECRET, api_base=fake.url)
        back = f"{live_server.url}/w/{{workspace}}/credits?purchase={{purchase}}"
        terms = Terms("tests", f"{back}&session={{CHECKOUT_SESSION_ID}}", back, PACKS)
        payments.configure(build=lambda: gateway, terms=terms)
        yield fake
        gateway.close()
        configure_payments(ENV)


def _deliver(fake: FakeStripe) -> None:
    """Let all messages arrive; each is taken."""
    assert {one.statuses[-1] for one in fake.webhooks.deliver_all()} == {200}


def _changes(page: Page) -> list[str]:
    """What the ledger says of the pack's payment, newest first."""
    return page.locator("tr", has_text="Payment changed: Small").locator(".delta").all_inner_texts()


def _buckets(purchase: Purchase) -> dict[str, int]:
    lot = Lot.objects.get(purchase_id=purchase.pk)
    return {
        "available": lot.available_mc,
        "spent": lot.spent_mc,
        "revoked": lot.revoked_mc,
        "unpaid": lot.unpaid_mc,
    }


def _balance(page: Page) -> str:
    return page.locator(".stats dd").first.inner_text()


def test_a_pack_is_bought_spent_and_half_refunded(
    signed_in: Opener, fake: FakeStripe, workspace: Workspace, alice: User
) -> None:
    page = signed_in("credits")
    expect(page.get_by_text("TEST: a fake Stripe takes the payments here.")).to_be_visible()
    assert _balance(page) == "1,000 cr"
    page.get_by_role("radio", name="1,000 cr").check()
    page.get_by_role("button", name="Pay $10.00").click()
    page.get_by_role("button", name="Pay 10.00 USD").click()

    page.wait_for_url("**/credits?purchase=*")
    expect(page.get_by_text("1,000 cr arrived. You paid $10.00.")).to_be_visible()
    assert _balance(page) == "2,000 cr"
    news = page.locator("tr.news")
    expect(news).to_contain_text("Bought: Small")
    expect(news).to_contain_text("+1,000 cr")
    _deliver(fake)  # what is told late changes nothing any more
    purchase = Purchase.objects.get()
    assert (purchase.status, totals(workspace)) == ("paid", (2_000_000, 0, 0, 0))
    expect(page.get_by_role("link", name="Receipt", exact=True).first).to_have_attribute("href", purchase.receipt_url)

    picture = uploads.receive(
        workspace=workspace,
        file=BytesIO(png(80, 100)),
        name="kite.png",
        created_by_id=alice.pk,
        max_bytes=1_000_000,
        now=timezone.now(),
    )
    job = finish(made(workspace, alice, "local_upscale", inputs={"image_url": picture.public_id}))
    assert job.charged_mc == 1_000
    settle(place(workspace, 1_199_000, now=timezone.now()), 1_199_000, now=timezone.now())  # many more such jobs
    page.goto(f"/w/{workspace.pk}/credits")
    assert _balance(page) == "800 cr"  # the gift went first, then 200 of the pack

    dashboard = page.context.new_page()
    dashboard.goto(f"{fake.url}/_fake/dashboard")
    dashboard.get_by_role("button", name="Refund half").click()
    expect(dashboard.get_by_text("5.00 USD")).to_be_visible()
    _deliver(fake)
    page.get_by_role("link", name="Receipts").click()
    expect(page.get_by_text("Partly refunded")).to_be_visible()
    expect(page.get_by_text("$5.00 refunded")).to_be_visible()
    page.get_by_label("What about credits").get_by_role("link", name="Credits").click()
    assert _changes(page) == ["−500 cr"]
    assert _balance(page) == "300 cr"  # unused credits are taken back first
    assert _buckets(purchase) == {"available": 300_000, "spent": 200_000, "revoked": 500_000, "unpaid": 0}
    expect(page.get_by_text("This workspace owes")).to_have_count(0)

    dashboard.get_by_role("button", name="Refund the rest").click()
    expect(dashboard.get_by_text("5.00 USD")).to_have_count(2)
    _deliver(fake)
    page.reload()
    expect(page.get_by_text("This workspace owes 200 cr")).to_be_visible()
    assert _changes(page) == ["−300 cr", "−500 cr"]
    assert _balance(page) == "0 cr"
    assert _buckets(purchase) == {"available": 0, "spent": 0, "revoked": 800_000, "unpaid": 200_000}
    assert totals(workspace) == (0, 0, 0, 200_000)
    assert [*check_books(now=timezone.now()), *check_purchases(now=timezone.now())] == []


def test_a_buyer_may_turn_back_and_go_on(signed_in: Opener, fake: FakeStripe, workspace: Workspace) -> None:
    page = signed_in("credits", viewport=PHONE)
    page.get_by_role("button", name="Pay $50.00").dblclick()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Large is not paid, and nothing was charged.")).to_be_visible()
    assert Purchase.objects.count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("link", name="Go on to pay").click()
    page.get_by_role("button", name="Pay later (async)").click()
    expect(page.get_by_text("its money on the way")).to_be_visible()
    fake.play.async_succeed(Purchase.objects.get().session_id or "")
    _deliver(fake)
    expect(page.get_by_text("10,500 cr arrived. You paid $50.00.")).to_be_visible(timeout=15_000)  # by itself
    assert totals(workspace) == (11_500_000, 0, 0, 0)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
