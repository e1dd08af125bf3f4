"""Setting, lifting and moving limits: who may, and what stays of it."""

from itertools import product
from uuid import UUID

import pytest

from apps.accounts import api_keys
from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey, AuditEntry, Membership, User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.billing.limit_changes import MayNotLimit, issue_key, move_allowance, set_limit
from apps.errors import NotFound
from apps.ledger import posting
from apps.ledger.amounts import LARGEST
from apps.ledger.budgets import Subject
from apps.ledger.check import check_books
from apps.ledger.models import Budget, BudgetEvent
from apps.ledger.periods import Period
from tests import builders
from tests.builders import NOW

MEMBER, KEY, PROJECT = Budget.Subject


@pytest.fixture
def owner(acme: Workspace, alice: User) -> Actor:
    return builders.build_actor(acme, alice)


def put(
    actor: Actor, subject: Subject, limit_mc: int | None, period: Period | None = None, key: str | None = None
) -> int | None:
    return set_limit(actor=actor, subject=subject, limit_mc=limit_mc, period=period, key=key, now=NOW).limit_mc


def audited() -> list[tuple[str, str, object, object]]:
    return list(
        AuditEntry.objects.filter(action__startswith="limit.")
        .order_by("pk")
        .values_list("action", "subject", "before", "after")
    )


def test_a_change_is_logged_once_with_what_stood_before(owner: Actor, bob: User) -> None:
    subject = Subject(MEMBER, bob.pk)
    for _ in range(2):
        put(owner, subject, 50_500, Period.WEEK, key="one")
    put(owner, subject, 50_500, Period.WEEK)
    put(owner, subject, None)
    put(owner, subject, None)
    assert audited() == [
        ("limit.set", subject.public_id, {}, {"credits": 50.5, "period": "week"}),
        ("limit.lift", subject.public_id, {"credits": 50.5, "period": "week"}, {"credits": None, "period": "week"}),
    ]
    assert set(AuditEntry.objects.values_list("actor_id", "workspace_id")) == {(owner.user_id, owner.workspace.pk)}


def test_owners_limit_everyone_and_admins_those_below(acme: Workspace, alice: User, owner: Actor) -> None:
    """Else an admin could lift what an owner has set for them."""
    people = {role: builders.build_member(acme, f"{role}@acme.example", role) for role in Role}
    for role, whose in product(Role, Role):
        actor = builders.build_actor(acme, people[role])
        may = role == Role.OWNER or (role == Role.ADMIN and whose in {Role.MAKER, Role.VIEWER})
        if may:
            put(actor, Subject(MEMBER, people[whose].pk), 1000)
        else:
            with pytest.raises(MayNotLimit):
                put(actor, Subject(MEMBER, people[whose].pk), 2000)
    assert set(Budget.objects.values_list("limit_mc", flat=True)) == {1000}


def test_who_is_no_member_has_no_limit(owner: Actor, bob: User, mallory: User, elsewhere: Workspace) -> None:
    theirs, _ = builders.build_api_key(elsewhere, mallory)
    put(owner, Subject(MEMBER, bob.pk), 1000)
    Membership.objects.filter(user=bob).delete()
    for subject in (
        Subject(MEMBER, bob.pk),
        Subject(MEMBER, mallory.pk),
        Subject(KEY, theirs.pk),
        Subject(KEY, bob.pk),
        Subject(PROJECT, UUID(int=1)),
    ):
        with pytest.raises(NotFound):
            put(owner, subject, None)
    assert BudgetEvent.objects.count() == 1


@pytest.mark.parametrize("limit_mc", [-1, LARGEST + 1, 10**30])
def test_a_limit_is_an_amount(owner: Actor, bob: User, limit_mc: int) -> None:
    with pytest.raises(posting.AmountOutOfRange):
        put(owner, Subject(MEMBER, bob.pk), limit_mc)
    assert not Budget.objects.exists()
    assert put(owner, Subject(MEMBER, bob.pk), LARGEST) == LARGEST


def test_allowance_moves_on_from_a_key_that_was_revoked(owner: Actor, alice: User, acme: Workspace) -> None:
    old, new = (builders.build_api_key(acme, alice)[0] for _ in range(2))
    for key in (old, new):
        put(owner, Subject(KEY, key.pk), 5000, Period.MONTH)
    api_keys.revoke(api_key=old, revoked_by=alice, now=NOW)

    def move(amount_mc: int, key: str = "one") -> bool:
        return move_allowance(
            actor=owner,
            source=Subject(KEY, old.pk),
            target=Subject(KEY, new.pk),
            amount_mc=amount_mc,
            key=key,
            now=NOW,
        ).is_replay

    assert [move(5000), move(5000)] == [False, True]
    for amount_mc in (0, -1, LARGEST + 1):
        with pytest.raises(posting.AmountOutOfRange):
            move(amount_mc, "two")
    with pytest.raises(posting.AllowanceInUse):
        move(1, "two")
    assert dict(Budget.objects.values_list("subject_id", "limit_mc")) == {old.pk: 0, new.pk: 10_000}
    assert [entry[0] for entry in audited()] == ["limit.set"] * 2 + ["limit.move"] * 2
    assert check_books(now=NOW) == []


def test_nothing_moves_from_a_limit_to_itself(owner: Actor, bob: User) -> None:
    subject = Subject(MEMBER, bob.pk)
    put(owner, subject, 5000)
    with pytest.raises(posting.AmountOutOfRange):
        move_allowance(actor=owner, source=subject, target=subject, amount_mc=1, key="one", now=NOW)
    assert Budget.objects.get().limit_mc == 5000


def test_a_key_is_made_with_its_limit_or_not_at_all(owner: Actor, acme: Workspace) -> None:
    api_key, text = issue_key(actor=owner, name="CI", is_test=False, limit_mc=5000, period=Period.DAY, now=NOW)
    assert api_keys.authenticate(text=text, remote_address=None, now=NOW) == api_key
    budget = Budget.objects.get()
    assert (budget.subject_id, budget.limit_mc, budget.period) == (api_key.pk, 5000, "day")
    with pytest.raises(posting.AmountOutOfRange):
        issue_key(actor=owner, name="CI", is_test=False, limit_mc=-1, period=Period.DAY, now=NOW)
    maker = builders.build_actor(acme, builders.build_member(acme, "mia@acme.example", Role.MAKER))
    with pytest.raises(MayNotLimit):
        issue_key(actor=maker, name="CI", is_test=False, limit_mc=1, period=Period.DAY, now=NOW)
    issue_key(actor=owner, name="Plain", is_test=False, limit_mc=None, period=Period.DAY, now=NOW)
    assert (ApiKey.objects.count(), Budget.objects.count()) == (2, 1)
