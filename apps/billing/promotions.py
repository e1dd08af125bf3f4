"""Redeeming a promo code: credits once a workspace, once a person, as often as the code allows and no more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps import metering
from apps.accounts.actor import Actor
from apps.accounts.members import find_actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing import promo_codes
from apps.billing.models import PromoBatch, PromoCode, PromoRedemption
from apps.errors import DomainError, NotFound
from apps.ledger import posting, seams
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Lot, LotKind
from apps.ledger.operations import retry_conflicts

TRIES_OF_A_PERSON: Final = 10  # a minute
TRIES_OF_A_WORKSPACE: Final = 20


class MayNotRedeem(DomainError):
    """The role, or the key, may not add credits."""

    code = "may_not_redeem"


class CodeUnknown(DomainError):
    """There is no such code, or it was withdrawn: the two look the same, so that nobody learns by trying."""

    code = "promo_code_unknown"


class CodeNotYetValid(DomainError):
    """The code will be good later. ``details.valid_from`` says when."""

    code = "promo_code_not_yet"


class CodeExpired(DomainError):
    """The code was good until some time that is past."""

    code = "promo_code_expired"


class CodeUsedUp(DomainError):
    """The code was used as often as it may be."""

    code = "promo_code_used_up"


class GiftTaken(DomainError):
    """This workspace, or this person elsewhere, has had credits of the same batch."""

    code = "promo_code_taken"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code brought: the lot is the credits, with what is left of them and when they expire."""

    redemption: PromoRedemption
    name: str
    lot: Lot
    is_replay: bool


def redeem(*, actor: Actor, text: str, now: datetime) -> Redeemed:
    """Turn a code into credits of the actor's workspace. Codes are read in any case, with or without their dashes.

    The same code in the same workspace again brings the first call's answer, and no second gift.

    :raises MayNotRedeem: :raises RateLimited: :raises CodeUnknown: :raises CodeNotYetValid: :raises CodeExpired:
    :raises CodeUsedUp: :raises GiftTaken: nothing was given.
    """
    person_id = _person_of(actor)
    for subject, limit in (
        (f"promo:person:{person_id}", TRIES_OF_A_PERSON),
        (f"promo:workspace:{actor.workspace.pk}", TRIES_OF_A_WORKSPACE),
    ):
        metering.take(subject=subject, limit=limit).refuse()
    code = promo_codes.read(text)
    if code is None:
        raise _unknown()
    return _redeem(workspace=actor.workspace, person_id=person_id, text=code, now=now)


def _person_of(actor: Actor) -> UUID:
    """Whose gift it would be. A key redeems for the person who made it, if they may."""
    if actor.is_test:
        raise MayNotRedeem("A test key redeems nothing.")
    person = actor
    if actor.api_key is not None:
        try:
            person = find_actor(user=actor.api_key.created_by, workspace_id=actor.workspace.pk)
        except NotFound as gone:
            raise MayNotRedeem("Whoever made this key has left the workspace.") from gone
    if not person.can(Capability.BUY_CREDITS) or person.user_id is None:
        raise MayNotRedeem("Your role in this workspace may not add credits. Ask an owner.")
    return person.user_id


@retry_conflicts
def _redeem(*, workspace: Workspace, person_id: UUID, text: str, now: datetime) -> Redeemed:
    with transaction.atomic():
        code = PromoCode.objects.select_related("batch").filter(text=text).first()
        if code is None:
            raise _unknown()
        batch = code.batch
        mine = PromoRedemption.objects.for_workspace(workspace).filter(code=code).select_related("lot").first()
        if mine is not None:
            return _replay(mine, batch)
        _check_terms(batch, now)
        # Taking the place comes first: whoever else is after it waits here, and then reads who was first.
        fresh = PromoRedemption(workspace=workspace, batch=batch, code=code, person_id=person_id, redeemed_at=now)
        PromoRedemption.objects.bulk_create([fresh], ignore_conflicts=True)
        taken = PromoRedemption.objects.for_workspace(workspace).filter(batch=batch).select_related("lot").first()
        if taken is None:
            raise GiftTaken("You have had credits of this offer in another workspace. It is one for each person.")
        if taken.pk != fresh.pk:
            if taken.code_id == code.pk:
                return _replay(taken, batch)
            raise GiftTaken("This workspace has had credits of this offer. It is one for each workspace.")
        seams.step("place taken")
        # Columns of the row itself: PostgreSQL looks at those again once it has waited, and at no joined ones.
        if not PromoCode.objects.filter(pk=code.pk, used__lt=F("most_uses")).update(used=F("used") + 1):
            raise CodeUsedUp("This code has been used. Nothing was added.")
        seams.step("code used")
        lot = posting.grant(
            workspace=workspace,
            kind=LotKind.PROMO,
            amount_mc=Millicredits(batch.credits_mc),
            key=f"grant:promo:{code.pk}:{workspace.pk}",
            now=now,
            expires_at=_credits_end(batch, now),
            reason=batch.name,
            actor_id=person_id,
        )
        PromoRedemption.objects.for_workspace(workspace).filter(pk=fresh.pk).update(lot=lot)
        seams.step("gift noted")
        fresh.lot = lot
        return Redeemed(fresh, batch.name, lot, is_replay=False)


def _unknown() -> CodeUnknown:
    return CodeUnknown("There is no such code. Look at it again: it has twelve letters and digits.")


def _check_terms(batch: PromoBatch, now: datetime) -> None:
    if batch.opened_at is None or batch.withdrawn_at is not None:
        raise _unknown()
    if now < batch.valid_from:
        raise CodeNotYetValid(
            f"This code is good from {batch.valid_from:%d %b %Y, %H:%M} UTC on. Nothing was added.",
            valid_from=batch.valid_from.isoformat(),
        )
    if batch.ends_at is not None and now >= batch.ends_at:
        raise CodeExpired(f"This code was good until {batch.ends_at:%d %b %Y, %H:%M} UTC. Nothing was added.")


def _credits_end(batch: PromoBatch, now: datetime) -> datetime | None:
    return batch.credits_expire_at if batch.credits_days is None else now + timedelta(days=batch.credits_days)


def _replay(redemption: PromoRedemption, batch: PromoBatch) -> Redeemed:
    assert redemption.lot is not None, "what is committed has its credits"
    return Redeemed(redemption, batch.name, redemption.lot, is_replay=True)
