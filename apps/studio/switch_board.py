"""The switches of a workspace, laid out: families and models down the page, whose switches across it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey
from apps.accounts.roles import Capability, Role
from apps.catalog.access import Access, Switchboard, read_switchboard
from apps.catalog.models import Stage, Switch
from apps.catalog.shelf import OnShelf, read_shelf
from apps.catalog.switching import may_switch
from apps.catalog.tools import Tool, tool_of
from apps.ids import from_public
from apps.studio.durations import in_words

_GROUPS: Final = {"core": "Core tools", "specialized": "Specialized tools", "other": "More models"}
_ROLES: Final = tuple(role for role in Role if role is not Role.VIEWER)  # viewers run nothing


@dataclass(frozen=True, slots=True)
class Column:
    """Whose switches stand here."""

    id: str  # as forms send it
    label: str
    by: Switch
    subject: str
    whom: str  # for a screen reader: «Flux Pro, for makers»


@dataclass(frozen=True, slots=True)
class Turn:
    """One switch. ``value`` is what pressing it sends: whose, of what, and how it shall stand then."""

    id: str
    value: str
    label: str
    column: str
    is_on: bool
    is_covered: bool  # the whole family is off here, so that its models' own switches do nothing


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model, with what it costs and whether this person may use it."""

    id: str
    name: str
    about: str  # its provider, and what it is best for
    stage: str
    stage_label: str
    rating: int | None
    usual: str  # how long a run takes, in words
    from_mc: int
    is_range: bool
    off: str  # who switched it off for this person; empty: it is on
    turns: tuple[Turn, ...]

    @property
    def line(self) -> str:
        """Where the page says who switched it off."""
        return f"who-model-{self.id}"


