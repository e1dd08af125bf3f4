"""The form that a batch of codes is made with: its fields as they are shown, and what is typed read into a plan."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from apps.billing.promo_batches import Plan
from apps.staff.faults import Faults
from apps.staff.grants import NOT_OURS, Misread, read_amount, read_day_end
from apps.staff.pages import read_id, read_moment

_MINUTE: Final = "%Y-%m-%dT%H:%M"  # as a datetime-local field has it


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form, with what was typed and what is wrong with it."""

    name: str
    label: str
    type: str
    help: str
    value: str
    faults: list[str]


_FIELDS: Final = (
    ("name", "Name", "text", "The ledgers of workspaces say it: “Launch gift”."),
    ("credits", "Credits", "decimal", "For each use of a code."),
    ("code_count", "Codes", "numeric", "Many for one use each, or 1 that is shared."),
    ("uses_per_code", "Uses of each", "numeric", "More than 1 for a shared code only."),
    ("valid_from", "Good from (UTC)", "datetime-local", ""),
    ("valid_until", "Good until the end of", "date", "Empty: until it is withdrawn."),
    ("credits_days", "Credits last, in days", "numeric", "Counted from when they are claimed. Empty: no such end."),
    ("credits_expire_on", "or until the end of", "date", "One of the two, or neither: then they do not expire."),
    ("note", "Why", "text", "For staff, in the audit log."),
)


def blank(now: datetime) -> dict[str, str]:
    """What the form begins with."""
    return {"code_count": "100", "uses_per_code": "1", "valid_from": f"{now:{_MINUTE}}"}


def fields_of(typed: Mapping[str, str], wrong: Faults) -> list[Field]:
    return [
        Field(name, label, kind, words, typed.get(name, ""), list(wrong.get(name, ())))
        for name, label, kind, words in _FIELDS
    ]


def read_plan(posted: Mapping[str, str]) -> tuple[Plan, UUID]:
    """Read the form, and the key it came with.

    :raises InvalidGrant: with everything that cannot be read.
    """
    found = Misread()
    key = read_id(posted.get("form_key", ""))
    if key is None:
        found.add("", NOT_OURS)
    valid_from = None
    with suppress(ValueError):
        valid_from = read_moment(posted.get("valid_from", ""))
    if valid_from is None:
        found.add("valid_from", "This is a day and a time, in UTC.")
    credits_mc = read_amount(posted.get("credits", ""), "credits", found)
    count = _read_count(posted, "code_count", found)
    uses = _read_count(posted, "uses_per_code", found)
    days = _read_count(posted, "credits_days", found) if posted.get("credits_days", "").strip() else None
    valid_until = read_day_end(posted.get("valid_until", ""), "valid_until", found)
    expires_at = read_day_end(posted.get("credits_expire_on", ""), "credits_expire_on", found)
    found.refuse()
    assert key is not None
    assert valid_from is not None
    plan = Plan(
        name=posted.get("name", "").strip(),
        credits_mc=credits_mc,
        code_count=count,
        uses_per_code=uses,
        valid_from=valid_from,
        valid_until=valid_until,
        credits_days=days,
        credits_expire_at=expires_at,
        note=posted.get("note", "").strip(),
    )
    return plan, key


def _read_count(posted: Mapping[str, str], name: str, found: Misread) -> int:
    text = posted.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        found.add(name, "Write a whole number.")
        return 0
    return int(text)
