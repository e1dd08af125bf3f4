"""What the page about limits shows of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from apps.accounts.actor import Actor
from apps.billing.limit_changes import may_change
from apps.billing.spend_limits import Change, Limit, Limits
from apps.ledger.amounts import format_credits
from apps.ledger.budgets import Subject
from apps.ledger.models import Budget
from apps.ledger.periods import Period

PERIODS: Final = {Period.DAY: "a day", Period.WEEK: "a week", Period.MONTH: "a month", Period.LIFETIME: "in all"}


@dataclass(frozen=True, slots=True)
class Editing:
    """The form that is open: whose, and what was typed that could not be taken."""

    subject: str
    text: str | None = None
    period: str = ""
    fault: str = ""

    def refused(self, why: str) -> "Editing":
        return replace(self, fault=why)


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A holder and their limit."""

    id: str
    name: str
    note: str
    is_over: bool
    is_mine: bool
    words: str  # the limit in words; empty: none
    used_mc: int
    held_mc: int
    left_mc: int | None
    used_percent: str
    held_percent: str
    is_reached: bool
    resets_at: datetime | None
    may_change: bool
    edit_url: str
    form: Editing | None  # open, with what stands in it


@dataclass(frozen=True, slots=True)
class Group:
    """Limits of one kind."""

    id: str
    label: str
    about: str
    nothing: str
    rows: tuple[LimitRow, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change; ``back`` is what the form that undoes it sends, None where it is not the last of its limit."""

    at: datetime
    name: str
    before: str
    after: str
    who: str
    back: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Board:
    """All of the page."""

    groups: tuple[Group, ...]
    movable: tuple[LimitRow, ...]  # between which allowance can go
    changes: tuple[ChangeRow, ...]
    may_manage: bool


def board_of(actor: Actor, limits: Limits, changes: Sequence[Change], *, editing: Editing) -> Board:
    """Lay the page out. No queries."""
    groups = (
        Group(
            "people",
            "People",
            "What each person spends, here and by their keys",
            "",
            _rows(actor, limits.members, editing),
        ),
        Group(
            "keys",
            "API keys",
            "Beside the limit of the person who made it",
            "No key yet. One can be given a limit when it is made, on the API page.",
            _rows(actor, limits.api_keys, editing),
        ),
        Group(
            "projects",
            "Projects",
            "Whoever files a run under it",
            "No project yet. A run over the API that names one makes it.",
            _rows(actor, limits.projects, editing),
        ),
    )
    rows = {row.id: row for group in groups for row in group.rows}
    movable = tuple(row for row in rows.values() if row.words and row.may_change)
    return Board(
        groups=groups,
        movable=movable if len(movable) > 1 else (),
        changes=_changes(changes, {row.id for row in rows.values() if row.may_change}),
        may_manage=any(row.may_change for row in rows.values()),
    )


def in_words(limit: Limit) -> str:
    """Say a limit: ``50 cr a month``, or that there is none."""
    return _said(limit.limit_mc, limit.period) or "no limit"


def _rows(actor: Actor, limits: Iterable[Limit], editing: Editing) -> tuple[LimitRow, ...]:
    return tuple(row_of(actor, limit, editing) for limit in limits)


def row_of(actor: Actor, limit: Limit, editing: Editing | None = None) -> LimitRow:
    """Show one limit to an actor; its form is open if it is the one that is edited."""
    editing = editing or Editing("")
    subject, holder = limit.subject, limit.holder
    is_changeable = may_change(actor.role, holder)
    whole = max(limit.limit_mc or 0, limit.used_mc + limit.held_mc, 1)
    return LimitRow(
        id=subject.public_id,
        name=holder.name,
        note=holder.note,
        is_over=holder.is_over,
        is_mine=subject == Subject(Budget.Subject.MEMBER, actor.user.pk) if actor.user else False,
        words=_said(limit.limit_mc, limit.period),
        used_mc=limit.used_mc,
        held_mc=limit.held_mc,
        left_mc=limit.remaining_mc,
        used_percent=f"{100 * limit.used_mc / whole:.2f}",
        held_percent=f"{100 * limit.held_mc / whole:.2f}",
        is_reached=limit.remaining_mc == 0,
        resets_at=limit.resets_at,
        may_change=is_changeable,
        edit_url=f"?{urlencode({'edit': subject.public_id})}#{subject.public_id}",
        form=_form(limit, editing) if is_changeable and editing.subject == subject.public_id else None,
    )


def _form(limit: Limit, editing: Editing) -> Editing:
    """The form as it stands, or as it was sent."""
    text = "" if limit.limit_mc is None else format_credits(limit.limit_mc).replace(",", "")
    return replace(
        editing,
        text=text if editing.text is None else editing.text,
        period=editing.period or limit.period or Period.MONTH,
    )


def _changes(changes: Iterable[Change], changeable: set[str]) -> tuple[ChangeRow, ...]:
    seen: set[str] = set()
    rows = []
    for change in changes:
        subject = change.subject.public_id
        is_last = subject not in seen and subject in changeable
        seen.add(subject)
        rows.append(
            ChangeRow(
                at=change.at,
                name=change.name,
                before=_said(change.before_mc, change.period_before) or "no limit",
                after=_said(change.after_mc, change.period) or "no limit",
                who=change.who or "Easel",
                back=_back(change) if is_last else None,
            )
        )
    return tuple(rows)


def _back(change: Change) -> dict[str, str]:
    fields = {"subject": change.subject.public_id, "period": change.period_before or change.period}
    if change.before_mc is None:
        return fields | {"lift": "on"}
    return fields | {"limit": format_credits(change.before_mc).replace(",", "")}


def _said(limit_mc: int | None, period: Period | None) -> str:
    return "" if limit_mc is None or period is None else f"{format_credits(limit_mc)} cr {PERIODS[period]}"
