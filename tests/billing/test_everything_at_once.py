"""Fifty processes spend from one wallet while messages, refunds, a dispute and an expiry arrive."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.db.models import Sum

from apps.billing.models import Purchase, StripeEvent
from apps.billing.reconciling import reconcile
from apps.jobs.checks import check_jobs
from apps.jobs.models import Job
from apps.ledger.buckets import Buckets
from apps.ledger.models import Hold, Lot, LotKind
from tests.billing.shops import written
from tests.billing.stage import Stage
from tests.ledger.calls import grant, place, settle, totals
from tests.ledger.racers import Message, Stable
from tests.stock import stock_catalog

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
SPENDERS: Final = 50
PRICE: Final = 1000  # of one job, in millicredits: as much as one cent buys
WATCHED_SECONDS: Final = 3.0

_TELLING: Final = ("payment_intent.succeeded", "charge.refunded")


@pytest.fixture
def stage(open_stage: Stage) -> Stage:
    """Someone who can also run models."""
    stock_catalog(now=LONG_AGO)
    return open_stage


def spenders(stage: Stage, *at: datetime) -> list[Message]:
    """Fifty submissions, at these moments in turn."""
    assert stage.actor.user is not None
    shared = {"name": "submit", "workspace": stage.workspace.pk, "user": stage.actor.user.pk}
    return [{**shared, "at": at[number % len(at)].isoformat()} for number in range(SPENDERS)]


def messengers(stage: Stage) -> list[Message]:
    """Three processes that each bring every message there is, and those that tell most once more under a new name."""
    bodies = [written(event).decode() for event in stage.fake.events()]
    renamed = [event | {"id": f"{event['id']}_again"} for event in stage.fake.events(*_TELLING)]
    bodies += [written(event).decode() for event in renamed]
    return [{"name": "deliver", "shop": stage.fake.url, "bodies": bodies, "seed": seed} for seed in range(3)]


def outcomes(answers: list[Message]) -> Counter[Any]:
    """How often each result or refusal came. Any: JSON values."""
    return Counter(answer.get("result", answer.get("refused")) for answer in answers)


def accepted(answers: list[Message]) -> int:
    """How many jobs were accepted; all others must have been refused for want of credits.

    On a machine that is busy with other things, some may have given up waiting for the wallet.
    """
    found = outcomes(answers)
    refusals = {one for one in found if one != PRICE and not str(one).startswith("collision")}
    assert refusals <= {"insufficient_credits", "wallet_restricted"}
    return found[PRICE]


def in_buckets() -> dict[str, int]:
    """Where all credits of all lots lie."""
    sums = Lot.objects.aggregate(**{name: Sum(f"{name}_mc") for name in Buckets._fields})
    return {name: int(amount) for name, amount in sums.items() if amount}


def books_are_clean(stage: Stage) -> None:
    assert stage.faults() == []
    assert check_jobs(now=stage.now) == []
    assert StripeEvent.objects.filter(processed_at=None).count() == 0


def test_exactly_ten_jobs(stage: Stage, racers: Stable) -> None:
    """Ten jobs' worth can be spent, however the rest falls: a gift that ends now, a purchase whose money goes back."""
    bought = stage.buy(attempt="bought")
    stage.spend(1_000_000 - 10 * PRICE)
    ends_at = stage.now
    grant(stage.workspace, 7 * PRICE, expires_at=ends_at, now=ends_at - timedelta(days=1))
    returned = stage.start(attempt="returned").purchase  # paid and given back, and nobody has heard of either
    stage.fake.play.pay(stage.page_of(returned))
    stage.fake.play.refund(stage.at_stripe(stage.page_of(returned))["payment_intent"])
    shop = {"shop": stage.fake.url}
    calls: list[Message] = [
        *spenders(stage, ends_at),
        *messengers(stage),
        *({"name": "expire", "at": ends_at.isoformat()} for _ in range(2)),
        {"name": "refresh", "purchase": returned.pk, **shop},
        {"name": "sweep_events", **shop},
        {"name": "watch", "workspace": stage.workspace.pk, "seconds": WATCHED_SECONDS},
    ]
    answers = racers.race(calls)
    assert accepted(answers[:SPENDERS]) == 10
    assert outcomes(answers[SPENDERS : SPENDERS + 3]) == {200: 3}
    watched = answers[-1]["result"]
    assert (watched["least"], watched["faults"], watched["looks"] > 1) == (0, [], True)
    assert totals(stage.workspace) == (0, 10 * PRICE, 0, 0)
    assert Job.objects.count() == Hold.objects.filter(status=Hold.Status.OPEN).count() == 10
    assert in_buckets() == {
        "held": 10 * PRICE,
        "spent": 1_000_000 - 10 * PRICE,
        "expired": 7 * PRICE,
        "revoked": 1_000_000,
    }
    assert (stage.fresh(bought).refunded_minor, stage.fresh(returned).refunded_minor) == (0, 1000)
    assert Lot.objects.filter(kind=LotKind.PURCHASE).count() == Purchase.objects.filter(status="paid").count() == 2
    assert set(stage.deliver()) == {200}
    assert reconcile(now=stage.now) == []
    books_are_clean(stage)


