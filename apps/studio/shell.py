"""What stands around every page of a workspace, and how a page is made."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.accounts.actor import Actor
from apps.accounts.members import workspaces_of
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.jobs.models import Job
from apps.ledger.amounts import to_credits
from apps.ledger.balances import Balance, read_balance
from apps.studio.access import SignedInRequest
from apps.studio.catalog import Assortment, covers, offered

_PAGES: Final = (  # name of the route, label, icon, heading of a group that begins here, who sees it
    ("studio", "Studio", "easel", "", Capability.VIEW),
    ("jobs", "Jobs", "jobs", "", Capability.VIEW),
    ("models", "Models", "models", "", Capability.VIEW),
    ("credits", "Credits", "coin", "Workspace", Capability.SEE_CREDITS),
    ("api_keys", "API", "code", "", Capability.MANAGE_KEYS),
)
_ROUND: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Item:
    """A page in the sidebar."""

    name: str
    label: str
    icon: str
    url: str
    group: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace in the switcher."""

    name: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Purse:
    """What is left and what is held, with the shares of a meter whose end is a round number."""

    available_mc: int
    held_mc: int
    left_percent: str
    held_percent: str
    covers: str
    low_balance_mc: int | None
    is_low: bool

    @property
    def line(self) -> str:
        """Where the balance is low, as a form takes it; empty: nowhere."""
        return "" if self.low_balance_mc is None else str(to_credits(self.low_balance_mc))


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page."""

    workspace: Workspace
    places: tuple[Place, ...]
    items: tuple[Item, ...]
    balance: Purse | None  # None: this role may not see credits
    open_jobs: int
    may_make: bool
    may_buy: bool
    studio_url: str
    credits_url: str


def page(
    request: SignedInRequest,
    actor: Actor,
    template: str,
    *,
    current: str = "",
    shell: Shell | None = None,
    status: int = 200,
    **context: Any,  # template values
) -> HttpResponse:
    """Make a whole page. ``current`` is the route it belongs to; ``shell`` is its frame, if it was read already."""
    frame = shell or shell_of(actor, current=current)
    return render(request, template, {"shell": frame, **context}, status=status)


def shell_of(actor: Actor, *, current: str = "", everything: Assortment | None = None) -> Shell:
    """Read what the frame shows."""
    assert actor.user is not None, "pages are for people"
    workspace = actor.workspace
    return Shell(
        workspace=workspace,
        places=tuple(
            Place(one.name, reverse("studio", args=[one.pk]), one.pk == workspace.pk)
            for one in workspaces_of(actor.user)
        ),
        items=(*_items(actor, workspace.pk, current), *([_staff()] if actor.user.is_staff else [])),
        balance=_purse(actor, everything) if actor.can(Capability.SEE_CREDITS) else None,
        open_jobs=Job.objects.for_workspace(workspace).open().count(),
        may_make=actor.can(Capability.MAKE),
        may_buy=actor.can(Capability.BUY_CREDITS),
        studio_url=reverse("studio", args=[workspace.pk]),
        credits_url=reverse("credits", args=[workspace.pk]),
    )


def purse_of(balance: Balance, *, covered: str) -> Purse:
    """Show a balance."""
    whole = _round_up(balance.available_mc + balance.held_mc)
    return Purse(
        available_mc=balance.available_mc,
        held_mc=balance.held_mc,
        left_percent=_share(balance.available_mc, whole),
        held_percent=_share(balance.held_mc, whole),
        covers=covered,
        low_balance_mc=balance.low_balance_mc,
        is_low=balance.is_low,
    )


def _purse(actor: Actor, everything: Assortment | None) -> Purse:
    now = timezone.now()
    balance = read_balance(workspace=actor.workspace, now=now)
    models = offered(actor, now=now) if everything is None else everything
    return purse_of(balance, covered=covers(models, available_mc=balance.available_mc))


def _items(actor: Actor, workspace_id: UUID, current: str) -> list[Item]:
    return [
        Item(name, label, icon, reverse(name, args=[workspace_id]), group, name == current)
        for name, label, icon, group, capability in _PAGES
        if actor.can(capability)
    ]


def _staff() -> Item:
    return Item("staff", "Staff", "lock", reverse("admin:index"), "Staff", is_current=False)


def _round_up(amount: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 … so that a full meter means a number that can be said."""
    power = 1
    while True:
        for step in _ROUND:
            if step * power >= amount:
                return step * power
        power *= 10


def _share(part: int, whole: int) -> str:
    return f"{100 * max(part, 0) / whole:.2f}"
