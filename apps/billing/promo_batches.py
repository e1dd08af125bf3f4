"""Promo codes as staff see them: batches made, counted, handed out and withdrawn."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from apps.accounts import audit
from apps.billing import grants, promo_codes
from apps.billing.grants import MOST_CREDITS, InvalidGrant
from apps.billing.models import GrantRequest, PromoBatch, PromoCode, PromoRedemption
from apps.errors import DomainError, NotFound
from apps.ledger import seams
from apps.ledger.amounts import PER_CREDIT, Millicredits
from apps.ledger.operations import IdempotencyMismatch, retry_conflicts

MOST_CODES: Final = 10_000
MOST_USES: Final = 1_000_000
MOST_DAYS: Final = 3650
_LONGEST: Final = {"name": 80, "note": 200}
_AT_ONCE: Final = 1000


class BatchNotFound(NotFound):
    """There is no such batch."""


class BatchWaits(DomainError):
    """The batch waits for a second person: nothing can be done with its codes before."""

    code = "promo_batch_waits"


@dataclass(frozen=True, slots=True)
class Plan:
    """The terms of a batch, as its rows keep them: many codes for one use each, or one code for many."""

    name: str
    credits_mc: int
    code_count: int
    uses_per_code: int
    valid_from: datetime
    valid_until: datetime | None
    credits_days: int | None
    credits_expire_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a batch: ``used`` of its ``places``, and the credits given by them and spent of those."""

    used: int = 0
    given_mc: int = 0
    spent_mc: int = 0


@retry_conflicts
@transaction.atomic
def make_batch(
    *, plan: Plan, key: UUID, actor_id: UUID, threshold_mc: Millicredits, now: datetime
) -> tuple[PromoBatch, bool]:
    """Make a batch with its codes; tell whether this call did: a second one with the same key returns the first's.

    Its codes can be redeemed at once, unless all of them together come to more than one person gives alone: then they
    wait for another one.

    :raises InvalidGrant: :raises IdempotencyMismatch: the key was used for other terms.
    """
    if faults := list(_faults(plan, now)):
        fields = [{"field": field, "message": message} for field, message in faults]
        raise InvalidGrant("This batch cannot be made.", faults=fields)
    fresh = PromoBatch(**asdict(plan), key=key, made_by_id=actor_id, made_at=now)
    PromoBatch.objects.bulk_create([fresh], ignore_conflicts=True)
    batch = PromoBatch.objects.get(key=key)
    if batch.pk != fresh.pk:
        if any(getattr(batch, name) != value for name, value in asdict(plan).items()):
            raise IdempotencyMismatch("This form was sent before with other values.")
        return batch, False
    seams.step("batch written")
    asked = grants.write_down(
        GrantRequest(
            key=key,
            kind=GrantRequest.Kind.BATCH,
            batch=batch,
            amount_mc=batch.worth_mc,
            reason=batch.note,
            asked_by_id=actor_id,
            asked_at=now,
        ),
        threshold_mc=threshold_mc,
    )
    is_open = asked.request.state == GrantRequest.State.GIVEN
    if is_open:
        open_batch(batch=batch, now=now)
    texts = [promo_codes.draw() for _ in range(batch.code_count)]
    PromoCode.objects.bulk_create(
        [PromoCode(batch=batch, text=text, most_uses=batch.uses_per_code) for text in texts], batch_size=_AT_ONCE
    )
    seams.step("codes written")
    if is_open:
        grants.note("promotion.make", asked.request, actor_id=actor_id, now=now)
    else:
        grants.ask_others(asked.request, now=now)
    return batch, True


def open_batch(*, batch: PromoBatch, now: datetime) -> None:
    """Let the codes of a batch be redeemed, in the caller's transaction."""
    PromoBatch.objects.filter(pk=batch.pk, opened_at=None).update(opened_at=now)
    batch.opened_at = now


