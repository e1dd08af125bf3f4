"""Agreeing to automatic top-up: who may, to what, in which words; and every fault at once."""

from typing import Any

import pytest

from apps.accounts.actor import Actor
from apps.accounts.models import AuditEntry
from apps.accounts.roles import Role
from apps.billing import top_up
from apps.billing.checkout import MayNotBuy
from apps.billing.models import StripeCustomer, TopUpPlan
from apps.billing.packs import CurrencyNotOffered, PackNotFound
from apps.billing.payments import PaymentsOff
from apps.ledger.amounts import Millicredits
from tests import builders
from tests.billing.saver import LINE, Saver
from tests.billing.shops import selling


def turn_on(saver: Saver, **other: Any) -> TopUpPlan:
    asked: dict[str, Any] = {
        "actor": saver.stage.actor,
        "pack_id": "small",
        "currency": None,
        "line_mc": LINE,
        "most_minor": 5000,
        "agreed_to": top_up.CONSENT,
        "now": saver.stage.now,
    }
    return top_up.turn_on(**{**asked, **other})


def test_what_was_agreed_to_is_kept_word_for_word(saver: Saver) -> None:
    now = saver.stage.now
    plan = turn_on(saver, currency="eur", now=now)
    assert (plan.is_on, plan.pack_name, plan.credits_mc, plan.amount_minor) == (True, "Small", 1_000_000, 900)
    assert (plan.currency, plan.line_mc, plan.most_minor, plan.declines) == ("eur", 300_000, 5000, 0)
    assert (plan.consent, plan.consented_by_id, plan.consented_at) == (
        top_up.CONSENT,
        saver.stage.actor.user_id,
        now,
    )
    entry = AuditEntry.objects.get(action="top_up.turn_on")
    assert (entry.subject, entry.actor_id, entry.before) == (plan.public_id, saver.stage.actor.user_id, {})
    assert (entry.after["amount_minor"], entry.after["consent"]) == (900, top_up.CONSENT)
    again = turn_on(saver, line_mc=Millicredits(1_000))
    assert (again.pk, again.line_mc, again.currency, TopUpPlan.objects.count()) == (plan.pk, 1_000, "usd", 1)
    assert AuditEntry.objects.filter(action="top_up.turn_on").latest("pk").before["line_mc"] == 300_000


def test_a_summary_says_it_in_figures(saver: Saver) -> None:
    assert top_up.summary(workspace=saver.stage.workspace, now=saver.stage.now) is None
    turn_on(saver)
    summary = top_up.summary(workspace=saver.stage.workspace, now=saver.stage.now)
    assert summary == top_up.Summary(True, "", "small", "Small", 1_000_000, 1000, "usd", 300_000, 5000, 0, None)
    top_up.turn_off(actor=saver.stage.actor, now=saver.stage.now)
    off = top_up.summary(workspace=saver.stage.workspace, now=saver.stage.now)
    assert off is not None
    assert (off.is_on, off.why_off) == (False, "somebody turned it off")


@pytest.mark.parametrize(
    ("other", "faults"),
    [
        ({"line_mc": 0}, ["line"]),
        ({"line_mc": 999}, ["line"]),
        ({"line_mc": 1_000_001}, ["line"]),  # one charge would not reach above it
        ({"line_mc": 2**70}, ["line"]),
        ({"most_minor": 999}, ["most"]),
        ({"most_minor": 100_000_000}, ["most"]),
        ({"agreed_to": ""}, ["consent"]),
        ({"agreed_to": "Whatever."}, ["consent"]),
        ({"line_mc": -1, "most_minor": -1, "agreed_to": "\x00"}, ["line", "most", "consent"]),
    ],
)
def test_every_fault_is_told_at_once_and_nothing_is_written(
    saver: Saver, other: dict[str, Any], faults: list[str]
) -> None:
    with pytest.raises(top_up.InvalidTopUp) as refused:
        turn_on(saver, **other)
    assert list(refused.value.details["faults"]) == faults
    assert TopUpPlan.objects.count() == 0


@pytest.mark.parametrize("other", [{"line_mc": 1_000}, {"line_mc": 1_000_000}, {"most_minor": 1000}])
def test_the_edges_are_inside(saver: Saver, other: dict[str, Any]) -> None:
    assert turn_on(saver, **other).is_on


def test_what_is_not_sold_cannot_be_agreed_to(saver: Saver) -> None:
    with pytest.raises(PackNotFound):
        turn_on(saver, pack_id="huge")
    with pytest.raises(CurrencyNotOffered):
        turn_on(saver, pack_id="large", currency="eur")
    with selling(api_base=saver.stage.fake.url), pytest.raises(top_up.TopUpOff) as refused:
        turn_on(saver)
    assert refused.value.details == {"setting": "EASEL_STRIPE_TAX"}
    with pytest.raises(PaymentsOff):
        turn_on(saver)  # nothing is sold any more
    assert TopUpPlan.objects.count() == 0


def test_without_a_card_there_is_nothing_to_charge(saver: Saver) -> None:
    saver.stage.fake.play.detach(StripeCustomer.objects.get().card_id)
    saver.stage.deliver()
    with pytest.raises(top_up.NoSavedCard):
        turn_on(saver)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAKER, Role.VIEWER])
def test_only_owners_agree(saver: Saver, role: Role) -> None:
    person = builders.build_member(saver.stage.workspace, "pat@buyers.example", role)
    actor = builders.build_actor(saver.stage.workspace, person)
    with pytest.raises(MayNotBuy):
        turn_on(saver, actor=actor)
    turn_on(saver)
    with pytest.raises(MayNotBuy):
        top_up.turn_off(actor=actor, now=saver.stage.now)
    assert saver.plan.is_on


def test_no_key_agrees_for_its_maker(saver: Saver) -> None:
    owner = saver.stage.actor.user
    assert owner is not None
    key, _ = builders.build_api_key(saver.stage.workspace, owner)
    actor = Actor(workspace=saver.stage.workspace, api_key=key)
    with pytest.raises(MayNotBuy):
        turn_on(saver, actor=actor)
    with pytest.raises(MayNotBuy):
        top_up.turn_off(actor=actor, now=saver.stage.now)


def test_turning_off_twice_or_what_never_was_on_does_nothing(saver: Saver) -> None:
    assert top_up.turn_off(actor=saver.stage.actor, now=saver.stage.now) is None
    turn_on(saver)
    for _ in range(2):
        plan = top_up.turn_off(actor=saver.stage.actor, now=saver.stage.now)
        assert plan is not None
        assert (plan.is_on, plan.why_off) == (False, "person")
    assert AuditEntry.objects.filter(action="top_up.turn_off").count() == 1
