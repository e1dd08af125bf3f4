"""Letters about grants that wait: to everyone of staff who may decide."""

from datetime import datetime

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.billing.models import LAPSES_AFTER, GrantRequest
from apps.ledger.amounts import format_credits
from apps.mail import letterhead, letters


def write_to_deciders(request: GrantRequest, *, now: datetime) -> None:
    """Tell each of them of a request, in the caller's transaction; a second call writes to nobody twice."""
    asker = User.objects.get(pk=request.asked_by_id)
    for person in deciders_of(request):
        letters.post(
            key=f"{request.public_id}:ask:{person.pk}",
            template="grant_request",
            to=person.email,
            context={
                "asked_by": asker.email,
                "what": request.get_kind_display(),
                "for_whom": str(request.workspace or request.batch),
                "credits": format_credits(request.amount_mc),
                "reason": request.reason,
                "until": f"{request.asked_at + LAPSES_AFTER:%d %b %Y, %H:%M} UTC",
                "approvals_page": letterhead.page("approvals"),
            },
            now=now,
        )


def deciders_of(request: GrantRequest) -> QuerySet[User]:
    """Everyone of staff but the asker who has the permission: as superuser, by themselves or by a group."""
    app, _, codename = request.permission.partition(".")
    permission = Permission.objects.filter(content_type__app_label=app, codename=codename)
    may = Q(is_superuser=True) | Q(user_permissions__in=permission) | Q(groups__permissions__in=permission)
    people = User.objects.filter(may, is_active=True, is_staff=True).exclude(pk=request.asked_by_id)
    return people.distinct().order_by("pk")
