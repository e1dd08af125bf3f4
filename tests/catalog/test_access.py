"""Who may use which model: every party's switch, for a model and for a family, as every caller meets it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey, User
from apps.accounts.tenancy import Workspace
from apps.catalog.access import Off, read_access, read_switchboard
from apps.catalog.models import AIModel, Switch, SwitchedOff
from apps.catalog.tools import tool_of
from tests.catalog.rows import Cast, turn

HOLDS_FOR = {
    Switch.INSTALLATION: {"owner", "maker", "program", "other_program", "stranger"},
    Switch.WORKSPACE: {"owner", "maker", "program", "other_program"},
    Switch.ROLE: {"maker", "program", "other_program"},  # a key acts as a maker
    Switch.MEMBER: {"owner", "program", "other_program"},  # and in the name of who made it
    Switch.API_KEY: {"program"},
}
SENTENCES = {  # for a model and for a family, as the owner or a maker and as a key reads it
    Switch.INSTALLATION: (
        "Switched off in this installation.",
        "All of Nano Banana is switched off in this installation.",
    ),
    Switch.WORKSPACE: ("Switched off by your workspace.", "All of Nano Banana is switched off by your workspace."),
    Switch.ROLE: (
        "Switched off for makers by your workspace.",
        "All of Nano Banana is switched off for makers by your workspace.",
    ),
    Switch.MEMBER: ("You switched it off for yourself.", "You switched all of Nano Banana off for yourself."),
    Switch.API_KEY: ("Switched off for this API key.", "All of Nano Banana is switched off for this API key."),
}


@pytest.mark.parametrize("by", list(Switch))
def test_a_family_is_off_for_those_whom_the_switch_concerns(
    by: Switch, banana: AIModel, cast: Cast, now: datetime
) -> None:
    """Every model of the family, none beside it, and nobody else."""
    assert turn(by, cast, now, tool="nano_banana") is True
    off = {name for name, actor in cast.items() if read_access(actor).off(banana)}
    assert off == HOLDS_FOR[by]
    for name, actor in cast.items():
        access = read_access(actor)
        assert access.off(AIModel.objects.get(pk="flux_pro")) is None
        for one in AIModel.objects.filter(tool="nano_banana"):
            assert access.off(one) == access.off_tool(tool_of(one)), name
            assert (access.off(one) is not None) == (name in HOLDS_FOR[by])
    first = read_access(next(actor for name, actor in cast.items() if name in HOLDS_FOR[by])).off(banana)
    assert first == Off(by, SENTENCES[by][1], "nano_banana")


@pytest.mark.parametrize("by", [one for one in Switch if one is not Switch.INSTALLATION])
def test_a_model_is_off_alone_though_it_bears_its_familys_name(
    by: Switch, banana: AIModel, cast: Cast, now: datetime
) -> None:
    assert turn(by, cast, now, ai_model_id="nano_banana") is True
    off = {name: found for name, actor in cast.items() if (found := read_access(actor).off(banana))}
    assert set(off) == HOLDS_FOR[by]
    assert next(iter(off.values())) == Off(by, SENTENCES[by][0])
    for actor in cast.values():
        assert read_access(actor).off(AIModel.objects.get(pk="nano_banana_edit")) is None
        assert read_access(actor).off_tool(tool_of(banana)) is None


def test_a_key_reads_that_its_maker_switched_the_model_off(banana: AIModel, cast: Cast, now: datetime) -> None:
    turn(Switch.MEMBER, cast, now, ai_model_id="nano_banana")
    assert read_access(cast["program"]).off(banana) == Off(
        Switch.MEMBER, "Switched off by the person who made this API key."
    )
    turn(Switch.MEMBER, cast, now, tool="nano_banana")
    assert read_access(cast["program"]).off_tool(tool_of(banana)) == Off(
        Switch.MEMBER, "All of Nano Banana is switched off by the person who made this API key.", "nano_banana"
    )


def test_the_narrowest_off_is_named_and_each_one_is_enough(banana: AIModel, cast: Cast, now: datetime) -> None:
    """Switched back on from the narrowest to the widest, the next wider one is named; a model before its family."""
    AIModel.objects.filter(pk="nano_banana").update(is_enabled=False)
    banana.refresh_from_db()
    for by in Switch:
        turn(by, cast, now, tool="nano_banana")
        if by is not Switch.INSTALLATION:
            turn(by, cast, now, ai_model_id="nano_banana")
    named = []
    for by in (Switch.API_KEY, Switch.MEMBER, Switch.ROLE, Switch.WORKSPACE):
        for target in ({"ai_model_id": "nano_banana"}, {"tool": "nano_banana"}):
            found = read_access(cast["program"]).off(banana)
            assert found is not None
            named.append((found.by, found.tool))
            assert turn(by, cast, now, is_on=True, **target)
    assert named == [
        (by, tool)
        for by in (Switch.API_KEY, Switch.MEMBER, Switch.ROLE, Switch.WORKSPACE)
        for tool in ("", "nano_banana")
    ]
    assert turn(Switch.INSTALLATION, cast, now, is_on=True, tool="nano_banana")
    assert read_access(cast["program"]).off(banana) == Off(Switch.INSTALLATION, "Switched off in this installation.")
    AIModel.objects.filter(pk="nano_banana").update(is_enabled=True, lifecycle="retired")
    banana.refresh_from_db()
    assert read_access(cast["program"]).off(banana) == Off(Switch.INSTALLATION, "It is retired.")
    assert SwitchedOff.objects.count() == 0


def test_a_key_is_limited_to_the_models_on_its_list(banana: AIModel, acme: Workspace, alice: User) -> None:
    limited = ApiKey(workspace=acme, created_by=alice, allowed_models=["flux_pro"])
    access = read_access(Actor(workspace=acme, api_key=limited))
    assert access.off(banana) == Off(Switch.API_KEY, "This API key is limited to other models.")
    assert access.off(AIModel.objects.get(pk="flux_pro")) is None
    closed = ApiKey(workspace=acme, created_by=alice, allowed_models=[])
    assert read_access(Actor(workspace=acme, api_key=closed)).off(AIModel.objects.get(pk="flux_pro")) is not None


def test_what_staff_switched_off_is_on_sale_nowhere(banana: AIModel, cast: Cast, now: datetime) -> None:
    turn(Switch.WORKSPACE, cast, now, tool="flux_pro")
    turn(Switch.INSTALLATION, cast, now, tool="nano_banana")
    assert [one.pk for one in AIModel.objects.enabled()] == ["flux_pro"]
    turn(Switch.INSTALLATION, cast, now, is_on=True, tool="nano_banana")
    assert [one.pk for one in AIModel.objects.enabled()] == ["flux_pro", "nano_banana", "nano_banana_edit"]


@pytest.mark.usefixtures("banana")
def test_the_board_shows_each_switch_and_no_other_workspaces(cast: Cast, now: datetime) -> None:
    turn(Switch.ROLE, cast, now, tool="nano_banana")
    turn(Switch.INSTALLATION, cast, now, tool="flux_pro")
    board = read_switchboard(workspace=cast["owner"].workspace)
    assert not board.is_on(Switch.ROLE, "maker", tool="nano_banana")
    assert board.is_on(Switch.ROLE, "maker", ai_model_id="nano_banana")
    assert board.is_on(Switch.ROLE, "admin", tool="nano_banana")
    assert not board.is_on(Switch.INSTALLATION, tool="flux_pro")
    theirs = read_switchboard(workspace=cast["stranger"].workspace)
    assert theirs.is_on(Switch.ROLE, "maker", tool="nano_banana")
    for actor in cast.values():
        same = read_switchboard(workspace=actor.workspace).access_of(actor)
        assert [same.off(one) for one in AIModel.objects.all()] == [
            read_access(actor).off(one) for one in AIModel.objects.all()
        ]


def test_reading_is_one_query_however_many_switches_there_are(
    banana: AIModel, cast: Cast, now: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for by in Switch:
        turn(by, cast, now, tool="nano_banana")
    models = list(AIModel.objects.all())
    with django_assert_num_queries(1):
        access = read_access(cast["program"])
        assert [access.off(one) is None for one in models] == [one.tool != "nano_banana" for one in models]
