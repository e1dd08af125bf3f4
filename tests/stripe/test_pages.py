"""What a person sees and clicks: checkout, 3D Secure, portal, papers, dashboard; and the verbs over HTTP."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from stripe import Customer
from stripe._v1_services import V1Services

from tests.emulators.http import Answer, EmulatorServer, Incoming
from tests.emulators.stripe import FakeStripe
from tests.stripe.sales import checkout_params, sell

pytestmark = pytest.mark.once


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def shop() -> Iterator[str]:
    """The site that a person comes back to; it shows the address."""

    def answer(incoming: Incoming) -> Answer:
        return Answer(200, incoming.path.encode(), {"Content-Type": "text/plain"})

    server = EmulatorServer(answer)
    server.start()
    yield server.url
    server.stop()


def open_session(v1: V1Services, customer: Customer, shop: str) -> Any:  # a session
    urls = {"success_url": f"{shop}/done?session={{CHECKOUT_SESSION_ID}}", "cancel_url": f"{shop}/canceled"}
    return v1.checkout.sessions.create(checkout_params(customer.id, **urls))


def post(url: str, **sent: Any) -> Any:  # JSON
    request = urllib.request.Request(url, json.dumps(sent).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_paying_leads_back(tab: Page, v1: V1Services, customer: Customer, shop: str) -> None:
    session = open_session(v1, customer, shop)
    tab.goto(session.url)
    assert tab.get_by_text("TEST: a fake Stripe").is_visible()
    assert tab.get_by_text("2,000 credits × 1").is_visible()
    tab.get_by_role("button", name="Decline").click()
    assert tab.get_by_role("alert").inner_text() == "Your card was declined."
    tab.get_by_role("button", name="Pay 10.00 USD").click()
    assert tab.url == f"{shop}/done?session={session.id}"
    assert v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    tab.goto(session.url)
    assert tab.get_by_text("You’re all done here.").is_visible()


def test_canceling_changes_nothing(tab: Page, v1: V1Services, customer: Customer, shop: str) -> None:
    session = open_session(v1, customer, shop)
    tab.goto(session.url)
    tab.get_by_role("button", name="Cancel").click()
    assert tab.url == f"{shop}/canceled"
    assert v1.checkout.sessions.retrieve(session.id).status == "open"


def test_the_bank_asks(tab: Page, v1: V1Services, customer: Customer, shop: str) -> None:
    session = open_session(v1, customer, shop)
    tab.goto(session.url)
    tab.get_by_role("button", name="3D Secure").click()
    tab.get_by_role("button", name="Fail authentication").click()
    assert tab.get_by_role("alert").is_visible()
    tab.get_by_role("button", name="3D Secure").click()
    tab.get_by_role("button", name="Complete authentication").click()
    assert tab.url == f"{shop}/done?session={session.id}"


def test_an_intent_of_its_own_is_authenticated(tab: Page, v1: V1Services, shop: str) -> None:
    card = {"payment_method": "pm_card_authenticationRequired", "return_url": f"{shop}/back", "confirm": True}
    params: Any = {"amount": 500, "currency": "usd", **card}
    intent = v1.payment_intents.create(params)
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    tab.goto(str(intent.next_action.redirect_to_url.url))
    tab.get_by_role("button", name="Complete authentication").click()
    assert tab.url == f"{shop}/back"
    assert v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_the_dashboard_plays(tab: Page, fake: FakeStripe, v1: V1Services, customer: Customer, shop: str) -> None:
    session = open_session(v1, customer, shop)
    tab.goto(f"{fake.url}/_fake/dashboard")
    for name in ("Pay later", "Async: succeed", "Refund half", "Fails later", "Dispute", "Lost", "Appeal", "Won"):
        tab.get_by_role("button", name=name, exact=True).click()
    tab.get_by_role("button", name="Early fraud warning").click()
    assert v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    (refund,) = v1.refunds.list().data
    assert (refund.status, refund.amount) == ("failed", 500)
    (dispute,) = v1.disputes.list().data
    assert (dispute.status, len(dispute.balance_transactions)) == ("won", 2)
    assert len(v1.radar.early_fraud_warnings.list().data) == 1


def test_the_portal_removes_a_card(tab: Page, fake: FakeStripe, v1: V1Services, customer: Customer, shop: str) -> None:
    v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    tab.goto(v1.billing_portal.sessions.create({"customer": customer.id, "return_url": f"{shop}/cards"}).url)
    tab.get_by_role("button", name="Remove").click()
    assert v1.payment_methods.list({"customer": customer.id}).data == []
    assert [event["type"] for event in fake.events()][-1] == "payment_method.detached"
    tab.get_by_role("button", name="Add a card").click()
    assert len(v1.payment_methods.list({"customer": customer.id}).data) == 1
    for number, said in (("4000000000000002", "Your card was declined."), ("1234", "Only Stripe’s own test cards")):
        tab.get_by_label("Test card").fill(number)
        tab.get_by_role("button", name="Add a card").click()
        assert said in tab.get_by_role("alert").inner_text()
    tab.get_by_label("Test card").fill("4000000000000341")
    tab.get_by_role("button", name="Add a card").click()
    newest, _ = v1.payment_methods.list({"customer": customer.id}).data
    settings = v1.customers.retrieve(customer.id).to_dict()["invoice_settings"]
    assert settings["default_payment_method"] == newest.id
    tab.get_by_role("link", name="Return").click()
    assert tab.url == f"{shop}/cards"


def test_papers_answer(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    intent = v1.payment_intents.retrieve(sell(fake, v1, customer.id), {"expand": ["latest_charge"]}).to_dict()
    (invoice,) = v1.invoices.list().data
    for url, kind, start in (
        (intent["latest_charge"]["receipt_url"], "text/html; charset=utf-8", b"<!doctype"),
        (invoice.hosted_invoice_url, "text/html; charset=utf-8", b"<!doctype"),
        (invoice.invoice_pdf, "application/pdf", b"%PDF-1.4"),
    ):
        with urllib.request.urlopen(str(url)) as answer:
            assert answer.headers["Content-Type"] == kind
            assert answer.read().startswith(start)


def test_verbs_over_http(fake: FakeStripe, v1: V1Services, customer: Customer) -> None:
    session = v1.checkout.sessions.create(checkout_params(customer.id))
    paid = post(f"{fake.url}/_fake/pay", id=session.id, card="createDispute")
    (dispute,) = v1.disputes.list().data
    assert dispute.payment_intent == paid["payment_intent"]
    assert post(f"{fake.url}/_fake/dispute_won", id=dispute.id)["status"] == "won"
    assert post(f"{fake.url}/_fake/webhooks", mode="drop") == {"mode": "drop"}
    other = v1.checkout.sessions.create(checkout_params(customer.id))
    before = post(f"{fake.url}/_fake/clock", seconds=0)["now"]
    assert post(f"{fake.url}/_fake/clock", seconds=2000)["now"] >= before + 2000
    assert v1.checkout.sessions.retrieve(other.id).status == "expired"
    assert {row["status"] for row in post(f"{fake.url}/_fake/deliver")} == {0}
    for path, sent in (
        ("refund", {}),
        ("refund", {"id": "pi_none"}),
        ("refund", {"id": "x", "sum": 3}),
        ("praise", {}),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(f"{fake.url}/_fake/{path}", **sent)
        assert refused.value.code in {400, 404}
        refused.value.close()
