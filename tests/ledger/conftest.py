"""Wallets to test with."""

from collections.abc import Iterator

import pytest

from apps.accounts.tenancy import Workspace
from tests.ledger.calls import open_workspace
from tests.ledger.racers import Stable


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A workspace with an empty wallet."""
    return open_workspace()


@pytest.fixture(scope="session")
def _stable(django_db_setup: None) -> Iterator[Stable]:
    stable = Stable()
    yield stable
    stable.close()


@pytest.fixture
def racers(transactional_db: None, _stable: Stable) -> Stable:
    """Processes that race at what this test has committed."""
    return _stable
