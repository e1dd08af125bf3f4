"""What staff write when they give credits, read into what billing takes; what may be given is for billing to say."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final, TypedDict
from uuid import UUID

from django.utils.dateparse import parse_date

from apps.billing.grants import InvalidGrant
from apps.billing.models import GrantRequest
from apps.ledger.amounts import ZERO, Millicredits, from_credits
from apps.staff.pages import read_id

Kind = GrantRequest.Kind
GIFTS: Final = [(kind.value, kind.label) for kind in (Kind.PROMO, Kind.COMPENSATION)]
NOT_OURS: Final = "This form is not one of ours. Open the page again."


class Wish(TypedDict):
    """What one of the two forms asks for."""

    kind: GrantRequest.Kind
    amount_mc: Millicredits
    expires_at: datetime | None
    reason: str
    key: UUID


class Misread:
    """Gathers what cannot be read, until everything has been looked at."""

    def __init__(self) -> None:
        self._found: list[dict[str, str]] = []

    def add(self, field: str, message: str) -> None:
        self._found.append({"field": field, "message": message})

    def refuse(self) -> None:
        """:raises InvalidGrant: anything was found."""
        if self._found:
            raise InvalidGrant("This form cannot be read.", faults=self._found)


def read_wish(posted: Mapping[str, str]) -> Wish:
    """Read the form that gives, or the one that corrects.

    :raises InvalidGrant: with everything that cannot be read.
    """
    faults, kind = Misread(), Kind.ADJUSTMENT
    if posted.get("action") != "adjust":
        if posted.get("kind") not in dict(GIFTS):
            faults.add("kind", "Choose what the credits are.")
        else:
            kind = Kind(posted["kind"])
    key = read_id(posted.get("form_key", ""))
    if key is None:
        faults.add("", NOT_OURS)
    amount_mc = read_amount(posted.get("amount", ""), "amount", faults)
    expires_at = None if kind == Kind.ADJUSTMENT else read_day_end(posted.get("expires_on", ""), "expires_on", faults)
    faults.refuse()
    assert key is not None
    reason = posted.get("reason", "").strip()
    return Wish(kind=kind, amount_mc=amount_mc, expires_at=expires_at, reason=reason, key=key)


def read_amount(text: str, field: str, faults: Misread) -> Millicredits:
    """Read an amount of credits; 0 where it is none."""
    try:
        return from_credits(text.strip().replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        faults.add(field, "Write an amount of credits, with at most three decimals.")
        return ZERO


def read_day_end(text: str, field: str, faults: Misread) -> datetime | None:
    """Read a day, as the moment it ends at (UTC); None where there is none."""
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        faults.add(field, "Write a day, such as 2026-12-31.")
        return None
    return datetime.combine(day, time.max, tzinfo=UTC)
