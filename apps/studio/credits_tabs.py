"""The pages about credits, as tabs above each of them."""

from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability

_TABS: Final = (  # name of the route, label, who sees it
    ("credits", "Credits", Capability.SEE_CREDITS),
    ("credit_limits", "Limits", Capability.SEE_CREDITS),
    ("top_up", "Top-up", Capability.SEE_CREDITS),
    ("receipts", "Receipts", Capability.SEE_CREDITS),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A page about credits."""

    label: str
    url: str
    is_current: bool


def credits_tabs(actor: Actor, *, current: str) -> tuple[Tab, ...]:
    """List the pages about credits that this installation has and this person may see; ``current`` is a route."""
    tabs = ((name, label, _url(name, actor)) for name, label, capability in _TABS if actor.can(capability))
    return tuple(Tab(label, url, name == current) for name, label, url in tabs if url)


def _url(name: str, actor: Actor) -> str:
    try:
        return reverse(name, args=[actor.workspace.pk])
    except NoReverseMatch:
        return ""
