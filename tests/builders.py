"""Typed builders of rows with fixed values. They go through the domain's own functions, so what they make is real."""

from datetime import UTC, datetime
from typing import Final

from apps.accounts import api_keys
from apps.accounts.actor import Actor
from apps.accounts.members import create_workspace, find_actor
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import from_credits
from apps.ledger.models import LotKind

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PASSWORD: Final = "correct horse battery"


def build_user(email: str = "alice@acme.example", *, name: str = "") -> User:
    """Make a person who signs in with PASSWORD."""
    return User.objects.create_user(email, PASSWORD, name=name)


def build_workspace(owner: User, name: str = "Acme", *, credits: int = 0, now: datetime = NOW) -> Workspace:
    """Make a workspace with its wallet, and one promotional lot of so many credits that does not expire."""
    workspace = create_workspace(name=name, owner=owner, now=now)
    posting.open_wallet(workspace=workspace, now=now)
    if credits:
        posting.grant(
            workspace=workspace, kind=LotKind.PROMO, amount_mc=from_credits(credits), key="grant:test", now=now
        )
    return workspace


def build_member(workspace: Workspace, email: str, role: Role, *, now: datetime = NOW) -> User:
    """Make a person and put them into a workspace."""
    user = build_user(email)
    Membership.objects.create(workspace=workspace, user=user, role=role, created_at=now)
    return user


def build_api_key(
    workspace: Workspace,
    created_by: User,
    *,
    is_test: bool = False,
    allowed_models: list[str] | None = None,
    now: datetime = NOW,
) -> tuple[ApiKey, str]:
    """Make a key; returns it with its secret text."""
    return api_keys.issue(
        workspace=workspace,
        created_by=created_by,
        name="Test" if is_test else "Live",
        is_test=is_test,
        allowed_models=allowed_models,
        now=now,
    )


def build_actor(workspace: Workspace, user: User) -> Actor:
    """Let a member act."""
    return find_actor(user=user, workspace_id=workspace.pk)
