"""Stripe away, slow, or broken after it acted, and we dying at any step: one charge, and the right end."""

from collections.abc import Callable

import pytest

from apps.billing import inbox, purchases
from apps.billing.checkout import PurchaseEnded
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import Purchase, StripeEvent
from apps.ledger import seams
from apps.ledger.models import Lot
from tests.billing.stage import Stage
from tests.ledger.calls import totals

BOUGHT = (1_000_000, 0, 0, 0)


class Died(BaseException):
    """The process ends here."""


def die_at(step: str, nth: int = 1) -> Callable[[str], None]:
    seen = []

    def on_step(reached: str) -> None:
        if reached == step:
            seen.append(reached)
            if len(seen) == nth:
                raise Died(step)

    return on_step


PAGES = "/v1/checkout/sessions"


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "reset", "error_after"])
def test_one_fault_while_a_page_is_made_makes_no_second_page(stage: Stage, kind: str) -> None:
    stage.fail(kind, method="POST", path=PAGES, seconds=0.05)
    try:
        started = stage.start()
    except StripeUnavailable:
        started = stage.start()
    assert len(stage.made("checkout.session")) == 1
    assert started.url
    stage.fake.play.pay(stage.page_of(started.purchase))
    stage.deliver()
    assert totals(stage.workspace) == BOUGHT
    assert stage.faults() == []


@pytest.mark.parametrize("kind", ["timeout_before", "reset", "rate_limit"])
def test_stripe_away_leaves_a_purchase_to_go_on_with(stage: Stage, kind: str) -> None:
    stage.fail(kind, times=3, seconds=0.05)
    with pytest.raises(StripeUnavailable):
        stage.start()
    stage.fake.faults.clear()
    purchase = Purchase.objects.get()
    assert (purchase.status, purchase.session_id) == ("created", None)
    assert stage.sync(purchase).status == "pending"  # the sweep opens the page, too
    again = stage.start()
    assert (again.purchase.pk, again.is_replay, len(stage.made("checkout.session"))) == (purchase.pk, True, 1)


def test_a_fault_that_is_kept_under_the_key_is_searched_around(stage: Stage) -> None:
    """Stripe made the page and said 500, again and again: it is found by our reference."""
    stage.fail("error_after", method="POST", path=PAGES)
    started = stage.start()
    assert len(stage.made("checkout.session")) == 1
    assert stage.page_of(started.purchase) == stage.made("checkout.session")[0]


def test_a_fault_without_a_page_ends_the_purchase_in_time(stage: Stage) -> None:
    stage.fail("error", method="POST", path=PAGES)
    with pytest.raises(StripeUnavailable):
        stage.start()
    with pytest.raises(StripeUnavailable):
        stage.start()
    stage.advance(minutes=41)
    with pytest.raises(PurchaseEnded):
        stage.start()
    assert Purchase.objects.get().status == "expired"
    assert stage.start(attempt="second").url
    assert len(stage.made("checkout.session")) == 1


def test_a_customer_whose_making_failed_is_made_under_another_key(stage: Stage) -> None:
    stage.fail("error", method="POST", path="/v1/customers")
    with pytest.raises(StripeUnavailable):
        stage.start()
    assert stage.start().url
    assert len(stage.made("customer")) == 1


def test_a_slow_stripe_is_waited_for(stage: Stage) -> None:
    stage.fail("slow", method="POST", path=PAGES, seconds=1.0)
    assert stage.start().url


@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/refunds", "/v1/disputes", PAGES])
def test_a_message_that_cannot_be_looked_into_now_is_looked_into_later(stage: Stage, path: str) -> None:
    """Half an answer is none: nothing is credited before all of it is there."""
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    stage.fail("reset", method="GET", path=path, times=1000)
    assert 500 in stage.deliver()
    assert totals(stage.workspace) == (0, 0, 0, 0)
    stage.fake.faults.clear()
    StripeEvent.objects.filter(processed_at=None).update(due_at=stage.now)
    assert inbox.handle_due(now=stage.now) > 0
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("paid", BOUGHT)
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    assert set(stage.deliver()) <= {200}
    assert stage.faults() == []


