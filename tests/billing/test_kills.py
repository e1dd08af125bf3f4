"""Processes killed while they buy, hear of a payment or give money back: whoever comes next finishes it, once."""

from collections.abc import Callable
from itertools import cycle
from typing import Final

import pytest

from apps.billing import inbox
from apps.billing.models import Purchase, StripeEvent
from apps.ledger.models import Lot
from tests.billing.shops import written
from tests.billing.stage import Stage
from tests.journeys.installation import wait_for
from tests.ledger.calls import totals
from tests.ledger.racers import Message, Stable

KILLED: Final = -9
BOUGHT: Final = (1_000_000, 0, 0, 0)
NOTHING: Final = (0, 0, 0, 0)
PAGES: Final = "/v1/checkout/sessions"

STARTING: Final = ("purchase made", "customer made", "page opened", "page noted")
SYNCING: Final = ("sync drawn", "payment fetched", "purchase written", "sync applied")
LEDGER: Final = ("locked", "wallet written", "lots written", "operation written", "entries written")
HEARING: Final = ("event stored", *SYNCING, *LEDGER, "event handled")


def come_back(stage: Stage, purchase: Purchase) -> None:
    """The buyer returns to the page."""
    stage.sync(purchase)


def sweep(stage: Stage, purchase: Purchase) -> None:
    """The clock comes by, for messages that were stored and for purchases that stand open."""
    StripeEvent.objects.filter(processed_at=None).update(due_at=stage.now)
    inbox.handle_due(now=stage.now)
    stage.sync(purchase)


def send_again(stage: Stage, purchase: Purchase) -> None:
    """Stripe sends what was not answered."""
    assert set(stage.deliver()) == {200}


FINISHERS: Final = (come_back, sweep, send_again)
Finish = Callable[[Stage, Purchase], None]


def start(stage: Stage) -> Message:
    assert stage.actor.user is not None
    return {
        "name": "start",
        "shop": stage.fake.url,
        "workspace": stage.workspace.pk,
        "user": stage.actor.user.pk,
        "attempt": "first",
    }


def is_bought_once(stage: Stage, purchase: Purchase) -> None:
    assert (stage.fresh(purchase).status, totals(stage.workspace), Lot.objects.count()) == ("paid", BOUGHT, 1)
    sweep(stage, purchase)
    assert set(stage.deliver()) <= {200}
    assert (totals(stage.workspace), Lot.objects.count()) == (BOUGHT, 1)
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    assert stage.faults() == []


@pytest.mark.parametrize(("step", "finish"), list(zip(STARTING, cycle(FINISHERS), strict=False)))
def test_killed_while_a_purchase_begins(open_stage: Stage, racers: Stable, step: str, finish: Finish) -> None:
    stage = open_stage
    assert racers.crash(start(stage), step=step) == KILLED
    purchase = Purchase.objects.get()
    assert purchase.is_open
    assert (stage.start().purchase.pk, len(stage.made("checkout.session"))) == (purchase.pk, 1)
    assert len(stage.made("customer")) == 1
    stage.fake.play.pay(stage.page_of(purchase))
    finish(stage, purchase)
    is_bought_once(stage, purchase)


@pytest.mark.parametrize(("path", "made"), [("/v1/customers", "customer"), (PAGES, "checkout.session")])
def test_killed_while_stripe_is_at_it(open_stage: Stage, racers: Stable, path: str, made: str) -> None:
    """The call arrives and is carried out; nobody is there to hear the answer."""
    stage = open_stage
    stage.fail("slow", method="POST", path=path, seconds=1.5)
    assert racers.crash(start(stage), seconds=1.0) == KILLED
    wait_for("Stripe has done it", lambda: bool(stage.fake.store.all_of(made)))
    started = stage.start()
    assert (len(stage.made("checkout.session")), len(stage.made("customer"))) == (1, 1)
    stage.fake.play.pay(stage.page_of(started.purchase))
    assert set(stage.deliver()) == {200}
    is_bought_once(stage, started.purchase)


@pytest.mark.parametrize(("step", "finish"), list(zip(HEARING, cycle(FINISHERS), strict=False)))
def test_killed_while_a_payment_is_heard_of(open_stage: Stage, racers: Stable, step: str, finish: Finish) -> None:
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    [event] = stage.fake.events("checkout.session.completed")
    call = {"name": "receive", "shop": stage.fake.url, "body": written(event).decode()}
    assert racers.crash(call, step=step) == KILLED
    assert totals(stage.workspace) in (NOTHING, BOUGHT)
    assert stage.faults() == []
    finish(stage, purchase)
    is_bought_once(stage, purchase)


@pytest.mark.parametrize("step", [*SYNCING, *LEDGER])
def test_killed_on_the_page_a_buyer_returns_to(open_stage: Stage, racers: Stable, step: str) -> None:
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    call = {"name": "refresh", "shop": stage.fake.url, "purchase": purchase.pk}
    assert racers.crash(call, step=step) == KILLED
    assert totals(stage.workspace) in (NOTHING, BOUGHT)
    assert racers.race([call, call, call]) == [{"result": "paid"}] * 3
    is_bought_once(stage, purchase)


@pytest.mark.parametrize(
    ("step", "nth"), [("refund written", 1), ("refund made", 1), ("payment fetched", 2), ("purchase written", 2)]
)
def test_killed_while_money_is_given_back(open_stage: Stage, racers: Stable, step: str, nth: int) -> None:
    stage = open_stage
    purchase = stage.buy()
    call = {"name": "give_back", "shop": stage.fake.url, "purchase": purchase.pk, "amount": 400, "attempt": "once"}
    assert racers.crash(call, step=step, nth=nth) == KILLED
    answers = racers.race([call, call, call])
    assert [answer.get("result") for answer in answers] == stage.made("refund") * 3
    assert set(stage.deliver()) == {200}
    assert totals(stage.workspace) == (600_000, 0, 0, 0)
    assert stage.faults() == []
