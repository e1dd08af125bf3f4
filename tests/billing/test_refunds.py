"""Money that goes back, and credits with it: unused, held, spent or expired."""

from uuid import uuid4

import pytest

from apps.accounts.models import AuditEntry
from apps.billing import purchases
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import Purchase, Refund
from apps.billing.refunds import RefundNotWhole, RefundRefused, RefundTooLarge
from apps.ledger import posting, seams
from apps.ledger.models import Hold, Lot, LotKind, Wallet
from apps.ledger.operations import IdempotencyMismatch
from tests.billing.stage import Stage
from tests.ledger.calls import Totals, grant, place, settle, totals

ALL = 1_000_000
STAFF = uuid4()


def use(stage: Stage, purchase: Purchase, how: str) -> None:
    """Do with the credits of a purchase what people do."""
    match how:
        case "held":
            place(stage.workspace, ALL, now=stage.now)
        case "spent":
            stage.spend(ALL)
        case "expired":
            Lot.objects.filter(purchase_id=purchase.pk).update(expires_at=stage.now)
            Wallet.objects.update(next_expiry_at=stage.now)
            assert posting.expire_due(now=stage.now) == 1


def close_holds(stage: Stage, *, actual: int) -> None:
    for hold in Hold.objects.filter(status=Hold.Status.OPEN):
        settle(hold, actual, now=stage.now)


def hear(stage: Stage) -> Totals:
    """Let the news arrive; the books are right whatever they say."""
    assert set(stage.deliver()) == {200}
    assert stage.faults() == []
    return totals(stage.workspace)


THIRDS = {
    "unused": [(670_000, 0, 0, 0), (340_000, 0, 0, 0), (10_000, 0, 0, 0), (0, 0, 0, 0)],
    "held": [(0, ALL, 0, 0)] * 4,
    "spent": [(0, 0, 0, 330_000), (0, 0, 0, 660_000), (0, 0, 0, 990_000), (0, 0, 0, ALL)],
    "expired": [(0, 0, 0, 0)] * 4,
}


@pytest.mark.parametrize("how", THIRDS)
def test_a_third_three_times_and_then_the_rest(stage: Stage, how: str) -> None:
    purchase = stage.buy()
    use(stage, purchase, how)
    for amount, expected in zip((330, 330, 330, 10), THIRDS[how], strict=True):
        stage.fake.play.refund(stage.payment_of(purchase), amount)
        assert hear(stage) == expected
    assert stage.fresh(purchase).refunded_minor == 1000
    assert stage.lot_of(purchase).pay_revoke_mc == ALL
    assert stage.fresh(purchase).status == "paid"


@pytest.mark.parametrize(("actual", "after"), [(0, (0, 0, 0, 0)), (ALL, (0, 0, 0, ALL)), (400_000, (0, 0, 0, 400_000))])
def test_what_was_held_is_taken_when_it_comes_back(stage: Stage, actual: int, after: Totals) -> None:
    purchase = stage.buy()
    use(stage, purchase, "held")
    stage.fake.play.refund(stage.payment_of(purchase))
    assert hear(stage) == (0, ALL, 0, 0)
    close_holds(stage, actual=actual)
    assert totals(stage.workspace) == after
    assert stage.faults() == []


@pytest.mark.parametrize("how", THIRDS)
def test_a_refund_that_fails_after_all_gives_back(stage: Stage, how: str) -> None:
    purchase = stage.buy()
    use(stage, purchase, how)
    before = totals(stage.workspace)
    refund = stage.fake.play.refund(stage.payment_of(purchase), 500)
    hear(stage)
    stage.fake.play.refund_fails(refund["id"])
    assert hear(stage) == before
    assert stage.fresh(purchase).refunded_minor == 0


def test_a_debt_keeps_new_jobs_out_until_it_is_paid(stage: Stage) -> None:
    purchase = stage.buy()
    use(stage, purchase, "spent")
    stage.fake.play.refund(stage.payment_of(purchase), 250)
    assert hear(stage) == (0, 0, 0, 250_000)
    assert Wallet.objects.get().status == "restricted"
    with pytest.raises(posting.WalletRestricted):
        place(stage.workspace, 1, now=stage.now)
    stage.buy(attempt="second")
    assert totals(stage.workspace) == (750_000, 0, 0, 0)
    assert Wallet.objects.get().status == "active"
    assert stage.faults() == []