def test_what_never_works_is_given_up_after_a_month(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    stage.fail("reset", method="GET", times=10_000)
    stage.deliver()
    waiting = StripeEvent.objects.filter(processed_at=None)
    assert waiting.exists()
    stage.advance(days=29)
    assert inbox.handle_due(now=stage.now) == 0
    assert waiting.exists()
    stage.advance(days=2)
    assert inbox.handle_due(now=stage.now) == 0
    assert not waiting.exists()
    assert StripeEvent.objects.exclude(last_error="").exists()
    stage.fake.faults.clear()
    assert stage.sync(purchase).status == "paid"  # the page, the sweep and the nightly look find it all the same


STARTING = ("purchase made", "customer made", "page opened", "page noted")
HEARING = ("event stored", "sync drawn", "payment fetched", "purchase written", "sync applied", "event handled")
LEDGER = ("locked", "wallet written", "lots written", "operation written", "entries written")


@pytest.mark.parametrize("step", STARTING)
def test_dying_while_a_purchase_begins(open_stage: Stage, step: str) -> None:
    stage = open_stage
    with seams.listening(die_at(step)), pytest.raises(Died):
        stage.start()
    purchase = Purchase.objects.get()
    started = stage.start()
    assert (started.purchase.pk, len(stage.made("checkout.session"))) == (purchase.pk, 1)
    stage.fake.play.pay(stage.page_of(purchase))
    stage.deliver()
    assert totals(stage.workspace) == BOUGHT
    assert stage.faults() == []


@pytest.mark.parametrize("step", ["page opened"])
def test_dying_before_a_page_could_be_noted_and_it_is_paid(open_stage: Stage, step: str) -> None:
    """Nobody asks again: the message finds the purchase by what we wrote on the page."""
    stage = open_stage
    with seams.listening(die_at(step)), pytest.raises(Died):
        stage.start()
    [page] = stage.made("checkout.session")
    stage.fake.play.pay(page)
    stage.deliver()
    assert (Purchase.objects.get().status, Purchase.objects.get().session_id) == ("paid", page)
    assert totals(stage.workspace) == BOUGHT
    assert stage.faults() == []


@pytest.mark.parametrize(
    ("step", "nth"), [(step, 1) for step in (*HEARING, *LEDGER)] + [("sync drawn", 2), ("purchase written", 2)]
)
def test_dying_while_a_payment_is_heard_of(open_stage: Stage, step: str, nth: int) -> None:
    """All of it or nothing, and whoever comes next makes it right: the message again, or the sweep."""
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    with seams.listening(die_at(step, nth)), pytest.raises(Died):
        stage.deliver()
    assert totals(stage.workspace) in {(0, 0, 0, 0), BOUGHT}
    assert stage.faults() == []
    StripeEvent.objects.filter(processed_at=None).update(due_at=stage.now)
    inbox.handle_due(now=stage.now)
    stage.sync(purchase)
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("paid", BOUGHT)
    assert Lot.objects.count() == 1
    assert stage.faults() == []


@pytest.mark.parametrize("step", ["payment fetched", *LEDGER, "purchase written", "sync applied"])
def test_dying_while_a_refund_is_heard_of(open_stage: Stage, step: str) -> None:
    stage = open_stage
    purchase = stage.buy()
    stage.spend(500_000)
    stage.fake.play.refund(stage.payment_of(purchase), 700)
    with seams.listening(die_at(step)), pytest.raises(Died):
        stage.sync(purchase)
    assert totals(stage.workspace) in {(500_000, 0, 0, 0), (0, 0, 0, 200_000)}
    assert stage.faults() == []
    stage.sync(purchase)
    stage.deliver()
    assert totals(stage.workspace) == (0, 0, 0, 200_000)
    assert stage.faults() == []


@pytest.mark.parametrize("step", ["refund written", "refund made"])
def test_dying_while_money_is_given_back(open_stage: Stage, step: str) -> None:
    stage = open_stage
    purchase = stage.buy()

    def give_back() -> None:
        purchases.refund_purchase(
            purchase=stage.fresh(purchase),
            amount_minor=400,
            reason="asked for",
            actor_id=purchase.pk,
            attempt_key="once",
            now=stage.now,
        )

    with seams.listening(die_at(step)), pytest.raises(Died):
        give_back()
    give_back()
    assert len(stage.made("refund")) == 1
    assert totals(stage.workspace) == (600_000, 0, 0, 0)
    assert stage.faults() == []
