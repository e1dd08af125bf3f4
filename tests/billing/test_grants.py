"""Credits given by hand: little at once, much by two people, and no way around in small parts."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing.grants import InvalidGrant
from apps.billing.models import GrantRequest
from apps.ledger.lots import InsufficientCredits
from apps.ledger.models import Lot, Operation
from apps.ledger.operations import IdempotencyMismatch
from tests.billing.gifts import build_staff, give
from tests.builders import NOW, build_user, build_workspace
from tests.ledger.calls import HOUR, faults, totals
from tests.ledger.racers import Stable

Kind, State = GrantRequest.Kind, GrantRequest.State
KEY = UUID(int=7)


@pytest.fixture
def sam(db: None) -> User:
    return build_staff()


def test_a_little_is_given_at_once_and_noted(sam: User, acme: Workspace) -> None:
    asked = give(acme, sam, 10_000, key=KEY, expires_at=NOW + HOUR)
    assert (asked.request.state, asked.is_new) == (State.GIVEN, True)
    lot = Lot.objects.for_workspace(acme).latest("pk")
    assert (lot.kind, lot.granted_mc, lot.expires_at) == ("promo", 10_000_000, NOW + HOUR)
    operation = Operation.objects.for_workspace(acme).latest("pk")
    assert (operation.key, operation.actor_id) == (f"grant:staff:{asked.request.pk}", sam.pk)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.after["credits"]) == ("credits.grant", acme.public_id, 10_000)
    assert not give(acme, sam, 10_000, key=KEY, expires_at=NOW + HOUR, now=NOW + HOUR / 2).is_new
    assert (Lot.objects.count(), AuditEntry.objects.count()) == (2, 1)


def test_more_waits_and_gives_nothing(sam: User, acme: Workspace) -> None:
    asked = give(acme, sam, 10_001)
    assert (asked.request.state, asked.request.decided_by_id) == (State.WAITING, None)
    assert totals(acme).available == 1_000_000
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.after["credits"]) == ("grant.ask", sam.pk, 10_001)


def test_small_parts_within_a_day_count_together(sam: User, acme: Workspace, elsewhere: Workspace) -> None:
    give(acme, sam, 6000)
    assert give(acme, sam, -500, kind=Kind.ADJUSTMENT).request.state == State.GIVEN
    assert give(acme, sam, 3501).request.state == State.WAITING
    assert give(acme, sam, 3500, kind=Kind.COMPENSATION).request.state == State.GIVEN
    assert give(acme, sam, 1).request.state == State.WAITING
    assert give(elsewhere, sam, 10_000).request.state == State.GIVEN
    assert give(acme, build_staff("sol@easel.example"), 10_000).request.state == State.GIVEN
    assert give(acme, sam, 10_000, now=NOW + timedelta(hours=24)).request.state == State.GIVEN
    assert faults() == []


def test_a_correction_takes_what_is_unused_or_nothing(sam: User, acme: Workspace) -> None:
    give(acme, sam, -400, kind=Kind.ADJUSTMENT)
    assert totals(acme).available == 600_000
    with pytest.raises(InsufficientCredits):
        give(acme, sam, -601, kind=Kind.ADJUSTMENT, key=KEY)
    assert not GrantRequest.objects.filter(key=KEY).exists()
    assert give(acme, sam, -600, kind=Kind.ADJUSTMENT, key=KEY).is_new


def test_everything_wrong_is_said_at_once(sam: User, acme: Workspace) -> None:
    with pytest.raises(InvalidGrant) as refusal:
        give(acme, sam, -2_000_000, reason="\0", expires_at=NOW)
    assert [one["field"] for one in refusal.value.details["faults"]] == ["amount", "amount", "reason", "expires_on"]
    for wrong in ({"credits": 0}, {"credits": 1_000_001}, {"reason": "x" * 201}, {"reason": ""}):
        with pytest.raises(InvalidGrant):
            give(acme, sam, **({"credits": 1} | wrong))
    assert GrantRequest.objects.count() == 0


def test_a_key_is_for_one_grant(sam: User, acme: Workspace, elsewhere: Workspace) -> None:
    give(acme, sam, 5, key=KEY)
    for workspace, credits, kind in ((acme, 6, Kind.PROMO), (elsewhere, 5, Kind.PROMO), (acme, 5, Kind.COMPENSATION)):
        with pytest.raises(IdempotencyMismatch):
            give(workspace, sam, credits, kind=kind, key=KEY)
    assert totals(acme).available == 1_005_000


@pytest.mark.parametrize(
    ("state", "decided_by"),
    [
        (State.APPROVED, "asker"),
        (State.APPROVED, None),
        (State.DECLINED, "asker"),
        (State.WITHDRAWN, "other"),
        (State.GIVEN, "other"),
        (State.WAITING, "other"),
    ],
)
def test_the_database_refuses_to_let_one_person_be_two(
    sam: User, acme: Workspace, state: GrantRequest.State, decided_by: str | None
) -> None:
    request = give(acme, sam, 20_000).request
    person = {"asker": sam.pk, "other": uuid4(), None: None}[decided_by]
    with pytest.raises(IntegrityError, match="grant_request_two_people"), transaction.atomic():
        GrantRequest.objects.filter(pk=request.pk).update(state=state, decided_by_id=person, decided_at=NOW)


def test_many_small_grants_at_once_stay_within_what_one_person_may(sam: User, racers: Stable) -> None:
    workspace = build_workspace(build_user())
    call = {"name": "give", "workspace": workspace.pk, "person": sam.pk, "amount": 3_000_000, "threshold": 10_000_000}
    answers = racers.race([{**call, "key": uuid4()} for _ in range(8)])
    assert sorted(answer["result"] for answer in answers) == [*["given"] * 3, *["waiting"] * 5]
    assert totals(workspace).available == 9_000_000
    same = {**call, "key": uuid4(), "amount": 1_000_000}
    assert racers.race([same] * 8) == [{"result": "given"}] * 8
    assert totals(workspace).available == 10_000_000
    assert faults() == []


@pytest.mark.parametrize("step", ["grant written", "wallet written", "entries written"])
def test_a_process_that_dies_gives_nothing(sam: User, racers: Stable, step: str) -> None:
    workspace = build_workspace(build_user())
    call = {
        "name": "give",
        "workspace": workspace.pk,
        "person": sam.pk,
        "amount": 1000,
        "threshold": 1000,
        "key": uuid4(),
    }
    assert racers.crash(call, step=step) == -9
    assert (GrantRequest.objects.count(), totals(workspace).available) == (0, 0)
    assert racers.race([call]) == [{"result": "given"}]
    assert totals(workspace).available == 1000
