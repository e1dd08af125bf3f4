"""Batches of codes and grants by staff, with what a test does not care about filled in."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from apps.accounts.actor import Actor
from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import grants, promo_batches, promotions
from apps.billing.models import GrantRequest, PromoBatch
from apps.billing.promo_batches import Plan
from apps.ledger.amounts import Millicredits, from_credits
from tests import builders
from tests.builders import NOW

THRESHOLD: Final = from_credits(10_000)
PLAN: Final = Plan(
    name="Launch gift",
    credits_mc=500_000,
    code_count=3,
    uses_per_code=1,
    valid_from=NOW,
    valid_until=None,
    credits_days=None,
    credits_expire_at=None,
    note="the launch",
)


def build_staff(email: str = "sam@easel.example") -> User:
    """Make someone staff, with every right."""
    return User.objects.create_superuser(email, builders.PASSWORD)


def build_batch(
    staff: User, *, key: UUID | None = None, threshold_mc: Millicredits = THRESHOLD, now: datetime = NOW, **terms: Any
) -> PromoBatch:
    """Make a batch on the usual terms, but for these."""
    plan = replace(PLAN, **terms)
    batch, _ = promo_batches.make_batch(
        plan=plan, key=key or uuid4(), actor_id=staff.pk, threshold_mc=threshold_mc, now=now
    )
    return batch


def texts_of(batch: PromoBatch) -> list[str]:
    """The codes of a batch, as they are kept."""
    return list(batch.codes.order_by("pk").values_list("text", flat=True))


def build_owner(number: int) -> Actor:
    """Make a person with a workspace, empty."""
    user = builders.build_user(f"owner{number}@acme.example")
    return builders.build_actor(builders.build_workspace(user, f"Workspace {number}"), user)


def redeem(actor: Actor, text: str, *, now: datetime = NOW) -> promotions.Redeemed:
    return promotions.redeem(actor=actor, text=text, now=now)


def give(
    workspace: Workspace,
    staff: User,
    credits: int,
    *,
    kind: GrantRequest.Kind = GrantRequest.Kind.PROMO,
    key: UUID | None = None,
    expires_at: datetime | None = None,
    reason: str = "a broken run",
    now: datetime = NOW,
) -> grants.Asked:
    return grants.give(
        workspace=workspace,
        kind=kind,
        amount_mc=Millicredits(credits * 1000),
        expires_at=expires_at,
        reason=reason,
        key=key or uuid4(),
        actor_id=staff.pk,
        threshold_mc=THRESHOLD,
        now=now,
    )
