"""Limits as people see them."""

from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts import api_keys
from apps.accounts.actor import Actor
from apps.accounts.models import Membership, User
from apps.accounts.tenancy import Workspace
from apps.billing import spend_limits
from apps.billing.limit_changes import set_limit
from apps.errors import NotFound
from apps.ids import to_public
from apps.ledger import posting
from apps.ledger.budgets import Subject
from apps.ledger.models import Budget
from apps.ledger.periods import Period
from apps.library.models import Project
from tests import builders
from tests.builders import NOW
from tests.ledger.calls import place

MEMBER, KEY, PROJECT = Budget.Subject


@pytest.fixture
def actor(acme: Workspace, alice: User) -> Actor:
    return builders.build_actor(acme, alice)


def project(acme: Workspace, name: str) -> Project:
    return Project.objects.create(workspace=acme, name=name, created_at=NOW)


def put(actor: Actor, subject: Subject, limit_mc: int | None, period: Period = Period.DAY) -> None:
    set_limit(actor=actor, subject=subject, limit_mc=limit_mc, period=period, now=NOW)


def test_everything_that_can_have_a_limit_is_listed_in_four_queries(
    acme: Workspace,
    alice: User,
    bob: User,
    mallory: User,
    elsewhere: Workspace,
    actor: Actor,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    keys = [builders.build_api_key(acme, bob)[0] for _ in range(3)]
    builders.build_api_key(elsewhere, mallory)
    posters, cards = project(acme, "Posters"), project(acme, "cards")
    project(elsewhere, "Theirs")
    put(actor, Subject(MEMBER, bob.pk), 50_000)
    put(actor, Subject(KEY, keys[0].pk), 20_000)
    put(actor, Subject(KEY, keys[1].pk), None)
    for key in keys[:2]:
        api_keys.revoke(api_key=key, revoked_by=alice, now=NOW)
    place(acme, 12_000, spender=posting.Spender(bob.pk, keys[2].pk, None))
    with django_assert_num_queries(4):
        found = spend_limits.list_limits(workspace=acme, now=NOW)
    assert [
        (one.holder.name, one.holder.note, one.limit_mc, one.held_mc, one.remaining_mc) for one in found.members
    ] == [
        ("Alice Archer", "Owner", None, 0, None),
        ("bob@acme.example", "Viewer", 50_000, 12_000, 38_000),
    ]
    # A key that was revoked is there while it has a limit: its allowance can be moved on.
    assert [(one.subject.id, one.limit_mc, one.holder.is_over) for one in found.api_keys] == [
        (keys[2].pk, None, False),
        (keys[0].pk, 20_000, True),
    ]
    assert [one.subject.id for one in found.projects] == [cards.pk, posters.pk]
    assert {one.period for one in found.projects} == {None}


def test_of_too_many_those_with_a_limit_are_listed(acme: Workspace, actor: Actor) -> None:
    first = project(acme, "Aa")
    put(actor, Subject(PROJECT, first.pk), 1)
    later = [Project(workspace=acme, name=f"B{number}", created_at=NOW) for number in range(spend_limits.LISTED)]
    Project.objects.bulk_create(later)
    names = [one.holder.name for one in spend_limits.list_limits(workspace=acme, now=NOW).projects]
    assert (len(names), names[0]) == (spend_limits.LISTED, "Aa")


def test_the_limits_on_an_actor_are_those_of_key_person_and_project(
    acme: Workspace, alice: User, actor: Actor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api_key, _ = builders.build_api_key(acme, alice)
    posters = project(acme, "Posters")
    subjects = [Subject(KEY, api_key.pk), Subject(MEMBER, alice.pk), Subject(PROJECT, posters.pk)]
    program = Actor(workspace=acme, api_key=api_key)
    assert spend_limits.binding_limits(actor=program, project="Posters", now=NOW) == ()
    for number, subject in enumerate(subjects, start=1):
        put(actor, subject, number * 1000)
    with django_assert_max_num_queries(3):
        found = spend_limits.binding_limits(actor=program, project="Posters", now=NOW)
    assert [(one.subject, one.limit_mc) for one in found] == list(zip(subjects, (1000, 2000, 3000), strict=True))
    assert len(spend_limits.binding_limits(actor=program, project="Unknown", now=NOW)) == 2
    assert [one.limit_mc for one in spend_limits.binding_limits(actor=actor, now=NOW)] == [2000]


def test_changes_stay_when_their_member_has_left(acme: Workspace, alice: User, bob: User, actor: Actor) -> None:
    put(actor, Subject(MEMBER, bob.pk), 50_000)
    put(actor, Subject(MEMBER, bob.pk), 40_000, Period.WEEK)
    put(actor, Subject(MEMBER, bob.pk), None, Period.WEEK)
    Membership.objects.filter(user=bob).delete()
    told = [
        (one.name, one.who, one.before_mc, one.period_before, one.after_mc, one.period)
        for one in spend_limits.list_changes(workspace=acme, limit=9)
    ]
    assert told == [
        ("bob@acme.example", "Alice Archer", 40_000, Period.WEEK, None, Period.WEEK),
        ("bob@acme.example", "Alice Archer", 50_000, Period.DAY, 40_000, Period.WEEK),
        ("bob@acme.example", "Alice Archer", None, None, 50_000, Period.DAY),
    ]
    newest = spend_limits.list_changes(workspace=acme, limit=1)[0]
    assert [one.after_mc for one in spend_limits.list_changes(workspace=acme, limit=1, after=newest.id)] == [40_000]
    assert [one.subject.id for one in spend_limits.list_limits(workspace=acme, now=NOW).members] == [alice.pk]


def test_a_strangers_changes_are_their_own(acme: Workspace, elsewhere: Workspace, alice: User, actor: Actor) -> None:
    put(actor, Subject(MEMBER, alice.pk), 1000)
    assert spend_limits.list_changes(workspace=elsewhere, limit=9) == []


@pytest.mark.parametrize("text", ["", "key_", "key_x", "job_0000000000000000000000000x", to_public("key", UUID(int=1))])
def test_an_id_is_of_its_kind(text: str) -> None:
    with pytest.raises(NotFound):
        spend_limits.read_subject("member", text)
