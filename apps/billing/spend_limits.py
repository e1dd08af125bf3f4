"""Limits as people see them: whose they are by name, how much of them is left, what became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Case, Model, Q, QuerySet, Value, When

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.errors import NotFound
from apps.ids import from_public
from apps.ledger.budgets import PREFIXES, Subject, current_usage, resets_at
from apps.ledger.models import Budget, BudgetEvent
from apps.ledger.periods import Period
from apps.library.models import Project

LISTED: Final = 200  # of each kind: those with a limit, then the newest

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who or what spends and can have a limit. ``role`` is a person's."""

    subject: Subject
    name: str
    note: str  # a person's role, the maker of a key
    is_over: bool = False  # a key that was revoked, a person who was deactivated
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of a holder, if there is one. Amounts are of the period that runs now."""

    holder: Holder
    period: Period | None  # None: never limited, and not counted either
    limit_mc: int | None  # None: no limit
    used_mc: int
    held_mc: int
    resets_at: datetime | None  # None: counted for ever, or not at all

    @property
    def subject(self) -> Subject:
        return self.holder.subject

    @property
    def remaining_mc(self) -> int | None:
        """What can still be held; None: as much as there is."""
        return None if self.limit_mc is None else max(0, self.limit_mc - self.used_mc - self.held_mc)


@dataclass(frozen=True, slots=True)
class Limits:
    """Who and what in a workspace can have a limit, each kind by name: up to LISTED of it."""

    members: tuple[Limit, ...]
    api_keys: tuple[Limit, ...]
    projects: tuple[Limit, ...]

    @property
    def all(self) -> tuple[Limit, ...]:
        return (*self.members, *self.api_keys, *self.projects)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a limit. No period before: there was none."""

    id: UUID
    subject: Subject
    name: str
    who: str  # empty: nobody in person
    before_mc: int | None
    period_before: Period | None
    after_mc: int | None
    period: Period
    at: datetime


def read_subject(kind: str, text: str) -> Subject:
    """Read the public id of a member (``member_…``), a key (``key_…``) or a project; ``kind`` is the word before it.

    :raises NotFound: it is none.
    """
    for subject_kind, prefix in PREFIXES.items():
        if prefix == kind and (found := from_public(prefix, text)):
            return Subject(subject_kind, found)
    raise NotFound("There is no such member, key or project in this workspace.")


def list_limits(*, workspace: Workspace, now: datetime) -> Limits:
    """List the members, the keys that can spend and the projects of a workspace, with their limits. Four queries."""
    budgets = {Subject(Budget.Subject(one.subject_kind), one.subject_id): one for one in _budgets(workspace)}
    limited = {
        kind: [
            subject.id for subject, budget in budgets.items() if subject.kind == kind and budget.limit_mc is not None
        ]
        for kind in Budget.Subject
    }
    people = Membership.objects.for_workspace(workspace).select_related("user")
    keys = ApiKey.objects.for_workspace(workspace).select_related("created_by")
    keys = keys.filter(Q(revoked_at=None, is_test=False) | Q(pk__in=limited[Budget.Subject.API_KEY]))
    projects = Project.objects.for_workspace(workspace)
    return Limits(
        members=_named(map(_of_member, _first(people, "user", limited[Budget.Subject.MEMBER])), budgets, now),
        api_keys=_named(map(_of_key, _first(keys, "pk", limited[Budget.Subject.API_KEY])), budgets, now),
        projects=_named(map(_of_project, _first(projects, "pk", limited[Budget.Subject.PROJECT])), budgets, now),
    )


def find_limit(*, workspace: Workspace, subject: Subject, now: datetime) -> Limit:
    """Return one of them. Two queries.

    :raises NotFound: it is not in this workspace, or not any more.
    """
    holder = find_holder(workspace=workspace, subject=subject)
    budget = _budgets(workspace).filter(subject_kind=subject.kind, subject_id=subject.id).first()
    return _limit(holder, budget, now)


def binding_limits(*, actor: Actor, now: datetime, project: str | None = None) -> tuple[Limit, ...]:
    """Return the limits on what an actor spends, on a project or on none: of the key, the person, the project.

    Those without a limit are left out. At most three queries.
    """
    holders: list[Holder] = []
    if actor.api_key is not None:
        holders.append(_of_key(actor.api_key))
    person = actor.user or (actor.api_key.created_by if actor.api_key else None)
    if person is not None:
        holders.append(Holder(Subject(Budget.Subject.MEMBER, person.pk), _name(person), ""))
    found = Project.objects.for_workspace(actor.workspace).filter(name=project).first() if project else None
    if found is not None:
        holders.append(_of_project(found))
    whose = Q(pk=None)
    for holder in holders:
        whose |= Q(subject_kind=holder.subject.kind, subject_id=holder.subject.id)
    budgets = {
        (one.subject_kind, one.subject_id): one
        for one in _budgets(actor.workspace).filter(whose, limit_mc__isnull=False)
    }
    found_of = ((one, budgets.get((one.subject.kind.value, one.subject.id))) for one in holders)
    return tuple(_limit(holder, budget, now) for holder, budget in found_of if budget is not None)


