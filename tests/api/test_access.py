"""/v1/tools, /v1/defaults and the switches: what a program reads, may turn, and is refused."""

from typing import Any

import pytest

from apps.accounts.models import ApiKey, AuditEntry, User
from apps.catalog.defaults import set_default
from apps.catalog.models import DefaultModel, Surface, Switch, SwitchedOff, Task
from apps.catalog.switching import switch
from apps.jobs.models import Job
from apps.ledger.models import Hold
from tests.api.conftest import LONG_AGO, Caller


def turn(program: Caller, *, by: Switch, subject: str = "", is_on: bool = False, **target: str) -> None:
    """Turn a switch as an owner does on the Models page."""
    switch(
        by=by,
        workspace=None if by is Switch.INSTALLATION else program.workspace,
        subject=subject,
        is_on=is_on,
        actor_id=None,
        now=LONG_AGO,
        **target,
    )


def tool_of(program: Caller, tool: str) -> dict[str, Any] | None:  # JSON
    found: list[dict[str, Any]] = program.get("/v1/tools").json()["data"]
    return next((one for one in found if one["id"] == tool), None)


def test_tools_are_listed_by_group_with_their_models(program: Caller) -> None:
    answer = program.get("/v1/tools").json()
    groups = [one["group"] for one in answer["data"]]
    assert groups == sorted(groups, key=["core", "specialized", "other"].index)
    banana = tool_of(program, "nano_banana")
    assert banana is not None
    assert {"nano_banana", "nano_banana_edit"} <= set(banana.pop("models"))
    assert banana == {
        "id": "nano_banana",
        "object": "tool",
        "name": "Nano Banana",
        "group": "core",
        "enabled": True,
        "disabled_by": None,
    }
    listed = {one["id"] for one in program.get("/v1/models").json()["data"]}
    assert {model for one in answer["data"] for model in one["models"]} == listed
    assert program.get("/v1/tools?stage=explore").status_code == 422


def test_a_switched_off_family_is_refused_everywhere_and_told(program: Caller, stranger: Caller) -> None:
    turn(program, by=Switch.WORKSPACE, tool="nano_banana")
    body = {"prompt": "a red kite"}
    for path, sent in (("/v1/jobs/nano_banana", body), ("/v1/quotes", {"model": "nano_banana", "input": body})):
        answer = program.post(path, sent)
        error = answer.json()["error"]
        assert (answer.status_code, error["type"]) == (403, "model_disabled")
        assert error["details"] == {"by": "workspace", "tool": "nano_banana"}
        assert "All of Nano Banana is switched off by your workspace." in error["message"]
    assert (Job.objects.count(), Hold.objects.count()) == (0, 0)
    models = {one["id"]: one for one in program.get("/v1/models").json()["data"]}
    off = {model for model, one in models.items() if not one["enabled"]}
    family = tool_of(program, "nano_banana")
    assert family is not None
    assert off == set(family["models"])
    assert (family["enabled"], family["disabled_by"]) == (False, "workspace")
    assert models["nano_banana"]["disabled_by"] == "workspace"
    assert program.submit("flux_schnell")["status"] == "queued"
    assert stranger.post("/v1/jobs/nano_banana", body | {"mock": True}).status_code in {200, 202}


@pytest.mark.parametrize("by", list(Switch))
def test_a_refusal_names_who_decided(by: Switch, program: Caller, alice: User) -> None:
    own_key = ApiKey.objects.get(workspace=program.workspace)
    subject = {Switch.ROLE: "maker", Switch.MEMBER: str(alice.pk), Switch.API_KEY: str(own_key.pk)}.get(by, "")
    turn(program, by=by, subject=subject, tool="flux_schnell")
    error = program.post("/v1/jobs/flux_schnell", {"prompt": "a red kite", "mock": True}).json()["error"]
    assert (error["type"], error["details"]) == ("model_disabled", {"by": by.value, "tool": "flux_schnell"})
    found = tool_of(program, "flux_schnell")
    if by is Switch.INSTALLATION:  # what is sold to nobody is on no list
        assert found is None
    else:
        assert found is not None
        assert found["disabled_by"] == by.value
    turn(program, by=by, subject=subject, is_on=True, tool="flux_schnell")
    assert program.submit("flux_schnell", mock=True)["status"] == "queued"


def test_a_family_whose_models_are_all_off_is_off(program: Caller) -> None:
    turn(program, by=Switch.ROLE, subject="maker", ai_model_id="flux_pro")
    found = tool_of(program, "flux_pro")
    assert found is not None
    assert (found["enabled"], found["disabled_by"]) == (False, "role")


def test_a_switch_between_quote_and_run_is_honoured_and_a_running_job_goes_on(program: Caller) -> None:
    running = program.submit("flux_schnell")
    quote = program.post("/v1/quotes", {"model": "flux_schnell", "input": {"prompt": "a red kite"}}).json()
    turn(program, by=Switch.WORKSPACE, ai_model_id="flux_schnell")
    answer = program.post("/v1/jobs/flux_schnell", {"prompt": "a red kite"}, X_Quote_Id=quote["id"])
    assert (answer.status_code, answer.json()["error_type"]) == (403, "model_disabled")
    assert answer.json()["error"]["details"] == {"by": "workspace"}
    assert Job.objects.count() == 1
    assert program.get(f"/v1/jobs/{running['id']}").json()["status"] == "queued"


