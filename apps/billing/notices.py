"""What the ledger noticed: told to people by letter, once and not over and over, or handed to automatic top-up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.accounts.members import people_who
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.roles import Capability
from apps.billing import dispatch, spend_limits
from apps.errors import NotFound
from apps.ledger import notices, seams
from apps.ledger.amounts import format_credits
from apps.ledger.balances import read_balance
from apps.ledger.budgets import Subject, resets_at
from apps.ledger.models import Budget, Lot, Notice
from apps.ledger.operations import retry_conflicts
from apps.ledger.periods import Period
from apps.mail import letterhead, letters
from apps.mail.letters import Json

_MOST: Final = 100  # notices a round
_OF_BALANCE: Final = (Notice.Kind.LOW_BALANCE, Notice.Kind.EMPTY, Notice.Kind.DEBT)
_CALLED: Final = {
    Budget.Subject.MEMBER: "{}",
    Budget.Subject.API_KEY: "The API key {}",
    Budget.Subject.PROJECT: "The project {}",
}
_OF_LIMITS: Final = (Notice.Kind.BUDGET_NEAR, Notice.Kind.BUDGET_REACHED)


def handle_due(*, now: datetime) -> int:
    """Tell people what waits to be told; return how many notices this call handled. Safe at any time, in many places.

    A notice is marked and its letters are written in one transaction, so that each is told once.
    """
    told = sum(_handle(notice, now) for notice in notices.due(kinds=(*_OF_BALANCE, *_OF_LIMITS), limit=_MOST))
    return told + sum(_hand_on(notice, now) for notice in notices.due(kinds=(Notice.Kind.REFILL,), limit=_MOST))


def _hand_on(notice: Notice, now: datetime) -> bool:
    """Have somebody see whether credits are to be bought. Should that be lost, the sweep of top-ups sees it, too."""
    if not notices.mark_handled(notice=notice, now=now):
        return False
    dispatch.send_top_up(workspace_id=notice.workspace_id)
    return True


@retry_conflicts
def _handle(notice: Notice, now: datetime) -> bool:
    with transaction.atomic():
        if not notices.mark_handled(notice=notice, now=now):
            return False
        seams.step("notice marked")
        if notice.kind in _OF_BALANCE:
            _tell_balance(notice, now)
        else:
            _tell_limit(notice, now)
        seams.step("letters written")
    return True


def _tell_balance(notice: Notice, now: datetime) -> None:
    """Write to those who can buy, if it is still so. While no credits come in, once a day and line is enough.

    A balance that wavers about its line, because runs are held and let go, crosses it more often than anybody wants to
    hear.
    """
    workspace = notice.workspace
    balance = read_balance(workspace=workspace, now=now)
    if notice.kind == Notice.Kind.DEBT:
        is_over = not balance.debt_mc
    elif notice.kind == Notice.Kind.EMPTY:
        is_over = balance.available_mc > 0 or _is_followed(notice, Notice.Kind.DEBT)
    elif balance.available_mc:
        is_over = balance.available_mc >= notice.line_mc
    else:
        is_over = _is_followed(notice, Notice.Kind.EMPTY)
    if is_over:
        return
    newest = Lot.objects.for_workspace(workspace).order_by("-id").values_list("pk", flat=True).first()
    _write(
        people_who(workspace=workspace, capability=Capability.BUY_CREDITS),
        key=f"{notice.kind}:{workspace.pk}:{notice.line_mc}:{newest}:{now:%Y%m%d}",
        template=notice.kind,
        context={
            "workspace": workspace.name,
            "line": format_credits(notice.line_mc),
            "left": format_credits(balance.available_mc),
            "held": format_credits(balance.held_mc) if balance.held_mc else "",
            "owed": format_credits(balance.debt_mc),
            "credits_page": letterhead.page("credits", workspace=workspace.pk),
            "line_page": f"{letterhead.page('top_up', workspace=workspace.pk)}#low-balance",
        },
        now=now,
    )


def _tell_limit(notice: Notice, now: datetime) -> None:
    """Write to whom a limit binds and to the owners, unless it was changed since or its holder is gone."""
    workspace = notice.workspace
    assert notice.subject_id is not None
    subject = Subject(Budget.Subject(notice.subject_kind), notice.subject_id)
    budget = Budget.objects.for_workspace(workspace).filter(subject_kind=subject.kind, subject_id=subject.id).first()
    if budget is None or budget.limit_mc != notice.line_mc:
        return
    if notice.kind == Notice.Kind.BUDGET_NEAR and _is_followed(notice, Notice.Kind.BUDGET_REACHED):
        return
    try:
        holder = spend_limits.find_holder(workspace=workspace, subject=subject)
    except NotFound:
        return
    anew = resets_at(budget=budget, now=now)
    context: dict[str, Json] = {
        "workspace": workspace.name,
        "holder": _CALLED[subject.kind].format(holder.name),
        "period": str(Period(budget.period).label),
        "limit": format_credits(notice.line_mc),
        "left": format_credits(max(0, notice.balance_mc)),
        "resets": f"{anew:%-d %B %Y}" if anew else "",
        "limits_page": letterhead.page("limits", workspace=workspace.pk),
    }
    owners = people_who(workspace=workspace, capability=Capability.BUY_CREDITS)
    for reader in {one.pk: one for one in (*_concerned(notice, subject), *owners)}.values():
        own = {"is_own": subject == (Budget.Subject.MEMBER, reader.pk)}
        _write([reader], key=notice.key, template=notice.kind, context={**context, **own}, now=now)


def _is_followed(notice: Notice, kind: Notice.Kind) -> bool:
    """Whether a later notice about the same, perhaps of the same operation, says more."""
    later = Notice.objects.for_workspace(notice.workspace).filter(pk__gt=notice.pk, kind=kind)
    return later.filter(subject_kind=notice.subject_kind, subject_id=notice.subject_id).exists()


def _concerned(notice: Notice, subject: Subject) -> list[User]:
    """The member whose limit it is, or who made the key."""
    person: UUID | None = None
    if subject.kind == Budget.Subject.MEMBER:
        person = subject.id
    elif subject.kind == Budget.Subject.API_KEY:
        keys = ApiKey.objects.for_workspace(notice.workspace).filter(pk=subject.id)
        person = keys.values_list("created_by", flat=True).first()
    members = Membership.objects.for_workspace(notice.workspace).filter(user=person, user__is_active=True)
    return [one.user for one in members.select_related("user")]


def _write(readers: Iterable[User], *, key: str, template: str, context: dict[str, Json], now: datetime) -> None:
    for reader in readers:
        letters.post(key=f"{key}:{reader.pk}", template=template, to=reader.email, context=context, now=now)
