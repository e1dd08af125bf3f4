"""Asking for more: whoever has come to a limit writes to those who may change it."""

from datetime import datetime

from django.db import transaction

from apps.accounts.actor import Actor
from apps.accounts.members import people_who
from apps.accounts.models import Membership, User
from apps.accounts.roles import Capability, Role
from apps.billing.limit_changes import may_change
from apps.billing.spend_limits import Limit, find_limit
from apps.errors import NotFound
from apps.ledger.amounts import format_credits
from apps.ledger.budgets import Subject
from apps.ledger.models import Budget
from apps.mail import letterhead, letters


@transaction.atomic
def ask_for_more(*, actor: Actor, subject: Subject, now: datetime) -> int:
    """Write to everybody else who may change a limit that it is too low; return how many may.

    Once for each person who asks, limit and day (of UTC): asking again
    the same day writes nothing.

    :raises NotFound: the subject is not here, has no limit, or is another person.
    """
    assert actor.user is not None, "people ask"
    limit = find_limit(workspace=actor.workspace, subject=subject, now=now)
    is_another = subject.kind == Budget.Subject.MEMBER and subject.id != actor.user.pk
    if limit.limit_mc is None or limit.period is None or is_another:
        raise NotFound("There is no such limit.")
    readers = who_may_change(actor=actor, limit=limit)
    for reader in readers:
        letters.post(
            key=f"limit-asked:{now:%Y-%m-%d}:{actor.user.pk}:{subject.public_id}:{reader.pk}",
            template="limit_asked",
            to=reader.email,
            context={
                "asker": actor.user.name or actor.user.email,
                "address": actor.user.email,
                "workspace": actor.workspace.name,
                "whose": _whose(limit),
                "limit": f"{format_credits(limit.limit_mc)} credits, {limit.period.label}",
                "used": f"{format_credits(limit.used_mc)} credits",
                "held": f"{format_credits(limit.held_mc)} credits",
                "left": f"{format_credits(limit.remaining_mc or 0)} credits",
                "again": f"{limit.resets_at:%-d %B %Y, %H:%M} UTC" if limit.resets_at else "",
                "limits_page": letterhead.page("limits", workspace=actor.workspace.pk),
            },
            now=now,
        )
    return len(readers)


def who_may_change(*, actor: Actor, limit: Limit) -> list[User]:
    """List the others who may change a limit."""
    roles = dict(Membership.objects.for_workspace(actor.workspace).values_list("user_id", "role"))
    managers = people_who(workspace=actor.workspace, capability=Capability.MANAGE_LIMITS)
    return [one for one in managers if one.pk != actor.user_id and may_change(Role(roles[one.pk]), limit.holder)]


def _whose(limit: Limit) -> str:
    match limit.subject.kind:
        case Budget.Subject.MEMBER:
            return "their own"
        case Budget.Subject.API_KEY:
            return f"that of the API key {limit.holder.name}"
        case Budget.Subject.PROJECT:
            return f"that of the project {limit.holder.name}"