# Open, won, lost, and then overturned: what the wallet says each time.
DISPUTES = {
    "unused": [(0, 0, ALL, 0), (ALL, 0, 0, 0), (0, 0, 0, 0), (ALL, 0, 0, 0)],
    "held": [(0, ALL, 0, 0), (0, ALL, 0, 0), (0, ALL, 0, 0), (0, ALL, 0, 0)],
    "spent": [(0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, ALL), (0, 0, 0, 0)],
    "expired": [(0, 0, ALL, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)],
}


@pytest.mark.parametrize("how", DISPUTES)
def test_a_dispute_that_is_won(stage: Stage, how: str) -> None:
    purchase = stage.buy()
    use(stage, purchase, how)
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    assert hear(stage) == DISPUTES[how][0]
    stage.fake.play.dispute_review(dispute["id"])
    assert hear(stage) == DISPUTES[how][0]
    stage.fake.play.dispute_won(dispute["id"])
    assert hear(stage) == DISPUTES[how][1]
    assert (stage.fresh(purchase).open_minor, stage.fresh(purchase).lost_minor) == (0, 0)


@pytest.mark.parametrize("how", DISPUTES)
def test_a_dispute_that_is_lost_and_overturned(stage: Stage, how: str) -> None:
    purchase = stage.buy()
    use(stage, purchase, how)
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    stage.fake.play.dispute_lost(dispute["id"])
    assert hear(stage) == DISPUTES[how][2]
    assert stage.fresh(purchase).lost_minor == 1000
    stage.fake.play.dispute_appeal(dispute["id"])
    assert hear(stage) == DISPUTES[how][2]  # the money is still out
    stage.fake.play.dispute_won(dispute["id"])
    assert hear(stage) == DISPUTES[how][3]
    assert stage.fresh(purchase).lost_minor == 0


def test_a_dispute_that_is_won_and_appealed_costs_nothing_yet(stage: Stage) -> None:
    purchase = stage.buy()
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    stage.fake.play.dispute_won(dispute["id"])
    stage.fake.play.dispute_appeal(dispute["id"])
    assert hear(stage) == (ALL, 0, 0, 0)
    stage.fake.play.dispute_lost(dispute["id"])
    assert hear(stage) == (0, 0, 0, 0)


def test_a_lost_dispute_that_was_paid_off_and_overturned_is_given_again(stage: Stage) -> None:
    purchase = stage.buy()
    use(stage, purchase, "spent")
    dispute = stage.fake.play.dispute_open(stage.payment_of(purchase))
    stage.fake.play.dispute_lost(dispute["id"])
    assert hear(stage) == (0, 0, 0, ALL)
    grant(stage.workspace, ALL, now=stage.now)
    assert totals(stage.workspace) == (0, 0, 0, 0)
    stage.fake.play.dispute_won(dispute["id"])
    assert hear(stage) == (ALL, 0, 0, 0)
    assert Lot.objects.filter(kind=LotKind.REINSTATED).get().available_mc == ALL


def test_a_question_of_the_bank_is_no_dispute(stage: Stage) -> None:
    purchase = stage.buy()
    stage.fake.play.dispute_open(stage.payment_of(purchase), is_inquiry=True)
    assert hear(stage) == (ALL, 0, 0, 0)


def test_a_warning_of_fraud_freezes_until_a_person_has_looked(stage: Stage) -> None:
    purchase = stage.buy()
    stage.spend(300_000)
    stage.fake.play.fraud_warning(stage.payment_of(purchase))
    assert hear(stage) == (0, 0, 700_000, 0)
    assert "fraud" in stage.fresh(purchase).alert
    purchases.end_review(purchase=stage.fresh(purchase), actor_id=STAFF, now=stage.now)
    assert totals(stage.workspace) == (700_000, 0, 0, 0)
    assert AuditEntry.objects.get().action == "purchase.end_review"
    purchases.begin_review(purchase=stage.fresh(purchase), now=stage.now)  # the same warning, heard of again
    purchases.end_review(purchase=stage.fresh(purchase), actor_id=STAFF, now=stage.now)
    assert totals(stage.workspace) == (700_000, 0, 0, 0)
    assert (AuditEntry.objects.count(), stage.fresh(purchase).alert) == (1, "")


