"""Prefixed, time-ordered ids: a UUIDv7 in the database, ``job_01hv…`` outside."""

import secrets
import threading
import time
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: sorts as the bytes do, no letters to mistake
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26  # ceil(128 / 5)

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Make a UUIDv7; within one process each is greater than the one before.

    Python has none before 3.14. The 74 bits after the millisecond start at random and count up within a millisecond.
    Source: RFC 9562, sections 5.7 and 6.2 (method 2).
    """
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << 74 | secrets.randbits(73)
        _last = max(fresh, _last + 1)
        value = _last
    milliseconds, tail = value >> 74, value & ((1 << 74) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0b10 << 62 | tail & ((1 << 62) - 1))


def to_public(prefix: str, value: UUID) -> str:
    """Write an id as clients see it: ``prefix_`` and 26 lower-case letters and digits."""
    number, letters = value.int, []
    for _ in range(_LENGTH):
        number, low = divmod(number, 32)
        letters.append(_ALPHABET[low])
    return f"{prefix}_{''.join(reversed(letters))}"


def from_public(prefix: str, text: str) -> UUID | None:
    """Read an id as clients send it; None when it is not one of this prefix."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH or any(letter not in _VALUES for letter in tail):
        return None
    number = 0
    for letter in tail:
        number = number * 32 + _VALUES[letter]
    return UUID(int=number) if number < 1 << 128 else None
