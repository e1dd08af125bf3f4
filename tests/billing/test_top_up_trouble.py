"""Automatic top-up that goes wrong: cards that say no, Stripe away, and we dying at any step."""

from collections.abc import Callable

import pytest

from apps.billing import top_up
from apps.ledger import seams
from apps.ledger.models import Lot
from apps.mail.models import Letter
from tests.billing.saver import Saver
from tests.ledger.calls import totals

CHARGES = "/v1/payment_intents"
LOW, BOUGHT = (200_000, 0, 0, 0), (1_200_000, 0, 0, 0)


class Died(BaseException):
    """The process ends here."""


def die_at(step: str) -> Callable[[str], None]:
    def on_step(reached: str) -> None:
        if reached == step:
            raise Died(step)

    return on_step


def low(saver: Saver) -> None:
    saver.turn_on()
    saver.spend_below()


def test_declines_back_off_and_the_third_ends_it(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    saver.use_card("chargeCustomerFail")
    saver.spend_below()
    for minute in range(0, 240, 10):
        saver.consider()
        stage.deliver()
        assert len(saver.attempts) == min(3, 1 + minute // 60)  # one an hour
        stage.advance(minutes=10)
    assert [(one.status, one.refusal) for one in saver.attempts] == [("declined", "card_declined")] * 3
    assert [purchase.status for purchase in saver.top_ups()] == ["failed"] * 3
    assert (saver.plan.is_on, saver.plan.why_off) == (False, "declined")
    assert saver.letters == ["top_up_declined", "top_up_declined", "top_up_off"]
    assert totals(stage.workspace) == LOW
    assert len(stage.made("payment_intent")) == 4
    assert stage.faults() == []
    saver.use_card("visa")
    saver.turn_on()
    assert saver.consider() is not None
    assert (saver.plan.declines, totals(stage.workspace)) == (0, BOUGHT)


def test_a_success_forgets_declines(saver: Saver) -> None:
    low(saver)
    saver.use_card("chargeCustomerFail")
    saver.consider()
    saver.use_card("visa")
    saver.stage.advance(minutes=61)
    saver.consider()
    assert (saver.statuses, saver.plan.declines) == (["declined", "succeeded"], 0)
    letter = Letter.objects.get(template="top_up_declined")
    assert letter.to == "olga@buyers.example"
    assert "declined Visa •••• 0341" in letter.text
    assert "$10.00 for 1,000 cr" in letter.text
    assert f"/w/{saver.stage.workspace.pk}/credits/top-up" in letter.html


def test_a_bank_that_wants_to_ask_ends_it_at_once(saver: Saver) -> None:
    low(saver)
    saver.use_card("authenticationRequired")
    saver.consider()
    saver.stage.deliver()
    assert [(one.status, one.refusal) for one in saver.attempts] == [("needs_action", "authentication_required")]
    assert (saver.plan.is_on, saver.plan.why_off) == (False, "authentication")
    assert (saver.letters, totals(saver.stage.workspace)) == (["top_up_confirm"], LOW)
    assert f"/w/{saver.stage.workspace.pk}/credits\n" in Letter.objects.get(template="top_up_confirm").text
    assert saver.stage.faults() == []
    saver.stage.advance(days=2)
    assert saver.consider() is None


def test_a_charge_that_waits_for_its_owner_is_given_up(saver: Saver) -> None:
    """Stripe should not let one wait. If it does, nobody can pay it later."""
    stage = saver.stage
    low(saver)
    stage.fail("timeout_before", method="POST", path=CHARGES, times=3, seconds=0.05)
    attempt = saver.consider()
    assert attempt is not None
    v1, customer = stage.fake.client().v1, stage.made("customer")[0]
    method = v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer})
    [purchase] = saver.top_ups()
    names = {"workspace": stage.workspace.public_id, "env": "tests", "purchase": purchase.public_id}
    intent = v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": customer,
            "payment_method": method.id,
            "confirm": True,
            "return_url": "http://127.0.0.1:9/back",
            "metadata": {**names, "attempt": attempt.public_id},
        }
    )
    assert intent.status == "requires_action"
    stage.deliver()
    assert (saver.statuses, saver.plan.why_off) == (["needs_action"], "authentication")
    assert stage.at_stripe(intent.id)["status"] == "canceled"
    assert [one.status for one in saver.top_ups()] == ["failed"]
    stage.deliver()
    assert totals(stage.workspace) == LOW


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "reset", "error_after", "rate_limit"])
def test_without_an_answer_the_same_charge_is_gone_on_with(saver: Saver, kind: str) -> None:
    stage = saver.stage
    low(saver)
    stage.fail(kind, method="POST", path=CHARGES, times=3, seconds=0.05)
    saver.consider()
    stage.fake.faults.clear()
    for _ in range(3):
        stage.advance(minutes=3)
        saver.consider()
    assert (saver.statuses, totals(stage.workspace)) == (["succeeded"], BOUGHT)
    assert len(saver.charges()) == 1
    stage.deliver()
    assert totals(stage.workspace) == BOUGHT
    assert Lot.objects.count() == 2
    assert stage.faults() == []


