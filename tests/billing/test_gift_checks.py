"""I16: where gifts and the ledger contradict each other, it is found."""

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import approvals
from apps.billing.gift_checks import check_gifts
from apps.billing.models import GrantRequest, PromoBatch, PromoCode, PromoRedemption
from apps.ledger.models import LotKind
from apps.staff.checking import find_faults
from tests.billing.gifts import build_batch, build_owner, build_staff, give, redeem, texts_of
from tests.builders import NOW
from tests.ledger.calls import grant


@pytest.fixture
def sam(db: None) -> User:
    return build_staff()


def told() -> list[tuple[str, str]]:
    assert {fault.invariant for fault in check_gifts()} <= {"I16"}
    return [(fault.subject, fault.detail) for fault in check_gifts()]


def test_what_is_sound_has_no_faults(sam: User, acme: Workspace) -> None:
    redeem(build_owner(1), texts_of(build_batch(sam))[0])
    give(acme, sam, 5)
    give(acme, sam, -1, kind=GrantRequest.Kind.ADJUSTMENT)
    waiting, approved = give(acme, sam, 20_000).request, give(acme, sam, 30_000).request
    approvals.approve(request_id=approved.pk, actor_id=build_staff("sol@easel.example").pk, now=NOW)
    assert waiting.state == GrantRequest.State.WAITING
    build_batch(sam, credits_mc=9_000_000)
    assert told() == []
    assert find_faults(now=timezone.now()) == []


def test_a_code_that_miscounts(sam: User) -> None:
    redeem(build_owner(1), texts_of(build_batch(sam))[0])
    code = PromoCode.objects.get(used=1)
    PromoCode.objects.filter(pk=code.pk).update(used=0)
    assert told() == [(str(code.pk), "a code used 0 times, claimed 1 times")]
    assert [one.invariant for one in find_faults(now=timezone.now())] == ["I16"]


def test_a_claim_without_its_credits(sam: User, acme: Workspace) -> None:
    redeem(build_owner(1), texts_of(build_batch(sam))[0])
    one = PromoRedemption.objects.get()
    wrong = [(str(one.pk), "a claim without the credits of its batch")]
    sound = one.lot
    for lot in (None, grant(acme, 500_000), grant(one.workspace, 500_000, kind=LotKind.ADJUSTMENT)):
        PromoRedemption.objects.update(lot=lot)
        assert told() == wrong
    PromoRedemption.objects.update(lot=sound)
    assert told() == []
    PromoBatch.objects.update(credits_mc=1)
    assert told() == wrong


def test_a_grant_and_its_operation_without_each_other(sam: User, acme: Workspace) -> None:
    request = give(acme, sam, 5).request
    GrantRequest.objects.update(state=GrantRequest.State.WAITING)
    assert told() == [(str(request.pk), "credits of a grant that nobody gave or approved")]
    waiting = give(acme, sam, 20_000).request
    GrantRequest.objects.update(state=GrantRequest.State.GIVEN)
    assert told() == [(str(waiting.pk), "a grant without its credits")]
