"""Which role may do what, as one table."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    MAKER = "maker"
    VIEWER = "viewer"


class Capability(TextChoices):
    VIEW = "view", "see pictures, jobs and prices"
    MAKE = "make", "run jobs and spend credits"
    SEE_CREDITS = "see_credits", "see the ledger"
    BUY_CREDITS = "buy_credits", "buy credits"
    MANAGE_LIMITS = "manage_limits", "limit what people, keys and projects may spend"
    MANAGE_KEYS = "manage_keys", "create and revoke API keys"
    MANAGE_MEMBERS = "manage_members", "invite and remove people"
    MANAGE_MODELS = "manage_models", "decide which models others may use, and which one a task begins with"


_MAKER = frozenset({Capability.VIEW, Capability.MAKE, Capability.SEE_CREDITS})
_ADMIN = _MAKER | {
    Capability.MANAGE_LIMITS,
    Capability.MANAGE_KEYS,
    Capability.MANAGE_MEMBERS,
    Capability.MANAGE_MODELS,
}

ROLE_CAPABILITIES: Final[Mapping[Role, frozenset[Capability]]] = {
    Role.OWNER: _ADMIN | {Capability.BUY_CREDITS},
    Role.ADMIN: _ADMIN,
    Role.MAKER: _MAKER,
    Role.VIEWER: frozenset({Capability.VIEW}),
}


def can(role: Role, capability: Capability) -> bool:
    """Tell whether a role includes a capability."""
    return capability in ROLE_CAPABILITIES[role]
