"""Shops to test with."""

from collections.abc import Iterator

import pytest

from tests.billing.stage import Stage, staged


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with staged() as one:
        yield one


@pytest.fixture
def open_stage(transactional_db: None) -> Iterator[Stage]:
    """A stage whose rows are really committed: for threads, and for crashes."""
    with staged() as one:
        yield one
