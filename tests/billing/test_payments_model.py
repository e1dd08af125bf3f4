"""Payments beside their model, through whatever a machine can think of, heard of in whatever order."""

import random
from contextlib import ExitStack
from itertools import count
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.billing.models import Purchase
from apps.ledger.models import Hold, LotKind
from tests.billing.model import PER_CENT, PRICE, ModelDispute, ModelPurchase, ModelRefund
from tests.billing.stage import Stage, staged
from tests.ledger.calls import everything, grant, place, settle, totals
from tests.ledger.model import ModelHold, ModelLot, ModelWallet, Refused

Pair = tuple[Purchase, ModelPurchase]
amounts = st.integers(1, 1_500_000)
MOST_SALES = 12  # more that wait to be paid at once would be refused


class PaymentsBesideModel(RuleBasedStateMachine):
    """People, banks and jobs do things; news arrive when they like; once they have, the books say what they must."""

    sales: Bundle[Pair] = Bundle("sales")
    holds: Bundle[tuple[Hold, ModelHold]] = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        outer: Any = transaction.atomic()  # undone when the example ends
        outer._from_testcase = True  # nobody's transaction, as far as the ledger is concerned
        self.stack.enter_context(outer)
        self.stage: Stage = self.stack.enter_context(staged())
        self.model = ModelWallet(self.stage.now)
        self.known: list[Pair] = []
        self.lots: dict[Any, ModelLot] = {}
        self.heard: list[Any] = []
        self.numbers = count()
        self.is_up_to_date = True

    @initialize(target=sales)
    def begin(self) -> Pair:
        return self.start()

    @precondition(lambda self: len(self.known) < MOST_SALES)
    @rule(target=sales)
    def one_more(self) -> Pair:
        return self.start()

    def start(self) -> Pair:
        pair = self.stage.start(attempt=str(next(self.numbers))).purchase, ModelPurchase()
        self.known.append(pair)
        return pair

    @rule(pair=sales, how=st.sampled_from(["pay", "pay_later", "decline", "expire", "async_succeed", "async_fail"]))
    def go_to_the_page(self, pair: Pair, how: str) -> None:
        purchase, model = pair
        starts, ends = {
            "pay": ("open", "paid"),
            "pay_later": ("open", "late"),
            "decline": ("open", "open"),
            "expire": ("open", "expired"),
            "async_succeed": ("late", "paid"),
            "async_fail": ("late", "failed"),
        }[how]
        if model.state == starts:
            getattr(self.stage.fake.play, how)(self.stage.page_of(purchase))
            model.state = ends
            self.is_up_to_date = False

    @rule(pair=sales, cents=st.sampled_from([1, 330, 333, 1000]))
    def refund(self, pair: Pair, cents: int) -> None:
        purchase, model = pair
        if model.is_paid and model.dispute is None and cents <= model.left:
            made = self.stage.fake.play.refund(self.payment(purchase), cents)
            model.refunds.append(ModelRefund(made["id"], cents))
            self.is_up_to_date = False

    @rule(pair=sales)
    def a_refund_fails(self, pair: Pair) -> None:
        for refund in pair[1].refunds[-1:]:
            if refund.is_real:
                self.stage.fake.play.refund_fails(refund.name)
                refund.is_real = False
                self.is_up_to_date = False

    @rule(pair=sales, verb=st.sampled_from(["open", "won", "lost", "appeal"]))
    def dispute(self, pair: Pair, verb: str) -> None:
        purchase, model = pair
        play, dispute = self.stage.fake.play, model.dispute
        if dispute is None:
            if verb == "open" and model.is_paid and model.left == PRICE:
                play.dispute_open(self.payment(purchase))
                model.dispute = ModelDispute()
                self.is_up_to_date = False
            return
        [name] = [one["id"] for one in self.stage.fake.store.all_of("dispute", payment_intent=self.payment(purchase))]
        if verb == "won" and dispute.state in {"open", "appealed"}:
            play.dispute_won(name)
            dispute.state, dispute.is_money_out = "won", False
        elif verb == "lost" and dispute.state in {"open", "appealed"}:
            play.dispute_lost(name)
            dispute.state, dispute.is_money_out = "lost", True
        elif verb == "appeal" and dispute.state in {"won", "lost"}:
            play.dispute_appeal(name)
            dispute.state = "appealed"
        self.is_up_to_date = False

    @rule(amount=amounts)
    def give(self, amount: int) -> None:
        grant(self.stage.workspace, amount, now=self.stage.now)
        self.model.grant("promo", amount, None)

    @rule(target=holds, amount=amounts)
    def hold(self, amount: int) -> Any:
        expected = self.model.attempt(lambda: self.model.hold(amount, 0))
        if isinstance(expected, Refused):
            return multiple()
        return place(self.stage.workspace, amount, now=self.stage.now), expected

    @rule(pair=consumes(holds), actual=st.integers(0, 1_600_000))
    def settle(self, pair: tuple[Hold, ModelHold], actual: int) -> None:
        settle(pair[0], actual, now=self.stage.now)
        self.model.settle(pair[1], actual, is_our_fault=False)

    @rule(choice=st.randoms(use_true_random=False))
    def news_arrive(self, choice: random.Random) -> None:
        """All that waits, shuffled, and some of what was heard before."""
        waiting = self.stage.fake.webhooks.held
        self.heard += [one.event for one in waiting]
        for event in choice.sample(self.heard, min(3, len(self.heard))):
            self.stage.fake.webhooks.announce(event)
        choice.shuffle(self.stage.fake.webhooks.held)
        assert set(self.stage.deliver()) <= {200}
        self.catch_up()

    @rule(choice=st.randoms(use_true_random=False))
    def the_sweep_comes_by(self, choice: random.Random) -> None:
        for purchase, _ in choice.sample(self.known, len(self.known)):
            self.stage.sync(purchase)
        self.catch_up()
        before = everything(self.stage.workspace)
        self.stage.sync(choice.choice(self.known)[0])
        assert everything(self.stage.workspace) == before

    @invariant()
    def the_books_balance(self) -> None:
        assert self.stage.faults() == []
        if self.is_up_to_date:
            assert totals(self.stage.workspace) == self.model.totals()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.stack.close()

    def payment(self, purchase: Purchase) -> str:
        intent: str = self.stage.at_stripe(self.stage.page_of(purchase))["payment_intent"]
        return intent

    def catch_up(self) -> None:
        """Bring the model to where the news leave it; lots come in the order in which they were granted."""
        paid = [pair for pair in self.known if pair[1].is_paid]
        fresh = {purchase.pk: self.stage.fresh(purchase) for purchase, _ in self.known}
        for purchase, model in sorted(paid, key=lambda pair: self.stage.lot_of(pair[0]).pk):
            if purchase.pk not in self.lots:
                self.lots[purchase.pk] = self.model.grant(LotKind.PURCHASE, PRICE * PER_CENT, None)
            self.model.claim(self.lots[purchase.pk], model.revoke(), model.freeze())
        expected = {"open": {"pending"}, "late": {"pending"}}
        for purchase, model in self.known:
            assert fresh[purchase.pk].status in expected.get(model.state, {model.state})
            assert fresh[purchase.pk].alert == ""
        self.is_up_to_date = True


def test_payments_do_what_the_model_does(db: None) -> None:
    run_state_machine_as_test(
        PaymentsBesideModel,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
