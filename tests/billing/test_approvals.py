"""The second person: says yes once, says no with a reason, or says nothing for a week."""

from datetime import timedelta

import pytest

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing import approvals
from apps.billing.approvals import RequestEnded, RequestNotFound, SamePerson
from apps.billing.grants import InvalidGrant
from apps.billing.models import GrantRequest, PromoBatch
from apps.billing.promotions import CodeUnknown
from apps.ids import uuid7
from apps.ledger.lots import InsufficientCredits
from apps.ledger.models import Lot, Operation
from tests import builders
from tests.billing.gifts import build_batch, build_owner, build_staff, give, redeem, texts_of
from tests.builders import NOW, build_user, build_workspace
from tests.ledger.calls import HOUR, faults, totals
from tests.ledger.racers import Stable

Kind, State = GrantRequest.Kind, GrantRequest.State
WEEK = timedelta(days=7)


@pytest.fixture
def sam(db: None) -> User:
    return build_staff()


@pytest.fixture
def sol(db: None) -> User:
    return build_staff("sol@easel.example")


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_another_person_approves_and_it_is_given_once(sam: User, sol: User, acme: Workspace) -> None:
    request = give(acme, sam, 20_000, expires_at=NOW + WEEK).request
    for hours in (1, 2):
        approved = approvals.approve(request_id=request.pk, actor_id=sol.pk, now=NOW + hours * HOUR)
        assert (approved.state, approved.decided_by_id, approved.decided_at) == (State.APPROVED, sol.pk, NOW + HOUR)
    assert totals(acme).available == 21_000_000
    lot = Lot.objects.for_workspace(acme).latest("pk")
    assert (lot.kind, lot.granted_mc, lot.expires_at) == ("promo", 20_000_000, NOW + WEEK)
    operation = Operation.objects.for_workspace(acme).latest("pk")
    assert (operation.key, operation.reason) == (f"grant:staff:{request.pk}", "a broken run")
    assert actions() == ["grant.ask", "grant.approve"]
    assert AuditEntry.objects.latest("pk").actor_id == sol.pk
    assert faults() == []


def test_nobody_approves_or_declines_their_own(sam: User, acme: Workspace) -> None:
    request = give(acme, sam, 20_000).request
    with pytest.raises(SamePerson):
        approvals.approve(request_id=request.pk, actor_id=sam.pk, now=NOW)
    with pytest.raises(SamePerson):
        approvals.decline(request_id=request.pk, reason="no", actor_id=sam.pk, now=NOW)
    assert totals(acme).available == 1_000_000
    assert actions() == ["grant.ask"]


def test_what_was_decided_stays_decided(sam: User, sol: User, acme: Workspace) -> None:
    declined, withdrawn = (give(acme, sam, 20_000 + number).request for number in range(2))
    with pytest.raises(InvalidGrant):
        approvals.decline(request_id=declined.pk, reason="", actor_id=sol.pk, now=NOW)
    assert approvals.decline(request_id=declined.pk, reason="too much", actor_id=sol.pk, now=NOW).answer == "too much"
    with pytest.raises(SamePerson):
        approvals.take_back(request_id=withdrawn.pk, actor_id=sol.pk, now=NOW)
    assert approvals.take_back(request_id=withdrawn.pk, actor_id=sam.pk, now=NOW).state == State.WITHDRAWN
    for request in (declined, withdrawn):
        with pytest.raises(RequestEnded):
            approvals.approve(request_id=request.pk, actor_id=sol.pk, now=NOW)
    alone = give(acme, sam, 1).request
    with pytest.raises(RequestEnded):
        approvals.approve(request_id=alone.pk, actor_id=sol.pk, now=NOW)
    with pytest.raises(RequestNotFound):
        approvals.approve(request_id=uuid7(), actor_id=sol.pk, now=NOW)
    assert totals(acme).available == 1_001_000
    assert actions() == ["grant.ask", "grant.ask", "grant.decline", "grant.withdraw", "credits.grant"]


def test_after_a_week_it_lapses_whether_or_not_the_clock_ran(sam: User, sol: User, acme: Workspace) -> None:
    request = give(acme, sam, 20_000).request
    with pytest.raises(RequestEnded, match="lapsed"):
        approvals.approve(request_id=request.pk, actor_id=sol.pk, now=NOW + WEEK)
    assert approvals.lapse_due(now=NOW + WEEK - HOUR) == 0
    assert approvals.lapse_due(now=NOW + WEEK) == 1
    assert approvals.lapse_due(now=NOW + WEEK) == 0
    request.refresh_from_db()
    assert (request.state, request.decided_by_id) == (State.LAPSED, None)
    assert totals(acme).available == 1_000_000
    assert actions() == ["grant.ask", "grant.lapse"]


