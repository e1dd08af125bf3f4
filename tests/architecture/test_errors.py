"""Every refusal has an answer over HTTP."""

import importlib
import pkgutil
from collections.abc import Collection, Iterator

import pytest

import apps
from apps.api.errors import STATUS_BY_CODE
from apps.errors import DomainError

pytestmark = pytest.mark.once


def find_unanswered(errors: Collection[type[DomainError]], codes: Collection[str]) -> list[str]:
    """Find refusals without a code, or with one that the API does not know. What only others derive from needs none."""
    raised = [error for error in errors if hasattr(error, "code") or not error.__subclasses__()]
    return [f"{error.__module__}.{error.__name__}" for error in raised if getattr(error, "code", None) not in codes]


def test_every_refusal_has_a_status() -> None:
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    found = [error for error in _below(DomainError) if error.__module__.startswith("apps.")]
    assert len(found) > 5
    assert find_unanswered(found, STATUS_BY_CODE) == []


def test_the_check_can_fail() -> None:
    class Unheard(DomainError):
        code = "unheard"

    class Nameless(DomainError):
        pass

    class Base(DomainError):
        pass

    class Heard(Base):
        code = "heard"

    found = find_unanswered([Unheard, Nameless, Base, Heard], {"heard"})
    assert [name.rpartition(".")[2] for name in found] == ["Unheard", "Nameless"]


def _below(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for one in error.__subclasses__():
        yield one
        yield from _below(one)
