"""What a second person says to a grant: yes, no or nothing; and the first one who takes it back."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.billing import grants, promo_batches
from apps.billing.grants import LONGEST_REASON, InvalidGrant
from apps.billing.models import GrantRequest, PromoBatch
from apps.errors import DomainError, NotFound
from apps.ledger import seams
from apps.ledger.operations import retry_conflicts

_State = GrantRequest.State
_ENDED: Final = {
    _State.GIVEN: "This was given at once; there is nothing to decide.",
    _State.APPROVED: "Someone has approved this already. It was given once.",
    _State.DECLINED: "Someone has declined this already. Nothing was given.",
    _State.WITHDRAWN: "Whoever asked for this has withdrawn it. Nothing was given.",
    _State.LAPSED: "This was not decided within seven days and has lapsed. Nothing was given.",
    _State.WAITING: "This was not decided within seven days and has lapsed. Nothing was given.",
}


class RequestNotFound(NotFound):
    """There is no such request."""


class RequestEnded(DomainError):
    """There is nothing to decide about this request any more."""

    code = "request_ended"


class SamePerson(DomainError):
    """Whoever asks does not decide, and nobody else withdraws."""

    code = "same_person"


@retry_conflicts
@transaction.atomic
def approve(*, request_id: UUID, actor_id: UUID, now: datetime) -> GrantRequest:
    """Agree to what another person wants to give; it is given in the same transaction. Once, however often it comes.

    :raises RequestNotFound: :raises SamePerson: :raises RequestEnded: somebody else was quicker, or it is too late.
    :raises InsufficientCredits, AmountOutOfRange: the books refuse it now; it goes on waiting.
    """
    request = _find(request_id)
    if request.asked_by_id == actor_id:
        raise SamePerson("You asked for this yourself. Another person has to approve it.")
    ends_at = request.batch.ends_at if request.batch else request.expires_at
    if request.state == _State.WAITING and ends_at is not None and ends_at <= now:
        raise RequestEnded(f"It would have ended on {ends_at:%d %b %Y}. Decline it, and ask again with a later date.")
    if _decide(request, _State.APPROVED, actor_id, now):
        seams.step("request decided")
        if request.batch:
            promo_batches.open_batch(batch=request.batch, now=now)
        else:
            grants.carry_out(request=request, now=now)
        grants.note("grant.approve", request, actor_id=actor_id, now=now)
    return request


@retry_conflicts
@transaction.atomic
def decline(*, request_id: UUID, reason: str, actor_id: UUID, now: datetime) -> GrantRequest:
    """Refuse what another person wants to give, and say why.

    :raises RequestNotFound: :raises SamePerson: :raises RequestEnded: :raises InvalidGrant: no reason, or too long.
    """
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        message = f"Say why, in at most {LONGEST_REASON} characters."
        raise InvalidGrant(message, faults=[{"field": "reason", "message": message}])
    request = _find(request_id)
    if request.asked_by_id == actor_id:
        raise SamePerson("You asked for this yourself. Withdraw it instead.")
    if _decide(request, _State.DECLINED, actor_id, now, answer=reason):
        _drop(request, now)
        grants.note("grant.decline", request, actor_id=actor_id, now=now)
    return request


@retry_conflicts
@transaction.atomic
def take_back(*, request_id: UUID, actor_id: UUID, now: datetime) -> GrantRequest:
    """Withdraw one's own request.

    :raises RequestNotFound: :raises SamePerson: it is someone else's. :raises RequestEnded:
    """
    request = _find(request_id)
    if request.asked_by_id != actor_id:
        raise SamePerson("Only whoever asked for this withdraws it. Decline it instead.")
    if _decide(request, _State.WITHDRAWN, actor_id, now):
        _drop(request, now)
        grants.note("grant.withdraw", request, actor_id=actor_id, now=now)
    return request


def lapse_due(*, now: datetime) -> int:
    """End what nobody decided within seven days; return how much that was. An hour late is no harm: see ``_decide``."""
    ids = list(GrantRequest.objects.lapsed(now).values_list("pk", flat=True)[:100])
    return sum(_lapse(request_id=one, now=now) for one in ids)


@retry_conflicts
@transaction.atomic
def _lapse(*, request_id: UUID, now: datetime) -> bool:
    if not GrantRequest.objects.lapsed(now).filter(pk=request_id).update(state=_State.LAPSED, decided_at=now):
        return False
    request = _find(request_id)
    _drop(request, now)
    grants.note("grant.lapse", request, actor_id=None, now=now)
    return True


def _find(request_id: UUID) -> GrantRequest:
    request = GrantRequest.objects.select_related("workspace", "batch").filter(pk=request_id).first()
    if request is None:
        raise RequestNotFound("There is no such request.")
    return request


def _decide(request: GrantRequest, state: GrantRequest.State, actor_id: UUID, now: datetime, answer: str = "") -> bool:
    """Move a request that waits, decided in the database; False where this person has decided the same before.

    :raises RequestEnded: it waits no more.
    """
    waiting = GrantRequest.objects.waiting(now).filter(pk=request.pk)
    has_moved = bool(waiting.update(state=state, decided_by_id=actor_id, decided_at=now, answer=answer))
    request.refresh_from_db(fields=["state", "decided_by_id", "decided_at", "answer"])
    if not has_moved and (request.state, request.decided_by_id) != (state, actor_id):
        raise RequestEnded(_ENDED[_State(request.state)])
    return has_moved


def _drop(request: GrantRequest, now: datetime) -> None:
    """A batch that nobody agreed to is withdrawn, unopened."""
    if request.batch:
        PromoBatch.objects.filter(pk=request.batch.pk, opened_at=None, withdrawn_at=None).update(withdrawn_at=now)
