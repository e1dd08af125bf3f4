"""Setting, lifting and moving limits, by people who may; asking those for more."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.accounts import api_keys, audit
from apps.accounts.actor import Actor
from apps.accounts.members import find_actor
from apps.accounts.models import ApiKey
from apps.accounts.roles import Capability, Role, can
from apps.billing.spend_limits import Holder, Limit, binding_limits, find_holder, find_limit, list_limits
from apps.errors import DomainError, NotFound
from apps.ledger import posting
from apps.ledger.amounts import LARGEST, Millicredits, to_credits
from apps.ledger.budgets import Subject
from apps.ledger.models import Budget, BudgetEvent
from apps.ledger.operations import retry_conflicts
from apps.ledger.periods import Period


class MayNotLimit(DomainError):
    """The role, or the key, may not change this limit."""

    code = "may_not_limit"


@dataclass(frozen=True, slots=True)
class Moved:
    """Two limits after allowance went from one to the other; ``is_replay``: it had gone before."""

    source: Limit
    target: Limit
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Limits that bind an actor, then all others for those who may change some."""

    binding: tuple[Limit, ...]
    others: tuple[Limit, ...]


def see_limits(*, actor: Actor, project: str | None, now: datetime) -> Seen:
    """Show an actor the limits on what it spends, on a project or on none, and all others if it may manage them."""
    binding = binding_limits(actor=actor, project=project, now=now)
    try:
        check_manager(actor)
    except MayNotLimit:
        return Seen(binding, ())
    mine = {one.subject for one in binding}
    everything = list_limits(workspace=actor.workspace, now=now)
    return Seen(binding, tuple(one for one in everything.all if one.subject not in mine))


@retry_conflicts
def set_limit(
    *,
    actor: Actor,
    subject: Subject,
    limit_mc: int | None,
    period: Period | None,
    now: datetime,
    key: str | None = None,
) -> Limit:
    """Limit what a member, a key or a project may spend; None lifts the limit.

    No period is the one there is, a month where there is none. What was spent in the period so far counts. Setting what
    stands already changes nothing, nor does a ``key`` that came before: the limit is returned as it is.

    :raises MayNotLimit: see ``check_manager``. :raises NotFound: the subject is not in this workspace.
    :raises AmountOutOfRange: below zero, or more than can be told exactly. :raises IdempotencyMismatch:
    """
    with transaction.atomic():
        manager = check_manager(actor)
        _check_subject(actor, manager, subject)
        limit = find_limit(workspace=actor.workspace, subject=subject, now=now)
        if limit_mc is None and limit.period is None:
            return limit  # nothing there to lift
        _set(actor, subject, limit_mc, period or limit.period or Period.MONTH, key, now)
    return find_limit(workspace=actor.workspace, subject=subject, now=now)


@retry_conflicts
def move_allowance(*, actor: Actor, source: Subject, target: Subject, amount_mc: int, key: str, now: datetime) -> Moved:
    """Lower one limit and raise another by the same amount. A second call with the same key changes nothing.

    :raises MayNotLimit: see ``check_manager``. :raises NotFound: one of them is not here, or has no limit.
    :raises AllowanceInUse: the source has spent it. :raises PeriodsDiffer: :raises IdempotencyMismatch:
    :raises AmountOutOfRange: nothing, or too much; or from a limit to itself.
    """
    workspace = actor.workspace
    with transaction.atomic():
        manager = check_manager(actor)
        for subject in (source, target):
            _check_subject(actor, manager, subject)
        if source == target or not 0 < amount_mc <= LARGEST:
            raise posting.AmountOutOfRange("Something has to move, from one limit to another.")
        events = posting.move_budget(
            workspace=workspace,
            source=source,
            target=target,
            amount_mc=Millicredits(amount_mc),
            actor_id=actor.user_id,
            key=f"move:{actor.user_id}:{key}",
            now=now,
        )
        for subject, event in zip((source, target), events, strict=False):
            _record(actor, "limit.move", subject, event, now)
    source_limit, target_limit = (find_limit(workspace=workspace, subject=one, now=now) for one in (source, target))
    return Moved(source_limit, target_limit, is_replay=not events)


