"""Every message three times, in any order, many at once, half of them failing: credits once, and the last word last."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.billing import inbox, purchases
from apps.billing.models import Purchase, StripeEvent
from apps.ledger.models import Lot
from tests.billing.shops import signed, written
from tests.billing.stage import Stage
from tests.ledger.calls import totals

THREADS = 6


def storm(stage: Stage, events: Sequence[dict[str, Any]], *, seed: int) -> list[int]:
    """Deliver each event three times, shuffled, from many threads. Any: JSON values."""
    bodies = [written(event) for event in events] * 3
    random.Random(seed).shuffle(bodies)

    def send(body: bytes) -> int:
        return stage.receive(body, {"Stripe-Signature": signed(body, at=stage.now)})

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(send, bodies))


def calm(stage: Stage) -> None:
    """Let what failed be tried again, as Stripe and the sweep do."""
    stage.fake.faults.clear()
    StripeEvent.objects.filter(processed_at=None).update(due_at=stage.now)
    inbox.handle_due(now=stage.now)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_credits_once(open_stage: Stage, seed: int) -> None:
    stage = open_stage
    bought = [stage.start(attempt=str(number)).purchase for number in range(2)]
    for purchase in bought:
        stage.fake.play.decline(stage.page_of(purchase))
        stage.fake.play.pay(stage.page_of(purchase))
    abandoned = stage.start(attempt="abandoned").purchase
    stage.fake.play.expire(stage.page_of(abandoned))
    events = stage.fake.events()
    # Half of the first looks find a broken line, three times, so that the library gives up as well.
    stage.fail("reset", method="GET", path="/v1/payment_intents", times=9)
    stage.fail("rate_limit", method="GET", path="/v1/checkout", times=3)
    statuses = storm(stage, events, seed=seed)
    assert set(statuses) == {200, 500}
    calm(stage)
    assert {stage.fresh(purchase).status for purchase in bought} == {"paid"}
    assert stage.fresh(abandoned).status == "expired"
    assert totals(stage.workspace) == (2_000_000, 0, 0, 0)
    assert Lot.objects.count() == 2
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    assert StripeEvent.objects.count() == len(events)
    assert stage.faults() == []


def test_the_last_word_counts_however_the_story_is_told(open_stage: Stage) -> None:
    """A whole life, each message of it again and again, after all has happened and while it happens."""
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    storm(stage, stage.fake.events(), seed=3)
    payment = stage.payment_of(purchase)
    stage.spend(400_000)
    refund = stage.fake.play.refund(payment, 330)
    stage.fake.play.refund_fails(refund["id"])
    stage.fake.play.refund(payment, 250)
    storm(stage, stage.fake.events(), seed=4)
    assert totals(stage.workspace) == (350_000, 0, 0, 0)
    dispute = stage.fake.play.dispute_open(payment)
    stage.fake.play.dispute_lost(dispute["id"])
    storm(stage, stage.fake.events(), seed=5)
    assert totals(stage.workspace) == (0, 0, 0, 400_000)
    stage.fake.play.dispute_won(dispute["id"])
    assert set(storm(stage, stage.fake.events()[::-1], seed=6)) == {200}
    assert totals(stage.workspace) == (350_000, 0, 0, 0)
    assert Lot.objects.filter(kind="purchase").count() == 1
    assert stage.faults() == []


def test_page_message_and_sweep_at_once(open_stage: Stage) -> None:
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))

    def look(_: int) -> str:
        try:
            return purchases.refresh(purchase=stage.fresh(purchase), now=stage.now).status
        finally:
            connection.close()
            stage.gateway.close()

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(look, range(THREADS * 2))) == {"paid"}
    assert totals(stage.workspace) == (1_000_000, 0, 0, 0)
    assert stage.fresh(purchase).sync_no_applied == THREADS * 2
    assert stage.faults() == []


def test_many_clicks_are_one_purchase(open_stage: Stage) -> None:
    stage = open_stage

    def click(_: int) -> str:
        try:
            return str(stage.start().purchase.pk)
        finally:
            connection.close()
            stage.gateway.close()

    with ThreadPoolExecutor(THREADS) as pool:
        assert len(set(pool.map(click, range(THREADS)))) == 1
    assert Purchase.objects.count() == 1
    assert len(stage.made("checkout.session")) == len(stage.made("customer")) == 1
