"""The request headers of a job: how long to wait, under which key, at most how dear, for how long to let it run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from apps.api.faults import Faults
from apps.api.waiting import MAX_WAIT_SECONDS
from apps.ids import from_public
from apps.ledger.amounts import Millicredits, from_credits

MAX_KEY_LENGTH: Final = 200

_WAIT: Final = re.compile(r'wait(?:\s*=\s*"?(\d{1,9})"?)?', re.IGNORECASE)
_DURATION: Final = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?", re.IGNORECASE)
_SHORTEST: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Preference:
    """What ``Prefer`` asks (RFC 7240). ``wait_seconds`` None: nothing about waiting."""

    wait_seconds: int | None = None
    is_async: bool = False

    @property
    def applied(self) -> str | None:
        """The value of ``Preference-Applied``."""
        if self.wait_seconds is not None:
            return f"wait={self.wait_seconds}"
        return "respond-async" if self.is_async else None


@dataclass(frozen=True, slots=True)
class JobHeaders:
    """The headers of one request, read."""

    preference: Preference
    key: str | None
    max_mc: Millicredits | None
    quote_id: UUID | None
    cancel_after: timedelta | None


def read_headers(headers: Mapping[str, str], faults: Faults) -> JobHeaders:
    """Read the headers that every call which makes a job takes; what cannot be read is among the faults."""
    return JobHeaders(
        preference=read_preference(headers.get("Prefer", "")),
        key=read_key(headers.get("Idempotency-Key"), faults),
        max_mc=_most(headers.get("X-Max-Credits"), faults),
        quote_id=_quote_id(headers.get("X-Quote-Id"), faults),
        cancel_after=_cancel_after(headers.get("Cancel-After"), faults),
    )


def read_preference(text: str) -> Preference:
    """Read ``wait=N`` or ``respond-async``; ``wait`` alone, and more than the most, is the most.

    A preference that cannot be read is passed over: RFC 7240 makes it no error.
    """
    wait_seconds, is_async = None, False
    for part in text.split(","):
        word = part.partition(";")[0].strip()
        if (found := _WAIT.fullmatch(word)) and wait_seconds is None:
            wait_seconds = min(int(found.group(1) or MAX_WAIT_SECONDS), MAX_WAIT_SECONDS)
        elif word.lower() == "respond-async":
            is_async = True
    return Preference(wait_seconds, is_async)


def read_key(text: str | None, faults: Faults) -> str | None:
    """A caller's own key, set apart from the addresses that PUT uses as keys."""
    if text is None:
        return None
    if not (1 <= len(text) <= MAX_KEY_LENGTH and text.isascii() and text.isprintable()):
        faults.add("Idempotency-Key", "invalid_header", f"1 to {MAX_KEY_LENGTH} printable ASCII characters.")
        return None
    return f"key:{text}"


def _most(text: str | None, faults: Faults) -> Millicredits | None:
    if text is None:
        return None
    try:
        most = from_credits(text.strip())
    except ValueError:
        most = Millicredits(-1)
    if most < 0:
        faults.add(
            "X-Max-Credits", "invalid_header", "An amount of credits with at most three decimals, such as 12 or 10.6."
        )
        return None
    return most


def _quote_id(text: str | None, faults: Faults) -> UUID | None:
    if text is None:
        return None
    found = from_public("quote", text.strip())
    if found is None:
        faults.add("X-Quote-Id", "invalid_header", "The id of a quote: quote_….")
    return found


def _cancel_after(text: str | None, faults: Faults) -> timedelta | None:
    """Read Replicate's form: ``90``, ``90s``, ``5m``, ``1h30m``."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    patience = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not _SHORTEST <= patience <= _LONGEST:
        faults.add("Cancel-After", "invalid_header", "A time from 5s to 7d, such as 90s, 5m or 1h30m.")
        return None
    return patience
