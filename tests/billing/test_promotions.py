"""Redeeming: once a code, a workspace and a person; each refusal in a sentence; nothing given with it."""

from datetime import timedelta

import pytest

from apps.accounts.actor import Actor
from apps.accounts.api_keys import authenticate
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.billing import promo_batches, promo_codes, promotions
from apps.billing.models import PromoCode, PromoRedemption
from apps.errors import DomainError
from apps.ledger.models import Lot, Operation
from apps.metering import RateLimited
from tests import builders
from tests.billing.gifts import build_batch, build_owner, build_staff, redeem, texts_of
from tests.builders import NOW
from tests.ledger.calls import HOUR, faults, totals
from tests.ledger.racers import Stable

DAY = timedelta(days=1)


@pytest.fixture
def sam(db: None) -> User:
    return build_staff()


@pytest.fixture
def owner(alice: User, acme: Workspace) -> Actor:
    return builders.build_actor(acme, alice)


def program(secret: str) -> Actor:
    """A key that acts."""
    key = authenticate(text=secret, remote_address=None, now=NOW)
    return Actor(workspace=key.workspace, api_key=key)


def refused(actor: Actor, text: str, code: str) -> str:
    """Be refused with this code, and get nothing; return the sentence."""
    before = (Operation.objects.count(), PromoRedemption.objects.count(), sum(PromoCode.objects.values_list("used")[0]))
    with pytest.raises(DomainError) as refusal:
        redeem(actor, text)
    assert refusal.value.code == code
    after = (Operation.objects.count(), PromoRedemption.objects.count(), sum(PromoCode.objects.values_list("used")[0]))
    assert after == before
    return str(refusal.value)


def test_a_code_brings_its_credits_once(sam: User, owner: Actor) -> None:
    batch = build_batch(sam, credits_days=30)
    text = texts_of(batch)[0]
    first = redeem(owner, promo_codes.grouped(text).lower())
    assert (first.name, first.is_replay) == ("Launch gift", False)
    assert (first.lot.kind, first.lot.granted_mc, first.lot.expires_at) == ("promo", 500_000, NOW + 30 * DAY)
    operation = Operation.objects.for_workspace(owner.workspace).latest("pk")
    code = PromoCode.objects.get(text=text)
    assert (operation.key, operation.reason) == (f"grant:promo:{code.pk}:{owner.workspace.pk}", "Launch gift")
    assert (operation.actor_id, code.used) == (owner.user_id, 1)
    again = redeem(owner, text, now=NOW + HOUR)
    assert (again.lot.pk, again.redemption.pk, again.is_replay) == (first.lot.pk, first.redemption.pk, True)
    assert (again.lot.expires_at, PromoCode.objects.get(text=text).used) == (NOW + 30 * DAY, 1)
    assert totals(owner.workspace).available == 1_500_000
    assert faults() == []


def test_the_same_answer_comes_after_the_batch_has_ended(sam: User, owner: Actor) -> None:
    batch = build_batch(sam, valid_until=NOW + HOUR)
    first = redeem(owner, texts_of(batch)[0])
    promo_batches.withdraw_batch(batch_id=batch.pk, actor_id=sam.pk, now=NOW)
    assert redeem(owner, texts_of(batch)[0], now=NOW + DAY).lot.pk == first.lot.pk


def test_credits_end_when_the_batch_says(sam: User, owner: Actor) -> None:
    batch = build_batch(sam, credits_expire_at=NOW + 9 * DAY)
    assert redeem(owner, texts_of(batch)[0]).lot.expires_at == NOW + 9 * DAY
    lasting = build_batch(sam)
    assert redeem(owner, texts_of(lasting)[0]).lot.expires_at is None


def test_unknown_withdrawn_and_waiting_look_the_same(sam: User, owner: Actor) -> None:
    withdrawn = build_batch(sam)
    promo_batches.withdraw_batch(batch_id=withdrawn.pk, actor_id=sam.pk, now=NOW)
    waiting = build_batch(sam, credits_mc=9_000_000)
    assert waiting.opened_at is None
    texts = ["7K2M-9QXD-4HTB", "nonsense", "", "\0", "x" * 5000, texts_of(withdrawn)[0], texts_of(waiting)[0]]
    assert len({refused(owner, text, "promo_code_unknown") for text in texts}) == 1


def test_before_and_after_its_time_a_code_says_so(sam: User, owner: Actor) -> None:
    early = build_batch(sam, valid_from=NOW + HOUR)
    assert "from 21 Nov 2026, 13:00 UTC on" in refused(owner, texts_of(early)[0], "promo_code_not_yet")
    late = build_batch(sam, valid_from=NOW - 3 * HOUR, valid_until=NOW - HOUR, now=NOW - 2 * HOUR)
    assert "until 21 Nov 2026, 11:00 UTC" in refused(owner, texts_of(late)[0], "promo_code_expired")
    past = build_batch(sam, valid_from=NOW - 3 * HOUR, credits_expire_at=NOW, now=NOW - 2 * HOUR)
    refused(owner, texts_of(past)[0], "promo_code_expired")


