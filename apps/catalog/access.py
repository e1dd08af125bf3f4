"""Who may use which model: by switches of staff, workspaces, roles, people and API keys.

A switch is a row that says off; without one a model is on. One "off" is enough, whoever said it, and the narrowest is
the answer: its party is the nearest that can undo it. An API key acts as a maker: the switches of makers hold for it,
those of the person who made it, and its own. What runs already is not touched.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from apps.accounts.actor import Actor
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, Lifecycle, Switch, SwitchedOff
from apps.catalog.tools import Tool, tool_of

NARROWEST_FIRST: Final = (Switch.API_KEY, Switch.MEMBER, Switch.ROLE, Switch.WORKSPACE, Switch.INSTALLATION)


@dataclass(frozen=True, slots=True)
class Off:
    """Why a model cannot be used."""

    by: Switch
    sentence: str
    tool: str = ""  # the family that is off as one; empty: it is about the model alone


@dataclass(frozen=True, slots=True)
class Place:
    """One position of the board: whose switch, and of what."""

    by: Switch
    subject: str  # a role, a person's id or an API key's; else empty
    tool: str  # a family, else
    ai_model_id: str | None  # a model


@dataclass(frozen=True, slots=True)
class Access:
    """Which models one caller may use. Asking it costs no query."""

    subjects: Mapping[Switch, str]  # whose switches hold for the caller
    switched_off: frozenset[Place]
    allowed: frozenset[str] | None = None  # the models that an API key is limited to; None: it is not
    is_key: bool = False

    def off(self, ai_model: AIModel) -> Off | None:
        """The narrowest "off" of a model, its own before its family's; None: it may be used."""
        tool = tool_of(ai_model)
        for by in NARROWEST_FIRST:
            if by is Switch.API_KEY and self.allowed is not None and ai_model.pk not in self.allowed:
                return Off(by, "This API key is limited to other models.")
            if self._is_off(by, ai_model_id=ai_model.pk):
                return Off(by, self._sentence(by))
            if self._is_off(by, tool=tool.id):
                return Off(by, self._sentence(by, tool), tool.id)
        if ai_model.lifecycle == Lifecycle.RETIRED:
            return Off(Switch.INSTALLATION, "It is retired.")
        return None if ai_model.is_enabled else Off(Switch.INSTALLATION, self._sentence(Switch.INSTALLATION))

    def off_tool(self, tool: Tool) -> Off | None:
        """The narrowest "off" of a family as one, or None; its models may still be off one by one."""
        return next(
            (Off(by, self._sentence(by, tool), tool.id) for by in NARROWEST_FIRST if self._is_off(by, tool=tool.id)),
            None,
        )

    def _is_off(self, by: Switch, *, tool: str = "", ai_model_id: str | None = None) -> bool:
        subject = self.subjects.get(by)
        return subject is not None and Place(by, subject, tool, ai_model_id) in self.switched_off

    def _sentence(self, by: Switch, tool: Tool | None = None) -> str:
        what = f"All of {tool.name} is switched off" if tool else "Switched off"
        match by:
            case Switch.API_KEY:
                return f"{what} for this API key."
            case Switch.MEMBER if self.is_key:
                return f"{what} by the person who made this API key."
            case Switch.MEMBER:
                return f"You switched {f'all of {tool.name}' if tool else 'it'} off for yourself."
            case Switch.ROLE:
                return f"{what} for {self.subjects[by]}s by your workspace."
            case Switch.WORKSPACE:
                return f"{what} by your workspace."
            case Switch.INSTALLATION:
                return f"{what} in this installation."


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Every switch of a workspace, and those of the installation."""

    switched_off: frozenset[Place]

    def is_on(self, by: Switch, subject: str = "", *, tool: str = "", ai_model_id: str | None = None) -> bool:
        """Whether this one switch stands at on; others may say off."""
        return Place(by, subject, tool, ai_model_id) not in self.switched_off

    def access_of(self, actor: Actor) -> Access:
        """What the switches mean for a caller of this workspace."""
        allowed = actor.api_key.allowed_models if actor.api_key else None
        return Access(
            subjects=_subjects_of(actor),
            switched_off=self.switched_off,
            allowed=None if allowed is None else frozenset(allowed),
            is_key=actor.api_key is not None,
        )


def read_access(actor: Actor) -> Access:
    """Read the switches that hold for a caller. One query."""
    theirs = Q(workspace=None)
    for by, subject in _subjects_of(actor).items():
        theirs |= Q(workspace=actor.workspace, by=by, subject=subject)
    return Switchboard(_places(SwitchedOff.objects.filter(theirs))).access_of(actor)


def read_switchboard(*, workspace: Workspace) -> Switchboard:
    """Read every switch there is in a workspace. One query."""
    return Switchboard(_places(SwitchedOff.objects.filter(Q(workspace=None) | Q(workspace=workspace))))


def _subjects_of(actor: Actor) -> dict[Switch, str]:
    subjects = {Switch.INSTALLATION: "", Switch.WORKSPACE: "", Switch.ROLE: actor.role.value}
    if actor.user_id:
        subjects[Switch.MEMBER] = str(actor.user_id)
    if actor.api_key_id:
        subjects[Switch.API_KEY] = str(actor.api_key_id)
    return subjects


def _places(rows: Iterable[SwitchedOff]) -> frozenset[Place]:
    return frozenset(Place(Switch(row.by), row.subject, row.tool, row.ai_model_id) for row in rows)
