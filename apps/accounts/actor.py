"""Who acts, in which workspace, through which key: one value that every flow takes."""

from dataclasses import dataclass
from uuid import UUID

from apps.accounts.models import ApiKey, User
from apps.accounts.roles import Capability, Role, can
from apps.accounts.tenancy import Workspace


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a workspace, or a program with one of its keys.

    A key acts with a maker's rights and the name of the person who made it.
    """

    workspace: Workspace
    user: User | None = None
    api_key: ApiKey | None = None
    role: Role = Role.MAKER

    @property
    def user_id(self) -> UUID | None:
        if self.user is not None:
            return self.user.pk
        return self.api_key.created_by_id if self.api_key else None

    @property
    def api_key_id(self) -> UUID | None:
        return self.api_key.pk if self.api_key else None

    @property
    def is_test(self) -> bool:
        """Whether every job of this actor is a free mock."""
        return self.api_key is not None and self.api_key.is_test

    def can(self, capability: Capability) -> bool:
        return can(self.role, capability)