def test_credits_that_would_have_expired_are_not_approved(sam: User, sol: User, acme: Workspace) -> None:
    request = give(acme, sam, 20_000, expires_at=NOW + HOUR).request
    with pytest.raises(RequestEnded, match="a later date"):
        approvals.approve(request_id=request.pk, actor_id=sol.pk, now=NOW + HOUR)
    request.refresh_from_db()
    assert request.state == State.WAITING


def test_what_the_books_refuse_goes_on_waiting(sam: User, sol: User, acme: Workspace) -> None:
    request = give(acme, sam, -20_000, kind=Kind.ADJUSTMENT).request
    with pytest.raises(InsufficientCredits):
        approvals.approve(request_id=request.pk, actor_id=sol.pk, now=NOW)
    request.refresh_from_db()
    assert (request.state, totals(acme).available) == (State.WAITING, 1_000_000)
    for number in range(2):
        give(acme, build_staff(f"s{number}@easel.example"), 10_000)
    approvals.approve(request_id=request.pk, actor_id=sol.pk, now=NOW)
    assert totals(acme).available == 1_000_000


def test_a_promotion_worth_much_is_closed_until_it_is_approved(sam: User, sol: User) -> None:
    batch = build_batch(sam, credits_mc=4_000_000)
    owner, text = build_owner(1), texts_of(batch)[0]
    assert batch.request.amount_mc == 12_000_000
    with pytest.raises(CodeUnknown):
        redeem(owner, text)
    approvals.approve(request_id=batch.request.pk, actor_id=sol.pk, now=NOW)
    assert redeem(owner, text).lot.granted_mc == 4_000_000
    assert actions() == ["grant.ask", "grant.approve"]


def test_a_promotion_that_is_declined_or_lapses_is_withdrawn(sam: User, sol: User) -> None:
    declined, lapsed = (build_batch(sam, credits_mc=4_000_000) for _ in range(2))
    approvals.decline(request_id=declined.request.pk, reason="no", actor_id=sol.pk, now=NOW)
    approvals.lapse_due(now=NOW + WEEK)
    for batch, when in ((declined, NOW), (lapsed, NOW + WEEK)):
        kept = PromoBatch.objects.get(pk=batch.pk)
        assert (kept.opened_at, kept.withdrawn_at) == (None, when)


def test_many_approvers_at_once_give_once(sam: User, racers: Stable) -> None:
    workspace = build_workspace(build_user())
    request = give(workspace, sam, 20_000).request
    people = [build_staff(f"s{number}@easel.example") for number in range(6)]
    call = {"name": "approve", "request": request.pk, "at": NOW.isoformat()}
    calls = [{**call, "person": one.pk} for one in people] * 2 + [{**call, "person": sam.pk}]
    calls += [{**call, "name": "decline", "person": people[0].pk}]
    answers = [answer.get("result") or answer["refused"] for answer in racers.race(calls)]
    request.refresh_from_db()
    assert answers[-2] == "same_person"
    if request.state == State.APPROVED:
        assert answers.count("approved") == 2  # the one who was first, twice
        assert totals(workspace).available == 20_000_000
    else:
        assert (answers.count("approved"), totals(workspace).available) == (0, 0)
    assert answers.count("request_ended") == len(calls) - 3 + (request.state != State.APPROVED)
    assert faults() == []


@pytest.mark.parametrize("step", ["request decided", "wallet written", "entries written"])
def test_a_process_that_dies_has_approved_nothing(sam: User, sol: User, racers: Stable, step: str) -> None:
    workspace = builders.build_workspace(build_user())
    request = give(workspace, sam, 20_000).request
    call = {"name": "approve", "request": request.pk, "person": sol.pk, "at": NOW.isoformat()}
    assert racers.crash(call, step=step) == -9
    request.refresh_from_db()
    assert (request.state, totals(workspace).available) == (State.WAITING, 0)
    assert racers.race([call]) == [{"result": "approved"}]
    assert totals(workspace).available == 20_000_000
