"""Turning models and whole families on and off, for oneself and for others."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts import audit
from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey, Membership
from apps.accounts.roles import Capability, Role
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, Switch, SwitchedOff
from apps.catalog.tools import TOOLS, Tool, tool_of
from apps.errors import DomainError, NotFound


class MayNotSwitch(DomainError):
    """The role or the key may not decide this for others."""

    code = "forbidden"


def may_switch(actor: Actor, by: Switch) -> bool:
    """Whether a caller may turn switches of this kind: one's own always, others' with the right to manage models."""
    return by is Switch.MEMBER or (by is not Switch.INSTALLATION and actor.can(Capability.MANAGE_MODELS))


def switch_as(
    *,
    actor: Actor,
    by: Switch,
    is_on: bool,
    now: datetime,
    subject: str = "",
    tool: str = "",
    ai_model_id: str | None = None,
) -> bool:
    """Turn a switch in a caller's name; a person's own whatever ``subject`` says.

    :raises MayNotSwitch: that is for owners and admins, in person. :raises NotFound: as ``switch``.
    """
    if not may_switch(actor, by):
        raise MayNotSwitch(
            "Only owners and admins decide this for others, on the Models page. An API key acts with a maker's rights."
        )
    return switch(
        by=by,
        workspace=actor.workspace,
        subject=str(actor.user_id) if by is Switch.MEMBER else subject,
        tool=tool,
        ai_model_id=ai_model_id,
        is_on=is_on,
        actor_id=actor.user_id,
        now=now,
    )


@transaction.atomic
def switch(
    *,
    by: Switch,
    workspace: Workspace | None,
    is_on: bool,
    actor_id: UUID | None,
    now: datetime,
    subject: str = "",
    tool: str = "",
    ai_model_id: str | None = None,
) -> bool:
    """Turn a model, or a whole family, on or off; tell whether that changed anything. Who may is the caller's question.

    The installation switches families here, and single models with ``editing.set_enabled``.

    :raises NotFound: no such model or family, role, or member or API key of this workspace.
    """
    assert (workspace is None) == (by is Switch.INSTALLATION), "only staff decide for every workspace"
    assert bool(tool) != bool(ai_model_id), "a switch is a model's or a family's"
    assert by is not Switch.INSTALLATION or tool, "staff switch a model where its price is checked"
    _check_target(tool, ai_model_id)
    if workspace is not None:
        subject = _check_subject(workspace, by, subject)
    place = {"workspace": workspace, "by": by, "subject": subject, "tool": tool, "ai_model_id": ai_model_id or None}
    if is_on:
        is_changed = bool(SwitchedOff.objects.filter(**place).delete()[0])
    else:
        _, is_changed = SwitchedOff.objects.get_or_create(**place, defaults={"set_by_id": actor_id, "created_at": now})
    if is_changed:
        whose = {"by": by.value, "subject": subject}
        audit.record(
            action="tool.switch" if tool else "model.switch",
            subject=tool or str(ai_model_id),
            actor_id=actor_id,
            workspace_id=workspace.pk if workspace else None,
            before={**whose, "is_on": not is_on},
            after={**whose, "is_on": is_on},
            now=now,
        )
    return is_changed


def check_tool(tool: str) -> Tool:
    """Find a family by its id; a model that no family claims is one in its own name.

    :raises NotFound: there is none.
    """
    ai_model = AIModel.objects.filter(tool=tool).first()
    found = tool_of(ai_model) if ai_model else TOOLS.get(tool)
    if found is None:
        raise NotFound("There is no such tool. GET /v1/tools lists them.")
    return found


def _check_target(tool: str, ai_model_id: str | None) -> None:
    if tool:
        check_tool(tool)
    elif not AIModel.objects.filter(pk=ai_model_id).exists():
        raise NotFound("There is no such model. GET /v1/models lists them.")


def _check_subject(workspace: Workspace, by: Switch, subject: str) -> str:
    """Make sure that whose switch it is exists here, and write the id as rows hold it."""
    if by is Switch.WORKSPACE:
        return ""
    if by is Switch.ROLE and subject in Role.values:
        return subject
    wanted = _id_of(subject)
    match by:
        case Switch.MEMBER if wanted and Membership.objects.for_workspace(workspace).filter(user_id=wanted).exists():
            return str(wanted)
        case Switch.API_KEY if wanted and ApiKey.objects.for_workspace(workspace).filter(pk=wanted).exists():
            return str(wanted)
    raise NotFound(f"There is no such {by.label.lower()} in this workspace.")


def _id_of(subject: str) -> UUID | None:
    try:
        return UUID(subject)
    except ValueError:
        return None
