"""Reading query strings: by name, with every fault gathered; a parameter that is not known is one."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from apps.api.faults import Faults
from apps.ids import from_public

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100

_MAX_LENGTH: Final = 200


class Parameters:
    """The query string of one request. Each reader returns None where nothing (or nothing usable) was given."""

    def __init__(self, query: QueryDict, *, known: frozenset[str], faults: Faults) -> None:
        self._query, self._faults = query, faults
        for name in sorted(set(query) - known):
            faults.add(name[:_MAX_LENGTH], "unknown_parameter", "There is no such parameter.", sorted(known))
        for name in sorted(known & set(query)):
            if len(query.getlist(name)) > 1:
                faults.add(name, "given_twice", "Give this parameter once.")

    def text(self, name: str) -> str | None:
        value = self._query.get(name)
        if value is None or value == "":
            return None
        if len(value) > _MAX_LENGTH or "\0" in value:
            self._faults.add(name, "invalid_parameter", f"At most {_MAX_LENGTH} characters, and no NUL.")
            return None
        return value

    def choice(self, name: str, allowed: frozenset[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            self._faults.add(name, "enum", "This is not one of the allowed values.", sorted(allowed))
            return None
        return value

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and low <= int(value) <= high):
            self._faults.add(name, "invalid_parameter", f"A whole number from {low} to {high}.", [low, high])
            return None
        return int(value)

    def limit(self, default: int = DEFAULT_LIMIT) -> int:
        return self.integer("limit", low=1, high=MAX_LIMIT) or default

    def time(self, name: str) -> datetime | None:
        """Read RFC 3339; an offset is required, so that nobody has to guess a zone."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = parse_datetime(value.replace(" ", "+"))  # a bare + in a query string arrives as a space
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self._faults.add(name, "invalid_parameter", "A time as in 2026-01-31T12:00:00Z.")
            return None
        return moment.astimezone(UTC)

    def public_id(self, name: str, prefix: str) -> UUID | None:
        value = self.text(name)
        if value is None:
            return None
        found = from_public(prefix, value)
        if found is None:
            self._faults.add(name, "invalid_parameter", f"An id as in {prefix}_….")
        return found
