"""Where a task begins: the closest default that may be used."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.catalog.access import read_access
from apps.catalog.defaults import UnfitDefault, read_defaults, set_default, unfit
from apps.catalog.models import AIModel, DefaultModel, Stage, Surface, Switch, Task
from apps.catalog.switching import switch
from apps.errors import NotFound
from tests import builders
from tests.catalog.rows import build_model

EDIT, STUDIO = Task.IMAGE_EDIT, Surface.STUDIO
ROWS = (  # from the closest to the widest: is it the workspace's, stage, model
    (True, "refine", "a"),
    (True, "", "b"),
    (False, "refine", "c"),
    (False, "", "d"),
)


@pytest.fixture
def editors(db: None) -> list[AIModel]:
    return [build_model(name, kind="image_edit", stage="refine") for name in "abcd"]


@pytest.mark.usefixtures("editors")
def test_the_closest_default_wins(acme: Workspace, elsewhere: Workspace) -> None:
    """The workspace's before the installation's; the stage's before any stage's; nothing of another workspace."""
    for is_theirs, stage, model in ROWS:
        DefaultModel.objects.create(
            workspace=acme if is_theirs else None, surface=STUDIO, task=EDIT, stage=stage, ai_model_id=model
        )
    for left in ("abcd", "bcd", "cd", "d", ""):
        wanted = left[0] if left else None
        assert read_defaults(workspace=acme).of(EDIT, STUDIO, "refine") == wanted
        assert read_defaults(workspace=acme).ranked(EDIT, STUDIO, "refine") == tuple(left)
        installed = next((one for one in left if one in "cd"), None)
        assert read_defaults(workspace=elsewhere).of(EDIT, STUDIO, "refine") == installed
        assert read_defaults(workspace=None).of(EDIT, STUDIO, "refine") == installed
        at_explore = tuple(one for one in left if one in "bd")
        assert read_defaults(workspace=acme).ranked(EDIT, STUDIO, "explore") == at_explore
        assert read_defaults(workspace=acme).ranked(EDIT, STUDIO) == at_explore
        assert read_defaults(workspace=acme).of(EDIT, Surface.MCP, "refine") is None
        assert read_defaults(workspace=acme).of(Task.LOCAL_EDIT, STUDIO, "refine") is None
        DefaultModel.objects.filter(ai_model_id=wanted).delete()


def test_a_default_that_is_off_is_passed_over(
    editors: list[AIModel], acme: Workspace, alice: User, now: datetime
) -> None:
    actor = builders.build_actor(acme, alice)
    for is_theirs, stage, model in ROWS:
        DefaultModel.objects.create(
            workspace=acme if is_theirs else None, surface=STUDIO, task=EDIT, stage=stage, ai_model_id=model
        )
    found = []
    for one in editors:
        access = read_access(actor)
        among = {other.pk for other in editors if access.off(other) is None}
        found.append(read_defaults(workspace=acme).of(EDIT, STUDIO, "refine", among=among))
        switch(
            by=Switch.MEMBER,
            workspace=acme,
            subject=str(alice.pk),
            ai_model_id=one.pk,
            is_on=False,
            actor_id=alice.pk,
            now=now,
        )
    assert found == ["a", "b", "c", "d"]
    assert read_defaults(workspace=acme).of(EDIT, STUDIO, among=frozenset()) is None


@pytest.mark.usefixtures("editors")
def test_every_default_is_read_in_one_query(acme: Workspace, django_assert_num_queries: Callable[[int], Any]) -> None:
    DefaultModel.objects.create(surface=STUDIO, task=EDIT, ai_model_id="a")
    with django_assert_num_queries(1):
        defaults = read_defaults(workspace=acme)
        assert [defaults.of(EDIT, STUDIO, stage) for stage in Stage] == ["a"] * 5


@pytest.mark.usefixtures("editors")
@pytest.mark.parametrize("is_theirs", [True, False])
def test_setting_a_default_is_noted_once(is_theirs: bool, acme: Workspace, alice: User, now: datetime) -> None:
    workspace = acme if is_theirs else None
    before = AuditEntry.objects.count()

    def choose(ai_model_id: str | None) -> bool:
        return set_default(
            surface=STUDIO,
            task=EDIT,
            stage="refine",
            ai_model_id=ai_model_id,
            workspace=workspace,
            editor_id=alice.pk,
            now=now,
        )

    assert [choose(one) for one in (None, "a", "a", "b", None, None)] == [False, True, False, True, True, False]
    assert DefaultModel.objects.count() == 0
    noted = AuditEntry.objects.order_by("id")[before:]
    assert [(one.action, one.subject, one.actor_id, one.workspace_id, one.before, one.after) for one in noted] == [
        ("default.set", "studio:image_edit:refine", alice.pk, acme.pk if is_theirs else None, old, new)
        for old, new in (
            ({"model": None}, {"model": "a"}),
            ({"model": "a"}, {"model": "b"}),
            ({"model": "b"}, {"model": None}),
        )
    ]


@pytest.mark.usefixtures("editors")
def test_a_workspaces_default_leaves_the_others_alone(acme: Workspace, elsewhere: Workspace, now: datetime) -> None:
    for workspace, model in ((None, "a"), (elsewhere, "b"), (acme, "c"), (acme, None)):
        set_default(
            surface=STUDIO, task=EDIT, stage="", ai_model_id=model, workspace=workspace, editor_id=None, now=now
        )
    assert sorted(DefaultModel.objects.values_list("workspace__name", "ai_model_id"), key=str) == [
        ("Elsewhere", "b"),
        (None, "a"),
    ]
    assert read_defaults(workspace=acme).of(EDIT, STUDIO) == "a"


@pytest.mark.parametrize("is_theirs", [True, False])
@pytest.mark.usefixtures("editors")
def test_a_place_has_one_default(is_theirs: bool, acme: Workspace) -> None:
    place: dict[str, Any] = {"workspace": acme if is_theirs else None, "surface": STUDIO, "task": EDIT}
    DefaultModel.objects.create(**place, ai_model_id="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        DefaultModel.objects.create(**place, ai_model_id="b")


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("columns", "task", "stage", "reason"),
    [
        ({"kind": "image_edit"}, Task.IMAGE_EDIT, "", ""),
        ({"kind": "image_edit"}, Task.LOCAL_EDIT, "explore", ""),
        ({"also_kinds": ["image_edit"]}, Task.IMAGE_EDIT, "", ""),
        ({}, Task.CREATE, "explore", ""),
        ({}, Task.IMAGE_EDIT, "", "A Model cannot do this: edit a picture."),
        ({}, Task.UPSCALE, "", "A Model cannot do this: enlarge."),
        ({"kind": "image_edit", "capabilities": {"mask_edit": True}}, Task.MASK_EDIT, "", ""),
        ({"kind": "image_edit", "capabilities": {"mask_edit": None}}, Task.MASK_EDIT, "", "A Model takes no mask."),
        ({}, Task.CREATE, "deliver", "A Model belongs to Explore, not to Deliver."),
        ({"is_enabled": False}, Task.CREATE, "", "A Model is switched off in this installation."),
        ({"lifecycle": "retired"}, Task.CREATE, "", "A Model is switched off in this installation."),
    ],
)
def test_a_model_that_cannot_do_the_task_is_refused(
    columns: dict[str, Any], task: Task, stage: str, reason: str, now: datetime
) -> None:
    ai_model = build_model("a_model", **columns)
    assert unfit(ai_model, task=task, stage=stage) == reason
    call: dict[str, Any] = {"surface": STUDIO, "task": task, "stage": stage, "ai_model_id": "a_model"}
    if not reason:
        assert set_default(**call, workspace=None, editor_id=None, now=now)
        return
    with pytest.raises(UnfitDefault, match=reason):
        set_default(**call, workspace=None, editor_id=None, now=now)
    with pytest.raises(NotFound):
        set_default(**(call | {"ai_model_id": "no_such_model"}), workspace=None, editor_id=None, now=now)
    assert (DefaultModel.objects.count(), AuditEntry.objects.count()) == (0, 0)