@retry_conflicts
def issue_key(
    *, actor: Actor, name: str, is_test: bool, limit_mc: int | None, period: Period, now: datetime
) -> tuple[ApiKey, str]:
    """Make an API key for the actor, with a limit from its first call on if one is given; as ``api_keys.issue``.

    :raises MayNotLimit: the role may not set limits. :raises AmountOutOfRange:
    """
    assert actor.user is not None, "people make keys"
    if limit_mc is not None:
        check_manager(actor)
    with transaction.atomic():
        api_key, text = api_keys.issue(
            workspace=actor.workspace, created_by=actor.user, name=name, is_test=is_test, now=now
        )
        if limit_mc is not None:
            _set(actor, Subject(Budget.Subject.API_KEY, api_key.pk), limit_mc, period, None, now)
    return api_key, text


def check_manager(actor: Actor) -> Role:
    """Return the role by which an actor changes limits: their own, or that of the person who made their key.

    :raises MayNotLimit: it includes no limits, the maker has left, or the key is a test key.
    """
    if actor.api_key is not None:
        if actor.is_test:
            raise MayNotLimit("A test key changes no limits.")
        try:
            actor = find_actor(user=actor.api_key.created_by, workspace_id=actor.workspace.pk)
        except NotFound as gone:
            raise MayNotLimit("Whoever made this key has left the workspace.") from gone
    if not actor.can(Capability.MANAGE_LIMITS):
        raise MayNotLimit("Your role in this workspace may not change limits. Ask an owner.")
    return actor.role


def may_change(role: Role, holder: Holder) -> bool:
    """Tell whether a role may change a limit: owners every one; admins those of makers, viewers, keys and projects.

    Else an admin could lift what an owner set for them.
    """
    return can(role, Capability.MANAGE_LIMITS) and (role == Role.OWNER or holder.role not in {Role.OWNER, Role.ADMIN})


def _check_subject(actor: Actor, manager: Role, subject: Subject) -> None:
    """A key changes no limit that binds itself: one that leaked could help itself to more."""
    if not may_change(manager, find_holder(workspace=actor.workspace, subject=subject)):
        raise MayNotLimit("Only an owner may change the limit of an owner or an admin.")
    own = {(Budget.Subject.API_KEY, actor.api_key_id), (Budget.Subject.MEMBER, actor.user_id)}
    if actor.api_key is not None and (subject.kind, subject.id) in own:
        raise MayNotLimit("A key may not change a limit that binds it. Use another, or the Limits page.")


def _set(actor: Actor, subject: Subject, limit_mc: int | None, period: Period, key: str | None, now: datetime) -> None:
    if limit_mc is not None and not 0 <= limit_mc <= LARGEST:
        raise posting.AmountOutOfRange(f"A limit is from 0 to {to_credits(LARGEST)} credits.")
    done = posting.set_budget(
        workspace=actor.workspace,
        subject_kind=subject.kind,
        subject_id=subject.id,
        limit_mc=None if limit_mc is None else Millicredits(limit_mc),
        period=period,
        actor_id=actor.user_id,
        key=None if key is None else f"{actor.user_id}:{key}",
        now=now,
    )
    if done.event is not None:
        _record(actor, "limit.set" if limit_mc is not None else "limit.lift", subject, done.event, now)


def _record(actor: Actor, action: str, subject: Subject, event: BudgetEvent, now: datetime) -> None:
    audit.record(
        action=action,
        subject=subject.public_id,
        now=now,
        actor_id=actor.user_id,
        workspace_id=actor.workspace.pk,
        before=_said(event.limit_before_mc, event.period_before),
        after=_said(event.limit_after_mc, event.period),
    )


def _said(limit_mc: int | None, period: str) -> dict[str, object]:
    return {} if not period else {"credits": None if limit_mc is None else to_credits(limit_mc), "period": period}
