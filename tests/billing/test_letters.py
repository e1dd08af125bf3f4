"""Letters about purchases: each fact is told once to each who may buy, in the words and numbers of that fact."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.billing import notices, purchases
from apps.ledger import seams
from apps.mail.models import Letter
from tests import builders
from tests.billing.stage import Stage
from tests.billing.test_storm import calm, storm
from tests.billing.test_trouble import HEARING, LEDGER, Died, die_at
from tests.ledger.calls import place, settle, totals

PAID = "1,000 cr for Buyers"
OWNER = "olga@buyers.example"


def told(to: str = OWNER) -> list[str]:
    """The subjects of all letters to somebody, oldest first."""
    return list(Letter.objects.filter(to=to).order_by("pk").values_list("subject", flat=True))


def last() -> str:
    """The text of the newest letter."""
    return Letter.objects.order_by("pk").reverse()[0].text


def test_what_was_paid_is_told_to_everyone_who_may_buy(stage: Stage) -> None:
    builders.build_member(stage.workspace, "olaf@buyers.example", Role.OWNER)
    builders.build_member(stage.workspace, "vera@buyers.example", Role.ADMIN)
    purchase = stage.start().purchase
    stage.deliver()
    assert told() == []
    stage.fake.play.pay(stage.page_of(purchase))
    stage.deliver()
    stage.sync(purchase)
    assert (told(), told("olaf@buyers.example"), told("vera@buyers.example")) == ([PAID], [PAID], [])

    paid = stage.fresh(purchase)
    letter = Letter.objects.get(to=OWNER)
    assert letter.key == f"purchase:{purchase.pk}:paid:{stage.actor.user_id}"
    assert "Pack: Small\nCredits: 1,000 cr\nPaid, tax included: $10.00\n" in letter.text
    assert f"Receipt: {paid.receipt_url}\n" in letter.text
    page = f"/w/{stage.workspace.pk}/credits?purchase={purchase.public_id}"
    assert f"See the purchase: http://127.0.0.1:8000{page}\n" in letter.text
    assert page in letter.html
    assert "The payment arrived." in letter.html


@pytest.mark.parametrize("step", [*HEARING, *LEDGER])
def test_dying_anywhere_tells_a_payment_once(open_stage: Stage, step: str) -> None:
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    with seams.listening(die_at(step)), pytest.raises(Died):
        stage.deliver()
    assert told() == [PAID] * (stage.fresh(purchase).status == "paid")
    calm(stage)
    stage.sync(purchase)
    stage.deliver()
    assert told() == [PAID]


@pytest.mark.parametrize("step", ["payment fetched", *LEDGER, "purchase written", "sync applied"])
def test_dying_anywhere_tells_a_refund_and_its_debt_once(open_stage: Stage, step: str) -> None:
    stage = open_stage
    purchase = stage.buy()
    stage.spend(500_000)
    stage.fake.play.refund(stage.payment_of(purchase), 700)
    with seams.listening(die_at(step)), pytest.raises(Died):
        stage.sync(purchase)
    stage.sync(purchase)
    stage.deliver()
    notices.handle_due(now=stage.now)
    assert told() == [PAID, "Refund of $7.00 for Buyers", "Buyers owes 200 cr"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_tells_each_fact_once(open_stage: Stage, seed: int) -> None:
    stage = open_stage
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    stage.fail("reset", method="GET", path="/v1/payment_intents", times=9)
    storm(stage, stage.fake.events(), seed=seed)
    calm(stage)
    assert told() == [PAID]
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    storm(stage, stage.fake.events(), seed=seed)
    stage.fake.play.dispute_lost(dispute["id"])
    storm(stage, stage.fake.events(), seed=seed)
    assert told() == [PAID, "A payment for Buyers is disputed", "A disputed payment for Buyers was taken back"]


def test_a_refund_says_what_went_back_and_what_is_owed(stage: Stage) -> None:
    purchase = stage.buy()
    stage.spend(100_000)
    stage.fake.play.refund(stage.payment_of(purchase), 300)
    stage.deliver()
    assert told() == [PAID, "Refund of $3.00 for Buyers"]
    assert "Refunded: $3.00\nCredits taken back: 300 cr\n\nSee the purchase" in last()
    assert last().startswith("A part of a purchase of Buyers was refunded.")

    stage.fake.play.refund(stage.payment_of(purchase))
    stage.deliver()
    notices.handle_due(now=stage.now)
    assert told()[2:] == ["Refund of $7.00 for Buyers", "Buyers owes 100 cr"]
    refund = Letter.objects.get(template="refund_made", subject__contains="7.00").text
    assert refund.startswith("A purchase of Buyers was refunded.")
    assert "Credits taken back: 700 cr\nOf these, used before and now owed: 100 cr\n" in refund
    assert "nothing that costs can start in Buyers" in last()
    assert totals(stage.workspace) == (0, 0, 0, 100_000)


def test_a_refund_says_what_waits_for_runs_to_end(stage: Stage) -> None:
    purchase = stage.buy()
    hold = place(stage.workspace, 400_000, now=stage.now)
    stage.fake.play.refund(stage.payment_of(purchase))
    stage.deliver()
    assert "400 cr of this purchase are held for runs under way." in last()
    notices.handle_due(now=stage.now)
    assert told() == [PAID, "Refund of $10.00 for Buyers", "Buyers has no credits left"]
    settle(hold, 300_000, now=stage.now)
    notices.handle_due(now=stage.now)
    assert told()[3:] == ["Buyers owes 300 cr"]
    assert totals(stage.workspace) == (0, 0, 0, 300_000)


def test_the_same_state_told_again_is_another_fact(stage: Stage) -> None:
    purchase = stage.buy()
    for _ in range(2):
        refund = stage.fake.play.refund(stage.payment_of(purchase), 300)
        stage.deliver()
        stage.fake.play.refund_fails(refund["id"])
        stage.deliver()
    turn = ["Refund of $3.00 for Buyers", "A refund for Buyers did not go through"]
    assert told() == [PAID, *turn, *turn]
    assert "Not refunded: $3.00\nCredits given again: 300 cr\n" in last()


def test_each_turn_of_a_dispute_is_told_once(stage: Stage) -> None:
    purchase = stage.buy()
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    stage.deliver()
    assert "Disputed: $10.00\nCredits set aside, as far as unused: 1,000 cr\n" in last()
    stage.fake.play.dispute_lost(dispute["id"])
    stage.deliver()
    assert "Credits taken back: 1,000 cr\n" in last()
    stage.fake.play.dispute_won(dispute["id"])
    stage.deliver()
    stage.sync(purchase)
    assert told() == [
        PAID,
        "A payment for Buyers is disputed",
        "A disputed payment for Buyers was taken back",
        "A disputed payment for Buyers stands",
    ]
    assert totals(stage.workspace) == (1_000_000, 0, 0, 0)


def test_a_warning_of_fraud_is_for_staff_alone(stage: Stage, boss: User) -> None:
    purchase = stage.buy()
    stage.fake.play.fraud_warning(stage.payment_of(purchase))
    stage.deliver()
    stage.sync(purchase)
    purchases.end_review(purchase=stage.fresh(purchase), actor_id=boss.pk, now=stage.now)
    assert (told(), len(told(boss.email))) == ([PAID], 1)
    assert "a warning of fraud: under review" in last()


def test_money_that_never_came_is_told(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.pay_later(stage.page_of(purchase))
    stage.deliver()
    assert told() == []
    stage.fake.play.async_fail(stage.page_of(purchase))
    stage.deliver()
    stage.sync(purchase)
    assert told() == ["A payment for Buyers did not arrive"]
    assert "Nothing was charged." in last()


def test_a_page_nobody_paid_on_is_no_news(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.decline(stage.page_of(purchase))
    stage.fake.play.expire(stage.page_of(purchase))
    stage.deliver()
    assert (stage.fresh(purchase).status, told()) == ("expired", [])


def test_a_debt_begins_once_however_many_refunds_make_it(open_stage: Stage) -> None:
    stage = open_stage
    bought = [stage.buy(attempt=str(number)) for number in range(4)]
    stage.spend(4_000_000)
    for purchase in bought:
        stage.fake.play.refund(stage.payment_of(purchase), 100)

    def look(number: int) -> None:
        try:
            stage.sync(bought[number])
        finally:
            connection.close()
            stage.gateway.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, range(4)))
    assert totals(stage.workspace) == (0, 0, 0, 400_000)
    assert [notices.handle_due(now=stage.now) for _ in range(2)] == [2, 0]  # empty, which debt says better, and debt
    assert told() == [PAID] * 4 + ["Refund of $1.00 for Buyers"] * 4 + ["Buyers owes 400 cr"]


def test_an_address_that_is_none_keeps_no_payment_back(stage: Stage) -> None:
    User.objects.update(email="olga at buyers")
    stage.buy()
    assert totals(stage.workspace) == (1_000_000, 0, 0, 0)
    assert Letter.objects.get().last_error == "This is not an address."


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss@easel.example", "password")


def test_what_a_person_should_look_at_reaches_staff_once(stage: Stage, boss: User) -> None:
    stage.fake.store.tax_percent = 10
    purchase = stage.buy()
    stage.sync(purchase)
    assert (told(boss.email), told()) == ([f"Alarm: A purchase needs a look: {purchase.public_id}"], [])
    assert "- received 1100, asked for 1000\n" in last()
    assert stage.workspace.public_id in last()
