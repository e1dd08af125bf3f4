"""What config/ says about letters: who sends them, who hears alarms, and where the pages are that they lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letterhead:
    """How this installation signs its letters.

    ``base_url`` is the address people reach it at. ``pages`` are addresses by name, with ``{workspace}`` and the like
    in them. ``alarm_to`` are the addresses that hear alarms; none: those of the people who run it.
    """

    sender: str
    base_url: str
    pages: Mapping[str, str] = field(default_factory=dict)
    alarm_to: tuple[str, ...] = ()


_letterhead = Letterhead("easel@localhost", "")


def configure(letterhead: Letterhead) -> None:
    """Say how this installation signs its letters. Replaces what was said before."""
    global _letterhead
    _letterhead = letterhead


def current() -> Letterhead:
    return _letterhead


def page(name: str, **parts: object) -> str:
    """Return the absolute address of a page: ``page("credits", workspace=workspace.pk)``.

    :raises KeyError: config/mail.py knows no such page, or it needs a part that was not given.
    """
    return _letterhead.pages[name].format_map(parts)
