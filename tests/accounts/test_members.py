"""People in workspaces, and what their roles let them do."""

import pytest

from apps.accounts.actor import Actor
from apps.accounts.members import find_actor, people_who, workspaces_of
from apps.accounts.models import ApiKey, User
from apps.accounts.roles import ROLE_CAPABILITIES, Capability, Role, can
from apps.accounts.tenancy import Workspace
from apps.errors import NotFound
from tests import builders


def test_a_member_acts_with_the_role_they_have(acme: Workspace, alice: User, bob: User) -> None:
    assert find_actor(user=alice, workspace_id=acme.pk).role is Role.OWNER
    assert find_actor(user=bob, workspace_id=acme.pk).role is Role.VIEWER


def test_a_strangers_workspace_is_not_there(acme: Workspace, mallory: User) -> None:
    with pytest.raises(NotFound):
        find_actor(user=mallory, workspace_id=acme.pk)
    assert workspaces_of(mallory) == []


def test_people_are_found_by_what_they_may_do(acme: Workspace, alice: User, bob: User, elsewhere: Workspace) -> None:
    second = builders.build_member(acme, "olga@acme.example", Role.OWNER)
    assert people_who(workspace=acme, capability=Capability.BUY_CREDITS) == [alice, second]
    assert people_who(workspace=acme, capability=Capability.VIEW) == [alice, bob, second]
    second.is_active = False
    second.save(update_fields=["is_active"])
    assert people_who(workspace=acme, capability=Capability.BUY_CREDITS) == [alice]


def test_every_role_has_its_row_and_owners_may_everything() -> None:
    assert set(ROLE_CAPABILITIES) == set(Role)
    assert ROLE_CAPABILITIES[Role.OWNER] == set(Capability)
    assert [capability for capability in Capability if can(Role.VIEWER, capability)] == [Capability.VIEW]


def test_a_key_acts_as_the_person_who_made_it(acme: Workspace, alice: User) -> None:
    api_key = ApiKey(workspace=acme, created_by=alice, is_test=True)
    actor = Actor(workspace=acme, api_key=api_key)
    assert (actor.user_id, actor.is_test, actor.role) == (alice.pk, True, Role.MAKER)
