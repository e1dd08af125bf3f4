"""How long something took, or will take, in words. Pure."""

from datetime import datetime, timedelta


def seconds_between(start: datetime | None, end: datetime | None) -> int | None:
    """Whole seconds from one moment to another; None when one is not known."""
    return None if start is None or end is None else max(0, round((end - start) / timedelta(seconds=1)))


def in_words(seconds: int) -> str:
    """``16 s``, ``2 min 5 s``, ``1 h 4 min``; a number is never parted from its unit."""
    if seconds < 60:
        return _with_unit(seconds, "s")
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return _joined(_with_unit(minutes, "min"), _with_unit(rest, "s") if rest else "")
    hours, minutes = divmod(minutes, 60)
    return _joined(_with_unit(hours, "h"), _with_unit(minutes, "min") if minutes else "")


def as_clock(seconds: int) -> str:
    """``0:14``, for something that is running."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def _with_unit(number: int, unit: str) -> str:
    return f"{number}\N{NO-BREAK SPACE}{unit}"


def _joined(large: str, small: str) -> str:
    return f"{large} {small}" if small else large