@pytest.mark.parametrize(("path", "target"), [("models/flux_pro", "model"), ("tools/nano_banana", "tool")])
def test_a_key_switches_for_the_person_who_made_it(path: str, target: str, program: Caller, alice: User) -> None:
    noted = AuditEntry.objects.count()
    for enabled in (False, False, True):
        answer = program.ask("PUT", f"/v1/{path}/access", {"enabled": enabled, "for": "me"})
        assert answer.status_code == 200
        assert answer.json() == {
            "object": "access",
            "model": None,
            "tool": None,
            target: path.partition("/")[2],
            "for": "me",
            "role": None,
            "key": None,
            "switched_on": enabled,
            "enabled": enabled,
            "disabled_by": None if enabled else "member",
        }
        assert SwitchedOff.objects.filter(subject=str(alice.pk), by="member").count() == (0 if enabled else 1)
    assert AuditEntry.objects.count() == noted + 2


def test_switching_on_for_oneself_does_not_undo_the_workspaces_off(program: Caller) -> None:
    turn(program, by=Switch.WORKSPACE, ai_model_id="flux_pro")
    answer = program.ask("PUT", "/v1/models/flux_pro/access", {"enabled": True, "for": "me"}).json()
    assert (answer["switched_on"], answer["enabled"], answer["disabled_by"]) == (True, False, "workspace")


@pytest.mark.parametrize("whose", ["workspace", "role", "key"])
def test_a_key_does_not_switch_for_others(whose: str, program: Caller) -> None:
    """Not even for itself: what an owner took from a key, the key cannot take back."""
    own_key = ApiKey.objects.get(workspace=program.workspace)
    turn(program, by=Switch.API_KEY, subject=str(own_key.pk), ai_model_id="flux_pro")
    more = {"role": {"role": "maker"}, "key": {"key": own_key.public_id}}.get(whose, {})
    for path in ("models/flux_pro", "tools/flux_pro"):
        answer = program.ask("PUT", f"/v1/{path}/access", {"enabled": True, "for": whose} | more)
        assert (answer.status_code, answer.json()["error_type"]) == (403, "forbidden")
    assert SwitchedOff.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("enabled", "type"), ("for", "required")}),
        ({"enabled": 1, "for": "us"}, {("enabled", "type"), ("for", "enum")}),
        ({"enabled": True, "for": "me", "until": "noon"}, {("until", "unknown_parameter")}),
        ({"enabled": True, "for": "role"}, {("role", "required")}),
        ({"enabled": True, "for": "role", "role": "boss"}, {("role", "enum")}),
        ({"enabled": True, "for": "key"}, {("key", "required")}),
        ({"enabled": True, "for": "me", "role": "maker"}, {("role", "not_available")}),
        ({"enabled": True, "for": "workspace", "key": "key_1"}, {("key", "not_available")}),
    ],
)
def test_a_switch_that_cannot_be_read_is_refused(
    body: dict[str, Any], faults: set[tuple[str, str]], program: Caller
) -> None:
    answer = program.ask("PUT", "/v1/models/flux_pro/access", body)
    assert answer.status_code == 422
    assert {(one["path"], one["code"]) for one in answer.json()["error"]["details"]["fields"]} == faults
    assert SwitchedOff.objects.count() == 0


@pytest.mark.parametrize("path", ["models/no_such_model", "tools/no_such_tool", "tools/nano_banana_edit"])
def test_what_is_not_there_cannot_be_switched(path: str, program: Caller) -> None:
    answer = program.ask("PUT", f"/v1/{path}/access", {"enabled": False, "for": "me"})
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")
    assert SwitchedOff.objects.count() == 0


def test_defaults_tell_who_set_them_and_whether_they_can_be_used(program: Caller, stranger: Caller) -> None:
    DefaultModel.objects.all().delete()
    for workspace, model in ((None, "flux_schnell"), (program.workspace, "flux_pro")):
        set_default(
            surface=Surface.STUDIO,
            task=Task.CREATE,
            stage="",
            ai_model_id=model,
            workspace=workspace,
            editor_id=None,
            now=LONG_AGO,
        )
    set_default(
        surface=Surface.MCP,
        task=Task.CREATE,
        stage="explore",
        ai_model_id="flux_schnell",
        workspace=None,
        editor_id=None,
        now=LONG_AGO,
    )
    turn(program, by=Switch.WORKSPACE, ai_model_id="flux_pro")
    base = {"object": "default", "task": "create"}
    mcp = base | {
        "surface": "mcp",
        "stage": "explore",
        "model": "flux_schnell",
        "set_by": "installation",
        "enabled": True,
    }
    own = base | {"surface": "studio", "stage": None, "model": "flux_pro", "set_by": "workspace", "enabled": False}
    assert program.get("/v1/defaults").json()["data"] == [mcp, own]
    assert program.get("/v1/defaults?surface=studio").json()["data"] == [own]
    theirs = own | {"model": "flux_schnell", "set_by": "installation", "enabled": True}
    assert stranger.get("/v1/defaults?surface=studio").json()["data"] == [theirs]
    assert program.get("/v1/defaults?surface=wall").status_code == 422


def test_defaults_are_set_in_person(program: Caller) -> None:
    before = DefaultModel.objects.count()
    answer = program.ask("PUT", "/v1/defaults", {"surface": "api", "task": "create", "model": "flux_pro"})
    assert (answer.status_code, answer.json()["error_type"]) == (403, "forbidden")
    assert DefaultModel.objects.count() == before
