"""The page of automatic top-up: agreed to, changed and turned off, with every fault told and every charge shown."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.billing import cards, top_up
from apps.billing.models import Purchase, StripeCustomer, TopUpPlan
from tests.billing.shops import SECRET, selling
from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.faults import Kind
from tests.ledger.calls import place, settle, totals
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

AGREED: dict[str, Any] = {"pack": "small.usd", "line": "300", "most": "50.00", "consent": top_up.CONSENT}


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe(webhook_secret=SECRET) as fake, selling(api_base=fake.url, is_taxed=False):
        yield fake


@pytest.fixture
def saved(studio: Studio, fake: FakeStripe) -> Studio:
    """Alice has bought 1,000 credits with a card that is saved since; she has 2,000."""
    data = {
        "pack": "small",
        "currency-small": "usd",
        "attempt-small": "an-attempt-of-the-tests",
        "save_card": cards.CONSENT,
    }
    answer = studio.post("buy", data=data)
    assert (answer.status_code, answer["Location"][: len(fake.url)]) == (303, fake.url)
    purchase = Purchase.objects.get()
    fake.play.pay(purchase.session_id or "")
    studio.get("credits", query=f"?purchase={purchase.public_id}")
    return studio


def agree(studio: Studio, **other: str) -> "Answer":
    return studio.post("top_up_save", data={**AGREED, **other})


def test_the_first_look_says_how_to_save_a_card(studio: Studio, fake: FakeStripe, said: "Said") -> None:
    page = said(studio.get("top_up"))
    assert "Automatic top-up is off" in page
    assert "No card is saved." in page
    assert "Tick “Save card” when you buy a pack the next time." in page
    assert 'name="consent"' not in page
    assert ">Save card.<" in said(studio.get("credits"))
    assert studio.post("top_up_card")["Location"] == studio.url("top_up")  # and it says why
    assert "No card is saved. Save one with your next purchase." in said(studio.get("top_up"))


def test_from_the_tick_to_the_charge(saved: Studio, fake: FakeStripe, said: "Said") -> None:
    page = said(saved.get("top_up"))
    assert "Visa •••• 4242, good until 12/2034" in page
    assert top_up.CONSENT in page
    assert agree(saved)["Location"] == saved.url("top_up")
    page = said(saved.get("top_up"))
    assert "Automatic top-up is on" in page
    assert "When the balance falls below 300 cr, 1,000 cr are bought for $10.00, at most $50.00" in page
    assert "$0.00 so far this month." in page
    assert "<dt>Automatic top-up</dt><dd>1,000 cr</dd>" in said(saved.get("credits"))
    settle(place(saved.workspace, 1_800_000, now=timezone.now()), 1_800_000, now=timezone.now())
    top_up.consider(workspace_id=saved.workspace.pk, now=timezone.now())
    assert totals(saved.workspace).available == 1_200_000
    page = said(saved.get("top_up"))
    assert "$10.00 so far this month. The next not before" in page
    assert 'Bought, <a class="link" href=' in page
    assert said(saved.get("credits")).count("Bought:</span>") == 2
    saved.post("top_up_off")
    page = said(saved.get("top_up"))
    assert "Automatic top-up is off" in page
    assert "Off because somebody turned it off." in page


@pytest.mark.parametrize(
    ("other", "faults"),
    [
        ({"line": "x"}, ["The line is 1 to 1,000 credits"]),
        ({"line": "9" * 40}, ["The line is 1 to 1,000 credits"]),
        ({"most": "9.99"}, ["The most in a month is at least one Small"]),
        ({"most": "50.001"}, ["The most in a month is at least one Small"]),
        ({"most": "-50"}, ["The most in a month is at least one Small"]),
        ({"consent": "I agree to nothing"}, ["unless you agree to the sentence as it stands here"]),
        ({"line": "", "most": "", "consent": ""}, ["The line is", "The most in a month", "unless you agree"]),
    ],
)
def test_every_fault_stands_at_its_field(saved: Studio, said: "Said", other: dict[str, str], faults: list[str]) -> None:
    answer = agree(saved, **other)
    assert answer.status_code == 422
    page = said(answer)
    assert page.count('aria-invalid="true"') == len(faults)
    for fault in faults:
        assert fault in page
    assert '<option value="small.usd" selected>' in page
    assert TopUpPlan.objects.count() == 0


@pytest.mark.parametrize("pack", ["huge.usd", "small.jpy", "", ".", "small", "\u2603.usd"])
def test_what_is_not_sold_changes_nothing(saved: Studio, said: "Said", pack: str) -> None:
    answer = agree(saved, pack=pack)
    assert answer.status_code == 302 if pack != "small" else 422
    assert TopUpPlan.objects.count() == (1 if pack == "small" else 0)


def test_what_was_agreed_to_is_what_the_form_begins_with(saved: Studio, said: "Said") -> None:
    agree(saved, pack="small.eur", line="12.5", most="1,234.50")
    page = said(saved.get("top_up"))
    assert '<option value="small.eur" selected>1,000 cr for €9.00 (Small)</option>' in page
    assert 'name="line" value="12.5"' in page
    assert 'name="most" value="1234.50"' in page
    assert " checked" not in page  # nobody agrees by leaving things as they are


def test_the_card_is_changed_on_stripes_page(saved: Studio, fake: FakeStripe, said: "Said") -> None:
    answer = saved.post("top_up_card")
    assert (answer.status_code, answer["Location"].startswith(f"{fake.url}/p/session/")) == (303, True)
    [portal] = fake.store.all_of("billing_portal.session")
    assert portal["return_url"] == f"http://testserver{saved.url('top_up')}?card=changed"
    fake.play.detach(StripeCustomer.objects.get().card_id)
    assert "No card is saved." in said(saved.get("top_up", query="?card=changed"))


def test_stripe_away_is_said(saved: Studio, fake: FakeStripe, said: "Said") -> None:
    fake.faults.add(Kind.RESET, times=3)
    assert "The card below may not be the latest." in said(saved.get("top_up", query="?card=changed"))
    fake.faults.add(Kind.RESET, times=3)
    saved.post("top_up_card")
    assert "Nothing was changed. Stripe does not answer just now." in said(saved.get("top_up"))


def test_where_tax_is_collected_it_is_not_offered(studio: Studio, fake: FakeStripe, said: "Said") -> None:
    with selling(api_base=fake.url):
        page = said(studio.get("top_up"))
        assert "No automatic top-up here" in page
        assert "Stripe works out tax on the page that people pay on" in page
        assert "Save card" not in said(studio.get("credits"))
        agree(studio)
        assert "Nothing was changed." in said(studio.get("top_up"))
    assert TopUpPlan.objects.count() == 0


def test_a_wording_that_has_changed_is_to_be_read_again(studio: Studio, fake: FakeStripe, said: "Said") -> None:
    data = {
        "pack": "small",
        "currency-small": "usd",
        "attempt-small": "an-attempt-of-the-tests",
        "save_card": "as it was",
    }
    studio.post("buy", data=data)
    assert "This form was not whole." in said(studio.get("credits"))
    assert Purchase.objects.count() == 0


def test_members_see_it_and_change_nothing(saved: Studio, said: "Said", mallory_client: Client) -> None:
    agree(saved)
    assert mallory_client.get(saved.url("top_up")).status_code == 404
    assert mallory_client.post(saved.url("top_up_off")).status_code == 404
    assert TopUpPlan.objects.get().is_on