@dataclass(frozen=True, slots=True)
class Family:
    """Models that can be switched as one. Without turns it is a heading: its one model has the switches."""

    id: str
    name: str
    off: str
    rows: tuple[ModelRow, ...]
    turns: tuple[Turn, ...]

    @property
    def line(self) -> str:
        """Where the page says who switched all of it off."""
        return f"who-tool-{self.id}"


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class Turned:
    """What a page shows anew of a family or a model where one party's switch was turned."""

    turn: Turn
    line: str
    off: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """The whole page."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    on: int
    total: int
    key: str  # the id of the API key whose switches these are; else empty
    key_name: str

    def turned(self, column_id: str, *, tool: str = "", ai_model_id: str = "") -> Iterator[Turned]:
        """What the switch of a party changed: a model's own place, or those of a whole family.

        The switches of others stay as they are on the page, where one may be waiting for its turn.
        """
        at = [column.id for column in self.columns].index(column_id)
        for family in (one for group in self.groups for one in group.families):
            if family.turns and family.id == tool:
                yield Turned(family.turns[at], family.line, family.off)
            for row in family.rows:
                if row.id == ai_model_id or family.id == tool:
                    yield Turned(row.turns[at], row.line, row.off, row.about)


def board_of(actor: Actor, *, now: datetime, api_key: ApiKey | None = None) -> Board:
    """Lay out the switches this person may turn, or those of one API key. Two queries."""
    shelf, switches = read_shelf(now=now), read_switchboard(workspace=actor.workspace)
    columns = tuple(columns_of(actor, api_key))
    seen_by = Actor(workspace=actor.workspace, api_key=api_key) if api_key else actor
    access = switches.access_of(seen_by)
    layout = _Layout(switches, access, columns)
    families = [layout.family(tool, rows) for tool, rows in _families(shelf)]
    by_group = {tool.id: tool.group for tool, _ in _families(shelf)}
    rows = [row for family in families for row in family.rows]
    return Board(
        columns=columns,
        groups=tuple(
            Group(label, found)
            for group, label in _GROUPS.items()
            if (found := tuple(one for one in families if by_group[one.id] == group))
        ),
        on=sum(not row.off for row in rows),
        total=len(rows),
        key=api_key.public_id if api_key else "",
        key_name=api_key.name if api_key else "",
    )


def columns_of(actor: Actor, api_key: ApiKey | None = None) -> Iterator[Column]:
    """Whose switches a person may turn: one's own; and with the right to manage models everybody's."""
    if api_key is not None:
        yield Column(api_key.public_id, "This key", Switch.API_KEY, str(api_key.pk), f"for the key {api_key.name}")
        return
    yield Column("me", "You", Switch.MEMBER, str(actor.user_id), "for you")
    if not may_switch(actor, Switch.WORKSPACE):
        return
    yield Column("workspace", "Everyone", Switch.WORKSPACE, "", "for everyone in this workspace")
    for role in _ROLES:
        yield Column(role.value, f"{role.label}s", Switch.ROLE, role.value, f"for {role.label.lower()}s")


def find_key(actor: Actor, public_id: str) -> ApiKey | None:
    """The API key of this workspace that is meant, for whoever may manage keys."""
    key_id = from_public("key", public_id) if actor.can(Capability.MANAGE_KEYS) else None
    return ApiKey.objects.for_workspace(actor.workspace).filter(pk=key_id).first() if key_id else None


@dataclass(frozen=True, slots=True)
class _Layout:
    switches: Switchboard
    access: Access
    columns: tuple[Column, ...]

    def family(self, tool: Tool, shelf: list[OnShelf]) -> Family:
        off = self.access.off_tool(tool)
        is_single = tool.group == "other" and len(shelf) == 1
        return Family(
            id=tool.id,
            name=tool.name,
            off=off.sentence if off else "",
            rows=tuple(self.row(one, tool) for one in shelf),
            turns=() if is_single else tuple(self.turn(column, tool.name, tool=tool.id) for column in self.columns),
        )

    def row(self, one: OnShelf, tool: Tool) -> ModelRow:
        ai_model, off = one.ai_model, self.access.off(one.ai_model)
        return ModelRow(
            id=ai_model.pk,
            name=ai_model.name,
            about=f"{ai_model.provider.name} · {ai_model.best_for}",
            stage=ai_model.stage,
            stage_label=Stage(ai_model.stage).label,
            rating=ai_model.rating,
            usual=in_words(one.seconds) if one.seconds else "",
            from_mc=one.from_mc,
            is_range=one.usual_mc != one.from_mc,
            off=off.sentence if off else "",
            turns=tuple(
                self.turn(
                    column,
                    ai_model.name,
                    ai_model_id=ai_model.pk,
                    is_covered=not self.switches.is_on(column.by, column.subject, tool=tool.id),
                )
                for column in self.columns
            ),
        )

    def turn(
        self,
        column: Column,
        name: str,
        *,
        tool: str = "",
        ai_model_id: str | None = None,
        is_covered: bool = False,
    ) -> Turn:
        is_on = self.switches.is_on(column.by, column.subject, tool=tool, ai_model_id=ai_model_id) and not is_covered
        target = f"{'tool' if tool else 'model'}.{tool or ai_model_id}"
        return Turn(
            id=f"turn-{column.id}-{target.replace('.', '-')}",
            value=f"{column.id}.{target}.{'off' if is_on else 'on'}",
            label=f"{f'All of {name}' if tool else name}, {column.whom}",
            column=column.label,
            is_on=is_on,
            is_covered=is_covered,
        )


def _families(shelf: list[OnShelf]) -> list[tuple[Tool, list[OnShelf]]]:
    """Models by family, in the order of the first of each."""
    order: dict[Tool, int] = {}
    for one in shelf:
        order.setdefault(tool_of(one.ai_model), len(order))
    by_family = sorted(shelf, key=lambda one: order[tool_of(one.ai_model)])
    return [(tool, list(rows)) for tool, rows in groupby(by_family, key=lambda one: tool_of(one.ai_model))]
