"""Turning switches: once, by those who may, of what is there."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.actor import Actor
from apps.accounts.models import AuditEntry, User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.catalog.access import Place, read_switchboard
from apps.catalog.models import Switch, SwitchedOff
from apps.catalog.switching import MayNotSwitch, check_tool, may_switch, switch, switch_as
from apps.errors import NotFound
from tests import builders
from tests.catalog.rows import Cast, subject_of


@pytest.mark.usefixtures("banana")
def test_switching_twice_changes_and_notes_it_once(cast: Cast, now: datetime) -> None:
    owner = cast["owner"]

    def turn_for_makers(*, is_on: bool) -> bool:
        return switch_as(actor=owner, by=Switch.ROLE, subject="maker", ai_model_id="flux_pro", is_on=is_on, now=now)

    before = AuditEntry.objects.count()
    assert [turn_for_makers(is_on=is_on) for is_on in (True, False, False, True, True)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert SwitchedOff.objects.count() == 0
    noted = AuditEntry.objects.order_by("id")[before:]
    whose = {"by": "role", "subject": "maker"}
    assert [(one.action, one.subject, one.actor_id, one.workspace_id, one.before, one.after) for one in noted] == [
        (
            "model.switch",
            "flux_pro",
            owner.user_id,
            owner.workspace.pk,
            whose | {"is_on": on},
            whose | {"is_on": not on},
        )
        for on in (True, False)
    ]


@pytest.mark.usefixtures("banana")
@pytest.mark.parametrize("target", [{"tool": "nano_banana"}, {"ai_model_id": "flux_pro"}], ids=["tool", "model"])
@pytest.mark.parametrize("by", list(Switch))
def test_two_at_once_cannot_make_two_rows(by: Switch, target: dict[str, str], cast: Cast, now: datetime) -> None:
    workspace = None if by is Switch.INSTALLATION else cast["owner"].workspace
    row: dict[str, Any] = {"workspace": workspace, "by": by, "subject": subject_of(by, cast), "created_at": now}
    SwitchedOff.objects.create(**row, **target)
    with pytest.raises(IntegrityError), transaction.atomic():
        SwitchedOff.objects.create(**row, **target)


@pytest.mark.usefixtures("banana")
@pytest.mark.parametrize(
    ("by", "subject", "target"),
    [
        (Switch.WORKSPACE, "", {"ai_model_id": "no_such_model"}),
        (Switch.WORKSPACE, "", {"tool": "no_such_tool"}),
        (Switch.WORKSPACE, "", {"tool": "nano_banana_edit"}),  # a model of a family is no family
        (Switch.ROLE, "boss", {"ai_model_id": "flux_pro"}),
        (Switch.ROLE, "", {"ai_model_id": "flux_pro"}),
        (Switch.API_KEY, "0193c6a0-0000-7000-8000-000000000001", {"ai_model_id": "flux_pro"}),
        (Switch.API_KEY, "no id", {"tool": "nano_banana"}),
    ],
)
def test_what_is_not_there_cannot_be_switched(
    by: Switch, subject: str, target: dict[str, str], cast: Cast, now: datetime
) -> None:
    owner = cast["owner"]
    before = AuditEntry.objects.count()
    with pytest.raises(NotFound):
        switch_as(actor=owner, by=by, subject=subject, is_on=False, now=now, **target)
    assert (SwitchedOff.objects.count(), AuditEntry.objects.count()) == (0, before)


@pytest.mark.usefixtures("banana")
def test_another_workspaces_keys_and_people_are_not_there(
    cast: Cast, mallory: User, elsewhere: Workspace, now: datetime
) -> None:
    owner = cast["owner"]
    api_key, _ = builders.build_api_key(elsewhere, mallory)
    for by, subject in ((Switch.API_KEY, api_key.pk), (Switch.MEMBER, mallory.pk)):
        with pytest.raises(NotFound):
            switch(
                by=by,
                workspace=owner.workspace,
                subject=str(subject),
                ai_model_id="flux_pro",
                is_on=False,
                actor_id=owner.user_id,
                now=now,
            )
    assert SwitchedOff.objects.count() == 0


@pytest.mark.usefixtures("banana")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("by", list(Switch))
def test_who_may_switch_for_whom(role: Role, by: Switch, cast: Cast, alice: User, now: datetime) -> None:
    """Anybody for oneself; owners and admins for others; nobody in a workspace for the installation."""
    actor = Actor(workspace=cast["owner"].workspace, user=alice, role=role)
    may = by is Switch.MEMBER or (by is not Switch.INSTALLATION and role in {Role.OWNER, Role.ADMIN})
    assert may_switch(actor, by) is may
    call: dict[str, Any] = {"by": by, "subject": subject_of(by, cast), "ai_model_id": "flux_pro", "is_on": False}
    if may:
        assert switch_as(actor=actor, now=now, **call) is True
        return
    with pytest.raises(MayNotSwitch):
        switch_as(actor=actor, now=now, **call)
    assert SwitchedOff.objects.count() == 0


@pytest.mark.usefixtures("banana")
def test_for_oneself_is_for_nobody_else(cast: Cast, alice: User, now: datetime) -> None:
    """Whatever id is sent along; a key switches for the person who made it."""
    maker, program = cast["maker"], cast["program"]
    switch_as(actor=maker, by=Switch.MEMBER, subject=str(alice.pk), tool="flux_pro", is_on=False, now=now)
    switch_as(actor=program, by=Switch.MEMBER, ai_model_id="flux_pro", is_on=False, now=now)
    assert read_switchboard(workspace=maker.workspace).switched_off == {
        Place(Switch.MEMBER, str(maker.user_id), "flux_pro", None),
        Place(Switch.MEMBER, str(alice.pk), "", "flux_pro"),
    }


@pytest.mark.usefixtures("banana")
def test_a_family_is_found_by_its_id() -> None:
    assert check_tool("nano_banana").name == "Nano Banana"
    assert check_tool("qwen").group == "core"  # none of its models are here
    assert (check_tool("flux_pro").name, check_tool("flux_pro").group) == ("Flux Pro", "other")
    with pytest.raises(NotFound):
        check_tool("nano_banana_edit")
