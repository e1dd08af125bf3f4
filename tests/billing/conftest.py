"""Shops to test with."""

from collections.abc import Iterator

import pytest

from tests.billing.saver import Saver, saving
from tests.billing.stage import Stage, staged
from tests.ledger.racers import Stable


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with staged() as one:
        yield one


@pytest.fixture
def open_stage(transactional_db: None) -> Iterator[Stage]:
    """A stage whose rows are really committed: for threads, and for crashes."""
    with staged() as one:
        yield one


@pytest.fixture
def saver(db: None) -> Iterator[Saver]:
    with saving() as one:
        yield one


@pytest.fixture
def open_saver(transactional_db: None) -> Iterator[Saver]:
    """A saver whose rows are really committed."""
    with saving() as one:
        yield one


@pytest.fixture(scope="session")
def _stable(django_db_setup: None) -> Iterator[Stable]:
    stable = Stable("tests.billing.racers")
    yield stable
    stable.close()


@pytest.fixture
def racers(transactional_db: None, _stable: Stable) -> Stable:
    """Processes that race at what this test has committed, and at its Stripe."""
    return _stable