@retry_conflicts
@transaction.atomic
def withdraw_batch(*, batch_id: UUID, actor_id: UUID, now: datetime) -> bool:
    """End a batch: its codes are unknown from now on, what they gave stays. Tell whether this call did it.

    :raises BatchNotFound: :raises BatchWaits: decide about the request instead.
    """
    batch = _find(batch_id)
    if not PromoBatch.objects.filter(pk=batch_id, withdrawn_at=None).update(withdrawn_at=now):
        return False
    audit.record(
        action="promotion.withdraw",
        subject=batch.name,
        now=now,
        actor_id=actor_id,
        after={"promotion": str(batch.pk), "used": figures_of([batch])[batch.pk].used},
    )
    return True


@transaction.atomic
def hand_out(*, batch_id: UUID, actor_id: UUID, now: datetime) -> list[tuple[str, int]]:
    """List the codes of a batch that can still be used, as people get them, each with the uses left; noted.

    :raises BatchNotFound: :raises BatchWaits:
    """
    batch = _find(batch_id)
    unused = PromoCode.objects.filter(batch=batch, used__lt=F("most_uses"), batch__withdrawn_at=None).order_by("pk")
    codes = [(promo_codes.grouped(one.text), one.most_uses - one.used) for one in unused]
    audit.record(
        action="promotion.hand_out",
        subject=batch.name,
        now=now,
        actor_id=actor_id,
        after={"promotion": str(batch.pk), "codes": len(codes)},
    )
    return codes


def figures_of(batches: Iterable[PromoBatch]) -> dict[UUID, Figures]:
    """What became of each of these batches, in two queries."""
    ids = [one.pk for one in batches]
    used = PromoCode.objects.filter(batch__in=ids).order_by().values_list("batch_id").annotate(sum=Sum("used"))
    lots = PromoRedemption.objects.filter(batch__in=ids).order_by().values_list("batch_id")
    uses = F("lot__spent_mc") + F("lot__unpaid_mc") + F("lot__recovered_mc")
    sums = {one: rest for one, *rest in lots.annotate(given=Sum("lot__granted_mc"), spent=Sum(uses))}
    return {one: Figures(count, *map(int, sums.get(one, (0, 0)))) for one, count in used}


def _find(batch_id: UUID) -> PromoBatch:
    batch = PromoBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise BatchNotFound("There is no such batch.")
    if batch.opened_at is None and batch.withdrawn_at is None:
        raise BatchWaits("This batch waits for a second person. Decide about it on the page Approvals.")
    return batch


def _faults(plan: Plan, now: datetime) -> Iterator[tuple[str, str]]:
    """Everything that is wrong with the terms, by field."""
    for field, longest in _LONGEST.items():
        text = getattr(plan, field)
        if not text or len(text) > longest or not text.isprintable():
            yield field, f"Write one line of at most {longest} characters."
    if not 0 < plan.credits_mc <= MOST_CREDITS * PER_CREDIT:
        yield "credits", f"More than nothing, at most {MOST_CREDITS:,} credits for each use."
    if not 0 < plan.code_count <= MOST_CODES:
        yield "code_count", f"From 1 to {MOST_CODES:,} codes."
    if not 0 < plan.uses_per_code <= MOST_USES:
        yield "uses_per_code", f"From 1 to {MOST_USES:,} uses."
    elif plan.code_count > 1 and plan.uses_per_code > 1:
        yield "uses_per_code", "Many codes are for one use each; a code for many uses is one code."
    if plan.valid_until is not None and plan.valid_until <= max(plan.valid_from, now):
        yield "valid_until", "The codes would end before they are good."
    if plan.valid_from > now + timedelta(days=MOST_DAYS):
        yield "valid_from", "That is more than ten years away."
    if plan.credits_days is not None and not 0 < plan.credits_days <= MOST_DAYS:
        yield "credits_days", f"From 1 to {MOST_DAYS:,} days."
    if plan.credits_days is not None and plan.credits_expire_at is not None:
        yield "credits_expire_on", "Days or a date: one of the two."
    if plan.credits_expire_at is not None and plan.credits_expire_at <= max(plan.valid_from, now):
        yield "credits_expire_on", "The credits would have expired before the codes are good."
