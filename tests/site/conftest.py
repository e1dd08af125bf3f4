"""A visitor who is not signed in, before the real catalogue."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Final

import pytest
from django.test import Client

from apps.catalog.shelf import OnShelf, read_shelf
from tests.stock import stock_catalog

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

_TAG: Final = re.compile(r"<[^>]+>")
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)  # pages read the real clock: what they find must be there already

Reader = Callable[["Answer"], str]


@pytest.fixture
def catalog(db: None) -> list[OnShelf]:
    """Every model of the files, on sale."""
    stock_catalog(now=LONG_AGO)
    return read_shelf(now=LONG_AGO)


@pytest.fixture
def visitor(catalog: list[OnShelf]) -> Client:
    return Client()


@pytest.fixture
def said() -> Reader:
    """The words of a page, spaces made one."""
    return lambda answer: " ".join(unescape(_TAG.sub(" ", answer.content.decode())).split())
