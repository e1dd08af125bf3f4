"""Models as rows, without files and prices, for what only asks who and which."""

from datetime import datetime
from typing import Any

from apps.accounts.actor import Actor
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, Provider, Switch
from apps.catalog.switching import switch
from tests import builders


def build_model(ai_model_id: str, **columns: Any) -> AIModel:  # any column's value
    """Make a model that makes pictures at Explore, unless told otherwise; a family of its own in its own id."""
    provider, _ = Provider.objects.get_or_create(pk="someone", defaults={"name": "Someone"})
    plain: dict[str, Any] = {  # columns have values of any type
        "name": ai_model_id.replace("_", " ").title(),
        "developer": "Someone",
        "provider": provider,
        "kind": "text_to_image",
        "tool": ai_model_id,
        "stage": "explore",
        "best_for": "Tests.",
        "mode": "sync",
        "timeout_seconds": 60,
        "schema": {"type": "object", "properties": {}},
        "price_status": "stated",
    }
    return AIModel.objects.create(pk=ai_model_id, **(plain | columns))


def build_family() -> AIModel:
    """Two models of a family, one of them with the family's own name, and a model beside it; return that namesake."""
    build_model("nano_banana_edit", tool="nano_banana", kind="image_edit")
    build_model("flux_pro")
    return build_model("nano_banana", tool="nano_banana")


Cast = dict[str, Actor]


def build_cast(acme: Workspace, alice: User, elsewhere: Workspace, mallory: User) -> Cast:
    """Callers of every kind: an owner, a maker, two keys that the owner made, and the owner of another workspace."""
    return {
        "owner": builders.build_actor(acme, alice),
        "maker": builders.build_actor(acme, builders.build_member(acme, "mia@acme.example", Role.MAKER)),
        "program": Actor(workspace=acme, api_key=builders.build_api_key(acme, alice)[0]),
        "other_program": Actor(workspace=acme, api_key=builders.build_api_key(acme, alice)[0]),
        "stranger": builders.build_actor(elsewhere, mallory),
    }


def subject_of(by: Switch, cast: Cast) -> str:
    """Whose switch ``turn`` turns: the role maker, alice herself, or her first key."""
    subjects = {
        Switch.ROLE: "maker",
        Switch.MEMBER: str(cast["owner"].user_id),
        Switch.API_KEY: str(cast["program"].api_key_id),
    }
    return subjects.get(by, "")


def turn(by: Switch, cast: Cast, now: datetime, *, is_on: bool = False, **target: str) -> bool:
    """Turn a switch of acme, or of the installation."""
    workspace = None if by is Switch.INSTALLATION else cast["owner"].workspace
    return switch(
        by=by, workspace=workspace, subject=subject_of(by, cast), is_on=is_on, actor_id=None, now=now, **target
    )
