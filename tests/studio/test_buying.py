"""Buying on the credits page: from the button to the row in the ledger, and whatever comes between."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from apps import metering
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.billing import purchases
from apps.billing.models import Purchase
from apps.ledger.models import Operation
from apps.studio import buying
from tests import builders
from tests.billing.shops import SECRET, selling
from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.faults import Kind
from tests.ledger.calls import place, settle, totals
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

ATTEMPT = "an-attempt-of-the-tests"


@dataclass
class Buyer:
    """Alice at the credits page, and Stripe."""

    studio: Studio
    fake: FakeStripe

    def press(self, *, pack: str = "small", attempt: str = ATTEMPT, currency: str = "usd") -> "Answer":
        return self.studio.post("buy", data={"pack": pack, f"attempt-{pack}": attempt, f"currency-{pack}": currency})

    def bought(self, *, attempt: str = ATTEMPT, pack: str = "small") -> Purchase:
        """Buy and pay, and come back."""
        self.press(attempt=attempt, pack=pack)
        purchase = Purchase.objects.get(attempt_key=attempt)
        self.fake.play.pay(purchase.session_id or "")
        self.back(purchase)
        purchase.refresh_from_db()
        return purchase

    def back(self, purchase: Purchase) -> "Answer":
        return self.studio.get("credits", query=f"?purchase={purchase.public_id}")

    def hear(self, purchase: Purchase) -> None:
        """Hear what became of a purchase, as a message of Stripe's makes us."""
        purchases.sync_purchase(purchase=Purchase.objects.get(pk=purchase.pk), now=timezone.now())

    def asked(self) -> int:
        return len(self.fake.seen)


@pytest.fixture
def buyer(studio: Studio) -> Iterator[Buyer]:
    with FakeStripe(webhook_secret=SECRET) as fake, selling(api_base=fake.url):
        yield Buyer(studio, fake)


def test_one_button_says_the_price_of_the_pack_that_is_chosen(buyer: Buyer, said: "Said") -> None:
    button = re.compile(
        r'class="btn ink lg">Pay<span class="p1"> ([^<]+)</span><span class="p2"> ([^<]+)</span></button>'
    )
    page = said(buyer.studio.get("credits"))
    assert button.findall(page) == [("$10.00", "$50.00")]
    assert "10,500 cr</b><small>0.48¢ each, 500 cr of it a gift" in page
    assert 'value="large" id="pack-2" checked>' in page
    euros = said(buyer.studio.get("credits", query="?currency=eur"))
    assert button.findall(euros) == [("€9.00", "$50.00")]
    assert 'name="currency-small" value="eur"' in euros
    assert 'name="currency-large" value="usd"' in euros
    attempts = re.findall(r'name="attempt-[a-z]+" value="([^"]+)"', page + euros)
    assert len(set(attempts)) == 4
    assert buyer.asked() == 0


def test_a_button_pressed_twice_buys_once(buyer: Buyer) -> None:
    first, second = buyer.press(), buyer.press()
    purchase = Purchase.objects.get()
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"] == purchase.checkout_url
    assert (purchase.pack_id, purchase.currency, purchase.amount_minor) == ("small", "usd", 1000)
    assert len(buyer.fake.store.all_of("checkout.session")) == 1
    assert totals(buyer.studio.workspace) == (1_000_000, 0, 0, 0)


def test_the_buyer_comes_back_to_a_row_in_the_ledger(buyer: Buyer, said: "Said") -> None:
    buyer.press()
    purchase = Purchase.objects.get()
    buyer.fake.play.pay(purchase.session_id or "")
    page = said(buyer.back(purchase))
    assert "1,000 cr arrived. You paid $10.00." in page
    assert "<dt>Balance</dt><dd>2,000 cr</dd>" in page
    assert page.count('<tr class="news">') == 1
    link = f'<a class="link" href="{buying.row_of(purchase).url}">Small</a>'
    row = page[page.index('<tr class="news">') :].split("</tr>")[0]
    assert f'<span class="muted">Bought:</span> {link}' in row
    assert "+1,000 cr" in row
    purchase.refresh_from_db()
    assert purchase.receipt_url in page
    assert purchase.invoice_url in page
    asked = buyer.asked()
    assert '<tr class="news">' not in said(buyer.studio.get("credits"))
    buyer.back(purchase)
    assert buyer.asked() == asked  # all is known: Stripe is left alone
    again = buyer.press()  # the form of an old tab
    assert again["Location"] == buying.row_of(purchase).url
    assert Operation.objects.filter(key=f"purchase:{purchase.pk}").count() == 1


