"""Automatic top-up that goes as agreed: bought once, when it is due and not before, and no more than agreed."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import top_up
from apps.billing.models import Purchase, TopUpAttempt, TopUpPlan
from apps.billing.reconciling import reconcile
from apps.ledger.models import Entry
from tests import builders
from tests.billing.saver import Saver, saving
from tests.billing.shops import PACKS, selling
from tests.ledger.calls import totals


def test_below_the_line_the_pack_is_bought_once(saver: Saver) -> None:
    stage, plan = saver.stage, saver.turn_on()
    saver.spend_below()
    attempt = saver.consider()
    assert attempt is not None
    assert (attempt.status, attempt.card, attempt.refusal) == ("succeeded", "Visa •••• 4242", "")
    [purchase] = saver.top_ups()
    assert (purchase.status, purchase.credits_mc, purchase.amount_minor) == ("paid", 1_000_000, 1000)
    assert purchase.created_by_id == stage.actor.user_id
    assert totals(stage.workspace) == (1_200_000, 0, 0, 0)
    [charge] = saver.charges()
    assert stage.at_stripe(charge)["metadata"] == {
        "workspace": stage.workspace.public_id,
        "env": "tests",
        "purchase": purchase.public_id,
        "attempt": attempt.public_id,
    }
    assert stage.at_stripe(charge)["customer"] == stage.made("customer")[0]
    stage.deliver()
    assert saver.consider() is None
    assert (saver.plan.is_on, saver.plan.declines, saver.plan.pk) == (True, 0, plan.pk)
    assert (saver.statuses, len(saver.charges()), saver.letters) == (["succeeded"], 1, [])
    assert stage.faults() == []


def test_at_the_line_nothing_is_bought(saver: Saver) -> None:
    saver.turn_on()
    saver.stage.spend(700_000)
    assert saver.consider() is None
    saver.stage.spend(1)
    assert saver.consider() is not None
    assert totals(saver.stage.workspace) == (1_299_999, 0, 0, 0)


def test_ten_minutes_lie_between_two_charges(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    saver.spend_below()
    saver.consider()
    stage.spend(1_000_000)
    stage.advance(minutes=9, seconds=50)
    assert saver.consider() is None
    saver.turn_on()  # nor does agreeing anew shorten it
    assert saver.consider() is None
    stage.advance(minutes=11)
    assert saver.consider() is not None
    assert len(saver.charges()) == 2
    assert stage.faults() == []


def test_no_more_than_agreed_in_a_month(saver: Saver) -> None:
    """Two fit into it; the third waits for the first of the next month, in UTC."""
    stage = saver.stage
    stage.ahead = datetime(2027, 1, 30, 12, tzinfo=UTC) - stage.now
    stage.fake.advance(stage.ahead.total_seconds())
    saver.turn_on(most_minor=2000)
    saver.spend_below()
    for _ in range(2):
        saver.consider()
        stage.spend(1_000_000)
        stage.advance(hours=1)
    assert saver.consider() is None
    assert saver.plan.next_try_at == datetime(2027, 2, 1, tzinfo=UTC)
    summary = top_up.summary(workspace=stage.workspace, now=stage.now)
    assert summary is not None
    assert (summary.charged_minor, summary.most_minor) == (2000, 2000)
    stage.advance(hours=33)
    assert stage.now < datetime(2027, 2, 1, tzinfo=UTC)
    assert saver.consider() is None
    stage.advance(hours=2)
    assert saver.consider() is not None
    assert len(saver.charges()) == 3
    assert saver.plan.is_on


def test_a_raised_ceiling_counts_at_once(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on(most_minor=1000)
    saver.spend_below()
    saver.consider()
    stage.spend(1_000_000)
    stage.advance(minutes=11)
    assert saver.consider() is None
    saver.turn_on(most_minor=2000)
    assert saver.consider() is not None
    assert len(saver.charges()) == 2


def test_what_somebody_is_about_to_pay_for_closes_the_gap(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    saver.spend_below()
    page = stage.start(attempt="by hand").purchase
    assert saver.consider() is None
    assert saver.top_ups() == []
    stage.fake.play.expire(stage.page_of(page))
    stage.deliver()
    stage.advance(minutes=2)
    assert saver.consider() is not None
    assert len(saver.charges()) == 1


def test_a_page_that_brings_too_little_does_not_stand_in_the_way(saver: Saver) -> None:
    saver.turn_on(pack="large", line_mc=5_000_000)
    saver.spend_below()
    saver.stage.start(attempt="by hand")
    assert saver.consider() is not None
    assert totals(saver.stage.workspace) == (10_700_000, 0, 0, 0)


def test_off_is_off(saver: Saver) -> None:
    saver.turn_on()
    plan = top_up.turn_off(actor=saver.stage.actor, now=saver.stage.now)
    assert plan is not None
    assert (plan.is_on, plan.why_off) == (False, "person")
    saver.spend_below()
    assert saver.consider() is None
    assert (saver.top_ups(), saver.letters) == ([], [])  # whoever turns it off knows


@pytest.mark.parametrize("why", ["never on", "payments off", "taxed"])
def test_where_nothing_is_agreed_or_sold_nothing_is_bought(saver: Saver, why: str) -> None:
    stage = saver.stage
    if why != "never on":
        saver.turn_on()
    saver.spend_below()
    if why == "taxed":
        with selling(api_base=stage.fake.url):
            assert (saver.consider(), top_up.sweep_top_ups(now=stage.now)) == (None, 0)
    elif why == "payments off":
        with selling():
            pass  # and then not any more
        assert (saver.consider(), top_up.sweep_top_ups(now=stage.now)) == (None, 0)
        assert top_up.summary(workspace=stage.workspace, now=stage.now) is None
    else:
        assert (saver.consider(), top_up.sweep_top_ups(now=stage.now)) == (None, 0)
    assert TopUpAttempt.objects.count() == 0


@pytest.mark.parametrize("kind", ["debt", "dispute"])
def test_trouble_ends_it(saver: Saver, kind: str) -> None:
    stage = saver.stage
    saver.turn_on()
    saver.spend_below()
    if kind == "debt":
        stage.fake.play.refund(stage.payment_of(saver.bought))
    else:
        stage.fake.play.dispute_open(stage.payment_of(saver.bought))
    stage.deliver()
    assert saver.consider() is None
    assert (saver.plan.is_on, saver.plan.why_off, saver.letters) == (False, kind, ["top_up_off"])
    assert saver.top_ups() == []
    with pytest.raises(top_up.InvalidTopUp) as refused:
        saver.turn_on()
    assert list(refused.value.details["faults"]) == ["workspace"]


@pytest.mark.parametrize("packs", [{}, {"small": PACKS["large"]}])
def test_only_what_was_agreed_to_is_bought(saver: Saver, packs: dict[str, object]) -> None:
    saver.turn_on()
    saver.spend_below()
    with selling(api_base=saver.stage.fake.url, is_taxed=False, packs=packs):  # type: ignore[arg-type]  # packs
        assert saver.consider() is None
    assert (saver.plan.why_off, saver.letters, saver.top_ups()) == ("pack_changed", ["top_up_off"], [])


def test_two_workspaces_do_not_mix(saver: Saver) -> None:
    stage = saver.stage
    other = builders.build_workspace(builders.build_user("mo@elsewhere.example"), "Elsewhere", credits=5)
    saver.turn_on()
    saver.spend_below()
    assert top_up.consider(workspace_id=other.pk, now=stage.now) is None
    assert top_up.summary(workspace=other, now=stage.now) is None
    assert top_up.list_attempts(workspace=other) == []
    assert saver.consider() is not None
    assert totals(other) == (5_000, 0, 0, 0)


def test_each_workspace_has_its_own_card_and_plan(db: None) -> None:
    with saving() as one:
        owner = builders.build_user("mo@elsewhere.example")
        first, one.stage.actor = (
            one.stage.actor,
            builders.build_actor(builders.build_workspace(owner, "Elsewhere"), owner),
        )
        other = Saver(one.stage)
        other.turn_on(most_minor=1000)
        other.spend_below()
        assert other.consider() is not None
        assert TopUpPlan.objects.for_workspace(first.workspace).count() == 0
        assert totals(first.workspace) == (1_000_000, 0, 0, 0)
        one.stage.actor = first
        one.turn_on()
        one.spend_below()
        assert one.consider() is not None  # the other's ceiling is not this one's
        customers = {one.stage.at_stripe(charge)["customer"] for charge in one.charges()}
        assert customers == set(one.stage.made("customer"))
        assert len(customers) == 2
        assert one.stage.faults() == []


@pytest.mark.parametrize("verb", ["refund", "dispute_open"])
def test_money_that_goes_back_maps_to_the_lot_it_brought(saver: Saver, verb: str) -> None:
    stage = saver.stage
    saver.turn_on()
    saver.spend_below()
    saver.consider()
    [purchase] = saver.top_ups()
    getattr(stage.fake.play, verb)(stage.payment_of(purchase))
    stage.deliver()
    lot = stage.lot_of(purchase)
    taken = lot.revoked_mc if verb == "refund" else lot.frozen_mc
    assert (taken, lot.available_mc, stage.lot_of(saver.bought).available_mc) == (1_000_000, 0, 200_000)
    stage.fake.advance(3600)
    assert stage.faults() == []
    assert [one.invariant for one in reconcile(now=stage.now)] == ([] if verb == "refund" else ["dispute-open"])


def test_reconciling_knows_them(saver: Saver) -> None:
    saver.turn_on()
    saver.spend_below()
    saver.consider()
    entries = Entry.objects.count()
    assert reconcile(now=saver.stage.now + timedelta(hours=1)) == []
    assert (Entry.objects.count(), Purchase.objects.count()) == (entries, 2)
