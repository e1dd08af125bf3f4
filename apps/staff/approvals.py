"""Approvals: what one person wants to give and another has to agree to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.billing import approvals as decisions
from apps.billing.models import GrantRequest
from apps.errors import DomainError, NotFound
from apps.ids import from_public
from apps.staff.faults import sentences_of
from apps.staff.navigation import GRANT, PROMOTE
from apps.staff.pages import StaffRequest, demand, names_of, page, staff_page

_SHOWN: Final = 50
_DONE: Final = {
    "approve": "Approved; the credits are given.",
    "decline": "Declined. Nothing was given.",
    "withdraw": "Withdrawn. Nothing was given.",
}


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with the names of the people in it, and what the viewer may do about it."""

    request: GrantRequest
    asked_by: str
    decided_by: str
    is_mine: bool
    may_decide: bool


def rows_of(requests: Iterable[GrantRequest], *, viewer: User) -> list[RequestRow]:
    """Put names to requests."""
    found = list(requests)
    names = names_of(one for request in found for one in (request.asked_by_id, request.decided_by_id))
    return [
        RequestRow(
            request=one,
            asked_by=names.get(one.asked_by_id, str(one.asked_by_id)),
            decided_by=names.get(one.decided_by_id, "") if one.decided_by_id else "",
            is_mine=one.asked_by_id == viewer.pk,
            may_decide=one.asked_by_id != viewer.pk and viewer.has_perm(one.permission),
        )
        for one in found
    ]


@require_GET
@staff_page(GRANT, PROMOTE)
def approvals(request: StaffRequest) -> HttpResponse:
    """Show what waits, the oldest first, and what was decided lately."""
    rows = GrantRequest.objects.select_related("workspace", "batch")
    decided = rows.exclude(state__in=[GrantRequest.State.WAITING, GrantRequest.State.GIVEN])
    return page(
        request,
        "approvals.html",
        title="Approvals",
        current="approvals",
        waiting=rows_of(rows.waiting(timezone.now()).order_by("pk"), viewer=request.user),
        decided=rows_of(decided.order_by("-decided_at", "-pk")[:_SHOWN], viewer=request.user),
    )


@require_POST
@staff_page(GRANT, PROMOTE)
def decide(request: StaffRequest, request_id: str) -> HttpResponse:
    """Approve, decline or withdraw a request; whoever lacks the permission to give does none of it."""
    found = GrantRequest.objects.filter(pk=from_public("grant", request_id) or UUID(int=0)).first()
    action = request.POST.get("action", "")
    if found is None or action not in _DONE:
        raise Http404("There is no such request.")
    demand(request, found.permission)
    try:
        _decide(action, found.pk, request)
    except NotFound as gone:
        raise Http404 from gone
    except DomainError as refusal:
        messages.error(request, " ".join(sentences_of(refusal)))
    else:
        messages.success(request, _DONE[action])
    return redirect("admin:staff_approvals")


def _decide(action: str, request_id: UUID, request: StaffRequest) -> None:
    now, person = timezone.now(), request.user.pk
    match action:
        case "approve":
            decisions.approve(request_id=request_id, actor_id=person, now=now)
        case "decline":
            reason = request.POST.get("reason", "").strip()
            decisions.decline(request_id=request_id, reason=reason, actor_id=person, now=now)
        case _:
            decisions.take_back(request_id=request_id, actor_id=person, now=now)