def give_back(stage: Stage, purchase: Purchase, amount: int, attempt: str = "once") -> Refund:
    return purchases.refund_purchase(
        purchase=stage.fresh(purchase),
        amount_minor=amount,
        reason="asked for",
        actor_id=STAFF,
        attempt_key=attempt,
        now=stage.now,
    )


def test_staff_give_back_what_is_unused(stage: Stage) -> None:
    purchase = stage.buy()
    stage.spend(600_000)
    assert purchases.refundable_minor(purchase=stage.fresh(purchase)) == 400
    with pytest.raises(RefundTooLarge) as refused:
        give_back(stage, purchase, 401)
    assert refused.value.details == {"refundable_minor": 400}
    refund = give_back(stage, purchase, 150)
    assert give_back(stage, purchase, 150).pk == refund.pk
    with pytest.raises(IdempotencyMismatch):
        give_back(stage, purchase, 151)
    assert stage.made("refund") == [refund.reference]
    assert totals(stage.workspace) == (250_000, 0, 0, 0)  # at once, before any message
    assert hear(stage) == (250_000, 0, 0, 0)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("purchase.refund", purchase.public_id, STAFF)
    give_back(stage, purchase, 250, "twice")
    assert hear(stage) == (0, 0, 0, 0)
    with pytest.raises(RefundTooLarge, match="Nothing"):
        give_back(stage, purchase, 1, "thrice")


def test_a_refund_that_is_answered_by_a_fault_is_made_once(stage: Stage) -> None:
    """Stripe gave the money back and said 500, which its key repeats: it is found among the payment's refunds."""
    purchase = stage.buy()
    stage.fail("error_after", method="POST", path="/v1/refunds")
    with pytest.raises(StripeUnavailable):
        give_back(stage, purchase, 400)
    assert purchases.refundable_minor(purchase=stage.fresh(purchase)) == 600  # what may have gone counts as gone
    assert give_back(stage, purchase, 400).reference == stage.made("refund")[0]
    assert len(stage.made("refund")) == 1
    assert hear(stage) == (600_000, 0, 0, 0)


def test_a_refund_that_stripe_refuses_takes_nothing(stage: Stage) -> None:
    """Somebody gives all of it back in the Dashboard, between our decision and our call."""
    purchase = stage.buy()

    def be_quicker(step: str) -> None:
        if step == "refund written":
            stage.fake.play.refund(stage.payment_of(purchase))

    with seams.listening(be_quicker), pytest.raises(RefundRefused, match="charge_already_refunded"):
        give_back(stage, purchase, 700)
    with pytest.raises(RefundRefused):
        give_back(stage, purchase, 700)
    assert len(stage.made("refund")) == 1
    assert Refund.objects.get().reference is None
    assert hear(stage) == (0, 0, 0, 0)


def test_two_who_give_back_at_once_do_not_give_back_twice(stage: Stage) -> None:
    """One has looked at the purchase when another gives all that is unused back, and dies before it is heard of."""
    purchase = stage.buy()
    stage.spend(400_000)

    class Died(BaseException):
        pass

    def die(step: str) -> None:
        if step == "payment fetched" and stage.made("refund"):
            raise Died

    def be_quicker(step: str) -> None:
        if step == "sync applied" and not stage.made("refund"):
            with seams.listening(die), pytest.raises(Died):
                give_back(stage, purchase, 600, "quicker")

    with seams.listening(be_quicker), pytest.raises(RefundTooLarge):
        give_back(stage, purchase, 400, "slower")
    assert len(stage.made("refund")) == 1
    assert give_back(stage, purchase, 600, "quicker").reference == stage.made("refund")[0]
    assert hear(stage) == (0, 0, 0, 0)


def test_money_goes_back_in_whole_coins(stage: Stage) -> None:
    """Cards know two of a dinar's three decimals."""
    purchase = stage.buy()
    stage.spend(395_000)
    Purchase.objects.update(currency="kwd")
    assert purchases.refundable_minor(purchase=stage.fresh(purchase)) == 600
    with pytest.raises(RefundNotWhole):
        give_back(stage, purchase, 595)
    assert (Refund.objects.count(), stage.made("refund")) == (0, [])


def test_what_is_in_dispute_is_not_ours_to_give(stage: Stage) -> None:
    purchase = stage.buy()
    stage.fake.play.dispute_open(stage.payment_of(purchase))
    with pytest.raises(RefundTooLarge):
        give_back(stage, purchase, 1)
    assert Refund.objects.count() == 0