def test_a_code_is_used_up(sam: User, owner: Actor) -> None:
    batch = build_batch(sam, code_count=1, uses_per_code=2)
    [text] = texts_of(batch)
    for number in range(2):
        redeem(build_owner(number), text)
    refused(owner, text, "promo_code_used_up")
    assert PromoCode.objects.get().used == 2


def test_a_batch_is_had_once_a_workspace_and_once_a_person(sam: User, owner: Actor, alice: User) -> None:
    first, second, third = texts_of(build_batch(sam))
    redeem(owner, first)
    assert "This workspace has had" in refused(owner, second, "promo_code_taken")
    colleague = builders.build_member(owner.workspace, "pat@acme.example", Role.OWNER)
    refused(builders.build_actor(owner.workspace, colleague), second, "promo_code_taken")
    other = builders.build_actor(builders.build_workspace(alice, "Second"), alice)
    assert "another workspace" in refused(other, third, "promo_code_taken")
    assert redeem(builders.build_actor(owner.workspace, colleague), first).is_replay
    another = build_batch(sam, name="Autumn")
    assert not redeem(other, texts_of(another)[0]).is_replay


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAKER, Role.VIEWER])
def test_only_owners_add_credits(sam: User, acme: Workspace, role: Role) -> None:
    batch = build_batch(sam)
    pat = builders.build_actor(acme, builders.build_member(acme, "pat@acme.example", role))
    assert "Ask an owner." in refused(pat, texts_of(batch)[0], "may_not_redeem")


def test_a_key_redeems_for_the_person_who_made_it(sam: User, acme: Workspace, alice: User) -> None:
    first, second, _ = texts_of(build_batch(sam))
    _, secret = builders.build_api_key(acme, alice)
    redeemed = redeem(program(secret), first)
    assert redeemed.redemption.person_id == alice.pk
    _, secret = builders.build_api_key(acme, alice, is_test=True)
    refused(program(secret), second, "may_not_redeem")
    pat = builders.build_member(acme, "pat@acme.example", Role.MAKER)
    _, secret = builders.build_api_key(acme, pat)
    refused(program(secret), second, "may_not_redeem")


def test_whoever_tries_many_codes_is_slowed_down(sam: User, owner: Actor) -> None:
    batch = build_batch(sam)
    for _ in range(promotions.TRIES_OF_A_PERSON):
        refused(owner, "7K2M-9QXD-4HTB", "promo_code_unknown")
    refused(owner, texts_of(batch)[0], "rate_limited")
    with pytest.raises(RateLimited):
        redeem(owner, texts_of(batch)[0])


def test_twenty_workspaces_and_a_code_for_one(sam: User, racers: Stable) -> None:
    [text] = texts_of(build_batch(sam, code_count=1))
    owners = [build_owner(number) for number in range(20)]
    calls = [{"name": "redeem", "workspace": one.workspace.pk, "person": one.user_id, "text": text} for one in owners]
    answers = racers.race(calls)
    assert sorted(answer.get("refused", "done") for answer in answers) == ["done", *["promo_code_used_up"] * 19]
    assert (Lot.objects.count(), PromoRedemption.objects.count(), PromoCode.objects.get().used) == (1, 1, 1)
    assert faults() == []


def test_one_person_with_eight_workspaces_and_eight_codes_has_one(sam: User, alice: User, racers: Stable) -> None:
    texts = texts_of(build_batch(sam, code_count=8))
    spaces = [builders.build_workspace(alice, f"Number {number}") for number in range(8)]
    calls = [
        {"name": "redeem", "workspace": space.pk, "person": alice.pk, "text": text}
        for space, text in zip(spaces, texts, strict=True)
    ]
    answers = racers.race(calls)
    assert sorted(answer.get("refused", "done") for answer in answers) == ["done", *["promo_code_taken"] * 7]
    assert (Lot.objects.count(), PromoRedemption.objects.count()) == (1, 1)
    assert sum(PromoCode.objects.values_list("used", flat=True)) == 1


def test_the_same_call_from_many_sides_is_one_gift(sam: User, racers: Stable) -> None:
    [text] = texts_of(build_batch(sam, code_count=1, uses_per_code=5))
    owner = build_owner(1)
    call = {"name": "redeem", "workspace": owner.workspace.pk, "person": owner.user_id, "text": text}
    answers = racers.race([call] * 8)
    assert answers == [{"result": str(Lot.objects.get().pk)}] * 8
    assert PromoCode.objects.get().used == 1


@pytest.mark.parametrize("step", ["place taken", "code used", "wallet written", "entries written", "gift noted"])
def test_a_process_that_dies_leaves_nothing_half(sam: User, racers: Stable, step: str) -> None:
    [text] = texts_of(build_batch(sam, code_count=1))
    owner = build_owner(1)
    call = {"name": "redeem", "workspace": owner.workspace.pk, "person": owner.user_id, "text": text}
    assert racers.crash(call, step=step) == -9
    assert (Lot.objects.count(), PromoRedemption.objects.count(), PromoCode.objects.get().used) == (0, 0, 0)
    assert "result" in racers.race([call])[0]
    assert totals(owner.workspace).available == 500_000
    assert faults() == []