def test_the_address_alone_proves_nothing(buyer: Buyer, said: "Said") -> None:
    buyer.press()
    purchase = Purchase.objects.get()
    query = f"?purchase={purchase.public_id}&session={purchase.session_id}"
    page = said(buyer.studio.get("credits", query=query))
    assert "Small is not paid, and nothing was charged." in page
    assert f'href="{purchase.checkout_url}">Go on to pay' in page
    assert totals(buyer.studio.workspace) == (1_000_000, 0, 0, 0)


def test_money_that_takes_days_is_waited_for(buyer: Buyer, said: "Said") -> None:
    buyer.press()
    purchase = Purchase.objects.get()
    session = purchase.session_id or ""
    buyer.fake.play.pay_later(session)
    page = said(buyer.back(purchase))
    assert "its money on the way" in page
    poll = unescape(re.findall(r'hx-get="([^"]+/credits/purchases/[^"]+)"', page)[0])
    asked = buyer.asked()
    waiting = buyer.studio.client.get(poll, headers={"HX-Request": "true"})
    assert "its money on the way" in said(waiting)
    assert buyer.asked() == asked  # a page that waits asks us, not Stripe
    buyer.fake.play.async_succeed(session)
    buyer.hear(purchase)
    ended = buyer.studio.client.get(poll, headers={"HX-Request": "true"})
    assert ended["HX-Redirect"] == buying.row_of(purchase).url
    assert "1,000 cr arrived" in said(buyer.back(purchase))


def test_what_failed_or_ran_out_says_so(buyer: Buyer, said: "Said") -> None:
    buyer.press()
    late = Purchase.objects.get()
    buyer.fake.play.pay_later(late.session_id or "")
    buyer.fake.play.async_fail(late.session_id or "")
    assert "The payment for Small failed." in said(buyer.back(late))
    buyer.press(attempt="a-second-attempt-of-us")
    left = Purchase.objects.exclude(pk=late.pk).get()
    buyer.fake.play.expire(left.session_id or "")
    assert "The time to pay for Small is over, and nothing was charged." in said(buyer.back(left))
    page = said(buyer.studio.get("receipts"))
    assert "Failed</span>" in page
    assert "Not paid in time</span>" in page
    assert totals(buyer.studio.workspace) == (1_000_000, 0, 0, 0)


def test_when_stripe_is_away_nothing_is_lost(buyer: Buyer, said: "Said") -> None:
    buyer.press()
    purchase = Purchase.objects.get()
    buyer.fake.play.pay(purchase.session_id or "")
    buyer.fake.faults.add(Kind.RESET, path="/v1/", times=50)
    page = said(buyer.back(purchase))
    assert "Stripe does not answer just now" in page
    assert "Nothing is lost" in page
    buyer.fake.faults.clear()
    assert "1,000 cr arrived" in said(buyer.back(purchase))


def test_whoever_reloads_again_and_again_asks_stripe_a_few_times(buyer: Buyer, said: "Said") -> None:
    buyer.press()
    purchase = Purchase.objects.get()
    for _ in range(30):
        assert metering.take(subject=f"purchase:look:{buyer.studio.workspace.pk}", limit=30).is_allowed
    asked = buyer.asked()
    assert "Stripe does not answer just now" in said(buyer.back(purchase))
    assert buyer.asked() == asked


