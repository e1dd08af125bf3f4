"""Signatures at the gateway itself, and what becomes of Stripe's answers."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe
from django.utils import timezone

from apps.billing import gateway
from apps.billing.gateway import BadSignature, Listing, StripeRefused, StripeUnavailable
from tests.billing.shops import event, selling, signed, written
from tests.emulators.stripe import FakeStripe

pytestmark = pytest.mark.once

BODY = written(event("refund.created", {"id": "re_1", "object": "refund"}))


def test_the_version_is_the_librarys_own() -> None:
    """An update of the library is an update of the version, and of the endpoint in the Dashboard."""
    assert stripe.api_version == gateway.API_VERSION


def test_an_event_is_read() -> None:
    now = timezone.now()
    with selling() as shop:
        read = shop.read_event(body=BODY, header=signed(BODY, at=now), now=now)
    assert (read.id, read.type, read.object_id, read.is_livemode) == ("evt_1", "refund.created", "re_1", False)
    assert read.created_at == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert read.payload["data"]["object"] == {"id": "re_1", "object": "refund"}


def test_a_signature_of_another_secret_is_refused() -> None:
    now = timezone.now()
    with selling() as shop, pytest.raises(BadSignature):
        shop.read_event(body=BODY, header=signed(BODY, at=now, secret="whsec_other"), now=now)


@pytest.mark.parametrize("seconds", [301, -301, 86_400])
def test_a_time_in_the_future_is_refused_as_one_in_the_past_is(seconds: int) -> None:
    """The library itself lets the future pass."""
    now = timezone.now()
    with selling() as shop, pytest.raises(BadSignature):
        shop.read_event(body=BODY, header=signed(BODY, at=now + timedelta(seconds=seconds)), now=now)


def test_modes_are_told_by_the_key() -> None:
    for key, is_livemode in (("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False), ("rk_test_1", False)):
        with selling(api_key=key) as shop:
            assert shop.is_livemode is is_livemode


def test_refusals_and_outages_are_told_apart() -> None:
    with FakeStripe() as fake, selling(api_base=fake.url) as shop:
        with pytest.raises(StripeRefused) as refused:
            shop.fetch_payment("pi_nobody")
        assert (refused.value.is_missing, "Traceback" in str(refused.value)) == (True, False)
    with selling(api_key="nonsense") as shop, pytest.raises(StripeUnavailable) as away:
        shop.fetch_payment("pi_1")
    assert not away.value.is_kept


def test_long_lists_are_read_page_by_page_and_no_further_than_asked() -> None:
    with FakeStripe() as fake, selling(api_base=fake.url) as shop:
        client, since = fake.client(), timezone.now() - timedelta(hours=1)
        made = [str(client.v1.payment_intents.create({"amount": 100, "currency": "usd"}).id) for _ in range(103)]
        fake.seen.clear()
        found = shop.list_mentions(Listing.PAYMENTS, since=since, most=1000)
        assert [one.payment_intent for one in found] == made[::-1]
        assert len(fake.seen) == 2
        fake.seen.clear()
        assert len(shop.list_mentions(Listing.PAYMENTS, since=since, most=3)) == 3
        assert len(fake.seen) == 1
        assert shop.list_mentions(Listing.PAYMENTS, since=timezone.now() + timedelta(hours=1), most=3) == []
        for listing in (Listing.EVENTS, Listing.PAGES, Listing.REFUNDS, Listing.DISPUTES):
            assert shop.list_mentions(listing, since=since, most=3) == []
