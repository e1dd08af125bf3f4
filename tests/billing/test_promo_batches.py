"""Batches as staff make, count, hand out and withdraw them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.accounts.models import AuditEntry, User
from apps.billing import promo_batches, promo_codes
from apps.billing.grants import InvalidGrant
from apps.billing.models import GrantRequest, PromoBatch, PromoCode
from apps.billing.promo_batches import BatchWaits, Figures
from apps.ledger.operations import IdempotencyMismatch
from tests.billing.gifts import PLAN, THRESHOLD, build_batch, build_owner, build_staff, redeem, texts_of
from tests.builders import NOW
from tests.ledger.calls import HOUR, place, settle
from tests.ledger.racers import Stable

KEY = UUID(int=7)


@pytest.fixture
def sam(db: None) -> User:
    return build_staff()


def test_a_batch_is_made_once_with_its_codes(sam: User) -> None:
    batch = build_batch(sam, key=KEY, code_count=2500, credits_mc=1000)
    assert (batch.opened_at, batch.worth_mc, batch.made_by_id) == (NOW, 2_500_000, sam.pk)
    assert len(set(texts_of(batch))) == 2500
    assert build_batch(sam, key=KEY, code_count=2500, credits_mc=1000, now=NOW + HOUR).pk == batch.pk
    assert (PromoBatch.objects.count(), PromoCode.objects.count()) == (1, 2500)
    with pytest.raises(IdempotencyMismatch):
        build_batch(sam, key=KEY, code_count=2500, credits_mc=1001)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.after["credits"]) == ("promotion.make", "Launch gift", 2500)


def test_batches_of_a_day_count_together(sam: User) -> None:
    assert build_batch(sam, credits_mc=2_000_000).opened_at == NOW
    assert build_batch(sam, credits_mc=2_000_000).opened_at is None
    assert build_batch(sam, credits_mc=1_000_000).opened_at == NOW
    assert build_batch(build_staff("sol@easel.example"), credits_mc=3_000_000).opened_at == NOW
    assert build_batch(sam, credits_mc=3_000_000, now=NOW + timedelta(days=1)).opened_at is not None


def test_forms_sent_at_once_make_one_batch_each_and_count_together(sam: User, racers: Stable) -> None:
    """Four forms, four times each; each is worth 1500 credits, and one person makes 4000 alone."""
    keys = [uuid4() for _ in range(4)]
    answers = [
        one["result"] for one in racers.race([{"name": "make", "person": sam.pk, "key": key} for key in keys * 4])
    ]
    assert all(answers[number] == answers[number % 4] for number in range(16))
    assert sorted(is_open for _, is_open in answers[:4]) == [False, False, True, True]
    assert (PromoBatch.objects.count(), PromoCode.objects.count(), GrantRequest.objects.count()) == (4, 12, 4)


@pytest.mark.parametrize("step", ["batch written", "codes written"])
def test_a_process_that_dies_makes_no_half_of_a_batch(sam: User, racers: Stable, step: str) -> None:
    call = {"name": "make", "person": sam.pk, "key": KEY}
    assert racers.crash(call, step=step) == -9
    assert (PromoBatch.objects.count(), PromoCode.objects.count(), GrantRequest.objects.count()) == (0, 0, 0)
    assert "result" in racers.race([call])[0]
    assert (PromoBatch.objects.count(), PromoCode.objects.count()) == (1, 3)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"note": "two\nlines"}, "note"),
        ({"credits_mc": 0}, "credits"),
        ({"credits_mc": 1_000_000_001}, "credits"),
        ({"code_count": 10_001}, "code_count"),
        ({"code_count": 0}, "code_count"),
        ({"uses_per_code": 2}, "uses_per_code"),
        ({"uses_per_code": 0}, "uses_per_code"),
        ({"code_count": 1, "uses_per_code": 1_000_001}, "uses_per_code"),
        ({"valid_until": NOW}, "valid_until"),
        ({"valid_from": NOW + timedelta(days=4000)}, "valid_from"),
        ({"credits_days": 0}, "credits_days"),
        ({"credits_days": 3651}, "credits_days"),
        ({"credits_expire_at": NOW}, "credits_expire_on"),
        ({"credits_days": 3, "credits_expire_at": NOW + HOUR}, "credits_expire_on"),
    ],
)
def test_terms_that_cannot_be_are_refused(sam: User, terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidGrant) as refusal:
        build_batch(sam, **terms)
    assert [one["field"] for one in refusal.value.details["faults"]] == [field]
    assert (PromoBatch.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_everything_wrong_is_said_at_once(sam: User) -> None:
    plan = replace(PLAN, name="", note="", credits_mc=0, code_count=0, uses_per_code=0)
    with pytest.raises(InvalidGrant) as refusal:
        promo_batches.make_batch(plan=plan, key=KEY, actor_id=sam.pk, threshold_mc=THRESHOLD, now=NOW)
    fields = [one["field"] for one in refusal.value.details["faults"]]
    assert fields == ["name", "note", "credits", "code_count", "uses_per_code"]


def test_what_became_of_a_batch_is_counted(sam: User) -> None:
    batch, other = build_batch(sam), build_batch(sam, name="Autumn")
    owners = [build_owner(number) for number in range(2)]
    for owner, text in zip(owners, texts_of(batch), strict=False):
        redeem(owner, text)
    settle(place(owners[0].workspace, 120_000), 70_000)
    assert promo_batches.figures_of([batch, other]) == {batch.pk: Figures(2, 1_000_000, 70_000), other.pk: Figures()}
    assert promo_batches.figures_of([]) == {}


def test_unused_codes_are_handed_out_and_that_is_noted(sam: User) -> None:
    batch = build_batch(sam)
    used, *unused = texts_of(batch)
    redeem(build_owner(1), used)
    codes = promo_batches.hand_out(batch_id=batch.pk, actor_id=sam.pk, now=NOW)
    assert codes == [(promo_codes.grouped(text), 1) for text in unused]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor_id, entry.after["codes"]) == ("promotion.hand_out", sam.pk, 2)
    assert not any(text in str(entry.after) for text in texts_of(batch))


def test_withdrawing_ends_the_codes_and_takes_nothing_back(sam: User) -> None:
    batch = build_batch(sam)
    lot = redeem(build_owner(1), texts_of(batch)[0]).lot
    assert promo_batches.withdraw_batch(batch_id=batch.pk, actor_id=sam.pk, now=NOW)
    assert not promo_batches.withdraw_batch(batch_id=batch.pk, actor_id=sam.pk, now=NOW + HOUR)
    assert PromoBatch.objects.get().withdrawn_at == NOW
    lot.refresh_from_db()
    assert lot.available_mc == 500_000
    assert promo_batches.hand_out(batch_id=batch.pk, actor_id=sam.pk, now=NOW) == []
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["promotion.make", "promotion.withdraw", "promotion.hand_out"]


def test_what_waits_is_neither_handed_out_nor_withdrawn(sam: User) -> None:
    batch = build_batch(sam, credits_mc=9_000_000)
    with pytest.raises(BatchWaits):
        promo_batches.hand_out(batch_id=batch.pk, actor_id=sam.pk, now=NOW)
    with pytest.raises(BatchWaits):
        promo_batches.withdraw_batch(batch_id=batch.pk, actor_id=sam.pk, now=NOW)
    with pytest.raises(promo_batches.BatchNotFound):
        promo_batches.hand_out(batch_id=KEY, actor_id=sam.pk, now=NOW)
