"""People in workspaces."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actor import Actor
from apps.accounts.models import Membership, User
from apps.accounts.roles import Capability, Role, can
from apps.accounts.tenancy import Workspace
from apps.errors import NotFound


@transaction.atomic
def create_workspace(*, name: str, owner: User, now: datetime) -> Workspace:
    """Make a workspace with its first owner. Credits come with ``billing.sign_up.open_workspace``, which calls this."""
    workspace = Workspace.objects.create(name=name, created_at=now)
    Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER, created_at=now)
    return workspace


def find_actor(*, user: User, workspace_id: UUID) -> Actor:
    """Return a person as the member they are of this workspace.

    :raises NotFound: no such workspace, or not theirs.
    """
    membership = Membership.objects.select_related("workspace").filter(user=user, workspace_id=workspace_id).first()
    if membership is None:
        raise NotFound("There is no such workspace.")
    return Actor(workspace=membership.workspace, user=user, role=Role(membership.role))


def people_who(*, workspace: Workspace, capability: Capability) -> list[User]:
    """List the active members of a workspace whose role includes a capability, oldest member first."""
    roles = [role for role in Role if can(role, capability)]
    memberships = Membership.objects.for_workspace(workspace).filter(role__in=roles, user__is_active=True)
    return [membership.user for membership in memberships.select_related("user").order_by("created_at", "pk")]


def workspaces_of(user: User) -> list[Workspace]:
    """List a person's workspaces, oldest first."""
    memberships = Membership.objects.filter(user=user, user__is_active=True).select_related("workspace")
    return [membership.workspace for membership in memberships.order_by("created_at", "pk")]