def test_a_timeout_and_a_late_message_bring_one_lot(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("timeout_after", method="POST", path=CHARGES, times=3, seconds=0.05)
    stage.fail("reset", method="GET", times=30)
    saver.consider()
    assert (saver.statuses, totals(stage.workspace)) == (["pending"], LOW)
    stage.fake.faults.clear()
    stage.deliver()  # Stripe tells of it before anybody has asked
    assert (saver.statuses, totals(stage.workspace)) == (["succeeded"], BOUGHT)
    stage.advance(minutes=3)
    assert saver.consider() is None
    assert (len(saver.charges()), Lot.objects.count()) == (1, 2)


def test_after_a_day_it_is_looked_for_and_no_key_is_used_again(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("timeout_after", method="POST", path=CHARGES, times=3, seconds=0.05)
    stage.fail("reset", method="GET", times=30)
    saver.consider()
    stage.fake.faults.clear()
    stage.advance(hours=25)
    saver.consider()
    assert (saver.statuses, totals(stage.workspace)) == (["succeeded"], BOUGHT)
    assert len(stage.made("payment_intent")) == 2


def test_what_was_never_charged_ends_after_a_day_and_another_is_begun(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("timeout_before", method="POST", path=CHARGES, times=3, seconds=0.05)
    saver.consider()
    stage.fake.faults.clear()
    stage.advance(hours=25)
    saver.consider()
    assert [(one.status, one.refusal) for one in saver.attempts] == [("failed", "not_carried_out")]
    assert [one.status for one in saver.top_ups()] == ["failed"]
    assert (saver.plan.is_on, saver.plan.declines, saver.letters) == (True, 0, [])
    saver.consider()
    assert (saver.statuses, totals(stage.workspace)) == (["failed", "succeeded"], BOUGHT)


def test_a_fault_that_is_kept_ends_within_the_hour(saver: Saver) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("error", method="POST", path=CHARGES, times=1)
    saver.consider()
    stage.advance(minutes=30)
    saver.consider()
    assert saver.statuses == ["pending"]
    stage.advance(minutes=31)
    saver.consider()
    assert [(one.status, one.refusal) for one in saver.attempts] == [("failed", "not_carried_out")]
    saver.consider()
    assert (saver.statuses, len(saver.charges())) == (["failed", "succeeded"], 1)


@pytest.mark.parametrize("why", ["turned off", "bought by hand"])
def test_what_is_not_wanted_any_more_is_not_asked_for_again(saver: Saver, why: str) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("timeout_before", method="POST", path=CHARGES, times=3, seconds=0.05)
    saver.consider()
    stage.fake.faults.clear()
    if why == "turned off":
        top_up.turn_off(actor=stage.actor, now=stage.now)
    else:
        stage.buy(attempt="by hand")
    stage.advance(minutes=3)
    saver.consider()
    assert saver.statuses == ["pending"]  # it might still have been done
    stage.advance(hours=1)
    saver.consider()
    assert [(one.status, one.refusal) for one in saver.attempts] == [("failed", "not_carried_out")]
    assert saver.charges() == []


STEPS = ("top-up written", "card charged", "sync drawn", "payment fetched", "purchase written", "sync applied")


@pytest.mark.parametrize("step", [*STEPS, "operation written", "entries written", "top-up ended"])
def test_dying_at_any_step_charges_once(open_saver: Saver, step: str) -> None:
    saver, stage = open_saver, open_saver.stage
    low(saver)
    with seams.listening(die_at(step)), pytest.raises(Died):
        saver.consider()
    assert totals(stage.workspace) in {LOW, BOUGHT}
    assert stage.faults() == []
    assert saver.consider() is None  # for now it is left to whoever began it
    stage.advance(minutes=3)
    saver.consider()
    assert (saver.statuses, totals(stage.workspace)) == (["succeeded"], BOUGHT)
    stage.deliver()
    assert (len(saver.charges()), Lot.objects.count(), len(saver.top_ups())) == (1, 2, 1)
    assert stage.faults() == []


def test_dying_and_only_a_message_comes(open_saver: Saver) -> None:
    saver, stage = open_saver, open_saver.stage
    low(saver)
    with seams.listening(die_at("card charged")), pytest.raises(Died):
        saver.consider()
    stage.deliver()
    assert (saver.statuses, totals(stage.workspace)) == (["succeeded"], BOUGHT)


@pytest.mark.parametrize("change", ["attempt", "customer"])
def test_a_payment_that_only_says_that_it_is_the_charge_earns_nothing(saver: Saver, change: str) -> None:
    stage = saver.stage
    low(saver)
    stage.fail("timeout_before", method="POST", path=CHARGES, times=3, seconds=0.05)
    attempt = saver.consider()
    assert attempt is not None
    [purchase] = saver.top_ups()
    v1 = stage.fake.client().v1
    customer = v1.customers.create({}).id if change == "customer" else stage.made("customer")[0]
    names = {"workspace": stage.workspace.public_id, "env": "tests", "purchase": purchase.public_id}
    named = {**names, "attempt": attempt.public_id if change == "customer" else "topup_1"}
    v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": customer,
            "payment_method": v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id,
            "confirm": True,
            "off_session": True,
            "metadata": named,
        }
    )
    stage.fail("reset", method="POST", path=CHARGES, times=30)  # only what is told counts here
    stage.deliver()
    assert (stage.fresh(purchase).status, totals(stage.workspace)) == ("created", LOW)
    assert stage.fresh(purchase).alert
    stage.fake.faults.clear()
    stage.advance(minutes=3)
    saver.consider()
    assert (stage.fresh(purchase).status, stage.fresh(purchase).alert, totals(stage.workspace)) == ("paid", "", BOUGHT)
