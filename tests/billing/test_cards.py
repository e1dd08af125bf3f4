"""The saved card: saved where its owner said so, known by four digits, looked after on Stripe's page."""

import pytest

from apps.accounts.roles import Role
from apps.billing import cards, purchases
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import StripeCustomer
from apps.ledger.operations import IdempotencyMismatch
from tests import builders
from tests.billing.saver import Saver
from tests.billing.stage import Stage
from tests.ledger.calls import totals

BACK = "http://127.0.0.1:8000/back"


def test_a_card_is_saved_by_buying_with_it(saver: Saver) -> None:
    card = cards.saved_card(workspace=saver.stage.workspace)
    assert card is not None
    assert (str(card), card.exp_month, card.exp_year) == ("Visa •••• 4242", 12, 2034)
    assert card.customer == saver.stage.made("customer")[0]
    assert saver.bought.card_consent == cards.CONSENT
    assert not card.is_expired(builders.NOW)
    assert card.is_expired(builders.NOW.replace(year=2035, month=1))
    assert not card.is_expired(builders.NOW.replace(year=2034, month=12))


def test_without_that_word_no_card_is_saved(stage: Stage) -> None:
    stage.buy()
    assert cards.saved_card(workspace=stage.workspace) is None
    customer = stage.made("customer")[0]
    assert stage.fake.client().v1.customers.payment_methods.list(customer).data == []


def test_the_same_attempt_with_and_without_a_card_are_two_things(stage: Stage) -> None:
    stage.start()
    with pytest.raises(IdempotencyMismatch):
        purchases.start_purchase(
            actor=stage.actor,
            pack_id="small",
            currency=None,
            attempt_key="first",
            card_consent=cards.CONSENT,
            now=stage.now,
        )


def test_a_card_that_could_not_be_read_is_read_with_the_next_look(stage: Stage) -> None:
    """The money counts at once; the message comes again for the card."""
    started = purchases.start_purchase(
        actor=stage.actor,
        pack_id="small",
        currency=None,
        attempt_key="with-card",
        card_consent=cards.CONSENT,
        now=stage.now,
    )
    stage.fake.play.pay(stage.page_of(started.purchase))
    stage.fail("reset", method="GET", path="/v1/customers", times=1000)
    assert 500 in stage.deliver()
    assert (totals(stage.workspace).available, cards.saved_card(workspace=stage.workspace)) == (1_000_000, None)
    stage.fake.faults.clear()
    stage.deliver()
    assert str(cards.saved_card(workspace=stage.workspace)) == "Visa •••• 4242"


def test_an_old_answer_never_overwrites_a_newer_one(saver: Saver) -> None:
    customer = saver.stage.made("customer")[0]
    asked_at = saver.stage.now
    saver.stage.advance(minutes=1)
    new = saver.use_card("chargeCustomerFail")
    cards.read_card(customer_id=customer, now=saver.stage.now)
    StripeCustomer.objects.update(card_read_at=saver.stage.now)
    saver.stage.fake.play.detach(new)
    cards.read_card(customer_id=customer, now=asked_at)
    assert StripeCustomer.objects.get().card_last4 == "0341"


def test_owners_look_after_it_on_stripes_page(saver: Saver) -> None:
    url = cards.open_portal(actor=saver.stage.actor, return_url=BACK)
    assert url.startswith(f"{saver.stage.fake.url}/p/session/")
    [portal] = saver.stage.made("billing_portal.session")
    at_stripe = saver.stage.at_stripe(portal)
    assert (at_stripe["customer"], at_stripe["return_url"]) == (saver.stage.made("customer")[0], BACK)
    saver.stage.fake.play.detach(StripeCustomer.objects.get().card_id)
    assert cards.refresh(actor=saver.stage.actor, now=saver.stage.now) is None
    assert cards.saved_card(workspace=saver.stage.workspace) is None


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAKER, Role.VIEWER])
def test_nobody_else_does(saver: Saver, role: Role) -> None:
    person = builders.build_member(saver.stage.workspace, "pat@buyers.example", role)
    actor = builders.build_actor(saver.stage.workspace, person)
    with pytest.raises(cards.MayNotManageCards):
        cards.open_portal(actor=actor, return_url=BACK)
    with pytest.raises(cards.MayNotManageCards):
        cards.refresh(actor=actor, now=saver.stage.now)
    assert saver.stage.made("billing_portal.session") == []


def test_whoever_never_bought_has_no_page_there(stage: Stage) -> None:
    with pytest.raises(cards.NoSavedCard):
        cards.open_portal(actor=stage.actor, return_url=BACK)


def test_a_customer_that_stripe_has_no_more_has_no_card(saver: Saver) -> None:
    [customer] = saver.stage.made("customer")
    del saver.stage.fake.store.objects[customer]
    assert cards.refresh(actor=saver.stage.actor, now=saver.stage.now) is None


def test_stripe_away_changes_nothing(saver: Saver) -> None:
    saver.stage.fail("reset", times=30)
    with pytest.raises(StripeUnavailable):
        cards.refresh(actor=saver.stage.actor, now=saver.stage.now)
    saver.stage.fake.faults.clear()
    assert cards.saved_card(workspace=saver.stage.workspace) is not None
