"""Credits given by hand: at once while it is little, else written down until a second person agrees."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Abs

from apps.accounts import audit
from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import grant_letters
from apps.billing.models import GrantRequest
from apps.errors import DomainError
from apps.ledger import posting, seams
from apps.ledger.amounts import PER_CREDIT, Millicredits, to_credits
from apps.ledger.kinds import LotKind
from apps.ledger.models import Wallet
from apps.ledger.operations import IdempotencyMismatch, WalletNotFound, retry_conflicts

MOST_CREDITS: Final = 1_000_000  # by hand, at once
LONGEST_REASON: Final = 200
ALONE: Final = timedelta(hours=24)  # what a person gave alone within it counts together
_ASKED: Final = ("kind", "workspace_id", "amount_mc", "expires_at", "reason", "asked_by_id")


class InvalidGrant(DomainError):
    """What was written cannot be given. ``details.faults`` holds ``{field, message}`` for everything wrong."""

    code = "invalid_grant"


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a wish to give: GIVEN, or WAITING for a second person. ``is_new``: by this very call."""

    request: GrantRequest
    is_new: bool


@retry_conflicts
@transaction.atomic
def give(
    *,
    workspace: Workspace,
    kind: GrantRequest.Kind,
    amount_mc: Millicredits,
    expires_at: datetime | None,
    reason: str,
    key: UUID,
    actor_id: UUID,
    threshold_mc: Millicredits,
    now: datetime,
) -> Asked:
    """Give a workspace credits, or correct them (ADJUSTMENT, which may be negative and takes unused ones then).

    One person alone gives a workspace up to ``threshold_mc`` within 24 hours; what would go beyond it waits for another
    person. A second call with the same key does nothing more.

    :raises InvalidGrant: :raises IdempotencyMismatch: the key was used for something else. :raises WalletNotFound:
    :raises InsufficientCredits, AmountOutOfRange: as ``posting.adjust``; nothing was written.
    """
    _check(kind, amount_mc, expires_at, reason, now)
    asked = write_down(
        GrantRequest(
            key=key,
            kind=kind,
            workspace=workspace,
            amount_mc=amount_mc,
            expires_at=expires_at,
            reason=reason,
            asked_by_id=actor_id,
            asked_at=now,
        ),
        threshold_mc=threshold_mc,
    )
    seams.step("grant written")
    if not Wallet.objects.for_workspace(workspace).exists():
        raise WalletNotFound("This workspace has no wallet.")
    if asked.is_new and asked.request.state == GrantRequest.State.GIVEN:
        carry_out(request=asked.request, now=now)
        action = "credits.adjust" if kind == GrantRequest.Kind.ADJUSTMENT else "credits.grant"
        note(action, asked.request, actor_id=actor_id, now=now)
    elif asked.is_new:
        ask_others(asked.request, now=now)
    return asked


def write_down(request: GrantRequest, *, threshold_mc: Millicredits) -> Asked:
    """Keep what a person wants to give, GIVEN or WAITING, in the caller's transaction, once a key.

    Under the lock of the person: two forms that are sent at once are counted together.

    :raises IdempotencyMismatch: the key was used for something else.
    """
    User.objects.select_for_update(no_key=True).get(pk=request.asked_by_id)
    is_little = abs(request.amount_mc) + _given_alone(request) <= threshold_mc
    request.state = GrantRequest.State.GIVEN if is_little else GrantRequest.State.WAITING
    GrantRequest.objects.bulk_create([request], ignore_conflicts=True)
    found = GrantRequest.objects.select_related("workspace", "batch").get(key=request.key)
    if any(getattr(found, name) != getattr(request, name) for name in _ASKED):
        raise IdempotencyMismatch("This form was sent before with other values.")
    return Asked(found, is_new=found.pk == request.pk)


def carry_out(*, request: GrantRequest, now: datetime) -> None:
    """Make the ledger's operation of a request, under a key of the request's: however often, once.

    :raises InsufficientCredits, AmountOutOfRange: as ``posting.adjust``.
    """
    assert request.workspace is not None, "a promotion has no wallet"
    key, amount_mc = f"grant:staff:{request.pk}", Millicredits(request.amount_mc)
    if request.kind == GrantRequest.Kind.ADJUSTMENT:
        posting.adjust(
            workspace=request.workspace,
            amount_mc=amount_mc,
            reason=request.reason,
            actor_id=request.asked_by_id,
            key=key,
            now=now,
        )
        return
    posting.grant(
        workspace=request.workspace,
        kind=LotKind(request.kind),
        amount_mc=amount_mc,
        key=key,
        now=now,
        expires_at=request.expires_at,
        reason=request.reason,
        actor_id=request.asked_by_id,
    )


def ask_others(request: GrantRequest, *, now: datetime) -> None:
    """Note that a request waits, and write to everyone who may decide about it."""
    note("grant.ask", request, actor_id=request.asked_by_id, now=now)
    grant_letters.write_to_deciders(request, now=now)


def note(action: str, request: GrantRequest, *, actor_id: UUID | None, now: datetime) -> None:
    """Note a step of a request in the log of changes."""
    subject = request.workspace or request.batch
    audit.record(
        action=action,
        subject=request.workspace.public_id if request.workspace else str(subject),
        workspace_id=request.workspace_id,
        after={
            "request": request.public_id,
            "kind": request.kind,
            "credits": to_credits(request.amount_mc),
            "reason": request.reason,
            **({"answer": request.answer} if request.answer else {}),
        },
        actor_id=actor_id,
        now=now,
    )


def _check(
    kind: GrantRequest.Kind, amount_mc: Millicredits, expires_at: datetime | None, reason: str, now: datetime
) -> None:
    """:raises InvalidGrant: with everything that is wrong."""
    faults = []
    is_signed = kind == GrantRequest.Kind.ADJUSTMENT
    if amount_mc == 0 or (amount_mc < 0 and not is_signed):
        faults.append(("amount", "Write an amount other than 0." if is_signed else "Write more than nothing."))
    if abs(amount_mc) > MOST_CREDITS * PER_CREDIT:
        faults.append(("amount", f"At most {MOST_CREDITS:,} credits at once."))
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        faults.append(("reason", f"Say why, in at most {LONGEST_REASON} characters."))
    if expires_at is not None and expires_at <= now:
        faults.append(("expires_on", "That day is past."))
    if faults:
        fields = [{"field": field, "message": message} for field, message in faults]
        raise InvalidGrant("This cannot be given.", faults=fields)


def _given_alone(request: GrantRequest) -> int:
    """What the person gave here lately without anyone else: to this workspace, or of a promotion's codes to all."""
    alone = GrantRequest.objects.filter(
        state=GrantRequest.State.GIVEN,
        asked_by_id=request.asked_by_id,
        asked_at__gt=request.asked_at - ALONE,
        workspace=request.workspace,
    ).exclude(key=request.key)
    return int(alone.aggregate(sum=Sum(Abs("amount_mc"), default=0))["sum"])
