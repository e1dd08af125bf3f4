"""The ledger beside its model, through whatever a machine can think of; and laws that need no model."""

import random
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from apps.errors import DomainError
from apps.ledger import budgets, posting
from apps.ledger.amounts import Millicredits
from apps.ledger.balances import read_balance
from apps.ledger.models import Budget, Hold, Lot, LotKind
from tests.builders import NOW
from tests.ledger.calls import claim, everything, faults, grant, limit, open_workspace, place, settle, told, totals
from tests.ledger.model import ModelHold, ModelLot, ModelWallet, Refused

MEMBERS = (UUID(int=1), UUID(int=2))
UNHURRIED: Any = {"deadline": None, "suppress_health_check": list(HealthCheck)}  # settings of hypothesis

amounts = st.integers(min_value=1, max_value=40)


class LedgerBesideModel(RuleBasedStateMachine):
    """Does everything twice, to the ledger and to the model, and compares after every step."""

    lots: Bundle[tuple[Lot, ModelLot]] = Bundle("lots")
    open_holds: Bundle[tuple[Hold, ModelHold]] = Bundle("open_holds")
    closed_holds: Bundle[tuple[Hold, ModelHold]] = Bundle("closed_holds")

    def __init__(self) -> None:
        super().__init__()
        self.transaction: Any = transaction.atomic()  # undone when the example ends
        # Nobody's transaction, as far as the ledger is concerned: it is outermost inside.
        self.transaction._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases say it
        self.transaction.__enter__()
        self.workspace = open_workspace()
        self.model = ModelWallet(NOW)
        self.keys = count()
        self.replays: list[Any] = []  # calls that were made, to make again

    @property
    def now(self) -> datetime:
        return self.model.now

    @initialize(target=lots)
    def begin(self) -> tuple[Lot, ModelLot]:
        return self.grant(LotKind.PURCHASE, 30, None)

    @rule(target=lots, kind=st.sampled_from(["promo", "signup", "purchase"]), amount=amounts, hours=st.integers(0, 60))
    def give(self, kind: str, amount: int, hours: int) -> tuple[Lot, ModelLot]:
        return self.grant(LotKind(kind), amount, hours or None)

    @rule(target=open_holds, amount=amounts, member=st.sampled_from([0, 1]))
    def hold(self, amount: int, member: int) -> Any:
        job_id = uuid4()
        spender = posting.Spender(MEMBERS[member], None, None)

        def call() -> Hold:
            return place(self.workspace, amount, job_id=job_id, spender=spender, now=self.now)

        held = self.both(call, lambda: self.model.hold(amount, member))
        return multiple() if held is None else held

    @rule(target=closed_holds, pair=consumes(open_holds), actual=st.integers(0, 50), is_our_fault=st.booleans())
    def settle(self, pair: tuple[Hold, ModelHold], actual: int, is_our_fault: bool) -> tuple[Hold, ModelHold]:
        hold, model = pair
        settled = self.both(
            lambda: settle(hold, actual, now=self.now, is_our_fault=is_our_fault),
            lambda: self.model.settle(model, actual, is_our_fault),
        )
        assert settled is not None
        assert settled[0].charged_mc == settled[1]
        return pair

    @rule(pair=closed_holds, amount=amounts)
    def uncapture(self, pair: tuple[Hold, ModelHold], amount: int) -> None:
        hold, model = pair
        reason = f"goodwill {next(self.keys)}"
        self.both(
            lambda: posting.uncapture(
                hold=hold, amount_mc=Millicredits(amount), reason=reason, actor_id=None, now=self.now
            ),
            lambda: self.model.uncapture(model, amount),
        )

    @rule(amount=st.integers(-20, 20).filter(bool))
    def adjust(self, amount: int) -> None:
        key = f"adjust:{next(self.keys)}"
        self.both(
            lambda: posting.adjust(
                workspace=self.workspace,
                amount_mc=Millicredits(amount),
                reason="x",
                actor_id=MEMBERS[0],
                key=key,
                now=self.now,
            ),
            lambda: self.model.adjust(amount),
        )

    @rule(pair=lots, revoke=st.integers(0, 40), freeze=st.integers(0, 40))
    def claim(self, pair: tuple[Lot, ModelLot], revoke: int, freeze: int) -> None:
        lot, model = pair
        key = f"pay:{next(self.keys)}"
        self.both(
            lambda: claim(lot, revoke=revoke, freeze=freeze, now=self.now, key=key),
            lambda: self.model.claim(model, revoke, freeze),
        )

    @rule(member=st.sampled_from([0, 1]), amount=st.integers(0, 60), period=st.sampled_from(Budget.Period.values))
    def limit(self, member: int, amount: int, period: str) -> None:
        key = f"limit:{next(self.keys)}"
        self.both(
            lambda: limit(
                self.workspace,
                amount,
                member_id=MEMBERS[member],
                period=Budget.Period(period),
                key=key,
                now=self.now,
            ),
            lambda: self.model.limit(member, amount, period),
        )

    @rule(giving=st.sampled_from([0, 1]), amount=amounts)
    def move(self, giving: int, amount: int) -> None:
        source, target = (posting.Subject(Budget.Subject.MEMBER, MEMBERS[one]) for one in (giving, 1 - giving))
        key = f"move:{next(self.keys)}"
        self.both(
            lambda: posting.move_budget(
                workspace=self.workspace,
                source=source,
                target=target,
                amount_mc=Millicredits(amount),
                actor_id=None,
                key=key,
                now=self.now,
            ),
            lambda: self.model.move(giving, 1 - giving, amount),
        )

    @rule(kind=st.sampled_from(["low_balance", "refill"]), at=st.none() | st.integers(1, 60))
    def draw(self, kind: str, at: int | None) -> None:
        set_line = posting.set_low_balance if kind == "low_balance" else posting.set_refill_line
        line = None if at is None else Millicredits(at)
        set_line(workspace=self.workspace, line_mc=line, actor_id=MEMBERS[0], now=self.now)
        self.model.draw(kind, at)
        self.model.look()

    @rule(hours=st.sampled_from([1, 5, 26, 24 * 11]))
    def tick(self, hours: int) -> None:
        self.model.now += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        posting.expire_due(now=self.now)
        self.model.look()
        assert faults(self.now) == []  # I10, too

    @rule(choice=st.randoms(use_true_random=False))
    def do_something_again(self, choice: random.Random) -> None:
        if self.replays:
            before = everything(self.workspace)
            choice.choice(self.replays)()
            assert everything(self.workspace) == before

    @invariant()
    def the_books_balance_and_say_what_the_model_says(self) -> None:
        balance = read_balance(workspace=self.workspace, now=self.now)
        found = (balance.available_mc, balance.held_mc, balance.frozen_mc, balance.debt_mc)
        assert found == self.model.totals()
        for budget in Budget.objects.for_workspace(self.workspace):
            usage = budgets.current_usage(budget=budget, now=self.now)
            assert sum(usage) == self.model.usage(MEMBERS.index(budget.subject_id))
        assert told(self.workspace) == self.model.notices
        assert faults(self.now, but="I10") == []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def grant(self, kind: LotKind, amount: int, hours: int | None) -> tuple[Lot, ModelLot]:
        expires_at = self.now + timedelta(hours=hours) if hours else None
        key = f"grant:{next(self.keys)}"
        made = self.both(
            lambda: grant(self.workspace, amount, kind=kind, expires_at=expires_at, key=key, now=self.now),
            lambda: self.model.grant(kind, amount, expires_at),
        )
        assert made is not None
        return made

    def both(self, ledger: Any, model: Any) -> tuple[Any, Any] | None:
        """Do it to either; both do it, or both refuse with the same word."""
        before = everything(self.workspace)
        expected = self.model.attempt(model)
        if isinstance(expected, Refused):
            with pytest.raises(DomainError) as caught:
                ledger()
            assert caught.value.code == str(expected)
            assert everything(self.workspace) == before
            return None
        done = ledger()
        self.model.look()
        self.replays.append(ledger)
        return done, expected


def test_the_ledger_does_what_the_model_does(db: None) -> None:
    run_state_machine_as_test(
        LedgerBesideModel,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


claims = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=8
)  # lot, revoke, freeze


@given(updates=claims, used=st.integers(0, 45), seed=st.randoms(use_true_random=False))
@settings(max_examples=25, **UNHURRIED)
def test_payments_may_be_heard_of_in_any_order(
    db: None, updates: list[tuple[int, int, int]], used: int, seed: random.Random
) -> None:
    """However the news of three payments came, once no dispute is open the totals are those of the last state alone."""
    final = [seed.randrange(21) for _ in range(3)]
    ends = []
    for order in (updates, seed.sample(updates, len(updates)), []):
        workspace = open_workspace()
        lots = [grant(workspace, 20, kind=LotKind.PURCHASE) for _ in range(3)]
        if used:
            settle(place(workspace, used), used)
        for index, revoke, freeze in order:
            claim(lots[index], revoke=revoke, freeze=freeze)
        for index in seed.sample(range(3), 3):
            claim(lots[index], revoke=final[index])
        ends.append(totals(workspace))
    assert ends[0] == ends[1] == ends[2]
    assert faults() == []