def test_a_refund_and_a_debt_are_told(buyer: Buyer, said: "Said") -> None:
    purchase = buyer.bought()
    intent = purchase.payment_intent or ""
    buyer.fake.play.refund_half(intent)
    buyer.hear(purchase)
    page = said(buyer.back(purchase))
    assert "You paid $10.00; $5.00 of it was refunded." in page
    listed = said(buyer.studio.get("receipts"))
    assert "Partly refunded</span>" in listed
    assert '<span class="faint">$5.00 refunded</span>' in listed
    assert f'<span class="muted">Payment changed:</span> <a class="link" href="{buying.row_of(purchase).url}">' in page
    assert '<span class="delta">−500 cr</span>' in page
    workspace = buyer.studio.workspace
    settle(place(workspace, 1_500_000, now=timezone.now()), 1_500_000, now=timezone.now())
    assert "owes" not in page
    buyer.fake.play.refund(intent)
    buyer.hear(purchase)
    page = said(buyer.back(purchase))
    assert "This workspace owes 500 cr" in page
    assert "all of it was refunded" in page
    assert totals(workspace)[3] == 500_000


def test_a_dispute_freezes_in_words(buyer: Buyer, said: "Said") -> None:
    purchase = buyer.bought()
    buyer.fake.play.dispute_open(purchase.payment_intent or "")
    buyer.hear(purchase)
    page = said(buyer.studio.get("credits"))
    assert "1,000 cr are frozen while a payment is disputed" in page
    listed = said(buyer.studio.get("receipts"))
    assert "Disputed</span>" in listed
    assert "$10.00 disputed" in listed


def test_anothers_purchase_is_not_there(buyer: Buyer, mallory_client: Client) -> None:
    purchase = buyer.bought()
    assert mallory_client.get(buying.row_of(purchase).url).status_code == 404
    elsewhere = builders.build_workspace(buyer.studio.user, "Elsewhere")
    here = f"/w/{elsewhere.pk}/credits"
    assert buyer.studio.client.get(f"{here}?purchase={purchase.public_id}").status_code == 404
    assert buyer.studio.client.get(f"{here}/purchases/{purchase.public_id}").status_code == 404
    assert buyer.studio.get("credits", query="?purchase=purchase_nonsense").status_code == 404


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAKER])
def test_only_owners_have_buttons(buyer: Buyer, acme: Workspace, client: Client, said: "Said", role: Role) -> None:
    person: User = builders.build_member(acme, "pat@acme.example", role)
    client.force_login(person)
    page = said(client.get(buyer.studio.url("credits")))
    assert "Owners of this workspace buy credits." in page
    assert "/credits/buy" not in page
    answer = client.post(buyer.studio.url("buy"), {"pack": "small", "attempt-small": ATTEMPT, "currency-small": "usd"})
    assert answer.status_code == 403
    assert Purchase.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"pack": "huge"}, "There is no such pack."),
        ({"currency": "jpy"}, "has no price in this currency"),
        ({"attempt": ""}, "This form was not whole."),
        ({"attempt": "x" * 200}, "This form was not whole."),
    ],
)
def test_what_cannot_be_bought_is_said(buyer: Buyer, said: "Said", data: dict[str, str], words: str) -> None:
    answer = buyer.press(**data)
    assert (answer.status_code, answer["Location"]) == (302, buyer.studio.url("credits"))
    assert words in unescape(said(buyer.studio.get("credits")))
    assert Purchase.objects.count() == 0
    assert buyer.asked() == 0


def test_when_stripe_opens_no_page_nothing_was_charged(buyer: Buyer, said: "Said") -> None:
    buyer.fake.faults.add(Kind.RESET, path="/v1/checkout/sessions", times=3)
    assert buyer.press()["Location"] == buyer.studio.url("credits")
    assert "Stripe does not answer just now. Nothing was charged." in said(buyer.studio.get("credits"))
    assert buyer.press().status_code == 303  # the same button goes on with it
    assert Purchase.objects.count() == 1


def test_without_a_key_the_page_says_how_to_turn_buying_on(studio: Studio, said: "Said") -> None:
    with selling():
        pass  # and then not any more
    page = said(studio.get("credits"))
    assert "<code>STRIPE_SECRET_KEY</code>" in page
    assert "EASEL_FAKE_STRIPE=1 make run" in page
    assert "/credits/buy" not in page
    answer = studio.post("buy", data={"pack": "small", "attempt-small": ATTEMPT})
    assert answer["Location"] == studio.url("credits")
    assert "Nothing was charged." in said(studio.get("credits"))