def list_changes(*, workspace: Workspace, limit: int, after: UUID | None = None) -> list[Change]:
    """List so many changes of limits at most, the newest first; those before the change ``after``. Four queries."""
    events = BudgetEvent.objects.filter(budget__workspace=workspace).select_related("budget").order_by("-pk")
    page = list((events.filter(pk__lt=after) if after else events)[:limit])
    ids: dict[str, set[UUID]] = {kind: set() for kind in Budget.Subject.values}
    for event in page:
        ids[event.budget.subject_kind].add(event.budget.subject_id)
    people_ids = ids[Budget.Subject.MEMBER] | {event.actor_id for event in page if event.actor_id}
    people = {one.pk: _name(one) for one in User.objects.filter(pk__in=people_ids)}
    names = {
        Budget.Subject.MEMBER.value: people,
        Budget.Subject.API_KEY.value: _names_of(ApiKey.objects.for_workspace(workspace), ids[Budget.Subject.API_KEY]),
        Budget.Subject.PROJECT.value: _names_of(Project.objects.for_workspace(workspace), ids[Budget.Subject.PROJECT]),
    }
    return [
        Change(
            id=event.pk,
            subject=Subject(Budget.Subject(event.budget.subject_kind), event.budget.subject_id),
            name=names[event.budget.subject_kind].get(event.budget.subject_id, "someone"),
            who=people.get(event.actor_id, "") if event.actor_id else "",
            before_mc=event.limit_before_mc,
            period_before=Period(event.period_before) if event.period_before else None,
            after_mc=event.limit_after_mc,
            period=Period(event.period),
            at=event.created_at,
        )
        for event in page
    ]


def find_holder(*, workspace: Workspace, subject: Subject) -> Holder:
    """Find who or what spends, in a workspace. One query.

    :raises NotFound: it is not there, or not any more; a key that was revoked is there.
    """
    holder: Holder | None = None
    match subject.kind:
        case Budget.Subject.MEMBER:
            people = Membership.objects.for_workspace(workspace).select_related("user")
            holder = next(map(_of_member, people.filter(user=subject.id)), None)
        case Budget.Subject.API_KEY:
            keys = ApiKey.objects.for_workspace(workspace).select_related("created_by")
            holder = next(map(_of_key, keys.filter(pk=subject.id)), None)
        case Budget.Subject.PROJECT:
            holder = next(map(_of_project, Project.objects.for_workspace(workspace).filter(pk=subject.id)), None)
    if holder is None:
        raise NotFound("There is no such member, key or project in this workspace.")
    return holder


def _of_member(membership: Membership) -> Holder:
    role = Role(membership.role)
    subject = Subject(Budget.Subject.MEMBER, membership.user_id)
    return Holder(subject, _name(membership.user), str(role.label), not membership.user.is_active, role)


def _of_key(api_key: ApiKey) -> Holder:
    subject = Subject(Budget.Subject.API_KEY, api_key.pk)
    return Holder(subject, api_key.name, _name(api_key.created_by), api_key.revoked_at is not None)


def _of_project(project: Project) -> Holder:
    return Holder(Subject(Budget.Subject.PROJECT, project.pk), project.name, "")


def _budgets(workspace: Workspace) -> QuerySet[Budget]:
    return Budget.objects.for_workspace(workspace)


def _first(rows: QuerySet[Row], field: str, limited: Iterable[UUID]) -> QuerySet[Row]:
    """Those that have a limit, then the newest, as many as are listed."""
    ranked = rows.order_by(
        Case(When(**{f"{field}__in": limited}, then=Value(0)), default=Value(1)), "-created_at", "pk"
    )
    return ranked[:LISTED]


def _named(holders: Iterable[Holder], budgets: Mapping[Subject, Budget], now: datetime) -> tuple[Limit, ...]:
    limits = (_limit(one, budgets.get(one.subject), now) for one in holders)
    return tuple(sorted(limits, key=lambda one: (one.holder.is_over, one.holder.name.casefold(), one.subject.id)))


def _limit(holder: Holder, budget: Budget | None, now: datetime) -> Limit:
    if budget is None:
        return Limit(holder, None, None, 0, 0, None)
    used, held = current_usage(budget=budget, now=now)
    return Limit(holder, Period(budget.period), budget.limit_mc, used, held, resets_at(budget=budget, now=now))


def _names_of(rows: QuerySet[Row], ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(rows.filter(pk__in=ids).values_list("pk", "name"))


def _name(user: User) -> str:
    return user.name or user.email