def test_whatever_comes_first_the_books_add_up(stage: Stage, racers: Stable) -> None:
    """Nobody can say how many jobs it will be; what is spent, left and taken back is what there was."""
    given_back = stage.buy(attempt="given back")
    stage.spend(1_000_000 - 6 * PRICE)
    kept = place(stage.workspace, 6 * PRICE, now=stage.now)
    disputed = stage.buy(attempt="disputed")
    stage.spend(1_000_000 - 8 * PRICE)
    settle(kept, 0, now=stage.now)
    coming = stage.start(attempt="coming").purchase
    stage.fake.play.pay(stage.page_of(coming))
    stage.fake.play.refund(stage.at_stripe(stage.page_of(coming))["payment_intent"], 994)
    dispute = stage.fake.play.dispute_open(stage.payment_of(disputed), 4)
    ends_at = stage.now
    grant(stage.workspace, 5 * PRICE, expires_at=ends_at, now=ends_at - timedelta(days=1))
    shop = {"shop": stage.fake.url}
    calls: list[Message] = [
        *spenders(stage, ends_at - timedelta(seconds=1), ends_at, ends_at + timedelta(seconds=1)),
        *messengers(stage),
        *({"name": "give_back", "purchase": given_back.pk, "amount": 3, "attempt": f"a{n}", **shop} for n in range(3)),
        *({"name": "expire", "at": ends_at.isoformat()} for _ in range(2)),
        {"name": "refresh", "purchase": coming.pk, **shop},
        {"name": "sweep_events", **shop},
        {"name": "watch", "workspace": stage.workspace.pk, "seconds": WATCHED_SECONDS},
    ]
    answers = racers.race(calls)
    jobs = accepted(answers[:SPENDERS])
    assert outcomes(answers[SPENDERS : SPENDERS + 3]) == {200: 3}
    watched = answers[-1]["result"]
    assert (watched["least"], watched["faults"], watched["looks"] > 1) == (0, [], True)
    assert set(stage.deliver()) == {200}
    assert jobs == Job.objects.count()
    held = in_buckets().get("held", 0)
    assert held == jobs * PRICE == totals(stage.workspace).held
    refunds = len(stage.made("refund")) - 1
    taken_back = {given_back.pk: 3 * refunds, coming.pk: 994, disputed.pk: 0}
    assert {one.pk: one.refunded_minor for one in Purchase.objects.all()} == taken_back
    there_was = 3_000_000 + 5 * PRICE
    assert sum(in_buckets().values()) == there_was + _issued_again(LotKind.REINSTATED)
    assert [one.invariant for one in reconcile(now=stage.now)] == ["dispute-open"]
    stage.fake.play.dispute_won(dispute["id"])
    stage.deliver()
    assert reconcile(now=stage.now) == []
    books_are_clean(stage)


def _issued_again(kind: LotKind) -> int:
    return int(Lot.objects.filter(kind=kind).aggregate(sum=Sum("granted_mc", default=0))["sum"])
