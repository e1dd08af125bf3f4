"""/v1/tools, /v1/defaults and the switches: who may use which model, and with which one a task begins.

An API key acts with a maker's rights. It may switch for the person who made it; what concerns others is decided by
owners and admins in person, so that a key which leaked or was handed out cannot widen what it may do.
"""

from collections import defaultdict
from typing import ClassVar, Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability, Role
from apps.api import access_operations
from apps.api.answers import Json, json_answer
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.catalog.access import Access, Off, read_access
from apps.catalog.defaults import read_defaults, set_default
from apps.catalog.models import AIModel, Stage, Surface, Switch, Task
from apps.catalog.switching import check_tool, switch_as
from apps.catalog.tools import Tool, tool_of
from apps.ids import from_public

_FOR: Final = {"workspace": Switch.WORKSPACE, "role": Switch.ROLE, "me": Switch.MEMBER, "key": Switch.API_KEY}
_GROUPS: Final = ("core", "specialized", "other")


class ToolList(Endpoint):
    """/v1/tools"""

    @access_operations.list_tools
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        self.parameters(faults=faults)
        faults.refuse()
        families: dict[Tool, list[AIModel]] = defaultdict(list)
        for ai_model in AIModel.objects.enabled():
            families[tool_of(ai_model)].append(ai_model)
        access = read_access(self.actor)
        found = [tool_json(tool, models, access) for tool, models in families.items()]
        return _whole_list(sorted(found, key=lambda tool: _GROUPS.index(tool["group"])))


class ModelAccess(Endpoint):
    """/v1/models/{id}/access"""

    @access_operations.switch_model
    def put(self, request: Request, ref: str) -> HttpResponseBase:
        return _turn(self, request, ai_model_id=ref)


class ToolAccess(Endpoint):
    """/v1/tools/{id}/access"""

    @access_operations.switch_tool
    def put(self, request: Request, ref: str) -> HttpResponseBase:
        return _turn(self, request, tool=ref)


class DefaultList(Endpoint):
    """/v1/defaults"""

    capabilities: ClassVar[dict[str, Capability]] = {"PUT": Capability.MANAGE_MODELS}

    @access_operations.list_defaults
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        surface = self.parameters("surface", faults=faults).choice("surface", frozenset(Surface.values))
        faults.refuse()
        return _whole_list([one for one in self._rows() if surface is None or one["surface"] == surface])

    @access_operations.set_default
    def put(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        body = read_object(request._request)
        _check_names(body, ("surface", "task", "stage", "model"), faults)
        surface, task = _choice(body, "surface", Surface.values, faults), _choice(body, "task", Task.values, faults)
        stage = "" if body.get("stage") is None else _choice(body, "stage", Stage.values, faults)
        ai_model_id = body.get("model")
        if "model" not in body or not (ai_model_id is None or isinstance(ai_model_id, str)):
            faults.add("model", "type", "The id of a model, or null for none of the workspace's own.")
        faults.refuse()
        set_default(
            surface=Surface(surface),
            task=Task(task),
            stage=stage,
            ai_model_id=ai_model_id,
            workspace=self.actor.workspace,
            editor_id=self.actor.user_id,
            now=self.now,
        )
        return _whole_list([one for one in self._rows() if one["surface"] == surface])

    def _rows(self) -> list[Json]:
        """What holds at each place that has a default. Three queries."""
        defaults, access = read_defaults(workspace=self.actor.workspace), read_access(self.actor)
        usable = {one.pk for one in AIModel.objects.enabled() if access.off(one) is None}
        rows = {**defaults.installation, **defaults.workspace}
        return [
            {
                "object": "default",
                "surface": surface,
                "task": task,
                "stage": stage or None,
                "model": ai_model_id,
                "set_by": "workspace" if (surface, task, stage) in defaults.workspace else "installation",
                "enabled": ai_model_id in usable,
            }
            for (surface, task, stage), ai_model_id in sorted(rows.items())
        ]


def tool_json(tool: Tool, models: list[AIModel], access: Access) -> Json:
    """Write a family; it is off when it is off as one, or when every one of its models is."""
    offs = [access.off(one) for one in models]
    off = access.off_tool(tool) or (offs[0] if all(offs) else None)
    return {
        "id": tool.id,
        "object": "tool",
        "name": tool.name,
        "group": tool.group,
        "models": [one.pk for one in models],
        "enabled": off is None,
        "disabled_by": off.by.value if off else None,
    }


def _turn(endpoint: Endpoint, request: Request, *, tool: str = "", ai_model_id: str | None = None) -> HttpResponseBase:
    """Read whose switch is meant and how it shall stand, turn it, and say what that means for the caller."""
    faults = Faults()
    body = read_object(request._request)
    _check_names(body, ("enabled", "for", "role", "key"), faults)
    if not isinstance(body.get("enabled"), bool):
        faults.add("enabled", "type", "This must be true or false.")
    whose = _choice(body, "for", list(_FOR), faults)
    subject = ""
    for name in ("role", "key"):
        if whose != name and body.get(name) is not None:
            faults.add(name, "not_available", f"Only with for: {name}.")
    if whose == "role":
        subject = _choice(body, "role", Role.values, faults)
    elif whose == "key" and not (isinstance(body.get("key"), str) and body["key"]):
        faults.add("key", "required", "The id of an API key: key_….")
    faults.refuse()
    if whose == "key":
        subject = str(from_public("key", body["key"]) or "")
    by = _FOR[whose]
    switch_as(
        actor=endpoint.actor,
        by=by,
        subject=subject,
        tool=tool,
        ai_model_id=ai_model_id,
        is_on=body["enabled"],
        now=endpoint.now,
    )
    off = _off(endpoint, tool, ai_model_id)
    return json_answer(
        {
            "object": "access",
            "model": ai_model_id,
            "tool": tool or None,
            "for": whose,
            "role": body.get("role"),
            "key": body.get("key"),
            "switched_on": body["enabled"],
            "enabled": off is None,
            "disabled_by": off.by.value if off else None,
        }
    )


def _off(endpoint: Endpoint, tool: str, ai_model_id: str | None) -> Off | None:
    access = read_access(endpoint.actor)
    return access.off_tool(check_tool(tool)) if tool else access.off(AIModel.objects.get(pk=ai_model_id))


def _check_names(body: Json, known: tuple[str, ...], faults: Faults) -> None:
    for name in sorted(set(body) - set(known)):
        faults.add(name[:64], "unknown_parameter", "There is no such field.", sorted(known))


def _choice(body: Json, name: str, allowed: list[str], faults: Faults) -> str:
    value = body.get(name)
    if isinstance(value, str) and value in allowed:
        return value
    faults.add(name, "enum" if value is not None else "required", "One of the allowed values.", allowed)
    return ""


def _whole_list(data: list[Json]) -> HttpResponseBase:
    """A list that is short enough for one page."""
    return json_answer({"object": "list", "data": data, "has_more": False, "first_id": None, "last_id": None})
