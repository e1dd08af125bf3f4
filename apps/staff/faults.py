"""What is wrong with what somebody typed, by field, and how it is said. Pure."""

from collections import defaultdict
from collections.abc import Mapping

from apps.errors import DomainError

Faults = Mapping[str, list[str]]  # field → what is wrong with it


def faults_of(error: DomainError) -> Faults:
    """Read a refusal as faults by field; one that names no field stands under ``""``."""
    found: dict[str, list[str]] = defaultdict(list)
    for fault in error.details.get("faults", ()):
        found[fault["field"]].append(fault["message"])
    return dict(found) or {"": [str(error)]}


def sentences_of(error: DomainError) -> list[str]:
    """Read a refusal as sentences, whatever fields they are about."""
    return [one for many in faults_of(error).values() for one in many]


def located(place: str, sentence: str) -> str:
    """Say where a fault is, unless its place is known."""
    return f"{place}: {sentence}" if place else sentence
